"""Dossiers: who may see them, their steps and clocks (QĐ 26/2026/QĐ-TTg).

    draft → submitted → checked → graded → recognised
      ↑        ↓
      └─ returned            submitted, returned, checked, graded → rejected

Each step locks the dossier first: of two officers at once one acts, the other learns what happened.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.calendar import local_day
from gis.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from gis.models import AdministrativeUnit
from traceability.models import (
    Certificate,
    Dossier,
    DossierStep,
    Product,
)
from traceability.ocop import certificates, numbers, windows
from traceability.ocop.groups import TOURISM_GROUP, group_of
from traceability.ocop.rubric import VERSIONS

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
# Of a reason or a remark more is not kept.
_LONGEST = 2000
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


def return_dossier(
    session: Session, dossier_id: int, reason: str, *, by: str, now: datetime | None = None
) -> Dossier:
    """Give a dossier back to be completed, saying why; flushes.

    Raises:
        InvalidInputError: No reason is given.
        ConflictError: It does not lie with the commune.
    """
    reason = _demand(reason, "reason", "Say what is missing.")
    dossier = lock_dossier(session, dossier_id, ("submitted",))
    dossier.status, dossier.due_on = "returned", None
    add_step(session, dossier, "returned", by, note=reason, at=now)
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

    The province's round of that day gives the next deadline, for grading again no later than 45
    days after it was filed. Tourism needs no samples.

    Raises:
        InvalidInputError: A topic was not found right (return the dossier then), or the five
            samples are missing.
        ConflictError: It does not lie with the commune.
    """
    now = now or datetime.now(UTC)
    dossier = lock_dossier(session, dossier_id, ("submitted",))
    if missing := [topic for topic in CHECKED_TOPICS if topic not in topics]:
        raise InvalidInputError(
            "All four topics are checked before the province is asked.",
            errors=[{"pointer": f"/topics/{each}", "rule": "topic"} for each in missing],
        )
    if not has_samples and needs_samples(dossier):
        raise InvalidInputError("Five samples go with the file.", rule="samples")
    dossier.status, dossier.has_samples = "checked", has_samples
    round_ends = windows.province_round(local_day(now)).done_before
    dossier.due_on = min(round_ends, decide_by(dossier) or round_ends)
    kept = (note or "").strip()[:_LONGEST] or None
    add_step(session, dossier, "checked", by, note=kept, due_on=dossier.due_on, at=now)
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
    dossier = lock_dossier(session, dossier_id, ("submitted", "returned", "checked", "graded"))
    dossier.status, dossier.due_on = "rejected", None
    add_step(session, dossier, "rejected", by, note=reason, at=now)
    return dossier


def recognise_dossier(
    session: Session,
    dossier_id: int,
    *,
    decision: str,
    issued_by: str,
    issued_on: date,
    by: str,
    stars: int | None = None,
    now: datetime | None = None,
) -> Certificate:
    """Record the decision on a graded dossier: its certificate for 36 months; flushes.

    Args:
        session: The transaction.
        dossier_id: A graded dossier.
        decision: Number of the decision.
        issued_by: Who decided: the province for three and four stars, the ministry for five.
        issued_on: Day of the decision.
        by: The account that records it.
        stars: What was recognised, where it is not what the council gave: the province gives four
            to what the ministry did not find worth five.
        now: With a time zone; the present when absent.

    Raises:
        InvalidInputError: Fewer than three stars, no decision or issuer, a day to come or before
            the rubric was in force.
        ConflictError: It is not graded, or decided.
    """
    now = now or datetime.now(UTC)
    dossier = lock_dossier(session, dossier_id, ("graded",))
    assert dossier.stars is not None, "graded_stars"
    if stars is not None and (dossier.stars, stars) not in ((dossier.stars,) * 2, (5, 4)):
        raise InvalidInputError("Only five stars may become four.", rule="stars")
    if dossier.stars < certificates.LEAST_STARS:
        raise InvalidInputError("Fewer than three stars are recognised by nobody.", rule="stars")
    if issued_on > local_day(now):
        raise InvalidInputError("The day of the decision is yet to come.", rule="future")
    if issued_on < VERSIONS[dossier.rubric_version]:
        raise InvalidInputError(
            f"Nothing was decided by {dossier.rubric_version} before it was in force.",
            rule="before",
        )
    certificate = certificates.certify(
        session,
        session.get_one(Product, dossier.product_id),
        stars=stars or dossier.stars,
        decision=_demand(decision, "decision", "Give the decision's number."),
        issued_by=_demand(issued_by, "issued_by", "Say who decided."),
        issued_on=issued_on,
        number=dossier.product_number,
        rubric_version=dossier.rubric_version,
        dossier_id=dossier.id,
    )
    dossier.status, dossier.due_on = "recognised", None
    add_step(session, dossier, "recognised", by, note=decision.strip(), at=now)
    return certificate


def set_graded(session: Session, dossier: Dossier, *, by: str, now: datetime | None = None) -> None:
    """Note that the council has closed; five stars go on to the ministry's round; flushes.

    From now on the product's number names the year in which it was graded.
    """
    now = now or datetime.now(UTC)
    dossier.status = "graded"
    if dossier.product_number is not None:
        dossier.product_number = numbers.number_in_year(dossier.product_number, local_day(now).year)
    if dossier.stars == 5:
        dossier.due_on = windows.ministry_round(local_day(now)).done_before
    add_step(session, dossier, "graded", by, due_on=dossier.due_on, at=now)


def lock_dossier(session: Session, dossier_id: int, wanted: Sequence[str]) -> Dossier:
    """Lock a dossier for a change that is allowed in some states.

    Raises:
        NotFoundError: There is none of this number.
        ConflictError: It is in another state.
    """
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


def decide_by(dossier: Dossier) -> date | None:
    """The day by which grading again is to be decided: 45 days after it was filed."""
    if dossier.kind != "again" or dossier.submitted_at is None or dossier.status not in OPEN:
        return None
    days = timedelta(days=certificates.REGRADE_PROCESSING_DAYS)
    return local_day(dossier.submitted_at) + days


def needs_samples(dossier: Dossier) -> bool:
    """Whether five samples go with the file: for all but tourism."""
    return group_of(dossier.ocop_set) != TOURISM_GROUP


def list_steps(session: Session, dossier_id: int) -> list[DossierStep]:
    """The dated steps of a dossier, the oldest first."""
    query = select(DossierStep).where(DossierStep.dossier_id == dossier_id)
    return list(session.scalars(query.order_by(DossierStep.at, DossierStep.id)))


def _demand(text: str, field: str, sentence: str) -> str:
    kept = unicodedata.normalize("NFC", text).strip()[:_LONGEST]
    if not kept:
        raise InvalidInputError(sentence, errors=[{"pointer": f"/{field}", "rule": "missing"}])
    return kept


def add_step(
    session: Session,
    dossier: Dossier,
    action: str,
    actor: str,
    *,
    note: str | None = None,
    due_on: date | None = None,
    at: datetime | None = None,
) -> None:
    """Note a dated step and the deadline that it sets; flushes."""
    step = DossierStep(dossier_id=dossier.id, action=action, actor=actor, note=note, due_on=due_on)
    step.at = dossier.updated_at = at or datetime.now(UTC)
    session.add(step)
    session.flush()
