"""Labels come onto items: serials are commissioned, so that a buyer's scan finds them active.

A roll that was stolen before this is worth nothing: its serials stay `issued`, or are made void.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.errors import ConflictError
from traceability.following.places import Place
from traceability.labelling.serials import Changed, Chosen, change_states
from traceability.models import Lot, Product, Serial
from traceability.recording import bodies
from traceability.recording.keeping import (
    Keeper,
    capture,
    demand_own,
    demand_past,
    item_uri,
    place_uri,
    wrong,
)

# An event names so many items: a roll of 100,000 becomes 200 events that can each be read whole.
_ITEMS_AN_EVENT = 500


def activate(
    session: Session,
    keeper: Keeper,
    product: Product,
    chosen: Chosen,
    *,
    at: datetime,
    lot: Lot | None = None,
    place: Place | None = None,
) -> Changed:
    """Commission serials that were issued here: events, and the state `active`; flushes.

    Those that are active already stay so, and no second event is made of them.

    Args:
        session: The transaction.
        keeper: Who puts the labels on.
        product: What is inside, of the keeper's own.
        chosen: Which serials, of this product.
        at: When.
        lot: The lot that is packed, for labels printed without one.
        place: The packing line.

    Raises:
        ForbiddenError: The product is not the keeper's.
        InvalidInputError: A moment to come, a lot of another product, labels of another lot.
        ConflictError: None of the serials exists.
    """
    demand_own(session, keeper, product)
    demand_past(at)
    if lot is not None and lot.product_id != product.id:
        raise wrong("lot", "lot", f"Lot {lot.code} is not a lot of {product.name}.")
    rows = session.execute(
        select(Serial.serial, Serial.lot_id, Serial.state)
        .where(chosen.condition())
        .order_by(Serial.id)
        .with_for_update()
    ).all()
    if not rows:
        raise ConflictError("None of these serials was issued for this product.")
    if lot is not None and (other := [row for row in rows if row.lot_id not in (None, lot.id)]):
        raise wrong("lot", "lot", f"{len(other)} of these labels were printed for another lot.")
    waiting: dict[int | None, list[str]] = {}
    for row in rows:
        if row.state == "issued":
            waiting.setdefault(lot.id if lot else row.lot_id, []).append(row.serial)
    if waiting:
        # The states follow the events (`traceability.epcis.states`).
        _capture(session, keeper, product, waiting, at=at, place=place)
    others = [row for row in rows if row.state not in ("issued", "active")]
    return Changed(
        changed=sum(map(len, waiting.values())),
        unchanged=sum(row.state == "active" for row in rows),
        refused=tuple((row.serial, row.state) for row in others[:5]),
    )


def withdraw(
    session: Session, keeper: Keeper, product: Product, chosen: Chosen, *, reason: str
) -> Changed:
    """Make serials void for good: a roll that was stolen, labels that were spoiled; flushes.

    Raises:
        ForbiddenError: The product is not the keeper's.
        ConflictError: None of the serials exists.
    """
    demand_own(session, keeper, product)
    changed = change_states(session, chosen, "void", reason=reason)
    if not (changed.changed or changed.unchanged or changed.refused):
        raise ConflictError("None of these serials was issued for this product.")
    return changed


def _capture(
    session: Session,
    keeper: Keeper,
    product: Product,
    waiting: dict[int | None, list[str]],
    *,
    at: datetime,
    place: Place | None,
) -> None:
    made = []
    for lot_id, serials in waiting.items():
        lot = session.get(Lot, lot_id) if lot_id is not None else None
        for portion in _portions(serials):
            made.append(  # noqa: PERF401  two loops read better than one comprehension
                bodies.body(
                    "ObjectEvent",
                    at,
                    step="commissioning",
                    disposition="active",
                    action="ADD",
                    read_point=place_uri(keeper, place),
                    biz_location=place_uri(keeper, place),
                    epcList=[item_uri(keeper, product, serial) for serial in portion],
                    ilmd=bodies.lot_facts(
                        lot.code, produced_on=lot.produced_on, expires_on=lot.expires_on
                    )
                    if lot
                    else None,
                )
            )
    capture(session, keeper, made)


def _portions(serials: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(serials), _ITEMS_AN_EVENT):
        yield serials[start : start + _ITEMS_AN_EVENT]
