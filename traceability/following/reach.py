"""What a recall of a lot would reach, before anybody confirms it."""

from dataclasses import dataclass
from importlib.resources import files

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from traceability.following.stocks import lot_keys
from traceability.linking.links import product_codes
from traceability.lots import find_lots
from traceability.models import Lot, Product, Serial

_REACH, _BOXES = (
    text((files("traceability.following") / name).read_text("utf-8"))
    for name in ("reach.sql", "boxes.sql")
)
_MOST_LOTS = 2000
# Beyond these the boxes of single labels are not looked for: a page is waiting.
_MOST_LABELS = 2000


@dataclass(frozen=True, slots=True)
class Reach:
    """The lots made from a lot, the labels issued for it and for them, the boxes they were in."""

    lots: list[tuple[Product, Lot]]
    serial_count: int
    box_count: int


def reach_of(session: Session, product: Product, lot: Lot) -> Reach:
    """Follow a lot forward to all that a recall of it reaches."""
    given = {"keys": lot_keys(product, lot.code), "most": _MOST_LOTS}
    found = find_lots(session, session.scalars(_REACH, given).all())
    others = {each.id: (made, each) for made, each in found.values() if each.id != lot.id}
    everything = {lot.id: (product, lot), **others}
    count = session.scalar(select(func.count()).where(Serial.lot_id.in_(everything))) or 0
    keys = [key for made, each in everything.values() for key in lot_keys(made, each.code)]
    if 0 < count <= _MOST_LABELS:
        labels = session.scalars(select(Serial).where(Serial.lot_id.in_(everything)))
        for label in labels:
            made = everything[label.lot_id or 0][0]
            keys += [code.path for code in product_codes(made, None, label.serial)]
    return Reach(list(others.values()), count, session.scalar(_BOXES, {"keys": keys}) or 0)
