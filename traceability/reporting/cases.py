"""Cases as they are looked at: a ticket by its holder, the inbox by officers, theirs by producers.

An officer of a commune sees the cases of that commune's products and those seen in it; one of the
province sees all. A producer sees the cases of their own products without the reporter's contact,
and without numbers in the words that could be somebody's telephone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from gis.calendar import load_holidays, working_days_between
from gis.errors import ForbiddenError, NotFoundError
from gis.models import AdministrativeUnit
from traceability.models import Lot, Product, Report, ReportPrivate, ReportStep
from traceability.reporting.reports import find_report, list_steps

_MOST_OTHERS = 20
_NUMBERS = re.compile(r"\+?\d(?:[\s.\-]?\d){8,}|\S+@\S+\.\S+")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks: an officer of a commune or (None) of the province, or a producer by their party.

    `is_officer` false and `party_id` None sees nothing.
    """

    is_officer: bool
    commune: str | None = None
    party_id: int | None = None


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case in a list.

    `days_left` are working days to the deadline, negative = overdue, None when it is closed.
    """

    report: Report
    product: Product | None
    lot_code: str | None
    commune: str | None
    place: str | None
    days_left: int | None


@dataclass(frozen=True, slots=True)
class CaseInbox:
    """Some rows; how many cases there are by state, and how many are overdue."""

    rows: Sequence[CaseRow]
    counts: dict[str, int]
    overdue: int


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the holder of a ticket is told: no words of the report, nobody's data."""

    report: Report
    product: Product | None
    steps: Sequence[ReportStep]
    days_left: int


@dataclass(frozen=True, slots=True)
class Case:
    """One case as its reader may see it; `contact` is read apart, and each reading logged.

    `others` are cases of the same serial, the newest first: a closed one is not opened again, what
    is seen later is a case of its own.
    """

    row: CaseRow
    words: str | None
    steps: Sequence[ReportStep]
    has_contact: bool
    others: Sequence[Report] = ()


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What an inbox is narrowed by; None leaves a thing open."""

    state: str | None = None
    kind: str | None = None
    origin: str | None = None
    commune: str | None = None
    product_id: int | None = None
    assigned_to: str | None = None


def find_ticket(session: Session, ticket: str, today: date) -> Ticket:
    """Find what the holder of a ticket may know.

    Raises:
        InvalidInputError: It is no ticket.
        NotFoundError: No buyer's report has it.
    """
    report = find_report(session, ticket)
    if report.origin != "buyer":
        # Nobody holds the ticket of what the platform opened itself.
        raise NotFoundError(f"There is no report {report.ticket}.")
    product = session.get(Product, report.product_id) if report.product_id else None
    steps = [step for step in list_steps(session, report.id) if step.action != "commented"]
    return Ticket(report, product, steps, _days_left(session, [report.due_on], today)[0])


def list_cases(
    session: Session,
    reader: Reader,
    wanted: CaseFilter,
    *,
    today: date,
    limit: int = 50,
    offset: int = 0,
) -> CaseInbox:
    """List cases that a reader may see: open ones first, the most urgent on top."""
    scope = _scope(reader)
    by_state = _joined(select(Report.state, func.count())).where(*scope).group_by(Report.state)
    counts = {row[0]: row[1] for row in session.execute(by_state)}
    overdue = session.scalar(
        _joined(select(func.count())).where(*scope, Report.state != "closed", Report.due_on < today)
    )
    rows = _read(
        session,
        _rows()
        .where(*scope, *_narrowed(wanted))
        .order_by(
            case((Report.state == "closed", 1), else_=0),
            case((Report.state != "closed", Report.due_on)),
            Report.last_at.desc(),
            Report.id,
        )
        .limit(limit)
        .offset(offset),
        today,
    )
    return CaseInbox(rows, counts, overdue or 0)


def get_case(session: Session, reader: Reader, ticket: str, *, today: date) -> Case:
    """Return one case as a reader may see it.

    Raises:
        InvalidInputError: It is no ticket.
        NotFoundError: No case has it.
        ForbiddenError: It is of another commune, or another producer's.
    """
    report = find_report(session, ticket)
    rows = _read(session, _rows().where(Report.id == report.id, *_scope(reader)), today)
    if not rows:
        raise ForbiddenError(f"The case {report.ticket} is not of your commune or products.")
    steps = list_steps(session, report.id)
    words = report.words
    if not reader.is_officer:
        words = _NUMBERS.sub("…", words) if words else words
        # What officers write for each other stays among them.
        steps = [step for step in steps if step.action != "commented"]
    has_contact = reader.is_officer and session.get(ReportPrivate, report.id) is not None
    return Case(rows[0], words, steps, has_contact, _others(session, reader, report))


def read_contact(session: Session, reader: Reader, report: Report) -> str | None:
    """Return how to reach a reporter; the caller logs the reading.

    Raises:
        ForbiddenError: Only officers may.
    """
    if not reader.is_officer:
        raise ForbiddenError("Only officers read how to reach a reporter.")
    private = session.get(ReportPrivate, report.id)
    return private.contact if private is not None else None


def _others(session: Session, reader: Reader, report: Report) -> Sequence[Report]:
    if report.serial is None or report.product_id is None:
        return ()
    return list(
        session.scalars(
            _joined(select(Report))
            .where(
                Report.product_id == report.product_id,
                Report.serial == report.serial,
                Report.id != report.id,
                *_scope(reader),
            )
            .order_by(Report.id.desc())
            .limit(_MOST_OTHERS)
        )
    )


def _joined(query: Any) -> Any:
    return query.select_from(Report).outerjoin(Product, Product.id == Report.product_id)


_Place = aliased(AdministrativeUnit)


def _rows() -> Any:
    return (
        select(Report, Product, Lot.code, AdministrativeUnit.name, _Place.name)
        .select_from(Report)
        .outerjoin(Product, Product.id == Report.product_id)
        .outerjoin(Lot, Lot.id == Report.lot_id)
        .outerjoin(AdministrativeUnit, AdministrativeUnit.id == Product.commune_id)
        .outerjoin(_Place, _Place.id == Report.commune_id)
    )


def _read(session: Session, query: Any, today: date) -> list[CaseRow]:
    found = session.execute(query).all()
    left = _days_left(session, [report.due_on for report, *_ in found], today)
    return [
        CaseRow(report, product, lot, commune, place, None if report.state == "closed" else days)
        for (report, product, lot, commune, place), days in zip(found, left, strict=True)
    ]


def _days_left(session: Session, days: Sequence[date], today: date) -> list[int]:
    if not days:
        return []
    holidays = load_holidays(session, min([*days, today]), max([*days, today]))
    return [working_days_between(today, day, holidays) for day in days]


def _scope(reader: Reader) -> Sequence[ColumnElement[bool]]:
    if not reader.is_officer:
        return (Product.producer_id == reader.party_id,)
    if reader.commune is None:
        return ()
    units = select(AdministrativeUnit.id).where(AdministrativeUnit.code == reader.commune)
    return (or_(Product.commune_id.in_(units), Report.commune_id.in_(units)),)


def _narrowed(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state == "open":
        found.append(Report.state != "closed")
    elif wanted.state is not None:
        found.append(Report.state == wanted.state)
    for column, value in (
        (Report.kind, wanted.kind),
        (Report.origin, wanted.origin),
        (Report.product_id, wanted.product_id),
        (Report.assigned_to, wanted.assigned_to),
    ):
        if value is not None:
            found.append(column == value)
    if wanted.commune is not None:
        units = select(AdministrativeUnit.id).where(AdministrativeUnit.code == wanted.commune)
        found.append(or_(Product.commune_id.in_(units), Report.commune_id.in_(units)))
    return found
