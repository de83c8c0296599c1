"""The states of serials follow the events that name them.

Commissioned → active (with the lot of its master data), sold to a consumer → sold, taken out of use
or used up → void, recalled → recalled: an item, all items of a lot, all of a product. An event that
is learnt late finds its place: what was sold, or ended, after it stays so. An error declaration
takes back what its event did, and only that.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import Session

from traceability.epcis.amounts import Amounts
from traceability.epcis.begun_lots import Lots, take_back
from traceability.epcis.events import ReadEvent, read_event
from traceability.epcis.facts import lot_number
from traceability.epcis.histories import Histories, Stamp, act_of
from traceability.epcis.ledger import Ledger
from traceability.epcis.own import OwnThing, find_own
from traceability.labelling.event_states import (
    adopt_serials,
    correct_serials,
    end_changes,
    forget_moment,
    move_serials,
)
from traceability.labelling.serials import BEFORE, Chosen, change_states, undo_states
from traceability.models import Event, EventItem, Lot, Serial

_STATE_OF = {"begin": "active", "sell": "sold", "end": "void", "use": "void"}


class Changes:
    """Changes of states that accepted events bring, written together, in their order."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._adopted: dict[int, dict[str, int | None]] = defaultdict(dict)
        self._moves: list[tuple[int, str, int | None, str, list[str]]] = []

    def follow(self, event: ReadEvent, ledger: Ledger) -> None:
        """Bring the serials that an accepted event names to the state it leaves them in.

        Args:
            event: Accepted, noted in the ledger, its lots registered.
            ledger: What is known of its things; its stamps follow, too.
        """
        stamps = ledger.histories.stamps
        own = ledger.own(event)
        moved: dict[tuple[int, str], list[str]] = defaultdict(list)
        number = None
        for item in event.items:
            if (thing := own.get(item.key)) is None:
                continue
            act = act_of(event.type, event.action, event.biz_step, item.role)
            if act == "begin" and thing.serial is not None:
                number = lot_number(event) if number is None else number
                if thing.name not in stamps:
                    lot = ledger.lots.get(thing.product.id, number or "")
                    self._adopted[thing.product.id][thing.serial] = lot.id if lot else None
                    stamps[thing.name] = Stamp("active", lot.code if lot else None)
                self._move(stamps, thing, "active", moved)
                done = {past.act for past in ledger.histories.past(thing)}
                for later in ("sell", "end", "use"):
                    if later in done:
                        self._move(stamps, thing, _STATE_OF[later], moved)
            elif act in _STATE_OF:
                self._move(stamps, thing, _STATE_OF[act], moved)
            if _is_recalled(event, item.role):
                if thing.serial is None:
                    self._recall_all(event, thing, ledger)
                else:
                    self._move(stamps, thing, "recalled", moved)
        for (product_id, state), serials in moved.items():
            lot = ledger.lots.get(product_id, number or "") if state == "active" else None
            lot_id = lot.id if lot else None
            self._moves.append((product_id, state, lot_id, _reason(event), serials))

    def flush(self) -> None:
        """Write what was gathered."""
        for product_id, serials in self._adopted.items():
            adopt_serials(self._session, product_id, serials)
        for product_id, state, lot_id, reason, listed in self._moves:
            move_serials(self._session, product_id, listed, state, reason=reason, lot_id=lot_id)
        if self._moves:
            end_changes(self._session)
        self._adopted.clear()
        self._moves.clear()

    def _move(
        self,
        stamps: dict[tuple[int, str | None, str | None], Stamp],
        thing: OwnThing,
        to: str,
        moved: dict[tuple[int, str], list[str]],
    ) -> None:
        stamp = stamps.get(thing.name)
        if thing.serial is not None and stamp is not None and stamp.state in BEFORE[to]:
            stamps[thing.name] = stamp._replace(state=to)
            moved[thing.product.id, to].append(thing.serial)

    def _recall_all(self, event: ReadEvent, thing: OwnThing, ledger: Ledger) -> None:
        """Recall all items of a lot, or of a product."""
        self.flush()
        chosen = _all_of(thing, ledger.lots.get(thing.product.id, thing.lot or ""))
        if chosen is None:
            return
        change_states(self._session, chosen, "recalled", reason=_reason(event))
        stamps = ledger.histories.stamps
        for name, stamp in stamps.items():
            is_meant = name[0] == thing.product.id and thing.lot in (None, stamp.lot)
            if is_meant and stamp.state in BEFORE["recalled"]:
                stamps[name] = stamp._replace(state="recalled")


def undo(session: Session, declaration: ReadEvent, sequence: int) -> None:
    """Take back what an event did that was declared an error; flushes.

    Args:
        session: The transaction; the declaration is written.
        declaration: The event again, with its error declaration.
        sequence: The declaration's number in the journal.
    """
    original = session.execute(
        select(Event.sequence, Event.hash_id, Event.body, Event.context).where(
            Event.hash_id == declaration.corrects,
            Event.corrects.is_(None),
            # What repeats an event in other words did nothing that could be taken back.
            Event.repeats.is_(None),
        )
    ).one_or_none()
    before = select(Event.sequence).where(
        Event.corrects == declaration.corrects, Event.sequence != sequence
    )
    # What was taken back already is not taken back twice: what was recorded since stands.
    if original is not None and session.scalar(before.limit(1)) is None:
        _undo(session, original)


def _undo(session: Session, original: Row[int, str, str, str]) -> None:
    event = read_event(json.loads(original.body), json.loads(original.context))
    own = find_own(session, (item.key for item in event.items))
    if not own:
        return
    take_back(session, event, original.sequence, own, Amounts(session, own.values()).is_made)
    reason = f"declared an error: {original.hash_id}"
    lots = Lots(session, [event], own)
    wide = []
    listed: dict[str, OwnThing] = {}
    for item in event.items:
        thing = own.get(item.key)
        if thing is None:
            continue
        act = act_of(event.type, event.action, event.biz_step, item.role)
        if thing.serial is not None:
            if act in _STATE_OF or _is_recalled(event, item.role):
                listed[item.key] = thing
        elif _is_recalled(event, item.role):
            wide.append(thing)
    if listed:
        _restore(session, event, listed, reason)
    for thing in wide:
        chosen = _all_of(thing, lots.get(thing.product.id, thing.lot or ""))
        if chosen is not None:
            undo_states(session, chosen, "recalled", reason=reason)
    if event.disposition == "recalled":
        _recall_again(session, own.values())


def _restore(
    session: Session, event: ReadEvent, things: Mapping[str, OwnThing], reason: str
) -> None:
    """Bring items to the state that the events that still hold leave them in."""
    histories = Histories(session, [], things)
    acts = {
        things[item.key].name: act_of(event.type, event.action, event.biz_step, item.role)
        for item in event.items
        if item.key in things
    }
    begun = _activated(session, things.values())
    targets: dict[tuple[int, str], list[str]] = defaultdict(list)
    forgotten: dict[tuple[int, str], list[str]] = defaultdict(list)
    for thing in things.values():
        stamp = histories.stamps.get(thing.name)
        if stamp is None or thing.serial is None:
            continue
        undone = acts[thing.name]
        state = _state_left(
            {past.act for past in histories.past(thing)},
            is_active=undone != "begin" and (thing.product.id, thing.serial) in begun,
        )
        is_overruled = (stamp.state == "recalled" and event.disposition != "recalled") or (
            # Void by hand: no event made it so.
            stamp.state == "void" and undone not in ("end", "use")
        )
        if is_overruled and undone in ("begin", "sell"):
            forgotten[thing.product.id, undone].append(thing.serial)
        elif state != stamp.state and not is_overruled:
            targets[thing.product.id, state].append(thing.serial)
    for (product_id, undone), serials in forgotten.items():
        forget_moment(session, product_id, serials, undone)
    for (product_id, state), serials in targets.items():
        correct_serials(session, product_id, serials, state, reason=reason)
    if targets:
        end_changes(session)


def _state_left(done: set[str], *, is_active: bool) -> str:
    if done & {"end", "use"}:
        return "void"
    if "sell" in done:
        return "sold"
    return "active" if "begin" in done or is_active else "issued"


def _activated(session: Session, things: Iterable[OwnThing]) -> set[tuple[int, str]]:
    """Which items were active once, by whatever made them so."""
    by_product: dict[int, list[str]] = defaultdict(list)
    for thing in things:
        by_product[thing.product.id].append(thing.serial or "")
    found = set()
    for product_id, serials in by_product.items():
        active = select(Serial.serial).where(
            Serial.product_id == product_id,
            Serial.serial == func.any(serials),
            Serial.activated_at.is_not(None),
        )
        found |= {(product_id, serial) for serial in session.scalars(active)}
    return found


def _recall_again(session: Session, things: Iterable[OwnThing]) -> None:
    """Other recalls of the same products still hold."""
    declared = select(Event.corrects).where(Event.corrects.is_not(None))
    keys = {key for thing in things for key in OwnThing(thing.product).journal_keys()}
    recalls = session.scalars(
        select(EventItem.key)
        .join(Event, Event.sequence == EventItem.event_sequence)
        .where(
            Event.disposition == "recalled",
            Event.corrects.is_(None),
            Event.hash_id.not_in(declared),
            EventItem.role.in_(("epc", "parent", "child")),
            or_(*(or_(EventItem.key == key, EventItem.key.startswith(f"{key}/")) for key in keys)),
        )
    ).all()
    still = find_own(session, recalls)
    lots = Lots(session, [], still)
    for thing in dict.fromkeys(still.values()):
        chosen = _all_of(thing, lots.get(thing.product.id, thing.lot or ""))
        if chosen is not None:
            change_states(session, chosen, "recalled", reason="recalled by another event, too")


def _is_recalled(event: ReadEvent, role: str) -> bool:
    return event.disposition == "recalled" and role in {"epc", "parent", "child"}


def _all_of(thing: OwnThing, lot: Lot | None) -> Chosen | None:
    """The item, all of its lot, or all of its product; None for a lot that is not recorded."""
    if thing.serial is not None:
        return Chosen(thing.product.id, (thing.serial,))
    if thing.lot is None:
        return Chosen(thing.product.id)
    return None if lot is None else Chosen(thing.product.id, lot_id=lot.id)


def _reason(event: ReadEvent) -> str:
    return f"{event.biz_step or event.action or event.type} {event.hash_id}"
