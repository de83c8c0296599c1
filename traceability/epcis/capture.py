"""Capture: events are read, held against what is recorded, written, applied, and sealed.

A document is one transaction. Under `rollback` whatever is wrong with any event refuses all; under
`proceed` the good ones are stored and the others listed. The same content is stored once: sending
it again changes nothing and is no error.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError
from traceability.epcis import journal
from traceability.epcis.business import apply_states, check_business, lock_products
from traceability.epcis.captor import Captor
from traceability.epcis.documents import read_document
from traceability.epcis.events import ReadEvent, read_event
from traceability.errors import InvalidEventError
from traceability.models import CaptureJob, Event, EventIdentity

__all__ = ["Captor", "capture_document", "capture_events"]

OnError = Literal["rollback", "proceed"]
# So many mistakes are listed; whoever has more has one cause for all of them.
_MOST_ERRORS = 100
_BEGIN = text("SELECT clock_timestamp()")
_KNOWN = text(
    "SELECT known.identity, event.sequence, event.body FROM traceability.event_identity AS known"
    " JOIN traceability.event AS event ON event.sequence = known.event_sequence"
    " WHERE known.identity = ANY(:identities)"
)
_RESERVE = text(
    "SELECT nextval('traceability.event_sequence') FROM generate_series(1, :count) AS one"
)


@dataclass(frozen=True)
class _Refusal:
    """An event that cannot be stored, and why."""

    index: int
    error: InvalidInputError

    def listed(self, prefix: str) -> list[dict[str, Any]]:
        found = self.error.context.get("errors") or [{"pointer": "", "detail": self.error.detail}]
        return [
            {
                **one,
                "index": self.index,
                "pointer": f"{prefix}/{self.index}{one.get('pointer', '')}",
            }
            for one in found
        ]


def capture_document(
    session: Session, document: object, *, by: Captor, on_error: OnError = "rollback"
) -> CaptureJob:
    """Capture an EPCISDocument; flushes.

    Args:
        session: One transaction for the whole document.
        document: As JSON was read.
        by: Who captures.
        on_error: `rollback` stores all events or none, `proceed` those that are right.

    Raises:
        InvalidEventError: It is no EPCIS 2.0 document, or, under `rollback`, an event is none.
        RuleBrokenError: Under `rollback`, an event contradicts what is recorded.
    """
    began = datetime.now(UTC)
    read = read_document(document)
    capture = _Capture(session, by, proceed=on_error == "proceed", prefix="/epcisBody/eventList")
    capture.take(read.events, read.contexts)
    job = CaptureJob(
        uuid=uuid4(),
        created_at=began,
        finished_at=datetime.now(UTC),
        captured_by=by.name,
        party_id=by.party_id,
        on_error=on_error,
        success=not capture.refused,
        errors=capture.errors(),
        stored=capture.stored,
        repeated=capture.repeated,
    )
    session.add(job)
    session.flush()
    return job


def capture_events(
    session: Session, events: Sequence[Mapping[str, Any]], *, by: Captor
) -> list[Event]:
    """Capture bare events, all or none, as forms and single requests bring them; flushes.

    Args:
        session: One transaction.
        events: Each with the prefixes that it uses in its own `@context`, if it needs any.
        by: Who captures.

    Returns:
        The events as stored, in their order; one that was there already as it was.

    Raises:
        InvalidEventError: One is no EPCIS 2.0 event.
        RuleBrokenError: One contradicts what is recorded.
    """
    capture = _Capture(session, by, proceed=False, prefix="")
    capture.take(events, [])
    found = session.execute(
        select(Event)
        .join(EventIdentity, EventIdentity.event_sequence == Event.sequence)
        .where(EventIdentity.identity.in_(set(capture.identities)))
    ).scalars()
    by_identity = {bytes(event.identity): event for event in found}
    return [by_identity[identity] for identity in capture.identities]


class _StoredMeanwhileError(Exception):
    """Another transaction stored the same event first."""


class _Capture:
    """One capture under way."""

    def __init__(self, session: Session, by: Captor, *, proceed: bool, prefix: str) -> None:
        self.session = session
        self.by = by
        self.proceed = proceed
        self.prefix = prefix
        self.refused: list[_Refusal] = []
        self.written: list[tuple[int, datetime, bytes]] = []
        self.identities: list[bytes] = []
        # Identity → sequence and body of what is stored.
        self.known: dict[bytes, tuple[int, str]] = {}
        self.stored = self.repeated = 0

    def take(self, events: Sequence[Mapping[str, Any]], contexts: list[Any]) -> None:
        """Read, check, write and seal."""
        read = self._read(events, contexts)
        self._refuse_all_if_one_is_wrong()
        lock_products(self.session, [event for _, event in read])
        self._look_up([event.identity for _, event in read])
        sequences = self.session.scalars(_RESERVE, {"count": len(read)}).all()
        recorded_at = self.session.execute(_BEGIN).scalar_one()
        journal.ensure_month(self.session, recorded_at.date())
        for (index, event), sequence in zip(read, sequences, strict=True):
            self.identities.append(event.identity)
            if event.identity in self.known:
                self._repeat(event, sequence, recorded_at)
                continue
            try:
                if self.proceed:
                    with self.session.begin_nested():
                        self._store(event, sequence, recorded_at)
                else:
                    self._store(event, sequence, recorded_at)
            except (InvalidInputError, _StoredMeanwhileError) as error:
                # Somebody may have stored the very same event since it was looked for.
                self._look_up([event.identity])
                if event.identity in self.known:
                    self._repeat(event, sequence, recorded_at)
                elif isinstance(error, InvalidInputError):
                    self.refused.append(_Refusal(index, error))
        self._refuse_all_if_one_is_wrong()
        journal.seal(self.session, self.written)

    def errors(self) -> list[dict[str, Any]]:
        """What is wrong with the events that were refused."""
        refused = sorted(self.refused, key=lambda refusal: refusal.index)
        listed = [one for refusal in refused for one in refusal.listed(self.prefix)]
        return listed[:_MOST_ERRORS]

    def _read(
        self, events: Sequence[Mapping[str, Any]], contexts: list[Any]
    ) -> list[tuple[int, ReadEvent]]:
        read = []
        for index, event in enumerate(events):
            try:
                read.append((index, read_event(event, contexts)))
            except InvalidEventError as error:
                self.refused.append(_Refusal(index, error))
        return read

    def _refuse_all_if_one_is_wrong(self) -> None:
        if self.proceed or not self.refused:
            return
        first = self.refused[0]
        count = len(self.refused)
        which = f"Event {first.index + 1}" + (f" and {count - 1} more" if count > 1 else "")
        raise type(first.error)(
            f"{which}: {first.error.detail} Nothing was stored.", errors=self.errors()
        ) from first.error

    def _look_up(self, identities: Sequence[bytes]) -> None:
        rows = self.session.execute(_KNOWN, {"identities": list(set(identities))})
        self.known.update({bytes(row.identity): (row.sequence, row.body) for row in rows})

    def _store(self, event: ReadEvent, sequence: int, recorded_at: datetime) -> None:
        check_business(self.session, event, self.by)
        body = journal.write_json(event.body)
        items = journal.derive_items(event)
        if not self._write(event, sequence, recorded_at, body, items):
            raise _StoredMeanwhileError
        self.known[event.identity] = (sequence, body)
        apply_states(self.session, event)

    def _repeat(self, event: ReadEvent, sequence: int, recorded_at: datetime) -> None:
        """Count what is known; keep it, without any effect, where it came in other words."""
        self.repeated += 1
        first, stored = self.known[event.identity]
        body = journal.write_json(event.body)
        if body == stored or orjson.loads(stored) == event.body:
            return
        claim = journal.claim_of_repetition(event.identity, event.body)
        self._write(event, sequence, recorded_at, body, [], repeats=first, claim=claim)

    def _write(
        self,
        event: ReadEvent,
        sequence: int,
        recorded_at: datetime,
        body: str,
        items: list[tuple[Any, ...]],
        *,
        repeats: int | None = None,
        claim: bytes | None = None,
    ) -> bool:
        columns = {
            **journal.derive(event),
            "sequence": sequence,
            "recorded_at": recorded_at,
            "repeats": repeats,
            "context": journal.write_json(event.context),
            "body": body,
            "captured_by": self.by.name,
            "party_id": self.by.party_id,
        }
        if not journal.write_event(self.session, columns, items, claim or event.identity):
            return False
        digest = hashlib.sha256(journal.content_of(columns, items)).digest()
        self.written.append((sequence, recorded_at, digest))
        self.stored += repeats is None
        return True
