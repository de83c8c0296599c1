"""Figures and frames of the whole: what the map opens on and the home page tells."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select, union_all
from sqlalchemy.orm import Session

from gis.models import (
    AdministrativeUnit,
    Crop,
    Facility,
    GrowingArea,
    GrowingAreaCode,
    HighTechZone,
)
from gis.selection import Box

# Lạc Dương and Đơn Dương as they are since 1 July 2025, without far Đam Rông 4, which only took in
# one of their old communes.
HOME_COMMUNES = ("24846", "24848", "24931", "24934", "24943", "24955")
# Where they lie, for a database that does not hold them yet; degrees, EPSG:4326.
HOME_BOX = Box(108.30, 11.62, 108.78, 12.32)


@dataclass(frozen=True, slots=True)
class CropFigure:
    """How much of a crop there is in growing areas that are not closed; area in hectares."""

    code: str
    name: str
    name_en: str
    colour: str
    areas: int
    area_ha: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What the database holds today; areas in hectares, geodesic."""

    communes: int
    growing_areas: int
    growing_area_ha: float
    active_codes: int
    zones: int
    zone_ha: float
    facilities: int


def list_crop_figures(session: Session) -> list[CropFigure]:
    """The crops that are grown, the largest area first."""
    area = func.sum(GrowingArea.area_ha)
    rows = session.execute(
        select(Crop.code, Crop.name, Crop.name_en, Crop.colour, func.count(), area)
        .join(GrowingArea, GrowingArea.crop_id == Crop.id)
        .where(GrowingArea.status != "closed")
        .group_by(Crop.id)
        .order_by(area.desc(), Crop.code)
    )
    return [CropFigure(*row) for row in rows]


def get_figures(session: Session, day: date) -> Figures:
    """Count what there is on a day; a commune is counted when it exists on that day."""
    communes = select(func.count()).select_from(AdministrativeUnit).where(*_today(day))
    codes = (
        select(func.count())
        .select_from(GrowingAreaCode)
        .where(
            GrowingAreaCode.status == "active",
            or_(GrowingAreaCode.expires_on.is_(None), GrowingAreaCode.expires_on >= day),
        )
    )
    grown = select(func.count(), func.coalesce(func.sum(GrowingArea.area_ha), 0)).where(
        GrowingArea.status != "closed"
    )
    zones = select(func.count(), func.coalesce(func.sum(HighTechZone.area_ha), 0))
    areas, area_ha = session.execute(grown).one()
    zone_count, zone_ha = session.execute(zones).one()
    return Figures(
        communes=session.scalars(communes).one(),
        growing_areas=areas,
        growing_area_ha=area_ha,
        active_codes=session.scalars(codes).one(),
        zones=zone_count,
        zone_ha=zone_ha,
        facilities=session.scalars(select(func.count()).select_from(Facility)).one(),
    )


def home_box(session: Session, day: date) -> Box:
    """What the map opens on: the home communes, else all communes, else where they would lie.

    Returns:
        Degrees, lon/lat (EPSG:4326).
    """
    extent = func.ST_Extent(AdministrativeUnit.boundary)
    chosen = select(func.box2d(extent).label("box")).where(*_today(day))
    boxes = select(
        chosen.where(AdministrativeUnit.code.in_(HOME_COMMUNES)).scalar_subquery().label("home"),
        chosen.scalar_subquery().label("every"),
    ).subquery()
    box = func.coalesce(boxes.c.home, boxes.c.every)
    row = session.execute(
        select(func.ST_XMin(box), func.ST_YMin(box), func.ST_XMax(box), func.ST_YMax(box))
    ).one()
    return Box(*row) if row[0] is not None else HOME_BOX


def has_demo(session: Session) -> bool:
    """Whether anything on the map was invented for the demonstration."""
    tables = (AdministrativeUnit, GrowingArea, HighTechZone, Facility)
    found = union_all(*(select(table.id).where(table.is_demo).limit(1) for table in tables))
    return session.execute(found.limit(1)).first() is not None


def home_communes(session: Session, day: date) -> list[str]:
    """The codes of the home communes that the database holds on that day."""
    chosen = select(AdministrativeUnit.code).where(
        *_today(day), AdministrativeUnit.code.in_(HOME_COMMUNES)
    )
    return list(session.scalars(chosen.order_by(AdministrativeUnit.code)))


def _today(day: date) -> tuple[ColumnElement[bool], ...]:
    return (
        AdministrativeUnit.level == "commune",
        AdministrativeUnit.valid_from <= day,
        or_(AdministrativeUnit.valid_to.is_(None), AdministrativeUnit.valid_to >= day),
    )
