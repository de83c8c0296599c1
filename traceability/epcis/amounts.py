"""Amounts that must fit: what comes out of what goes in, what is taken of what was made."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.resources import files
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from traceability.epcis.begun_lots import Lots
from traceability.epcis.captor import Captor
from traceability.epcis.events import Item, ReadEvent, pointers
from traceability.epcis.measures import as_coded
from traceability.epcis.own import OwnThing, find_own
from traceability.epcis.units import measure, symbol

_FOLDER = files("traceability.epcis")
_LOTS = text((_FOLDER / "lot_amounts.sql").read_text("utf-8"))
_RUN = text((_FOLDER / "run_amounts.sql").read_text("utf-8"))
# Pieces are cut and put together; only what is weighed or poured is held against each other.
_KEPT = ("mass", "volume")
_OUT_OF_STOCK = frozenset({"retail_selling", "dispensing", "decommissioning", "destroying"})
_RECEIVED = frozenset({"receiving", "accepting", "void_shipping"})

Sums = dict[str, Decimal]
Name = tuple[int, str | None, str | None]


class _Line(NamedTuple):
    """What went into or came out of a transformation."""

    role: str
    is_class: bool
    uom: str | None
    quantity: Decimal | None


@dataclass(slots=True)
class _Run:
    """A transformation recorded in several events."""

    lines: list[_Line] = field(default_factory=list)
    parties: set[int | None] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Taken:
    """What was made of a lot, used up, and sent by each party (what it received back deducted)."""

    made: Sums = field(default_factory=lambda: defaultdict(Decimal))
    used: Sums = field(default_factory=lambda: defaultdict(Decimal))
    sent: dict[int | None, Sums] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Decimal))
    )


class Runs:
    """The transformations that some events are parts of, read once; what these add is noted."""

    def __init__(self, session: Session, events: Iterable[ReadEvent]) -> None:
        self._session = session
        self._runs: dict[str, _Run] = defaultdict(_Run)
        named = sorted({one.transformation_id for one in events if one.transformation_id})
        if named:
            for row in session.execute(_RUN, {"runs": named}):
                line = _Line(row.role, row.is_class, row.uom, row.quantity)
                self._add(row.run, line, row.key, row.party_id)

    def check_owner(
        self, event: ReadEvent, own: Mapping[str, OwnThing], by: Captor
    ) -> Iterator[dict[str, Any]]:
        """Yield that a run which names things of ours was begun by somebody else."""
        run = self._runs.get(event.transformation_id or "")
        if run is None or by.is_authority or run.parties <= {by.party_id}:
            return
        if own or find_own(self._session, run.keys):
            yield {
                "pointer": "/transformationID",
                "detail": "This transformationID is somebody else's: a run is of one party.",
            }

    def check(self, event: ReadEvent) -> Iterator[dict[str, Any]]:
        """Yield where more comes out of a transformation than went in, where that is comparable."""
        if event.type != "TransformationEvent":
            return
        lines = [_line(item) for item in event.items]
        has_outputs = any(line.role == "output" for line in lines)
        if event.transformation_id is not None:
            before = self._runs[event.transformation_id].lines
            if not has_outputs and any(line.role == "input" for line in before):
                # More goes in: where an input was declared an error, it makes up for that.
                return
            lines += before
        inputs = [line for line in lines if line.role == "input"]
        outputs = [line for line in lines if line.role == "output"]
        went_in, came_out = _sum(inputs), _sum(outputs)
        for dimension in _KEPT:
            # Whatever is not measured in it may weigh anything.
            if len(went_in) == 1 and all(_is_measured(line) for line in inputs):
                total, out = went_in.get(dimension), came_out.get(dimension)
                if total is not None and out is not None and out > total:
                    unit = symbol(dimension)
                    yield {
                        "pointer": f"/{'output' if has_outputs else 'input'}QuantityList",
                        "detail": f"{_shown(out)} {unit} come out of {_shown(total)} {unit}:"
                        " more than went in.",
                    }

    def note(self, event: ReadEvent, party_id: int | None) -> None:
        """Add an event that was accepted."""
        if event.transformation_id is not None:
            for item in event.items:
                self._add(event.transformation_id, _line(item), item.key, party_id)

    def _add(self, name: str, line: _Line, key: str, party_id: int | None) -> None:
        run = self._runs[name]
        run.lines.append(line)
        run.keys.add(key)
        run.parties.add(party_id)


class Amounts:
    """What was made and taken of our lots, read once for some events; what these add is noted."""

    def __init__(self, session: Session, things: Iterable[OwnThing]) -> None:
        self._taken: dict[Name, _Taken] = defaultdict(_Taken)
        by_key = {
            key: thing.name
            for thing in things
            if thing.lot is not None and thing.serial is None
            for key in thing.journal_keys()
        }
        if not by_key:
            return
        for row in session.execute(_LOTS, {"keys": list(by_key)}):
            taken = self._taken[by_key[row.key]]
            sent = taken.sent[row.party_id]
            for sums, value in ((taken.made, row.made), (taken.used, row.used)):
                _add_to(sums, value, row.uom)
            _add_to(sent, row.sent - row.received, row.uom)

    def is_made(self, product_id: int, code: str) -> bool:
        """Whether events made some of a lot."""
        return any(self._taken[product_id, code, None].made.values())

    def check(
        self, event: ReadEvent, own: Mapping[str, OwnThing], lots: Lots, party_id: int | None
    ) -> Iterator[dict[str, Any]]:
        """Yield of which lots of ours more is taken, or sent, than was made."""
        more: dict[tuple[Name, str], Sums] = defaultdict(lambda: defaultdict(Decimal))
        for item, pointer in zip(event.items, pointers(event), strict=True):
            thing = own.get(item.key)
            if thing is None or thing.lot is None or item.quantity is None:
                continue
            kind = _kind(event, item)
            if kind not in ("used", "sent"):
                continue
            taken = self._taken[thing.name]
            made = {dimension: amount for dimension, amount in taken.made.items() if amount}
            if not made:
                made = _recorded(lots, thing)
            dimension, amount = measure(item.quantity, item.uom)
            sums = more[thing.name, kind]
            sums[dimension] += amount
            before = taken.used if kind == "used" else taken.sent[party_id]
            total = before.get(dimension, Decimal(0)) + sums[dimension]
            if (there := made.get(dimension)) is not None and total > there:
                unit = symbol(dimension)
                verb = "sent out" if kind == "sent" else "used, sold or taken out"
                yield {
                    "pointer": pointer,
                    "detail": f"Of {item.key} {_shown(there)} {unit} were made; with this event"
                    f" {_shown(total)} {unit} would be {verb}.",
                    "epc": item.key,
                }

    def note(self, event: ReadEvent, own: Mapping[str, OwnThing], party_id: int | None) -> None:
        """Add an event that was accepted."""
        for item in event.items:
            thing = own.get(item.key)
            if thing is None or thing.lot is None or item.quantity is None:
                continue
            taken, kind = self._taken[thing.name], _kind(event, item)
            if kind == "made":
                _add_to(taken.made, item.quantity, item.uom)
            elif kind == "used":
                _add_to(taken.used, item.quantity, item.uom)
            elif kind is not None:
                sign = 1 if kind == "sent" else -1
                _add_to(taken.sent[party_id], sign * item.quantity, item.uom)


def _kind(event: ReadEvent, item: Item) -> str | None:
    """What an event does to the amount of a lot: made, used, sent, received, or nothing."""
    if item.role in ("input", "output"):
        return "used" if item.role == "input" else "made"
    if item.role != "epc" or event.type != "ObjectEvent":
        return None
    if event.action == "ADD":
        return "made"
    if event.action == "DELETE" or event.biz_step in _OUT_OF_STOCK:
        return "used"
    if event.biz_step == "shipping":
        return "sent"
    return "received" if event.biz_step in _RECEIVED else None


def _recorded(lots: Lots, thing: OwnThing) -> Sums:
    """The amount of a lot that was registered without an event, if it was."""
    lot = lots.get(thing.product.id, thing.lot or "")
    if lot is None or lot.quantity is None or lot.unit is None:
        return {}
    dimension, amount = measure(*as_coded(lot.quantity, lot.unit))
    # What had made it was declared an error.
    return {dimension: Decimal(0) if lot.status == "closed" else amount}


def _add_to(sums: Sums, quantity: Decimal, uom: str | None) -> None:
    dimension, amount = measure(quantity, uom)
    sums[dimension] += amount


def _line(item: Item) -> _Line:
    return _Line(item.role, item.is_class, item.uom, item.quantity)


def _sum(lines: Sequence[_Line]) -> Sums:
    sums: Sums = defaultdict(Decimal)
    for line in lines:
        # An item named by its serial is one piece.
        dimension, amount = measure(
            Decimal(1) if line.quantity is None else line.quantity, line.uom
        )
        sums[dimension if line.is_class else "count"] += amount
    return dict(sums)


def _is_measured(line: _Line) -> bool:
    return line.is_class and line.quantity is not None


def _shown(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
