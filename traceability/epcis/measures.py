"""Units that people write, and their codes of UN/ECE Recommendation 20, as events carry them.

Pure rules. A count of pieces has no code: EPCIS takes a quantity without `uom` for a number of
items. What is not known here (`cành`, `bó`) is counted too.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from gis.errors import InvalidInputError
from traceability.epcis.units import measure

Kind = Literal["mass", "volume", "count"]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as people write it; `factor` brings it to kilograms or litres.

    `code` is its UN/ECE code; a unit without one (the yến of 10 kg) travels as its kind's first.
    """

    name: str
    kind: Kind
    factor: Decimal
    code: str | None = None


_KNOWN = (
    Unit("kg", "mass", Decimal(1), "KGM"),
    Unit("g", "mass", Decimal("0.001"), "GRM"),
    Unit("tấn", "mass", Decimal(1000), "TNE"),
    Unit("tạ", "mass", Decimal(100), "DTN"),
    Unit("yến", "mass", Decimal(10)),
    Unit("lít", "volume", Decimal(1), "LTR"),
    Unit("ml", "volume", Decimal("0.001"), "MLT"),
)
_BY_NAME = {unit.name: unit for unit in _KNOWN} | {
    "l": _KNOWN[5],
    "L": _KNOWN[5],
    "gram": _KNOWN[1],
    "t": _KNOWN[2],
}
_BY_CODE = {unit.code: unit for unit in _KNOWN if unit.code}
# What forms offer, besides the unit a lot already has.
OFFERED = ("kg", "tấn", "tạ", "g", "lít", "ml", "hộp", "gói", "túi", "chai", "cái", "bó", "cành")
# A number of items of which nobody said what they are called.
PIECES = "đơn vị"


def unit_named(name: str) -> Unit:
    """Return a unit by the name people write; an unknown one counts pieces."""
    found = _BY_NAME.get(name.strip()) or _BY_NAME.get(name.strip().lower())
    return found or Unit(name.strip() or PIECES, "count", Decimal(1))


def unit_of(code: str | None) -> Unit:
    """Return the unit of a UN/ECE code; pieces where there is none."""
    if code is None or code in ("EA", "H87", "C62"):
        return Unit(PIECES, "count", Decimal(1))
    return _BY_CODE.get(code) or Unit(code, "count", Decimal(1))


def as_coded(quantity: Decimal, name: str) -> tuple[Decimal, str | None]:
    """Return a quantity and its UN/ECE code, as an event carries them."""
    unit = unit_named(name)
    if unit.code is None and unit.kind != "count":
        first = next(each for each in _KNOWN if each.kind == unit.kind)
        return quantity * unit.factor, first.code
    return quantity, unit.code


def as_said(quantity: Decimal, code: str | None) -> tuple[Decimal, str]:
    """Return an event's quantity in a unit that people here know, and its name."""
    unit = unit_of(code)
    if unit.code is not None or unit.name == PIECES:
        return quantity, unit.name
    dimension, amount = measure(quantity, code)
    known = {"mass": "kg", "volume": "lít", "count": PIECES}.get(dimension)
    return (quantity, unit.name) if known is None else (amount, known)


def bring(quantity: Decimal, code: str | None, to: str) -> Decimal | None:
    """Bring an event's quantity to a lot's unit; None where the two cannot be compared."""
    dimension, amount = measure(quantity, code)
    wanted, factor = measure(*as_coded(Decimal(1), to))
    return amount / factor if dimension == wanted else None


def convert(quantity: Decimal, name: str, to: str) -> Decimal:
    """Bring a quantity from one unit to another.

    Raises:
        InvalidInputError: When one is a mass and the other a volume or a count.
    """
    given, wanted = unit_named(name), unit_named(to)
    if given.kind != wanted.kind or (given.kind == "count" and given.name != wanted.name):
        raise InvalidInputError(f"{given.name} cannot be brought to {wanted.name}.")
    return quantity * given.factor / wanted.factor


def same_kind(name: str, other: str) -> bool:
    """Say whether quantities in two units can be compared."""
    given, wanted = unit_named(name), unit_named(other)
    return given.kind == wanted.kind and (given.kind != "count" or given.name == wanted.name)
