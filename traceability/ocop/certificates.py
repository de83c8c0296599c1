"""Certificates: 36 months, numbers, withdrawal, and the window in which to file again."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gis.calendar import today
from gis.errors import ConflictError, InvalidInputError, NotFoundError
from traceability.linking import links
from traceability.models import Certificate, Product
from traceability.ocop.rubric import CURRENT_RUBRIC

CERTIFICATE_MONTHS = 36
# Fewer stars are recognised by nobody.
LEAST_STARS = 3
# Days before the last day: file not earlier, not later (QĐ 26/2026/QĐ-TTg, re-grading).
REGRADE_EARLIEST_DAYS = 180
REGRADE_LATEST_DAYS = 120
REGRADE_PROCESSING_DAYS = 45
# A certificate whose product is being graded again lives on so long past its last day at most.
TRANSITION_DAYS = 180
WITHDRAWAL_DAYS = 15
WITHDRAWAL_GROUNDS = (
    "false-dossier",
    "criteria-lost",
    "law-broken",
    "mark-misused",
    "stopped",
    "authority",
)


@dataclass(frozen=True, slots=True)
class RegradeWindow:
    """When to file for grading again: from `opens_on` to `closes_on`, both inclusive."""

    opens_on: date
    closes_on: date
    expires_on: date
    transition_ends_on: date

    def state(self, day: date) -> str:
        """Say where a day lies.

        `early`; `due`: file now; `late`: the window has passed, it still holds; `transition`:
        it has expired but lives on while the product is graded again; `lapsed`.
        """
        if day < self.opens_on:
            return "early"
        if day <= self.closes_on:
            return "due"
        if day <= self.expires_on:
            return "late"
        return "transition" if day <= self.transition_ends_on else "lapsed"


def certify(
    session: Session,
    product: Product,
    *,
    stars: int,
    decision: str,
    issued_by: str,
    issued_on: date,
    number: str | None = None,
    expires_on: date | None = None,
    rubric_version: str = CURRENT_RUBRIC,
    dossier_id: int | None = None,
) -> Certificate:
    """Record an OCOP certificate and renew the product's links; flushes.

    Args:
        session: The transaction.
        product: Whose certificate.
        stars: 3, 4 or 5; fewer are recognised by nobody.
        decision: Number of the decision, such as `3981/QĐ-UBND`.
        issued_by: Who decided.
        issued_on: Day of the decision.
        number: Number of the certificate, if known.
        expires_on: Last day it holds; default: 36 months after `issued_on`.
        rubric_version: The rubric it was graded by.
        dossier_id: The dossier that led to it, if it was graded here.

    Raises:
        InvalidInputError: Other stars, or an end before the beginning.
        ConflictError: Another certificate has this number.
    """
    if not LEAST_STARS <= stars <= 5:
        raise InvalidInputError("A certificate has 3, 4 or 5 stars; fewer are not recognised.")
    last_day = expires_on or months_after(issued_on, CERTIFICATE_MONTHS)
    if last_day < issued_on:
        raise InvalidInputError("A certificate cannot expire before it is issued.")
    certificate = Certificate(
        product_id=product.id,
        number=number,
        stars=stars,
        decision=decision,
        issued_by=issued_by,
        issued_on=issued_on,
        expires_on=last_day,
        rubric_version=rubric_version,
        dossier_id=dossier_id,
    )
    try:
        with session.begin_nested():
            session.add(certificate)
            session.flush()
    except IntegrityError as error:
        if "uq_certificate_number" not in str(error.orig):
            raise
        raise ConflictError(f"There is a certificate {number} already.", rule="number") from error
    links.publish_product(session, product)
    return certificate


def latest_certificate(session: Session, product_id: int) -> Certificate | None:
    """Return the product's newest certificate, whether it still holds or not."""
    return session.scalar(
        select(Certificate)
        .where(Certificate.product_id == product_id)
        .order_by(Certificate.issued_on.desc(), Certificate.id.desc())
        .limit(1)
    )


def holds(certificate: Certificate, on: date) -> bool:
    """Say whether a certificate is valid on a day, first and last day included."""
    return certificate.status == "valid" and certificate.issued_on <= on <= certificate.expires_on


def months_after(day: date, months: int) -> date:
    """Return the same day some months later, or the month's last day where it has none.

    Civil Code 91/2015/QH13 art. 148.3: a term in months ends with the corresponding day.
    """
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def regrade_window(expires_on: date) -> RegradeWindow:
    """Return when to file again for a certificate whose last day is `expires_on`."""
    return RegradeWindow(
        expires_on - timedelta(days=REGRADE_EARLIEST_DAYS),
        expires_on - timedelta(days=REGRADE_LATEST_DAYS),
        expires_on,
        expires_on + timedelta(days=TRANSITION_DAYS),
    )


def authority_of(stars: int) -> str:
    """Return who recognises and withdraws: `ministry` for five stars, else `province`."""
    return "ministry" if stars == 5 else "province"


def get_certificate(session: Session, certificate_id: int) -> Certificate:
    """Find a certificate.

    Raises:
        NotFoundError: There is none of this number.
    """
    found = session.get(Certificate, certificate_id) if certificate_id < 2**63 else None
    if found is None:
        raise NotFoundError(f"There is no certificate {certificate_id}.")
    return found


def withdraw(
    session: Session, certificate_id: int, *, ground: str, decision: str, on: date
) -> Certificate:
    """Withdraw a certificate on one of the six grounds and renew the product's links; flushes.

    Raises:
        NotFoundError: There is no such certificate.
        InvalidInputError: Another ground, no decision, a day before it was issued or to come.
        ConflictError: It is withdrawn already.
    """
    certificate = get_certificate(session, certificate_id)
    session.refresh(certificate, with_for_update=True)
    if ground not in WITHDRAWAL_GROUNDS:
        raise InvalidInputError(f"{ground!r} is no ground of withdrawal.", rule="missing")
    if not decision.strip():
        raise InvalidInputError(
            "Give the number of the decision that withdraws it.", rule="missing"
        )
    if on < certificate.issued_on:
        raise InvalidInputError(
            "A certificate cannot be withdrawn before it was issued.", rule="too-early"
        )
    if on > today():
        raise InvalidInputError("The day of the withdrawal is yet to come.", rule="to-come")
    if certificate.status == "withdrawn":
        raise ConflictError(f"Certificate {certificate_id} is withdrawn already.", rule="withdrawn")
    certificate.status = "withdrawn"
    certificate.withdrawn_on = on
    certificate.withdrawal_ground = ground
    certificate.withdrawal_decision = decision.strip()
    session.flush()
    links.publish_product(session, session.get_one(Product, certificate.product_id))
    return certificate
