"""Events as those who work with them read them: place, amounts, whether revoked, and the proof."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.epcis.measures import unit_of
from traceability.following.places import Place, find_places
from traceability.following.revocations import find_revocations
from traceability.models import Event, EventItem, JournalEntry


@dataclass(frozen=True, slots=True)
class Line:
    """One thing of an event, by its canonical key; an amount in a unit as people write it."""

    role: str
    key: str
    amount: Decimal | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class EventCard:
    """An event with what is shown of it; `position` and `chain_hash` are its place in the chain."""

    event: Event
    place: Place | None
    lines: tuple[Line, ...]
    is_revoked: bool
    position: int | None
    chain_hash: str | None

    @property
    def sequence(self) -> int:
        """The event's number in the journal."""
        return self.event.sequence


def read_events(session: Session, keys: Sequence[str], *, limit: int = 200) -> list[EventCard]:
    """Read the newest events about some things, the newest first."""
    about = select(EventItem.event_sequence).where(EventItem.key.in_(keys))
    events = session.scalars(
        select(Event)
        .where(Event.sequence.in_(about))
        .order_by(Event.event_time.desc(), Event.sequence.desc())
        .limit(limit)
    ).all()
    return make_event_cards(session, events)


def make_event_cards(session: Session, events: Sequence[Event]) -> list[EventCard]:
    """Bring together what is shown of events, in their order, in four statements."""
    sequences = [event.sequence for event in events]
    lines: dict[int, list[Line]] = {}
    items = session.execute(
        select(EventItem)
        .where(
            EventItem.event_sequence.in_(sequences),
            EventItem.role.in_(("epc", "parent", "child", "input", "output")),
            EventItem.number < _MOST_LINES,
        )
        .order_by(EventItem.event_sequence, EventItem.number)
    ).scalars()
    for item in items:
        unit = unit_of(item.uom).name if item.quantity is not None else None
        lines.setdefault(item.event_sequence, []).append(
            Line(item.role, item.key, item.quantity, unit)
        )
    revoked = find_revocations(session, events)
    proofs = {
        row.event_sequence: (row.position, bytes(row.chain_hash).hex())
        for row in session.execute(
            select(
                JournalEntry.event_sequence, JournalEntry.position, JournalEntry.chain_hash
            ).where(JournalEntry.event_sequence.in_(sequences))
        )
    }
    places = find_places(
        session, {key for event in events for key in (event.read_point, event.biz_location) if key}
    )
    return [
        EventCard(
            event,
            places.get(event.read_point or event.biz_location or ""),
            tuple(lines.get(event.sequence, ())),
            event.sequence in revoked,
            *proofs.get(event.sequence, (None, None)),
        )
        for event in events
    ]


# A page shows so many things of one event; the rest is in its document.
_MOST_LINES = 60
