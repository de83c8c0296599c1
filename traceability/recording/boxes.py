"""Packing and unpacking: lots and items in a box, an SSCC or one of the platform's own codes."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError
from traceability.following.finding import BOX
from traceability.following.places import Place
from traceability.gs1.identifiers import new_trace_code, sscc, trace_code
from traceability.gs1.trace_link import TraceLink
from traceability.linking.link_types import DEFAULT
from traceability.linking.links import Target, replace_entry
from traceability.models import Event, LinkEntry, Product
from traceability.recording import bodies
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


def new_box(session: Session) -> str:
    """Draw a code for a box, and let it resolve to its contents; flushes."""
    while True:
        code = new_trace_code()
        taken = select(Product.id).where(Product.trace_code == code)
        link = TraceLink(code, None, BOX)
        entry = select(LinkEntry.id).where(LinkEntry.key == link.path)
        if session.scalar(taken) is None and session.scalar(entry) is None:
            break
    target = Target(DEFAULT, f"/truy-vet?ma={code}", f"Thùng hàng {code}", "text/html", ("vi",))
    replace_entry(session, link, [target], description=f"Thùng hàng {code}")
    return code


def box_uri(keeper: Keeper, code: str) -> str:
    """The address of a box: of its SSCC, or of its own code.

    Raises:
        InvalidInputError: It is neither.
    """
    compact = code.strip()
    if compact.upper().startswith("TX"):
        return TraceLink(trace_code(compact), None, BOX).uri(keeper.base)
    try:
        return f"{keeper.base.rstrip('/')}/00/{sscc(compact)}"
    except InvalidInputError as error:
        raise wrong("box", "box", error.detail) from error


def record_packing(
    session: Session,
    keeper: Keeper,
    box: str | None,
    *,
    shares: Sequence[Share] = (),
    items: Sequence[tuple[Product, str]] = (),
    at: datetime,
    place: Place | None = None,
) -> tuple[str, Event]:
    """Record that lots and items were packed into a box; flushes.

    Args:
        session: The transaction.
        keeper: Who records; lots are of their own, items too or were received by them.
        box: An SSCC or an own code; None draws a new own code.
        shares: How much of which lots.
        items: Products and serials.
        at: When.
        place: Where.

    Returns:
        The box's code and the event.

    Raises:
        InvalidInputError: Nothing in it, a bad code, a moment to come.
        ForbiddenError: A product is not the keeper's.
        RuleBrokenError: An item is in another box.
    """
    demand_past(at)
    if not shares and not items:
        raise wrong("items", "missing", "A box holds at least one lot or item.")
    demand_begun(session, shares, at)
    for share in shares:
        demand_own(session, keeper, share.product)
    for product, serial in items:
        demand_held(session, keeper, product, serial)
    code = box.strip() if box else new_box(session)
    event = bodies.body(
        "AggregationEvent",
        at,
        action="ADD",
        step="packing",
        disposition="in_progress",
        read_point=place_uri(keeper, place),
        parentID=box_uri(keeper, code),
        childEPCs=[item_uri(keeper, product, serial) for product, serial in items],
        childQuantityList=[
            bodies.quantity(lot_uri(keeper, share.product, share.lot), share.amount, share.unit)
            for share in shares
        ],
    )
    [captured] = capture(session, keeper, [event])
    return code, captured


def record_unpacking(
    session: Session, keeper: Keeper, box: str, *, at: datetime, place: Place | None = None
) -> Event:
    """Record that everything was taken out of a box; flushes.

    Raises:
        InvalidInputError: A bad code, a moment to come.
    """
    demand_past(at)
    event = bodies.body(
        "AggregationEvent",
        at,
        action="DELETE",
        step="unpacking",
        disposition="in_progress",
        read_point=place_uri(keeper, place),
        parentID=box_uri(keeper, box),
    )
    [captured] = capture(session, keeper, [event])
    return captured
