"""How much of a lot was made, used, sold, shipped, and is left: counted from the events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files

from sqlalchemy import text
from sqlalchemy.orm import Session

from traceability.epcis.measures import bring
from traceability.linking.links import product_codes
from traceability.models import Lot, Product

_STOCKS = text((files("traceability.following") / "stocks.sql").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Stock:
    """What became of a lot, in the lot's `unit`; shipped goods still belong to what is left."""

    unit: str
    made: Decimal
    used: Decimal
    sold: Decimal
    shipped: Decimal

    @property
    def left(self) -> Decimal:
        """What was neither used nor sold; nothing when more was than there is."""
        return max(self.made - self.used - self.sold, Decimal(0))


def lot_keys(product: Product, lot_code: str) -> list[str]:
    """The canonical keys of a lot: below its GTIN, and below its own trace code."""
    return [code.path for code in product_codes(product, lot_code)]


def left_of(session: Session, product: Product, lot: Lot) -> Decimal | None:
    """How much of a lot is left, in its unit; None where nobody said how much there was."""
    stock = list_stocks(session, [(product, lot)]).get(lot.id)
    return stock.left if stock else None


def list_stocks(session: Session, lots: Iterable[tuple[Product, Lot]]) -> dict[int, Stock]:
    """Count lots, by their id; a lot whose amount nobody recorded is missing."""
    keys: dict[str, Lot] = {}
    wanted: dict[int, Lot] = {}
    for product, lot in lots:
        wanted[lot.id] = lot
        keys |= dict.fromkeys(lot_keys(product, lot.code), lot)
    sums: dict[int, list[Decimal]] = {}
    for row in session.execute(_STOCKS, {"keys": list(keys)}):
        lot = keys[row.key]
        found = sums.setdefault(lot.id, [Decimal(0)] * 4)
        for place, value in enumerate(_in_unit_of(lot, row.uom, row[2:])):
            found[place] += value
    stocks: dict[int, Stock] = {}
    for lot in wanted.values():
        if lot.unit is None or lot.quantity is None:
            continue
        made, used, sold, shipped = sums.get(lot.id, [Decimal(0)] * 4)
        # Lots from before the journal have an amount and no event that made it.
        stocks[lot.id] = Stock(lot.unit, made or lot.quantity, used, sold, shipped)
    return stocks


def _in_unit_of(lot: Lot, code: str | None, values: Sequence[Decimal]) -> list[Decimal]:
    if lot.unit is None:
        return list(values)
    # Counted in something that cannot be compared: it cannot be taken off either.
    return [bring(value, code, lot.unit) or Decimal(0) for value in values]
