"""What a lot was made from, lot by lot, back to its fields."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

from sqlalchemy import text
from sqlalchemy.orm import Session

from traceability.linking.links import product_codes
from traceability.lots import find_lots
from traceability.models import Lot, Product

_LINEAGE = text((files("traceability.following") / "lineage.sql").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A lot that another one was made from; `depth` 0 is the lot itself, 1 what went into it."""

    product: Product
    lot: Lot
    depth: int


def find_ancestors(
    session: Session, lots: Iterable[tuple[Product, Lot]]
) -> dict[int, list[Ancestor]]:
    """Find, for each lot (by its id), itself and all it was made from, nearest first."""
    of: dict[str, int] = {}
    found: dict[int, list[Ancestor]] = {}
    for product, lot in lots:
        of |= {code.path: lot.id for code in product_codes(product, lot.code)}
        found[lot.id] = [Ancestor(product, lot, 0)]
    if not of:
        return {}
    rows = session.execute(_LINEAGE, {"keys": list(of)}).all()
    known = find_lots(session, {row.key for row in rows if row.depth})
    for row in rows:
        listed = found[of[row.asked]]
        if row.key in known and all(known[row.key][1].id != each.lot.id for each in listed):
            listed.append(Ancestor(*known[row.key], row.depth))
    return found
