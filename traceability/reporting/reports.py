"""Cases: what buyers report, and what the platform itself finds doubtful; what is done about them.

A buyer's report has a ticket of its own, `BC-7K3Q-9MHD`. A case that a scan or a dead link opens is
open at most once per kind, product and serial, however often it is seen again. How to reach a
reporter lies in `report_private` alone, and is erased when its day has come.
"""

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gis.calendar import VIETNAM, deadline, local_day
from gis.database import wait_for_turn
from gis.errors import ConflictError, InvalidInputError, NotFoundError
from gis.receipts import new_receipt, read_receipt
from traceability.models import Report, ReportPrivate, ReportStep

TICKET_PREFIX = "BC"
PROCEDURE = "product-case"
# What a buyer may choose from, in the order of the form.
BUYER_KINDS = (
    "fake",
    "unsafe",
    "expired",
    "wrong-information",
    "label",
    "quality",
    "unknown-code",
    "other",
)
# Somebody may be harmed or cheated meanwhile.
URGENT = frozenset(
    {"fake", "unsafe", "unissued", "void", "recalled", "distant", "many-places", "before-shipping"}
)
DEAD_LINK = "dead-link"
CLOSE_REASONS = ("solved", "unfounded", "passed-on", "duplicate")
# The version of the sentence under the contact field (Decree 356/2025/NĐ-CP art. 6).
CONSENT_TEXT = "report-contact-2026-11"
# A contact is kept so many days after the case is closed, and never longer than the second.
CONTACT_DAYS_AFTER_CLOSING = 30
CONTACT_DAYS_AT_MOST = 180
LONGEST_TEXT = 2000
LONGEST_CONTACT = 200
_LONGEST_ANSWER = 1000
_SAME_WITHIN = timedelta(minutes=2)


def open_case(
    session: Session,
    *,
    kind: str,
    product_id: int,
    lot_id: int | None = None,
    serial: str | None = None,
    facts: dict[str, Any],
    now: datetime | None = None,
) -> Report:
    """Open the case of something doubtful, or count it once more where it is open; flushes.

    Two that see the same at once make one case of it.

    Args:
        session: The transaction.
        kind: Such as `unissued`, `many-places`, `dead-link`.
        product_id: The product.
        lot_id: Its lot, if known.
        serial: The serial, also one that was never issued.
        facts: What was seen, as JSON, no person's data; newer members replace older ones.
        now: With a time zone; the present when absent.
    """
    now = now or datetime.now(UTC)
    made = insert(Report).values(
        ticket=_unused_ticket(session),
        origin="link" if kind == DEAD_LINK else "scan",
        kind=kind,
        product_id=product_id,
        lot_id=lot_id,
        serial=serial,
        facts=facts,
        due_on=_due(session, kind, now),
        created_at=now,
        last_at=now,
    )
    report_id, occurrences = session.execute(
        made.on_conflict_do_update(
            index_elements=[Report.kind, Report.product_id, text("coalesce(serial, '')")],
            index_where=text("origin <> 'buyer' AND state <> 'closed'"),
            set_={
                "occurrences": Report.occurrences + 1,
                "last_at": now,
                "facts": Report.facts.op("||")(made.excluded.facts),
                "lot_id": func.coalesce(Report.lot_id, made.excluded.lot_id),
            },
        ).returning(Report.id, Report.occurrences)
    ).one()
    if occurrences == 1:
        session.add(ReportStep(report_id=report_id, action="opened", actor="system", at=now))
        session.flush()
    return session.get_one(Report, report_id, populate_existing=True)


def file_report(
    session: Session,
    *,
    product_id: int | None,
    lot_id: int | None,
    serial: str | None,
    kind: str,
    text: str,
    contact: str | None,
    place: int | None,
    photo_id: int | None,
    code: str | None = None,
    now: datetime | None = None,
) -> Report:
    """File what a buyer reports and give it a ticket; flushes.

    What is sent again within two minutes, word for word, is the same report: a button tapped twice.

    Args:
        session: The transaction.
        product_id: The product; None where the code belongs to nothing here.
        lot_id: Its lot, if known.
        serial: The number on the stamp, if any.
        kind: One of `BUYER_KINDS`.
        text: What the buyer saw, 1 to 2,000 characters.
        contact: Phone or e-mail, only with the buyer's consent.
        place: The commune where it was bought or seen (its id).
        photo_id: A photo taken by `etl.attachment_requests`.
        code: The address or number that was scanned; needed without a product.
        now: With a time zone; the present when absent.

    Raises:
        InvalidInputError: With `errors`, a list of `{pointer, detail, rule}` into the document.
    """
    now = now or datetime.now(UTC)
    text, contact, code = _tidy(text), _tidy(contact or "", lines=False), _tidy(code or "")
    _check(kind, text, contact, code, product_id)
    said = {
        "origin": "buyer",
        "kind": kind,
        "product_id": product_id,
        "lot_id": lot_id,
        "serial": serial[:20] if serial else None,
        "code": code[:300] or None,
        "commune_id": place,
        "words": text,
    }
    wait_for_turn(session, f"report {said}")
    if (same := _find_same(session, said, contact, now)) is not None:
        return same
    report = Report(
        ticket=_unused_ticket(session),
        **said,
        photo_id=photo_id,
        due_on=_due(session, kind, now),
        created_at=now,
        last_at=now,
    )
    session.add(report)
    session.flush()
    session.add(ReportStep(report_id=report.id, action="opened", actor="buyer", at=now))
    if contact:
        session.add(
            ReportPrivate(
                report_id=report.id,
                contact=contact,
                consent_text=CONSENT_TEXT,
                consented_at=now,
                erase_on=local_day(now) + timedelta(days=CONTACT_DAYS_AT_MOST),
            )
        )
    session.flush()
    return report


def _find_same(
    session: Session, said: dict[str, Any], contact: str, now: datetime
) -> Report | None:
    found = session.scalars(
        select(Report)
        .filter_by(**said)
        .where(Report.created_at > now - _SAME_WITHIN)
        .order_by(Report.id)
        .limit(1)
    ).first()
    if found is None:
        return None
    private = session.get(ReportPrivate, found.id)
    return found if (private.contact if private else "") == contact else None


def read_ticket(value: str) -> str:
    """Read a ticket as people write it and return its one written form.

    Raises:
        InvalidInputError: Wrong length or characters, or a wrong check character.
    """
    return read_receipt(value, TICKET_PREFIX)


def find_report(session: Session, ticket: str, *, for_update: bool = False) -> Report:
    """Find a case by its ticket, however it is written.

    Raises:
        InvalidInputError: It is no ticket.
        NotFoundError: No case has it.
    """
    code = read_ticket(ticket)
    query = select(Report).where(Report.ticket == code)
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    report = session.scalar(query)
    if report is None:
        raise NotFoundError(f"There is no report {code}.")
    return report


def list_steps(session: Session, report_id: int) -> list[ReportStep]:
    """The dated steps of a case, the oldest first."""
    query = select(ReportStep).where(ReportStep.report_id == report_id)
    return list(session.scalars(query.order_by(ReportStep.at, ReportStep.id)))


def assign_report(session: Session, report: Report, to: str, *, actor: str) -> None:
    """Give a case to somebody; a new one is in work from then on; flushes.

    Raises:
        ConflictError: The case is closed.
    """
    _demand_open(report)
    if report.assigned_to == to:
        return
    report.assigned_to, report.state = to, "working"
    _step(session, report, "taken" if to == actor else "assigned", actor, to)


def comment_report(session: Session, report: Report, note: str, *, actor: str) -> None:
    """Write a note that only officers read; a new case is in work from then on; flushes.

    Raises:
        InvalidInputError: An empty note, or one over 1,000 characters.
    """
    note = _tidy(note)
    if not 1 <= len(note) <= _LONGEST_ANSWER:
        raise _mistake("/note", "A note has 1 to 1,000 characters.", "note")
    if report.state == "new":
        report.state = "working"
    _step(session, report, "commented", actor, note)


def close_report(
    session: Session,
    report: Report,
    reason: str,
    answer: str,
    *,
    actor: str,
    now: datetime | None = None,
) -> None:
    """Close a case with a reason and the answer its reporter reads; flushes.

    A contact is kept for thirty more days at most.

    Raises:
        InvalidInputError: An unknown reason, no answer, or one over 1,000 characters.
        ConflictError: The case is closed already.
    """
    now = now or datetime.now(UTC)
    _demand_open(report)
    answer = _tidy(answer)
    if reason not in CLOSE_REASONS:
        raise _mistake("/reason", f"A reason is one of {', '.join(CLOSE_REASONS)}.", "reason")
    if not 1 <= len(answer) <= _LONGEST_ANSWER:
        raise _mistake("/answer", "An answer has 1 to 1,000 characters.", "answer")
    report.state, report.closed_at = "closed", now
    report.close_reason, report.answer = reason, answer
    _step(session, report, "closed", actor, answer)
    private = session.get(ReportPrivate, report.id)
    if private is not None:
        last = local_day(now) + timedelta(days=CONTACT_DAYS_AFTER_CLOSING)
        private.erase_on = min(private.erase_on, last)
        session.flush()


def erase_contacts(session: Session, day: date) -> int:
    """Erase the contacts whose day has come, and say how many there were."""
    due = delete(ReportPrivate).where(ReportPrivate.erase_on <= day)
    return len(session.scalars(due.returning(ReportPrivate.report_id)).all())


def release_photos(session: Session, day: date) -> list[int]:
    """Let go of the photos of buyers' cases that were closed half a year ago; flushes.

    Returns:
        The attachments that nobody wants any more.
    """
    closed_before = datetime.combine(day - timedelta(days=CONTACT_DAYS_AT_MOST), time(), VIETNAM)
    old = session.scalars(
        select(Report).where(Report.photo_id.is_not(None), Report.closed_at < closed_before)
    ).all()
    released = [report.photo_id for report in old if report.photo_id is not None]
    for report in old:
        report.photo_id = None
    session.flush()
    return released


def _due(session: Session, kind: str, now: datetime) -> date:
    variant = "urgent" if kind in URGENT else "usual"
    return deadline(session, PROCEDURE, variant, local_day(now))


def _unused_ticket(session: Session) -> str:
    while True:
        ticket = new_receipt(TICKET_PREFIX)
        if session.scalar(select(Report.id).where(Report.ticket == ticket)) is None:
            return ticket


def _step(session: Session, report: Report, action: str, actor: str, note: str | None) -> None:
    session.add(ReportStep(report_id=report.id, action=action, actor=actor, note=note))
    report.version += 1
    session.flush()


def _demand_open(report: Report) -> None:
    if report.state == "closed":
        raise ConflictError(
            f"The case {report.ticket} is closed; a further comment may be written.",
            ticket=report.ticket,
        )


def _tidy(value: str, *, lines: bool = True) -> str:
    value = unicodedata.normalize("NFC", value).replace("\r\n", "\n").replace("\0", "")
    return re.sub(r"\n{3,}", "\n\n", value).strip() if lines else " ".join(value.split())


def _check(kind: str, text: str, contact: str, code: str, product_id: int | None) -> None:
    errors = []
    if kind not in BUYER_KINDS:
        errors.append(("/kind", f"A kind is one of {', '.join(BUYER_KINDS)}.", "kind"))
    if not text:
        errors.append(("/text", "Say what happened.", "missing"))
    elif len(text) > LONGEST_TEXT:
        errors.append(("/text", f"At most {LONGEST_TEXT} characters.", "long"))
    if len(contact) > LONGEST_CONTACT:
        errors.append(("/contact", f"At most {LONGEST_CONTACT} characters.", "long"))
    if product_id is None and not code:
        errors.append(("/code", "Name a product, or the code that was scanned.", "missing"))
    if errors:
        raise InvalidInputError(
            errors[0][1],
            errors=[
                {"pointer": pointer, "detail": detail, "rule": rule}
                for pointer, detail, rule in errors
            ],
        )


def _mistake(pointer: str, detail: str, rule: str) -> InvalidInputError:
    return InvalidInputError(detail, errors=[{"pointer": pointer, "detail": detail, "rule": rule}])
