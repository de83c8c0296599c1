"""What a recall of a lot would reach, before anybody confirms it."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from traceability.epcis.epcs import is_class
from traceability.epcis.tracing import trace_forward
from traceability.finding import BOX
from traceability.lots import find_lots
from traceability.models import Lot, Product, Serial
from traceability.stocks import lot_keys


@dataclass(frozen=True, slots=True)
class Reach:
    """The lots made from a lot, the labels issued for it and for them, the boxes they are in."""

    lots: list[tuple[Product, Lot]]
    serial_count: int
    box_count: int


def reach_of(session: Session, product: Product, lot: Lot) -> Reach:
    """Follow a lot forward to all that a recall of it reaches."""
    keys = trace_forward(session, lot_keys(product, lot.code)).keys
    found = find_lots(session, (key for key in keys if is_class(key)))
    others = {each.id: (made, each) for made, each in found.values() if each.id != lot.id}
    count = session.scalar(select(func.count()).where(Serial.lot_id.in_([lot.id, *others])))
    boxes = [key for key in keys if key.startswith("/00/") or key.endswith(f"/tem/{BOX}")]
    return Reach(list(others.values()), count or 0, len(boxes))
