"""Capture: events are read, held against what is recorded, written, applied, and sealed.

A document is one transaction. Under `rollback` whatever is wrong with any event refuses all; under
`proceed` the good ones are stored and the others listed. The same content is stored once: sending
it again changes nothing and is no error.
"""

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
from traceability.epcis.own import find_own
from traceability.errors import InvalidEventError
from traceability.models import CaptureJob, Event, EventIdentity

__all__ = ["Captor", "capture_document", "capture_events"]

OnError = Literal["rollback", "proceed"]
# So many mistakes are listed; whoever has more has one cause for all of them.
_MOST_ERRORS = 100
# So many events of others are written by one statement.
_AT_ONCE = 500
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

    def listed(self, prefix: str | None) -> list[dict[str, Any]]:
        found = self.error.context.get("errors") or [{"pointer": "", "detail": self.error.detail}]
        if prefix is None:
            return list(found)
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
    # Whoever catches the error and goes on has nothing half written.
    with session.begin_nested():
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
    capture = _Capture(session, by, proceed=False, prefix=None if len(events) == 1 else "")
    with session.begin_nested():
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
    """One capture under way.

    Events about our own products are checked and written one after the other, for each may hang on
    the one before; those of others are recorded as they come, many at once. `prefix` points at the
    list of the events; None where one event is all that was sent.
    """

    def __init__(self, session: Session, by: Captor, *, proceed: bool, prefix: str | None) -> None:
        self.session = session
        self.by = by
        self.proceed = proceed
        self.prefix = prefix
        self.refused: list[_Refusal] = []
        self.identities: list[bytes] = []
        # Identity → sequence and body of what is stored, or about to be.
        self.known: dict[bytes, tuple[int, str]] = {}
        self.waiting: list[journal.Draft] = []
        self.sealed: list[tuple[int, datetime, bytes]] = []
        self.stored = self.repeated = 0

    def take(self, events: Sequence[Mapping[str, Any]], contexts: list[Any]) -> None:
        """Read, check, write and seal."""
        read = self._read(events, contexts)
        self._refuse_all_if_one_is_wrong()
        lock_products(self.session, [event for _, event in read])
        own = find_own(self.session, (item.key for _, event in read for item in event.items))
        sequences = self.session.scalars(_RESERVE, {"count": len(read)}).all()
        recorded_at = self.session.execute(_BEGIN).scalar_one()
        journal.ensure_month(self.session, recorded_at.date())
        numbered = list(zip(read, sequences, strict=True))
        ours = {
            sequence
            for (_, event), sequence in numbered
            # What joins a run may join one of ours, a recalled box may hold them.
            if event.corrects is not None
            or event.transformation_id is not None
            or event.disposition == "recalled"
            or any(item.key in own for item in event.items)
        }
        claimed = self._claim(
            {
                event.identity: sequence
                for (_, event), sequence in reversed(numbered)
                if not (self.proceed and sequence in ours)
            }
        )
        for (index, event), sequence in numbered:
            if event.identity in self.known:
                self._repeat(event, sequence, recorded_at)
            elif sequence in ours:
                claim = None if event.identity in claimed else event.identity
                self._check_and_store(
                    index, event, self._draft(event, sequence, recorded_at, claim)
                )
            else:
                self._keep(event, self._draft(event, sequence, recorded_at, None))
        self._refuse_all_if_one_is_wrong()
        self._flush()
        journal.seal(self.session, sorted(self.sealed))

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
        self.identities = [event.identity for _, event in read]
        return read

    def _refuse_all_if_one_is_wrong(self) -> None:
        if self.proceed or not self.refused:
            return
        first = self.refused[0]
        count = len(self.refused)
        which = f"Event {first.index + 1}" + (f" and {count - 1} more: " if count > 1 else ": ")
        raise type(first.error)(
            f"{which if self.prefix is not None else ''}{first.error.detail} Nothing was stored.",
            errors=self.errors(),
        ) from first.error

    def _look_up(self, identities: Sequence[bytes]) -> None:
        rows = self.session.execute(_KNOWN, {"identities": list(set(identities))})
        self.known.update({bytes(row.identity): (row.sequence, row.body) for row in rows})

    def _claim(self, wanted: Mapping[bytes, int]) -> set[bytes]:
        """Claim what is not known yet; what others stored meanwhile is known then."""
        self._look_up(self.identities)
        new = {identity: wanted[identity] for identity in wanted if identity not in self.known}
        claimed = journal.claim_identities(self.session, new) if new else set()
        if len(claimed) < len(new):
            self._look_up(list(new.keys() - claimed))
        return claimed

    def _check_and_store(self, index: int, event: ReadEvent, draft: journal.Draft) -> None:
        if event.corrects is not None:
            # What it declares an error may be waiting here.
            self._flush()
        try:
            if self.proceed:
                with self.session.begin_nested():
                    self._store(event, draft)
            else:
                self._store(event, draft)
        except (InvalidInputError, _StoredMeanwhileError) as error:
            # Somebody may have stored the very same event since it was looked for.
            self._look_up([event.identity])
            if event.identity in self.known:
                self._repeat(event, draft.columns["sequence"], draft.columns["recorded_at"])
            elif isinstance(error, InvalidInputError):
                self.refused.append(_Refusal(index, error))

    def _store(self, event: ReadEvent, draft: journal.Draft) -> None:
        check_business(self.session, event, self.by)
        if not journal.write_events(self.session, [draft]):
            raise _StoredMeanwhileError
        apply_states(self.session, event)
        self._note(draft)
        self.known[event.identity] = (draft.columns["sequence"], draft.columns["body"])
        self.stored += 1

    def _keep(self, event: ReadEvent, draft: journal.Draft) -> None:
        self.known[event.identity] = (draft.columns["sequence"], draft.columns["body"])
        self.waiting.append(draft)
        self.stored += 1
        if len(self.waiting) >= _AT_ONCE:
            self._flush()

    def _repeat(self, event: ReadEvent, sequence: int, recorded_at: datetime) -> None:
        """Count what is known; keep it, without any effect, where it came in other words."""
        self.repeated += 1
        first, stored = self.known[event.identity]
        if orjson.loads(stored) == event.body:
            return
        claim = journal.claim_of_repetition(event.identity, event.body)
        self.waiting.append(self._draft(event, sequence, recorded_at, claim, repeats=first))

    def _flush(self) -> None:
        waiting, self.waiting = self.waiting, []
        if waiting:
            written = journal.write_events(self.session, waiting)
            for draft in waiting:
                if draft.columns["sequence"] in written:
                    self._note(draft)

    def _note(self, draft: journal.Draft) -> None:
        columns = draft.columns
        self.sealed.append((columns["sequence"], columns["recorded_at"], draft.digest()))

    def _draft(
        self,
        event: ReadEvent,
        sequence: int,
        recorded_at: datetime,
        claim: bytes | None,
        *,
        repeats: int | None = None,
    ) -> journal.Draft:
        columns = {
            **journal.derive(event),
            "sequence": sequence,
            "recorded_at": recorded_at,
            "repeats": repeats,
            "context": journal.write_json(event.context),
            "body": journal.write_json(event.body),
            "captured_by": self.by.name,
            "party_id": self.by.party_id,
        }
        items = [] if repeats is not None else journal.derive_items(event)
        return journal.Draft(columns, items, claim)
