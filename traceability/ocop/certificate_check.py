"""Whether a certificate holds, for whoever reads its number on a package."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, defer

from gis.models import AdministrativeUnit, Party
from traceability.models import Certificate, Product

_MOST = 50


@dataclass(frozen=True, slots=True)
class CheckedCertificate:
    """A certificate with what it was given to; `state` is said for one day.

    `state`: `holds`, `not-yet`, `expired` or `withdrawn`.
    """

    certificate: Certificate
    product: Product
    producer: Party | None
    commune: AdministrativeUnit | None
    state: str


def state_of(certificate: Certificate, on: date) -> str:
    """Say whether a certificate holds on a day; first and last day included."""
    if certificate.status == "withdrawn":
        return "withdrawn"
    if on < certificate.issued_on:
        return "not-yet"
    return "holds" if on <= certificate.expires_on else "expired"


def find_certificates(session: Session, number: str, on: date) -> Sequence[CheckedCertificate]:
    """Find certificates by their number, or all of a decision by the decision's number.

    Case and spaces do not matter; the newest first, at most fifty.
    """
    wanted = "".join(number.split()).lower()
    if not wanted:
        return []

    def bare(column: InstrumentedAttribute[Any]) -> ColumnElement[str]:
        return func.lower(func.replace(column, " ", ""))

    rows = session.execute(
        select(Certificate, Product, Party, AdministrativeUnit)
        .join(Product, Product.id == Certificate.product_id)
        .outerjoin(Party, Party.id == Product.producer_id)
        .outerjoin(AdministrativeUnit, AdministrativeUnit.id == Product.commune_id)
        .options(defer(AdministrativeUnit.boundary, raiseload=True))
        .where(or_(bare(Certificate.number) == wanted, bare(Certificate.decision) == wanted))
        .order_by(Certificate.issued_on.desc(), Product.name, Certificate.id)
        .limit(_MOST)
    )
    return [
        CheckedCertificate(certificate, product, producer, commune, state_of(certificate, on))
        for certificate, product, producer, commune in rows
    ]
