"""Starting, dropping and filing a dossier: what it must hold, its numbers, its first clock."""

from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, defer

from gis.calendar import deadline, local_day
from gis.errors import ConflictError, InvalidInputError
from gis.models import AdministrativeUnit
from traceability.models import (
    Assessment,
    Certificate,
    Dossier,
    DossierEvidence,
    DossierPrivate,
    Product,
)
from traceability.ocop import certificates, numbers
from traceability.ocop.dossiers import (
    APPLICANT_KINDS,
    EDITABLE,
    KINDS,
    add_step,
    lock_dossier,
)
from traceability.ocop.groups import TOURISM_GROUP, group_of
from traceability.ocop.rubric import CURRENT_RUBRIC

COMMUNE_CHECK = "ocop-commune-check"


def start_dossier(
    session: Session,
    product: Product,
    *,
    kind: str,
    applicant_kind: str,
    by: str,
    is_demo: bool = False,
    now: datetime | None = None,
) -> Dossier:
    """Begin a dossier as a draft; flushes.

    Raises:
        InvalidInputError: Another kind; a product without set or commune; an association for
            anything but tourism; grading again what was never graded.
        ConflictError: The product has a dossier under way.
    """
    if kind not in KINDS or applicant_kind not in APPLICANT_KINDS:
        raise InvalidInputError("A dossier says its kind and what the applicant is.")
    if product.ocop_set is None or product.commune_id is None:
        raise InvalidInputError(
            "Say first which product set (1 to 26) and which commune the product belongs to.",
            rule="no-set",
        )
    is_tourism = group_of(product.ocop_set) == TOURISM_GROUP
    if applicant_kind == "association" and not is_tourism:
        raise InvalidInputError("Associations apply for tourism only.", rule="association")
    had = session.scalar(select(Certificate.id).where(Certificate.product_id == product.id))
    if kind != "first" and had is None:
        raise InvalidInputError(
            "This product has no certificate yet: file it as the first.", rule="not-certified"
        )
    dossier = Dossier(
        product_id=product.id,
        party_id=product.producer_id,
        commune_id=product.commune_id,
        kind=kind,
        applicant_kind=applicant_kind,
        ocop_set=product.ocop_set,
        rubric_version=CURRENT_RUBRIC,
        status="draft",
        created_by=by,
        is_demo=is_demo,
    )
    try:
        with session.begin_nested():
            session.add(dossier)
            session.flush()
    except IntegrityError as error:
        if "uq_dossier_open" not in str(error.orig):
            raise
        raise ConflictError(
            "This product has a dossier under way already.", rule="under-way"
        ) from error
    add_step(session, dossier, "started", by, at=now)
    return dossier


def discard_dossier(session: Session, dossier_id: int) -> list[int]:
    """Delete a dossier that was never filed; returns the attachments of its files; flushes.

    Raises:
        ConflictError: It was filed: what an office has seen stays.
    """
    dossier = lock_dossier(session, dossier_id, ("draft",))
    kept = select(DossierEvidence.attachment_id).where(DossierEvidence.dossier_id == dossier.id)
    attachments = list(session.scalars(kept))
    session.delete(dossier)
    session.flush()
    return attachments


def submit_dossier(
    session: Session, dossier_id: int, *, by: str, now: datetime | None = None
) -> Dossier:
    """File a dossier at the commune: numbers, and 15 working days begin; flushes.

    Raises:
        InvalidInputError: The representative or the producer's own scores are missing; grading
            again before its window opens.
        ConflictError: It is filed already.
    """
    now = now or datetime.now(UTC)
    dossier = lock_dossier(session, dossier_id, EDITABLE)
    _demand_whole(session, dossier)
    day = local_day(now)
    _demand_window(session, dossier, day)
    if dossier.product_number is None:
        _number(session, dossier, day.year)
    dossier.status = "submitted"
    dossier.submitted_at = now
    dossier.due_on = deadline(session, COMMUNE_CHECK, "any", day)
    add_step(session, dossier, "submitted", by, due_on=dossier.due_on, at=now)
    return dossier


def _number(session: Session, dossier: Dossier, year: int) -> None:
    """Give the dossier its product's number and its form's."""
    unit = session.scalars(
        select(AdministrativeUnit)
        .where(AdministrativeUnit.id == dossier.commune_id)
        .options(defer(AdministrativeUnit.boundary, raiseload=True))
    ).one()
    province = session.scalar(
        select(AdministrativeUnit.code).where(AdministrativeUnit.id == unit.parent_id)
    )
    earlier = session.scalars(
        select(Dossier.id).where(
            Dossier.product_id == dossier.product_id, Dossier.form_number.is_not(None)
        )
    ).all()
    code = province or "00"
    number = numbers.ProductNumber(
        code, unit.code, numbers.next_serial(session, code, unit.code), year
    )
    dossier.product_number = str(number)
    dossier.form_number = numbers.form_number(number, len(earlier) + 1)


def _demand_whole(session: Session, dossier: Dossier) -> None:
    missing = []
    if session.get(DossierPrivate, dossier.id) is None:
        missing.append({"pointer": "/representative", "rule": "representative"})
    own = session.scalar(
        select(Assessment.id).where(Assessment.dossier_id == dossier.id, Assessment.kind == "self")
    )
    if own is None:
        missing.append({"pointer": "/scores", "rule": "own-scores"})
    if missing:
        raise InvalidInputError(
            "Name the representative and score the product yourself before you file.",
            errors=missing,
        )


def _demand_window(session: Session, dossier: Dossier, day: date) -> None:
    """Grading again is filed from 180 days before it expires; later is late, not wrong."""
    held = certificates.latest_certificate(session, dossier.product_id)
    if dossier.kind != "again" or held is None or held.status != "valid":
        return
    window = certificates.regrade_window(held.expires_on)
    if window.state(day) == "early":
        raise InvalidInputError(
            f"Grading again is filed from {window.opens_on} on.", rule="early", day=window.opens_on
        )
