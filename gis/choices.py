"""What forms and filters offer: crops, the units of a day, the province's coordinate system."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from gis.crs import PROVINCE_EXTENTS, PROVINCE_ZONES
from gis.models import AdministrativeUnit, Crop, GrowingArea

# The crop that stands for all that have no code of their own.
OTHER_CROP = "khac"
_LAM_DONG = "68"


@dataclass(frozen=True, slots=True)
class CropChoice:
    """A crop by its code, and its name in both languages."""

    code: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """A unit by its code, its name with its kind (Xã Lạc Dương), and its level."""

    code: str
    name: str
    level: str


def list_crops(session: Session) -> list[CropChoice]:
    """List all crops by name, also those that nobody grows yet."""
    rows = session.execute(select(Crop.code, Crop.name, Crop.name_en).order_by(Crop.name))
    return [CropChoice(*row) for row in rows]


def list_form_crops(session: Session) -> list[CropChoice]:
    """List all crops by name, "another crop" last: the order in which a farmer is asked."""
    rows = session.execute(
        select(Crop.code, Crop.name, Crop.name_en).order_by(Crop.code == OTHER_CROP, Crop.name)
    )
    return [CropChoice(*row) for row in rows]


def list_grown_crops(session: Session) -> list[tuple[CropChoice, int]]:
    """List the crops that growing areas have, by name, with how many areas each has."""
    rows = session.execute(
        select(Crop.code, Crop.name, Crop.name_en, func.count())
        .join(GrowingArea, GrowingArea.crop_id == Crop.id)
        .group_by(Crop.id)
        .order_by(Crop.name)
    )
    return [(CropChoice(*row[:3]), row[3]) for row in rows]


def list_growing_communes(session: Session) -> list[tuple[UnitChoice, int]]:
    """List the communes that have growing areas, by name, with how many each has."""
    unit = AdministrativeUnit
    rows = session.execute(
        select(unit.code, unit.name, unit.level, func.count())
        .join(GrowingArea, GrowingArea.commune_id == unit.id)
        .group_by(unit.id)
        .order_by(unit.name)
    )
    return [(UnitChoice(*row[:3]), row[3]) for row in rows]


def list_units(session: Session, day: date, levels: Collection[str]) -> list[UnitChoice]:
    """List the units of some levels as they are on a day, in Vietnamese order."""
    unit = AdministrativeUnit
    rows = session.execute(
        select(unit.code, func.coalesce(unit.full_name, unit.name), unit.level)
        .where(
            unit.level.in_(levels),
            unit.valid_from <= day,
            or_(unit.valid_to.is_(None), unit.valid_to >= day),
        )
        .order_by(unit.name)
    )
    return [UnitChoice(*row) for row in rows]


def home_zone(session: Session) -> int:
    """The EPSG code of the VN-2000 zone of the province whose land this database holds."""
    unit = AdministrativeUnit
    middle = func.ST_Centroid(unit.boundary)
    lon, lat = session.execute(
        select(func.avg(func.ST_X(middle)), func.avg(func.ST_Y(middle))).where(
            unit.level == "commune", unit.valid_to.is_(None)
        )
    ).one()
    if lon is not None:
        for code, (west, south, east, north) in PROVINCE_EXTENTS.items():
            if west <= lon <= east and south <= lat <= north:
                return PROVINCE_ZONES[code]
    return PROVINCE_ZONES[_LAM_DONG]
