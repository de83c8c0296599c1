"""What an officer decides about an application: return, reject, approve.

Every decision locks the application first, so that of two officers deciding at once one decides and
the other learns what was decided.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.codes import IssuedCode, issue_code
from gis.database import report_overlaps
from gis.errors import ConflictError, InvalidInputError, NotFoundError
from gis.models import Application, ApplicationPrivate, GrowingArea, Party, PartyPrivate
from gis.registration import add_step

OPEN = ("submitted", "returned")


@dataclass(frozen=True, slots=True)
class Approval:
    """The area and the code that an approval made."""

    area: GrowingArea
    issued: IssuedCode


def return_application(
    session: Session,
    application_id: int,
    reason: str,
    *,
    actor: str,
    expected_version: int | None = None,
) -> Application:
    """Give an application back to the farmer to correct, saying why; flushes, does not commit.

    Raises:
        InvalidInputError: No reason is given.
        ConflictError: It is not waiting for a decision, or changed since it was read.
    """
    reason = _demand_reason(reason)
    application = _lock(session, application_id, ("submitted",), expected_version)
    application.status = "returned"
    application.decision_reason = reason
    add_step(session, application, "returned", actor, reason)
    session.flush()
    return application


def reject_application(
    session: Session,
    application_id: int,
    reason: str,
    *,
    actor: str,
    expected_version: int | None = None,
) -> Application:
    """Reject an application for good, saying why; flushes, does not commit.

    Raises:
        InvalidInputError: No reason is given.
        ConflictError: It is already decided, or changed since it was read.
    """
    reason = _demand_reason(reason)
    application = _lock(session, application_id, OPEN, expected_version)
    _decide(application, "rejected", actor, reason)
    add_step(session, application, "rejected", actor, reason)
    session.flush()
    return application


def approve_application(
    session: Session,
    application_id: int,
    *,
    actor: str,
    today: date,
    authority: str | None = None,
    typed_code: str | None = None,
    note: str | None = None,
    expected_version: int | None = None,
) -> Approval:
    """Approve: make the growing area, its party where it is new, and its code; flushes only.

    Args:
        session: The transaction of the decision.
        application_id: An application that waits.
        actor: The officer's account.
        today: The day of issue.
        authority: Who issues, as printed with the code.
        typed_code: The code as issued elsewhere; None = the next of the province's series.
        note: Anything the farmer should read.
        expected_version: The version that the officer saw; None = any.

    Raises:
        ConflictError: It is already decided (the sentence says by whom), changed since it was read,
            or the code is taken.
        InvalidInputError: No code can be made and none was typed.
    """
    application = _lock(session, application_id, ("submitted",), expected_version)
    party = _party(session, application)
    area = GrowingArea(
        name=application.area_name,
        crop_id=application.crop_id,
        party_id=party.id,
        commune_id=application.commune_id,
        household_count=application.household_count,
        declared_area_ha=application.declared_area_ha,
        boundary=application.boundary,
        location=application.location,
        attributes={
            "receipt": application.receipt,
            "determination_method": application.determination_method,
        },
        is_demo=application.is_demo,
    )
    # Whose land it lies on was on the officer's page, who decided all the same: boundaries walked
    # with a phone always miss their neighbours' by some metres. The map's editors mend it.
    report_overlaps(session)
    session.add(area)
    session.flush()
    issued = issue_code(
        session,
        area,
        application.market,
        issued_on=today,
        issued_by=authority,
        typed=typed_code,
    )
    application.growing_area_id = area.id
    application.party_id = party.id
    _decide(application, "approved", actor, None)
    facts = {"code": issued.code.code, "warnings": list(issued.warnings)}
    add_step(session, application, "approved", actor, (note or "").strip() or None, facts)
    session.flush()
    return Approval(area, issued)


def _demand_reason(reason: str) -> str:
    kept = reason.strip()
    if not kept:
        raise InvalidInputError(
            "Say why, so that the farmer knows what to do.",
            errors=[{"pointer": "/reason", "rule": "missing", "detail": "This is needed."}],
        )
    return kept


def _lock(
    session: Session, application_id: int, wanted: Sequence[str], expected_version: int | None
) -> Application:
    application = session.scalar(
        select(Application)
        .where(Application.id == application_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if application is None:
        raise NotFoundError(f"There is no application {application_id}.")
    if application.status not in wanted:
        by = f" by {application.decided_by}" if application.decided_by else ""
        raise ConflictError(
            f"The application {application.receipt} is already {application.status}{by}.",
            receipt=application.receipt,
            status_of_application=application.status,
        )
    if expected_version is not None and application.version != expected_version:
        raise ConflictError(
            f"The application {application.receipt} changed while you were reading it."
            " Read it again.",
            receipt=application.receipt,
            version=application.version,
        )
    return application


def _decide(application: Application, status: str, actor: str, reason: str | None) -> None:
    application.status = status
    application.decided_at = datetime.now(UTC)
    application.decided_by = actor
    application.decision_reason = reason


def _party(session: Session, application: Application) -> Party:
    """The applicant as a party: the one known by the same name and phone, else a new household."""
    if application.party_id is not None:
        known = session.get(Party, application.party_id)
        assert known is not None
        return known
    private = session.get(ApplicationPrivate, application.id)
    if private is None:
        raise ConflictError(f"The application {application.receipt} has lost its applicant.")
    party = session.scalar(
        select(Party)
        .join(PartyPrivate, PartyPrivate.party_id == Party.id)
        .where(PartyPrivate.phone == private.phone, Party.name == private.applicant_name)
        .order_by(Party.id)
        .limit(1)
    )
    if party is None:
        party = Party(
            kind="household",
            name=private.applicant_name,
            commune_id=application.commune_id,
            is_demo=application.is_demo,
        )
        session.add(party)
        session.flush()
        session.add(
            PartyPrivate(
                party_id=party.id,
                representative=private.applicant_name,
                phone=private.phone,
                personal_number=private.personal_number,
                home_address=private.home_address,
            )
        )
    return party
