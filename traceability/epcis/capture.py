"""Capture: events are read, held against what is recorded, written, applied, and sealed.

A document is one transaction. Under `rollback` whatever is wrong with any event refuses all; under
`proceed` the good ones are stored and the others listed. The same content is stored once: sending
it again changes nothing and is no error.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any, Literal
from uuid import uuid4

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError
from traceability.epcis import journal
from traceability.epcis.business import check_business, check_declaration
from traceability.epcis.captor import Captor
from traceability.epcis.documents import read_document
from traceability.epcis.events import ReadEvent, read_event
from traceability.epcis.ledger import Ledger
from traceability.epcis.own import find_own, lock_products
from traceability.epcis.states import Changes, undo
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


def _is_risky(event: ReadEvent, own: Collection[str]) -> bool:
    """Whether a rule of business may refuse an event."""
    return (
        event.corrects is not None
        # What joins a run may join one of ours, a recalled box or one that is sent may hold them.
        or event.transformation_id is not None
        or event.disposition == "recalled"
        or event.biz_step in ("shipping", "departing")
        or event.action == "DELETE"
        or any(item.key in own for item in event.items)
    )


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


class _Capture:
    """One capture under way; `prefix` points at the list of events, None where there is but one.

    Each event is checked against what is recorded (`Ledger`, read at once for many) and what the
    events before it added; what is accepted is written in portions, and before an error
    declaration, which takes back what is written.
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
        self.waiting: list[tuple[ReadEvent, journal.Draft]] = []
        self.changes = Changes(session)
        self.sealed: list[tuple[int, datetime, bytes]] = []
        self.stored = self.repeated = 0

    def take(self, events: Sequence[Mapping[str, Any]], contexts: list[Any]) -> None:
        """Read, check, write and seal."""
        read = self._read(events, contexts)
        self._refuse_all_if_one_is_wrong()
        own = find_own(self.session, (item.key for _, event in read for item in event.items))
        lock_products(self.session, (thing.product for thing in own.values()))
        sequences = self.session.scalars(_RESERVE, {"count": len(read)}).all()
        recorded_at = self.session.execute(_BEGIN).scalar_one()
        journal.ensure_month(self.session, recorded_at.date())
        numbered = list(zip(read, sequences, strict=True))
        # Under `proceed` what is refused claims nothing.
        risky = {
            sequence
            for (_, event), sequence in numbered
            if self.proceed and _is_risky(event, own.keys())
        }
        claimed = self._claim(
            {
                event.identity: sequence
                for (_, event), sequence in reversed(numbered)
                if sequence not in risky
            }
        )
        ledger: Ledger | None = None
        for place, ((index, event), sequence) in enumerate(numbered):
            if event.identity in self.known:
                self._repeat(event, sequence, recorded_at)
                continue
            claim = None if event.identity in claimed else event.identity
            draft = self._draft(event, sequence, recorded_at, claim)
            try:
                if event.corrects is not None:
                    ledger = None
                    self._declare(event, draft)
                    continue
                if ledger is None:
                    self._flush()
                    following = (one for (_, one), _ in numbered[place:])
                    ledger = Ledger(
                        self.session,
                        list(takewhile(lambda one: one.corrects is None, following)),
                        self.by,
                    )
                check_business(self.session, event, ledger)
            except InvalidInputError as error:
                self.refused.append(_Refusal(index, error))
                continue
            ledger.note(event, sequence)
            self.changes.follow(event, ledger)
            self._keep(event, draft)
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

    def _declare(self, event: ReadEvent, draft: journal.Draft) -> None:
        """Check and write an error declaration, and take back what it declares an error."""
        # That may be waiting here.
        self._flush()
        check_declaration(self.session, event, self.by)
        self._keep(event, draft)
        before = self.repeated
        self._flush()
        if self.repeated == before:
            undo(self.session, event, draft.columns["sequence"])

    def _keep(self, event: ReadEvent, draft: journal.Draft) -> None:
        self.known[event.identity] = (draft.columns["sequence"], draft.columns["body"])
        self.waiting.append((event, draft))
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
        draft = self._draft(event, sequence, recorded_at, claim, repeats=first)
        self.waiting.append((event, draft))

    def _flush(self) -> None:
        waiting, self.waiting = self.waiting, []
        if not waiting:
            return
        written = journal.write_events(self.session, [draft for _, draft in waiting])
        self.changes.flush()
        for event, draft in waiting:
            if draft.columns["sequence"] in written:
                self._note(draft)
            elif draft.columns["repeats"] is None:
                # Another transaction stored it since it was looked for: nothing of ours is in it,
                # or the locks would have kept that one waiting.
                self.stored -= 1
                self.known.pop(event.identity)
                self._look_up([event.identity])
                columns = draft.columns
                self._repeat(event, columns["sequence"], columns["recorded_at"])

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
