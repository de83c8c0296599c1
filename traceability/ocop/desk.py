"""What the desk lists: dossiers by urgency, products without one, certificates to renew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from gis.calendar import load_holidays, working_days_between
from gis.models import AdministrativeUnit, Party
from traceability.models import Certificate, Dossier, Product
from traceability.ocop.certificates import (
    REGRADE_EARLIEST_DAYS,
    TRANSITION_DAYS,
    RegradeWindow,
    regrade_window,
)
from traceability.ocop.dossiers import OPEN, DossierScope

_MOST_CERTIFICATES = 500
_MOST_PRODUCTS = 300


@dataclass(frozen=True, slots=True)
class DossierRow:
    """One dossier in a list; without personal fields.

    `days_left` are working days to the deadline; negative = overdue, None = no clock runs.
    """

    dossier: Dossier
    product_name: str
    commune_name: str
    days_left: int | None


@dataclass(frozen=True, slots=True)
class Desk:
    """Some dossiers, and how many there are by status and overdue."""

    rows: Sequence[DossierRow]
    counts: dict[str, int]
    overdue: int


@dataclass(frozen=True, slots=True)
class Reminder:
    """A certificate to be graded again: `state` is due, late, transition (see RegradeWindow)."""

    certificate: Certificate
    product: Product
    commune_name: str | None
    window: RegradeWindow
    state: str
    dossier_id: int | None


def list_dossiers(
    session: Session,
    scope: DossierScope,
    today: date,
    *,
    status: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Desk:
    """List dossiers: those with a clock first, the most urgent on top.

    Args:
        session: Reads only.
        scope: Whose dossiers.
        today: The day from which days are counted.
        status: Only this status; None = all.
        limit: Rows at most.
        offset: Rows passed over.
    """
    by_status = _within(select(Dossier.status, func.count(Dossier.id)), scope)
    counts = {row[0]: row[1] for row in session.execute(by_status.group_by(Dossier.status))}
    overdue = session.scalar(
        _within(select(func.count(Dossier.id)), scope).where(
            Dossier.due_on < today, Dossier.status.in_(OPEN)
        )
    )
    query = (
        _within(select(Dossier, Product.name, AdministrativeUnit.name), scope)
        .join(Product, Product.id == Dossier.product_id)
        .order_by(
            case((Dossier.due_on.is_not(None), 0), (Dossier.status.in_(OPEN), 1), else_=2),
            Dossier.due_on,
            Dossier.updated_at.desc(),
            Dossier.id,
        )
    )
    if status is not None:
        query = query.where(Dossier.status == status)
    found = session.execute(query.limit(limit).offset(offset)).all()
    days = [dossier.due_on for dossier, *_ in found if dossier.due_on is not None]
    holidays = load_holidays(session, min([*days, today]), max([*days, today]))
    rows = [
        DossierRow(
            dossier,
            product_name,
            commune_name,
            working_days_between(today, dossier.due_on, holidays) if dossier.due_on else None,
        )
        for dossier, product_name, commune_name in found
    ]
    return Desk(rows, counts, overdue or 0)


def list_startable(
    session: Session, scope: DossierScope, asked: int | None = None
) -> list[Product]:
    """List the products of a scope that have a set, a commune, and no dossier under way.

    By name, some hundreds at most, `asked` before all others.
    """
    under_way = select(Dossier.product_id).where(Dossier.status.in_(OPEN))
    query = (
        select(Product)
        .join(AdministrativeUnit, AdministrativeUnit.id == Product.commune_id)
        .where(
            Product.ocop_set.is_not(None),
            Product.id.not_in(under_way),
            *_conditions(scope, Product.producer_id),
        )
        .order_by(*([Product.id != asked] if asked else []), Product.name, Product.id)
        .limit(_MOST_PRODUCTS)
    )
    return list(session.scalars(query))


def may_start(session: Session, scope: DossierScope, product: Product) -> bool:
    """Whether a product is one of a scope's."""
    query = (
        select(Product.id)
        .outerjoin(AdministrativeUnit, AdministrativeUnit.id == Product.commune_id)
        .where(Product.id == product.id, *_conditions(scope, Product.producer_id))
    )
    return session.scalar(query) is not None


def list_reminders(session: Session, scope: DossierScope, today: date) -> list[Reminder]:
    """List certificates from 180 days before they expire to 180 days after, the soonest first.

    Of each product the newest certificate counts, if it was not withdrawn; `dossier_id` is the
    dossier under way, if the product is being graded again.
    """
    newest = (
        select(Certificate.id)
        .ext(distinct_on(Certificate.product_id))
        .order_by(Certificate.product_id, Certificate.issued_on.desc(), Certificate.id.desc())
    )
    query = (
        select(Certificate, Product, AdministrativeUnit.name, Dossier.id)
        .join(Product, Product.id == Certificate.product_id)
        .outerjoin(AdministrativeUnit, AdministrativeUnit.id == Product.commune_id)
        .outerjoin(Dossier, and_(Dossier.product_id == Product.id, Dossier.status.in_(OPEN)))
        .where(
            Certificate.id.in_(newest),
            Certificate.status == "valid",
            Certificate.expires_on.between(
                today - timedelta(days=TRANSITION_DAYS),
                today + timedelta(days=REGRADE_EARLIEST_DAYS),
            ),
            *_conditions(scope, Product.producer_id),
        )
        .order_by(Certificate.expires_on, Certificate.id)
        .limit(_MOST_CERTIFICATES)
    )
    reminders = []
    for certificate, product, commune_name, dossier_id in session.execute(query):
        window = regrade_window(certificate.expires_on)
        reminders.append(
            Reminder(certificate, product, commune_name, window, window.state(today), dossier_id)
        )
    return reminders


def list_certificates(session: Session, product_id: int) -> list[Certificate]:
    """The certificates of a product, the newest first."""
    query = select(Certificate).where(Certificate.product_id == product_id)
    return list(session.scalars(query.order_by(Certificate.issued_on.desc(), Certificate.id)))


def certificate_of(session: Session, dossier_id: int) -> Certificate | None:
    """The certificate that a dossier led to, if any."""
    return session.scalar(select(Certificate).where(Certificate.dossier_id == dossier_id))


def product_of(session: Session, dossier: Dossier) -> Product:
    """The product of a dossier."""
    return session.get_one(Product, dossier.product_id)


def applicant_of(session: Session, dossier: Dossier) -> str | None:
    """How the applying organisation is called; None for a household, whose name is a person's."""
    return session.scalar(
        select(Party.name).where(Party.id == dossier.party_id, Party.kind != "household")
    )


def commune_name(session: Session, dossier: Dossier) -> str:
    """How the commune of a dossier is called in full."""
    query = select(func.coalesce(AdministrativeUnit.full_name, AdministrativeUnit.name))
    return session.scalars(query.where(AdministrativeUnit.id == dossier.commune_id)).one()


def _within(query: Select[*tuple[Any, ...]], scope: DossierScope) -> Select[*tuple[Any, ...]]:
    joined = query.join(AdministrativeUnit, AdministrativeUnit.id == Dossier.commune_id)
    return joined.where(*_conditions(scope, Dossier.party_id))


def _conditions(scope: DossierScope, party: Any) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if scope.party_id is not None:
        conditions.append(party == scope.party_id)
    if scope.commune_code is not None:
        conditions.append(AdministrativeUnit.code == scope.commune_code)
    return conditions
