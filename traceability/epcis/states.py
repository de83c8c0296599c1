"""The states of serials follow the events that name them."""

import json
from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from traceability.epcis.begun_lots import lot_of_items, register_lots
from traceability.epcis.events import ReadEvent, read_event
from traceability.epcis.histories import act_of
from traceability.epcis.own import OwnThing, find_own
from traceability.labelling.serials import Chosen, change_states, undo_states
from traceability.models import Event, Lot

_STATE_OF = {"begin": "active", "sell": "sold", "end": "void", "use": "void"}


def apply_states(session: Session, event: ReadEvent) -> None:
    """Bring the serials that an accepted event names to the state it leaves them in; flushes.

    Lots of ours that begin with it are registered, where they are not yet.

    Commissioned → active (with the lot of its master data), sold to a consumer → sold, taken out of
    use or used up → void, recalled → recalled: an item, all items of a lot, all of a product. An
    error declaration takes back what its event did.
    """
    if event.corrects is not None:
        _undo(session, event)
        return
    own = _find_changed(session, event)
    if not own:
        return
    register_lots(session, event, own)
    reason = _reason(event)
    for (product_id, state), things in _changes(event, own).items():
        serials = tuple(thing.serial for thing in things if thing.serial is not None)
        if serials:
            change_states(
                session,
                Chosen(product_id, serials),
                state,
                reason=reason,
                lot_id=lot_of_items(session, product_id, event) if state == "active" else None,
                adopt=state == "active",
            )
        for thing in things:
            if thing.serial is None and state == "recalled":
                chosen = _all_of(session, thing)
                if chosen is not None:
                    change_states(session, chosen, state, reason=reason)


def _undo(session: Session, declaration: ReadEvent) -> None:
    again = select(func.count()).where(Event.corrects == declaration.corrects)
    if (session.scalar(again) or 0) > 1:
        # Taken back already; what was recorded since stands.
        return
    original = session.scalars(
        select(Event)
        .where(
            Event.hash_id == declaration.corrects,
            Event.corrects.is_(None),
            # What repeats an event in other words did nothing that could be taken back.
            Event.repeats.is_(None),
        )
        .order_by(Event.sequence)
    )
    for event in original:
        read = read_event(json.loads(event.body), json.loads(event.context))
        own = _find_changed(session, read)
        for (product_id, state), things in _changes(read, own).items():
            serials = tuple(thing.serial for thing in things if thing.serial is not None)
            reason = f"declared an error: {event.hash_id}"
            if serials:
                undo_states(session, Chosen(product_id, serials), state, reason=reason)
            for thing in things:
                chosen = _all_of(session, thing) if thing.serial is None else None
                if chosen is not None and state == "recalled":
                    undo_states(session, chosen, state, reason=reason)


def _changes(
    event: ReadEvent, own: Mapping[str, OwnThing]
) -> dict[tuple[int, str], list[OwnThing]]:
    changes: dict[tuple[int, str], list[OwnThing]] = defaultdict(list)
    for item in event.items:
        thing = own.get(item.key)
        if thing is None:
            continue
        act = act_of(event.type, event.action, event.biz_step, item.role)
        state = _STATE_OF.get(act or "")
        if state is not None and thing.serial is not None:
            changes[thing.product.id, state].append(thing)
        if event.disposition == "recalled" and item.role in {"epc", "parent", "child"}:
            changes[thing.product.id, "recalled"].append(thing)
    return changes


def _find_changed(session: Session, event: ReadEvent) -> dict[str, OwnThing]:
    """Our things in an event that changes states at all: most only observe."""
    acts = {act_of(event.type, event.action, event.biz_step, item.role) for item in event.items}
    if event.disposition != "recalled" and acts.isdisjoint(_STATE_OF):
        return {}
    return find_own(session, (item.key for item in event.items))


def _all_of(session: Session, thing: OwnThing) -> Chosen | None:
    """All serials of a lot, or of a product; None for a lot that is not recorded."""
    if thing.lot is None:
        return Chosen(thing.product.id)
    lot_id = _lot_id(session, thing.product.id, thing.lot)
    return None if lot_id is None else Chosen(thing.product.id, lot_id=lot_id)


def _lot_id(session: Session, product_id: int, code: str) -> int | None:
    return session.scalar(select(Lot.id).where(Lot.product_id == product_id, Lot.code == code))


def _reason(event: ReadEvent) -> str:
    return f"{event.biz_step or event.action or event.type} {event.hash_id}"
