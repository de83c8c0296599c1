"""Moves: lots, items and boxes are shipped, received, and sold to a consumer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from gis.models import Party
from traceability.following.places import Place
from traceability.gs1.identifiers import gln
from traceability.models import Event, Product
from traceability.recording import bodies
from traceability.recording.boxes import box_uri
from traceability.recording.holdings import demand_held
from traceability.recording.keeping import (
    Keeper,
    Share,
    capture,
    demand_begun,
    demand_own,
    demand_past,
    item_uri,
    lot_uri,
    place_uri,
    wrong,
)


@dataclass(frozen=True, slots=True)
class Load:
    """What is moved: boxes by their codes, amounts of lots, items by product and serial."""

    boxes: Sequence[str] = ()
    shares: Sequence[Share] = ()
    items: Sequence[tuple[Product, str]] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it is nothing."""
        return not (self.boxes or self.shares or self.items)

    def members(self, keeper: Keeper) -> bodies.Body:
        """The load in an event's own words."""
        return {
            "epcList": [
                *(box_uri(keeper, code) for code in self.boxes),
                *(item_uri(keeper, product, serial) for product, serial in self.items),
            ],
            "quantityList": [
                bodies.quantity(lot_uri(keeper, share.product, share.lot), share.amount, share.unit)
                for share in self.shares
            ],
        }


def record_shipping(
    session: Session,
    keeper: Keeper,
    load: Load,
    *,
    at: datetime,
    place: Place | None = None,
    receiver: Party | None = None,
    receiver_gln: str | None = None,
    paper: str | None = None,
) -> Event:
    """Record that a load left for somebody else; flushes.

    Args:
        session: The transaction.
        keeper: Who records; lots are of their own, items too or were received by them.
        load: What left.
        at: When.
        place: From where.
        receiver: A party known here; or
        receiver_gln: the GLN of one that is not.
        paper: The number of the delivery note.

    Raises:
        InvalidInputError: Nothing in the load, a bad code or GLN, a moment to come.
        ForbiddenError: A product is not the keeper's.
    """
    _demand(session, keeper, load, at, own=True)
    sender = _party_uri(keeper, keeper.captor.party_id) if keeper.captor.party_id else None
    if receiver_gln:
        to: str | None = f"{keeper.base.rstrip('/')}/417/{gln(receiver_gln)}"
    else:
        to = _party_uri(keeper, receiver.id) if receiver else None
    event = bodies.body(
        "ObjectEvent",
        at,
        action="OBSERVE",
        step="shipping",
        disposition="in_transit",
        read_point=place_uri(keeper, place),
        bizTransactionList=_paper(keeper, "desadv", paper),
        **load.members(keeper),
        **bodies.parties(sender if to else None, to),
    )
    [captured] = capture(session, keeper, [event])
    return captured


def record_receiving(
    session: Session,
    keeper: Keeper,
    load: Load,
    *,
    at: datetime,
    place: Place | None = None,
    paper: str | None = None,
) -> Event:
    """Record that a load came in, be it from somebody else; flushes.

    Raises:
        InvalidInputError: Nothing in the load, a bad code, a moment to come.
    """
    _demand(session, keeper, load, at, own=False)
    event = bodies.body(
        "ObjectEvent",
        at,
        action="OBSERVE",
        step="receiving",
        disposition="in_progress",
        read_point=place_uri(keeper, place),
        biz_location=place_uri(keeper, place),
        bizTransactionList=_paper(keeper, "recadv", paper),
        **load.members(keeper),
    )
    [captured] = capture(session, keeper, [event])
    return captured


def record_sale(
    session: Session, keeper: Keeper, load: Load, *, at: datetime, place: Place | None = None
) -> Event:
    """Record that items, or an amount of a lot, were sold to a consumer; flushes.

    Raises:
        InvalidInputError: Nothing in the load, a box, a moment to come.
        ForbiddenError: A product is not the keeper's.
        RuleBrokenError: An item is sold already.
    """
    if load.boxes:
        raise wrong("boxes", "box", "Consumers buy items and lots; unpack the box first.")
    _demand(session, keeper, load, at, own=True)
    event = bodies.body(
        "ObjectEvent",
        at,
        action="OBSERVE",
        step="retail_selling",
        disposition="retail_sold",
        read_point=place_uri(keeper, place),
        **load.members(keeper),
    )
    [captured] = capture(session, keeper, [event])
    return captured


def _demand(session: Session, keeper: Keeper, load: Load, at: datetime, *, own: bool) -> None:
    demand_past(at)
    if load.is_empty:
        raise wrong("items", "missing", "Name at least one box, lot or item.")
    demand_begun(session, load.shares, at)
    if own:
        for share in load.shares:
            demand_own(session, keeper, share.product)
        for product, serial in load.items:
            demand_held(session, keeper, product, serial)


def _party_uri(keeper: Keeper, party_id: int) -> str:
    return f"{keeper.base.rstrip('/')}/chu-the/{party_id}"


def _paper(keeper: Keeper, kind: str, number: str | None) -> list[bodies.Body] | None:
    if not number or not number.strip():
        return None
    return bodies.document(kind, bodies.paper_uri(keeper.base, number))
