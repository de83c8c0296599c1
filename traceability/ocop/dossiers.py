"""Dossiers: who may see them, their steps and clocks (QĐ 26/2026/QĐ-TTg).

    draft → submitted → checked → graded → recognised
      ↑        ↓
      └─ returned            submitted, returned, checked, graded → rejected

Each step locks the dossier first: of two officers at once one acts, the other learns what happened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, defer

from gis.calendar import deadline, local_day
from gis.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from gis.models import AdministrativeUnit
from traceability.models import (
    Assessment,
    Certificate,
    Dossier,
    DossierEvidence,
    DossierPrivate,
    DossierStep,
    Product,
)
from traceability.ocop import certificates, numbers, windows
from traceability.ocop.groups import TOURISM_GROUP, group_of
from traceability.ocop.rubric import CURRENT_RUBRIC

COMMUNE_CHECK = "ocop-commune-check"
KINDS = ("first", "upgrade", "again")
APPLICANT_KINDS = (
    "cooperative",
    "cooperative-group",
    "enterprise",
    "farm",
    "household",
    "association",
)
STATUSES = ("draft", "submitted", "returned", "checked", "graded", "recognised", "rejected")
EDITABLE = ("draft", "returned")
OPEN = ("draft", "submitted", "returned", "checked", "graded")
# What the commune looks at before it asks the province (form 03).
CHECKED_TOPICS = ("origin", "local-material", "local-labour", "idea-identity")


@dataclass(frozen=True, slots=True)
class DossierScope:
    """Whose dossiers one may see: one organisation's, one commune's, else the province's."""

    party_id: int | None = None
    commune_code: str | None = None

    @property
    def is_province(self) -> bool:
        """Whether it is the whole province."""
        return self.party_id is None and self.commune_code is None


def find_dossier(session: Session, dossier_id: int, scope: DossierScope) -> Dossier:
    """Find a dossier that one may see.

    Raises:
        NotFoundError: There is none of this number.
        ForbiddenError: It is of another organisation or commune.
    """
    dossier = session.get(Dossier, dossier_id) if 0 < dossier_id < 2**63 else None
    if dossier is None:
        raise NotFoundError(f"There is no OCOP dossier {dossier_id}.")
    if scope.party_id is not None and dossier.party_id != scope.party_id:
        raise ForbiddenError("This dossier is not of your organisation.")
    if scope.commune_code is not None and scope.commune_code != commune_code(session, dossier):
        raise ForbiddenError("This dossier is not of your commune.")
    return dossier


def commune_code(session: Session, dossier: Dossier) -> str:
    """Return the code of the commune that takes the dossier in."""
    return session.scalars(
        select(AdministrativeUnit.code).where(AdministrativeUnit.id == dossier.commune_id)
    ).one()


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
    _add_step(session, dossier, "started", by, at=now)
    return dossier


def discard_dossier(session: Session, dossier_id: int) -> list[int]:
    """Delete a dossier that was never filed; returns the attachments of its files; flushes.

    Raises:
        ConflictError: It was filed: what an office has seen stays.
    """
    dossier = _lock(session, dossier_id, ("draft",))
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
        InvalidInputError: The representative or the producer's own scores are missing.
        ConflictError: It is filed already.
    """
    now = now or datetime.now(UTC)
    dossier = _lock(session, dossier_id, EDITABLE)
    _demand_whole(session, dossier)
    day = local_day(now)
    if dossier.product_number is None:
        _number(session, dossier, day.year)
    dossier.status = "submitted"
    dossier.submitted_at = now
    dossier.due_on = deadline(session, COMMUNE_CHECK, "any", day)
    _add_step(session, dossier, "submitted", by, due_on=dossier.due_on, at=now)
    return dossier


def return_dossier(
    session: Session, dossier_id: int, reason: str, *, by: str, now: datetime | None = None
) -> Dossier:
    """Give a dossier back to be completed, saying why; flushes.

    Raises:
        InvalidInputError: No reason is given.
        ConflictError: It does not lie with the commune.
    """
    reason = _demand(reason, "reason", "Say what is missing.")
    dossier = _lock(session, dossier_id, ("submitted",))
    dossier.status, dossier.due_on = "returned", None
    _add_step(session, dossier, "returned", by, note=reason, at=now)
    return dossier


def check_dossier(
    session: Session,
    dossier_id: int,
    topics: Sequence[str],
    *,
    has_samples: bool,
    by: str,
    note: str | None = None,
    now: datetime | None = None,
) -> Dossier:
    """Record the commune's check of the four topics and ask the province; flushes.

    The province's round of that day gives the next deadline. Tourism needs no samples.

    Raises:
        InvalidInputError: A topic was not found right (return the dossier then), or the five
            samples are missing.
        ConflictError: It does not lie with the commune.
    """
    now = now or datetime.now(UTC)
    dossier = _lock(session, dossier_id, ("submitted",))
    if missing := [topic for topic in CHECKED_TOPICS if topic not in topics]:
        raise InvalidInputError(
            "All four topics are checked before the province is asked.",
            errors=[{"pointer": f"/topics/{each}", "rule": "topic"} for each in missing],
        )
    if not has_samples and needs_samples(dossier):
        raise InvalidInputError("Five samples go with the file.", rule="samples")
    dossier.status, dossier.has_samples = "checked", has_samples
    dossier.due_on = windows.province_round(local_day(now)).done_before
    kept = (note or "").strip() or None
    _add_step(session, dossier, "checked", by, note=kept, due_on=dossier.due_on, at=now)
    return dossier


def reject_dossier(
    session: Session, dossier_id: int, reason: str, *, by: str, now: datetime | None = None
) -> Dossier:
    """End a dossier without a certificate, saying why; flushes.

    Raises:
        InvalidInputError: No reason is given.
        ConflictError: It is a draft, or decided.
    """
    reason = _demand(reason, "reason", "Say why.")
    dossier = _lock(session, dossier_id, ("submitted", "returned", "checked", "graded"))
    dossier.status, dossier.due_on = "rejected", None
    _add_step(session, dossier, "rejected", by, note=reason, at=now)
    return dossier


def recognise_dossier(
    session: Session,
    dossier_id: int,
    *,
    decision: str,
    issued_by: str,
    issued_on: date,
    by: str,
    now: datetime | None = None,
) -> Certificate:
    """Record the decision on a graded dossier: its certificate for 36 months; flushes.

    Raises:
        InvalidInputError: Fewer than three stars, no decision or issuer, a day to come.
        ConflictError: It is not graded, or decided.
    """
    now = now or datetime.now(UTC)
    dossier = _lock(session, dossier_id, ("graded",))
    assert dossier.stars is not None, "graded_stars"
    if dossier.stars < certificates.LEAST_STARS:
        raise InvalidInputError("Fewer than three stars are recognised by nobody.", rule="stars")
    if issued_on > local_day(now):
        raise InvalidInputError("The day of the decision is yet to come.", rule="future")
    certificate = certificates.certify(
        session,
        session.get_one(Product, dossier.product_id),
        stars=dossier.stars,
        decision=_demand(decision, "decision", "Give the decision's number."),
        issued_by=_demand(issued_by, "issued_by", "Say who decided."),
        issued_on=issued_on,
        number=dossier.product_number,
        rubric_version=dossier.rubric_version,
        dossier_id=dossier.id,
    )
    dossier.status, dossier.due_on = "recognised", None
    _add_step(session, dossier, "recognised", by, note=decision.strip(), at=now)
    return certificate


def set_graded(session: Session, dossier: Dossier, *, by: str, now: datetime | None = None) -> None:
    """Note that the council has closed; five stars go on to the ministry's round; flushes."""
    now = now or datetime.now(UTC)
    dossier.status = "graded"
    if dossier.stars == 5:
        dossier.due_on = windows.ministry_round(local_day(now)).done_before
    _add_step(session, dossier, "graded", by, due_on=dossier.due_on, at=now)


def lock_dossier(session: Session, dossier_id: int, wanted: Sequence[str]) -> Dossier:
    """Lock a dossier for a change that is allowed in some states.

    Raises:
        NotFoundError: There is none of this number.
        ConflictError: It is in another state.
    """
    return _lock(session, dossier_id, wanted)


def needs_samples(dossier: Dossier) -> bool:
    """Whether five samples go with the file: for all but tourism."""
    return group_of(dossier.ocop_set) != TOURISM_GROUP


def list_steps(session: Session, dossier_id: int) -> list[DossierStep]:
    """The dated steps of a dossier, the oldest first."""
    query = select(DossierStep).where(DossierStep.dossier_id == dossier_id)
    return list(session.scalars(query.order_by(DossierStep.at, DossierStep.id)))


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


def _lock(session: Session, dossier_id: int, wanted: Sequence[str]) -> Dossier:
    dossier = session.scalar(
        select(Dossier)
        .where(Dossier.id == dossier_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if dossier is None:
        raise NotFoundError(f"There is no OCOP dossier {dossier_id}.")
    if dossier.status not in wanted:
        raise ConflictError(
            f"The dossier is {dossier.status}: this cannot be done (any more).",
            status_of_dossier=dossier.status,
        )
    return dossier


def _demand(text: str, field: str, sentence: str) -> str:
    kept = text.strip()
    if not kept:
        raise InvalidInputError(sentence, errors=[{"pointer": f"/{field}", "rule": "missing"}])
    return kept


def _add_step(
    session: Session,
    dossier: Dossier,
    action: str,
    actor: str,
    *,
    note: str | None = None,
    due_on: date | None = None,
    at: datetime | None = None,
) -> None:
    step = DossierStep(dossier_id=dossier.id, action=action, actor=actor, note=note, due_on=due_on)
    step.at = dossier.updated_at = at or datetime.now(UTC)
    session.add(step)
    session.flush()
