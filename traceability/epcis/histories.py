"""What single items of ours went through: begun, sold and ended once, in one box at a time."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Any, NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from traceability.epcis.events import ReadEvent, pointers
from traceability.epcis.facts import lot_number
from traceability.epcis.own import OwnThing
from traceability.models import Lot, Serial

_FOLDER = files("traceability.epcis")
_HISTORIES = text((_FOLDER / "item_histories.sql").read_text("utf-8"))
_EMPTIED = text((_FOLDER / "emptied_parents.sql").read_text("utf-8"))

_SALES = frozenset({"retail_selling", "dispensing"})
_ENDS = frozenset({"decommissioning", "destroying"})
_OVER = frozenset({"end", "use"})
# What may still be done with an item that ended, or is said to have.
_LOOKING = frozenset(
    {
        "inspecting",
        "sampling",
        "holding",
        "sensor_reporting",
        "cycle_counting",
        "stock_taking",
        "collecting",
        "destroying",
        "other",
    }
)
_PORTION = 5000

Name = tuple[int, str | None, str | None]


class Past(NamedTuple):
    """One earlier event of one item."""

    act: str
    event_time: datetime
    sequence: int
    parent: str | None
    party_id: int | None


class Stamp(NamedTuple):
    """A serial that is recorded here: its state, and the number of its lot."""

    state: str
    lot: str | None


def act_of(event_type: str, action: str | None, biz_step: str | None, role: str) -> str | None:
    """What an event does to an item: begin, end, use, sell, pack, unpack; or none of these."""
    if role == "output":
        return "begin"
    if role == "input":
        return "use"
    if role == "child" and event_type == "AggregationEvent":
        return {"ADD": "pack", "DELETE": "unpack"}.get(action or "")
    if role != "epc" or event_type != "ObjectEvent":
        return None
    if action == "ADD":
        return "begin"
    if action == "DELETE" or biz_step in _ENDS:
        return "end"
    return "sell" if biz_step in _SALES else None


class Histories:
    """What single items of ours went through, read once; what some events add is noted."""

    def __init__(
        self, session: Session, events: Sequence[ReadEvent], own: Mapping[str, OwnThing]
    ) -> None:
        names = {thing.name: thing for thing in own.values() if thing.serial is not None}
        self._past = _read_past(session, names)
        self.stamps = _read_stamps(session, names)
        packings = [event for event in events if _is_packing(event)]
        boxes = {each.parent for one in self._past.values() for each in one if each.act == "pack"}
        boxes.update(box for event in packings if (box := _box(event)) is not None)
        self._emptied = _read_emptied(session, boxes) if packings else defaultdict(list)

    def past(self, thing: OwnThing) -> Sequence[Past]:
        """What an item went through."""
        return self._past[thing.name]

    def check(
        self,
        event: ReadEvent,
        own: Mapping[str, OwnThing],
        holders: Callable[[OwnThing], set[int]],
    ) -> Iterator[dict[str, Any]]:
        """Yield what an event says of items of ours that cannot be.

        Args:
            event: Not yet noted.
            own: Our things in it.
            holders: Who has, or had, a thing: others empty no box that it is in.
        """
        given = lot_number(event)
        seen = set()
        for item, pointer in zip(event.items, pointers(event), strict=True):
            thing = own.get(item.key)
            if item.role == "parent" or thing is None or thing.serial is None:
                continue
            if (item.role, thing.name) in seen:
                detail: str | None = "stands here twice."
            else:
                seen.add((item.role, thing.name))
                act = act_of(event.type, event.action, event.biz_step, item.role)
                stamp = self.stamps.get(thing.name)
                detail = _contradiction(act, self._past[thing.name], stamp and stamp.state, event)
                lot = stamp and stamp.lot
                if detail is None and act == "begin" and lot and given and lot != given:
                    detail = f"belongs to lot {lot}: its label was issued for it, not for {given}."
                if detail is None and act == "pack":
                    detail = self._packed_elsewhere(event, thing, holders)
            if detail is not None:
                yield {"pointer": pointer, "detail": f"{item.key} {detail}", "epc": item.key}

    def note(
        self, event: ReadEvent, sequence: int, own: Mapping[str, OwnThing], party_id: int | None
    ) -> None:
        """Add an event that was accepted."""
        box = _box(event)
        if box is not None and _empties(event):
            self._emptied[box].append(Past("unpack", event.time, sequence, box, party_id))
        for item in event.items:
            thing = own.get(item.key)
            act = act_of(event.type, event.action, event.biz_step, item.role)
            if act is not None and thing is not None and thing.serial is not None:
                past = Past(act, event.time, sequence, box, party_id)
                self._past[thing.name].append(past)

    def _packed_elsewhere(
        self, event: ReadEvent, thing: OwnThing, holders: Callable[[OwnThing], set[int]]
    ) -> str | None:
        """Follow an item through its boxes by the time of the events, this one among them."""
        box = _box(event)
        moves = [each for each in self._past[thing.name] if each.act in {"pack", "unpack"}]
        if box is None or not moves:
            return None
        boxes = {each.parent for each in moves if each.parent is not None} | {box}
        emptied = [each for name in boxes for each in self._emptied.get(name, ())]
        trusted = {None, thing.product.producer_id}
        if any(each.party_id not in trusted for each in emptied):
            trusted |= holders(thing)
        moves += [each for each in emptied if each.party_id in trusted]
        moves.append(Past("pack", event.time, 2**63, box, None))
        inside: str | None = None
        for act, _, _, parent, _ in sorted(moves, key=lambda each: each[1:3]):
            if act == "pack":
                if inside is not None and inside != parent:
                    return f"is in {inside if inside != box else parent}: unpack it first."
                inside = parent
            elif parent is None or parent == inside:
                inside = None
        return None


def _contradiction(
    act: str | None, before: Sequence[Past], state: str | None, event: ReadEvent
) -> str | None:
    """Say why an item with such a past cannot go through this, in words that follow its name.

    What is done once is done once at any time; for the rest only what happened earlier counts, so
    that what is learnt late, or corrected, finds its place.
    """
    done = {each.act for each in before}
    earlier = {each.act for each in before if each.event_time <= event.time}
    # A label that was declared void at the desk, without an event, is void at any time.
    ended = not _OVER.isdisjoint(earlier) or (state == "void" and _OVER.isdisjoint(done))
    if act == "begin":
        if "begin" in done:
            return "was commissioned already: an item begins once."
        if ended or "sell" in earlier:
            return "was taken out of use or sold before: it cannot begin then."
        return None
    if act in _OVER and (ended or not _OVER.isdisjoint(done)):
        return "was taken out of use already: an item ends once."
    if act == "sell":
        return _unsellable(done, ended, state)
    if ended and act != "unpack" and event.biz_step not in _LOOKING:
        return "was taken out of use: it can only be looked at."
    return None


def _unsellable(done: set[str], ended: bool, state: str | None) -> str | None:
    if "sell" in done or state == "sold":
        return "was sold already: an item is sold once."
    if ended:
        return "was taken out of use: it cannot be sold."
    if state == "recalled":
        return "was recalled: it cannot be sold."
    if state == "issued" and "begin" not in done:
        return "was never commissioned: its label is issued, not active."
    return None


def _box(event: ReadEvent) -> str | None:
    return next((item.key for item in event.items if item.role == "parent"), None)


def _is_packing(event: ReadEvent) -> bool:
    return event.type == "AggregationEvent" and event.action == "ADD"


def _empties(event: ReadEvent) -> bool:
    """Whether a disaggregation names no children: it takes all out."""
    return (
        event.type == "AggregationEvent"
        and event.action == "DELETE"
        and all(item.role != "child" for item in event.items)
    )


def _read_emptied(session: Session, boxes: Iterable[str | None]) -> dict[str, list[Past]]:
    """When boxes were emptied whole."""
    emptied: dict[str, list[Past]] = defaultdict(list)
    for keys in _portions(sorted(filter(None, boxes))):
        for row in session.execute(_EMPTIED, {"keys": keys}):
            past = Past("unpack", row.event_time, row.sequence, row.parent, row.party_id)
            emptied[row.parent].append(past)
    return emptied


def _read_past(session: Session, names: Mapping[Name, OwnThing]) -> dict[Name, list[Past]]:
    by_key = {key: name for name, thing in names.items() for key in thing.journal_keys()}
    past: dict[Name, list[Past]] = defaultdict(list)
    for keys in _portions(list(by_key)):
        for row in session.execute(_HISTORIES, {"keys": keys}):
            act = act_of(row.type, row.action, row.biz_step, row.role)
            if act is not None:
                found = Past(act, row.event_time, row.sequence, row.parent, row.party_id)
                past[by_key[row.key]].append(found)
    return past


def _read_stamps(session: Session, names: Mapping[Name, OwnThing]) -> dict[Name, Stamp]:
    """State and lot of serials issued here, held against change until the transaction ends."""
    wanted: dict[int, list[str]] = defaultdict(list)
    for thing in names.values():
        wanted[thing.product.id].append(thing.serial or "")
    stamps: dict[Name, Stamp] = {}
    for product_id, serials in sorted(wanted.items()):
        rows = session.execute(
            select(Serial.serial, Serial.state, Lot.code)
            .outerjoin(Lot, Lot.id == Serial.lot_id)
            .where(Serial.product_id == product_id, Serial.serial == func.any(serials))
            .order_by(Serial.id)
            .with_for_update(of=Serial)
        )
        for serial, state, lot in rows:
            stamps[product_id, None, serial] = Stamp(state, lot)
    return stamps


def _portions(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _PORTION):
        yield keys[start : start + _PORTION]
