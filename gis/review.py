"""What an officer looks at: the inbox, what overlaps, what is unusual.

An officer of a commune sees that commune's applications; one of the province sees all, also those
that lie in no known commune. The decisions themselves are in `decisions.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from geoalchemy2 import WKBElement
from shapely import from_wkb, get_srid, set_srid, to_wkb
from sqlalchemy import ColumnElement, Float, case, func, select, text
from sqlalchemy.orm import Session

from gis.application_content import is_usual_personal_number, is_usual_phone, variant
from gis.calendar import (
    GROWING_AREA_CODE,
    load_holidays,
    local_day,
    procedure_rule,
    working_days_between,
)
from gis.errors import ForbiddenError, NotFoundError
from gis.models import (
    AdministrativeUnit,
    Application,
    ApplicationPrivate,
    Crop,
)
from gis.registration import find_consent

_OVERLAPS = text(files("gis").joinpath("overlaps.sql").read_text(encoding="utf-8"))
# Thinner slivers between neighbours come from digitising, not from claiming the same land.
_LEAST_OVERLAP_M2 = 1.0
# EUDR, Regulation (EU) 2023/1115: above 4 ha a plot needs its polygon.
_POINT_AT_MOST_HA = 4.0


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One application in the inbox; without personal fields.

    `days_left` are working days to the deadline: negative = overdue, None = nothing is awaited from
    the office.
    """

    receipt: str
    area_name: str
    crop_name: str | None
    crop_name_en: str | None
    market: str
    status: str
    commune_name: str | None
    area_ha: float
    has_boundary: bool
    submitted_on: date
    due_on: date
    days_left: int | None
    is_demo: bool


@dataclass(frozen=True, slots=True)
class Inbox:
    """Some rows, and how many applications there are by status and how many are overdue."""

    rows: tuple[InboxRow, ...]
    counts: dict[str, int]
    overdue: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """Something registered or applied for on the same land.

    `share` is the part of the examined shape that lies in it, 0..1; `overlap_m2` is geodesic, 0 for
    a point that lies inside.
    """

    kind: str
    id: int
    name: str
    code: str | None
    holder: str | None
    is_household: bool | None
    area_ha: float
    overlap_m2: float
    share: float


def list_inbox(
    session: Session,
    *,
    commune: str | None,
    today: date,
    status: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Inbox:
    """List applications: those that wait for the office first, the most urgent on top.

    Args:
        session: Reads only.
        commune: The code of the officer's commune; None = the whole province.
        today: The day from which days are counted.
        status: Only this status; None = all.
        limit: Rows at most.
        offset: Rows passed over.
    """
    scope = _scope(commune)
    waiting = Application.status == "submitted"
    by_status = select(Application.status, func.count()).where(*scope)
    counts = {row[0]: row[1] for row in session.execute(by_status.group_by(Application.status))}
    overdue = session.scalar(
        select(func.count())
        .select_from(Application)
        .where(*scope, waiting, Application.due_on < today)
    )
    query = (
        select(
            Application,
            Crop.name,
            Crop.name_en,
            AdministrativeUnit.name,
            _area_ha(),
        )
        .outerjoin(Crop, Crop.id == Application.crop_id)
        .outerjoin(AdministrativeUnit, AdministrativeUnit.id == Application.commune_id)
        .where(*scope)
        .order_by(
            case((waiting, 0), (Application.status == "returned", 1), else_=2),
            case((waiting, Application.due_on)),
            Application.submitted_at.desc(),
            Application.id,
        )
    )
    if status is not None:
        query = query.where(Application.status == status)
    found = session.execute(query.limit(limit).offset(offset)).all()
    days = [application.due_on for application, *_ in found]
    holidays = load_holidays(session, min([*days, today]), max([*days, today]))
    rows = tuple(
        InboxRow(
            application.receipt,
            application.area_name,
            crop_name,
            crop_name_en,
            application.market,
            application.status,
            commune_name,
            area_ha,
            application.boundary is not None,
            local_day(application.submitted_at),
            application.due_on,
            working_days_between(today, application.due_on, holidays)
            if application.status == "submitted"
            else None,
            application.is_demo,
        )
        for application, crop_name, crop_name_en, commune_name, area_ha in found
    )
    return Inbox(rows, counts, overdue or 0)


def find_for_review(session: Session, receipt: str, *, commune: str | None) -> Application:
    """Find an application that an officer may decide on.

    Raises:
        NotFoundError: No application has this receipt.
        ForbiddenError: It lies in another commune.
    """
    application = session.scalar(select(Application).where(Application.receipt == receipt))
    if application is None:
        raise NotFoundError(f"There is no application {receipt}.")
    if commune is not None and commune != session.scalar(
        select(AdministrativeUnit.code).where(AdministrativeUnit.id == application.commune_id)
    ):
        raise ForbiddenError(f"The application {receipt} is not of your commune.")
    return application


def application_area_ha(session: Session, application: Application) -> float:
    """The geodesic area of the drawn boundary, else the declared one, in hectares."""
    found = session.scalar(select(_area_ha()).where(Application.id == application.id))
    assert found is not None
    return found


def find_overlaps(
    session: Session,
    shape: WKBElement,
    *,
    except_area: int | None = None,
    except_application: int | None = None,
) -> tuple[Overlap, ...]:
    """Find growing areas and open applications on the same land, the largest overlap first.

    Args:
        session: Reads only.
        shape: Polygon or point, EPSG:4326, lon/lat.
        except_area: The id of the growing area that the shape is.
        except_application: The id of the application that the shape is.
    """
    rows = session.execute(
        _OVERLAPS,
        {
            "shape": _ewkb(shape),
            "except_area": except_area,
            "except_application": except_application,
            "least_m2": _LEAST_OVERLAP_M2,
        },
    )
    return tuple(Overlap(*row) for row in rows)


def list_warnings(
    session: Session, application: Application, private: ApplicationPrivate | None
) -> tuple[str, ...]:
    """Name what an officer should look at, as words that a page translates.

    `point-over-4-ha`, `areas-differ` (drawn and declared by more than a tenth), `below-minimum`
    (of the rule in force), `no-commune`, `phone`, `personal-number`, `no-consent`.
    """
    warnings: list[str] = []
    area_ha = application_area_ha(session, application)
    declared = application.declared_area_ha
    if application.boundary is None and area_ha > _POINT_AT_MOST_HA:
        warnings.append("point-over-4-ha")
    if (
        application.boundary is not None
        and declared is not None
        and abs(float(declared) - area_ha) > 0.1 * area_ha
    ):
        warnings.append("areas-differ")
    received = local_day(application.submitted_at)
    rule = procedure_rule(session, GROWING_AREA_CODE, variant(application.market), received)
    if rule.min_area_ha is not None and area_ha < float(rule.min_area_ha):
        warnings.append("below-minimum")
    if application.commune_id is None:
        warnings.append("no-commune")
    if private is not None and not is_usual_phone(private.phone):
        warnings.append("phone")
    if (
        private is not None
        and private.personal_number is not None
        and not is_usual_personal_number(private.personal_number)
    ):
        warnings.append("personal-number")
    if find_consent(session, application) is None:
        warnings.append("no-consent")
    return tuple(warnings)


def _scope(commune: str | None) -> Sequence[ColumnElement[bool]]:
    if commune is None:
        return ()
    units = select(AdministrativeUnit.id).where(AdministrativeUnit.code == commune)
    return (Application.commune_id.in_(units),)


def _area_ha() -> ColumnElement[float]:
    drawn = func.ST_Area(func.geography(Application.boundary)) / 10_000.0
    return func.coalesce(drawn, Application.declared_area_ha).cast(Float)


def _ewkb(shape: WKBElement) -> bytes:
    data = shape.data
    geometry = from_wkb(data if isinstance(data, str) else bytes(data))
    return to_wkb(set_srid(geometry, get_srid(geometry) or 4326), include_srid=True)
