"""Which events were revoked, by which error declaration (EPCIS 2.0, 7.4.1.4)."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.models import Event


def find_revocations(session: Session, events: Iterable[Event]) -> dict[int, Event]:
    """Find the declaration that revokes each of some events, by the event's sequence.

    An error declaration repeats the event it revokes; it is itself never revoked.
    """
    names: dict[str, list[int]] = {}
    for event in events:
        if event.corrects is None:
            names.setdefault(event.hash_id, []).append(event.sequence)
    if not names:
        return {}
    found: dict[int, Event] = {}
    query = select(Event).where(Event.corrects.in_(names)).order_by(Event.sequence)
    for declaration in session.scalars(query):
        for sequence in names[str(declaration.corrects)]:
            found.setdefault(sequence, declaration)
    return found
