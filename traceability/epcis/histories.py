"""What single items of ours went through: begun, sold and ended once, in one box at a time."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any, NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from traceability.epcis.begun_lots import master_data
from traceability.epcis.events import ReadEvent, pointers
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
# Time, sequence, pack or unpack, the box.
_Moves = list[tuple[datetime, int, str, str | None]]


class _Past(NamedTuple):
    """One earlier event of one item."""

    name: Name
    act: str
    event_time: datetime
    sequence: int
    parent: str | None


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


def check_items(
    session: Session, event: ReadEvent, own: Mapping[str, OwnThing]
) -> Iterator[dict[str, Any]]:
    """Yield what an event says of items of ours that cannot be."""
    items = [
        (item, thing, pointer)
        for item, pointer in zip(event.items, pointers(event), strict=True)
        if item.role != "parent"
        and (thing := own.get(item.key)) is not None
        and thing.serial is not None
    ]
    if not items:
        return
    names = {thing.name: thing for _, thing, _ in items}
    past = _read_past(session, names)
    states = _read_states(session, names)
    emptied = _read_emptied(session, event, past)
    given = master_data(event).get("lotNumber")
    seen = set()
    for item, thing, pointer in items:
        if (item.role, thing.name) in seen:
            yield {"pointer": pointer, "detail": f"{item.key} stands here twice.", "epc": item.key}
            continue
        seen.add((item.role, thing.name))
        act = act_of(event.type, event.action, event.biz_step, item.role)
        before = past[thing.name]
        state, lot = states.get((thing.product.id, thing.serial or ""), (None, None))
        detail = _contradiction(act, before, state, event)
        if detail is None and act == "begin" and lot and given and lot != given:
            detail = f"belongs to lot {lot}: its label was issued for that, not for {given}."
        if detail is None and act == "pack":
            detail = _packed_elsewhere(event, before, emptied)
        if detail is not None:
            yield {"pointer": pointer, "detail": f"{item.key} {detail}", "epc": item.key}


def _contradiction(
    act: str | None, before: list[_Past], state: str | None, event: ReadEvent
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


def _packed_elsewhere(event: ReadEvent, before: list[_Past], emptied: _Moves) -> str | None:
    """Follow an item through its boxes by the time of the events, this one among them."""
    box = next((item.key for item in event.items if item.role == "parent"), None)
    if box is None:
        return None
    moves: _Moves = [
        (each.event_time, each.sequence, each.act, each.parent)
        for each in before
        if each.act in {"pack", "unpack"}
    ]
    if not moves:
        return None
    moves = [*moves, *emptied, (event.time, 2**63, "pack", box)]
    inside: str | None = None
    for _, _, act, parent in sorted(moves, key=lambda move: move[:2]):
        if act == "pack":
            if inside is not None and inside != parent:
                return f"is in {inside if inside != box else parent}: unpack it first."
            inside = parent
        elif parent is None or parent == inside:
            inside = None
    return None


def _read_emptied(session: Session, event: ReadEvent, past: Mapping[Name, list[_Past]]) -> _Moves:
    """When the boxes that these items have lain in were emptied whole."""
    if event.type != "AggregationEvent" or event.action != "ADD":
        return []
    boxes = {each.parent for one in past.values() for each in one if each.act == "pack"}
    boxes.update(item.key for item in event.items if item.role == "parent")
    rows = session.execute(_EMPTIED, {"keys": sorted(box for box in boxes if box)})
    return [(row.event_time, row.sequence, "unpack", row.parent) for row in rows]


def _read_past(session: Session, names: Mapping[Name, OwnThing]) -> dict[Name, list[_Past]]:
    by_key = {key: name for name, thing in names.items() for key in thing.journal_keys()}
    keys = list(by_key)
    past: dict[Name, list[_Past]] = defaultdict(list)
    for start in range(0, len(keys), _PORTION):
        for row in session.execute(_HISTORIES, {"keys": keys[start : start + _PORTION]}):
            act = act_of(row.type, row.action, row.biz_step, row.role)
            if act is not None:
                name = by_key[row.key]
                past[name].append(_Past(name, act, row.event_time, row.sequence, row.parent))
    return past


def _read_states(
    session: Session, names: Mapping[Name, OwnThing]
) -> dict[tuple[int, str], tuple[str | None, str | None]]:
    """State and lot of serials issued here, held against change until the transaction ends."""
    wanted: dict[int, list[str]] = defaultdict(list)
    for thing in names.values():
        wanted[thing.product.id].append(thing.serial or "")
    states: dict[tuple[int, str], tuple[str | None, str | None]] = {}
    for product_id, serials in sorted(wanted.items()):
        rows = session.execute(
            select(Serial.serial, Serial.state, Lot.code)
            .outerjoin(Lot, Lot.id == Serial.lot_id)
            .where(Serial.product_id == product_id, Serial.serial == func.any(serials))
            .order_by(Serial.id)
            .with_for_update(of=Serial)
        )
        states |= {(product_id, row.serial): (row.state, row.code) for row in rows}
    return states
