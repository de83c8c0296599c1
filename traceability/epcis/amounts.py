"""Amounts that must fit: what comes out of what goes in, what is taken of what was made."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from importlib.resources import files
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from traceability.epcis.events import Item, ReadEvent, pointers
from traceability.epcis.measures import as_coded
from traceability.epcis.own import OwnThing
from traceability.epcis.units import measure, symbol
from traceability.models import Lot

_FOLDER = files("traceability.epcis")
_LOTS = text((_FOLDER / "lot_amounts.sql").read_text("utf-8"))
_RUN = text((_FOLDER / "run_amounts.sql").read_text("utf-8"))
# Pieces are cut and put together; only what is weighed or poured is held against each other.
_KEPT = ("mass", "volume")
_OUT_OF_STOCK = frozenset({"retail_selling", "dispensing", "decommissioning", "destroying"})

Sums = dict[str, Decimal]


def check_transformation(session: Session, event: ReadEvent) -> Iterator[dict[str, Any]]:
    """Yield where more comes out of a transformation than went in, as far as that is comparable."""
    if event.type != "TransformationEvent":
        return
    lines = [(item.role, item.is_class, item.uom, item.quantity) for item in event.items]
    if event.transformation_id is not None:
        rows = session.execute(_RUN, {"run": event.transformation_id})
        lines += [(row.role, row.is_class, row.uom, row.quantity) for row in rows]
    inputs = [line for line in lines if line[0] == "input"]
    outputs = [line for line in lines if line[0] == "output"]
    went_in, came_out = _sum(inputs), _sum(outputs)
    for dimension in _KEPT:
        # Whatever is not measured in it may weigh anything.
        if len(went_in) == 1 and all(_is_measured(line) for line in inputs):
            total, out = went_in.get(dimension), came_out.get(dimension)
            if total is not None and out is not None and out > total:
                unit = symbol(dimension)
                yield {
                    "pointer": "/outputQuantityList",
                    "detail": f"{_shown(out)} {unit} come out of {_shown(total)} {unit}:"
                    " more than went in.",
                }


def check_lots(
    session: Session, event: ReadEvent, own: Mapping[str, OwnThing], party_id: int | None
) -> Iterator[dict[str, Any]]:
    """Yield of which lots of ours more is taken, or sent, than was made."""
    taken: dict[tuple[int, str | None, str | None], list[tuple[str, Item, str]]] = defaultdict(list)
    things: dict[tuple[int, str | None, str | None], OwnThing] = {}
    for item, pointer in zip(event.items, pointers(event), strict=True):
        thing = own.get(item.key)
        if thing is None or thing.lot is None or item.quantity is None:
            continue
        if (kind := _kind(event, item)) is not None:
            taken[thing.name].append((kind, item, pointer))
            things[thing.name] = thing
    for name, items in taken.items():
        yield from _check_lot(session, things[name], items, party_id)


def _check_lot(
    session: Session, thing: OwnThing, items: list[tuple[str, Item, str]], party_id: int | None
) -> Iterator[dict[str, Any]]:
    made: Sums = defaultdict(Decimal)
    used: Sums = defaultdict(Decimal)
    sent: Sums = defaultdict(Decimal)
    for row in session.execute(_LOTS, {"keys": thing.journal_keys()}):
        for sums, value in ((made, row.made), (used, row.used)):
            dimension, amount = measure(value, row.uom)
            sums[dimension] += amount
        if row.party_id == party_id:
            dimension, amount = measure(row.sent - row.received, row.uom)
            sent[dimension] += amount
    made = {dimension: amount for dimension, amount in made.items() if amount}
    if not made:
        made = _recorded(session, thing)
    for kind, item, pointer in items:
        assert item.quantity is not None
        dimension, amount = measure(item.quantity, item.uom)
        sums = used if kind == "used" else sent
        sums[dimension] += amount
        if (there := made.get(dimension)) is not None and sums[dimension] > there:
            unit = symbol(dimension)
            verb = "sent out" if kind == "sent" else "used, sold or taken out"
            yield {
                "pointer": pointer,
                "detail": f"Of {item.key} {_shown(there)} {unit} were made; with this event"
                f" {_shown(sums[dimension])} {unit} would be {verb}.",
                "epc": item.key,
            }


def _kind(event: ReadEvent, item: Item) -> str | None:
    if item.role == "input":
        return "used"
    if item.role != "epc" or event.type != "ObjectEvent" or event.action == "ADD":
        return None
    if event.action == "DELETE" or event.biz_step in _OUT_OF_STOCK:
        return "used"
    return "sent" if event.biz_step == "shipping" else None


def _recorded(session: Session, thing: OwnThing) -> Sums:
    """The amount of a lot that was registered without an event, if it was."""
    row = session.execute(
        select(Lot.quantity, Lot.unit).where(
            Lot.product_id == thing.product.id, Lot.code == thing.lot
        )
    ).first()
    if row is None or row.quantity is None or row.unit is None:
        return {}
    dimension, amount = measure(*as_coded(row.quantity, row.unit))
    return {dimension: amount}


def _sum(lines: Iterable[tuple[str, bool, str | None, Decimal | None]]) -> Sums:
    sums: Sums = defaultdict(Decimal)
    for _, is_class, uom, quantity in lines:
        # An item named by its serial is one piece.
        dimension, amount = measure(Decimal(1) if quantity is None else quantity, uom)
        sums[dimension if is_class else "count"] += amount
    return dict(sums)


def _is_measured(line: tuple[str, bool, str | None, Decimal | None]) -> bool:
    return line[1] and line[3] is not None


def _shown(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
