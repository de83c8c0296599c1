"""One administrative unit: what it was made of or became, and what grows in it."""

from dataclasses import dataclass
from datetime import date

from geoalchemy2 import WKBElement
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from gis.errors import NotFoundError
from gis.models import (
    AdministrativeSuccession,
    AdministrativeUnit,
    Crop,
    Facility,
    GrowingArea,
    HighTechZone,
)
from gis.overview import CropFigure


@dataclass(frozen=True, slots=True)
class Relative:
    """Another unit, and the share (0..1) of the older one's area that passed over."""

    code: str
    full_name: str
    valid_from: date
    share: float


@dataclass(frozen=True, slots=True)
class UnitPage:
    """All that a unit's page tells; areas in hectares."""

    unit: AdministrativeUnit
    parent: str | None
    is_former: bool
    made_of: list[Relative]
    became: list[Relative]
    crops: list[CropFigure]
    zones: list[tuple[str | None, int, str]]
    facilities: int

    @property
    def boundary(self) -> WKBElement:
        """EPSG:4326, lon/lat."""
        return self.unit.boundary


def read_unit(session: Session, code: str, day: date, valid_from: date | None = None) -> UnitPage:
    """Read a unit by its code, which alone is not a key: codes were used again.

    Args:
        session: Reads only.
        code: Its code.
        day: Today: of several units of one code, the one of this day is meant, else the latest.
        valid_from: The first day of the unit that is meant, when it is not the one of today.

    Raises:
        NotFoundError: No unit has, or had, this code.
    """
    wanted = select(AdministrativeUnit).where(AdministrativeUnit.code == code)
    if valid_from is not None:
        wanted = wanted.where(AdministrativeUnit.valid_from == valid_from)
    lasts = or_(AdministrativeUnit.valid_to.is_(None), AdministrativeUnit.valid_to >= day)
    ordered = wanted.order_by(lasts.desc(), AdministrativeUnit.valid_from.desc())
    unit = session.scalars(ordered.limit(1)).first()
    if unit is None:
        raise NotFoundError(f"There is no administrative unit {code}.")
    parent = session.get(AdministrativeUnit, unit.parent_id) if unit.parent_id else None
    within = _within(unit)
    return UnitPage(
        unit=unit,
        parent=(parent.full_name or parent.name) if parent else None,
        is_former=unit.valid_to is not None and unit.valid_to < day,
        made_of=_relatives(session, unit.id, older=True),
        became=_relatives(session, unit.id, older=False),
        crops=_crops(session, within),
        zones=[
            (row.code, row.id, row.name)
            for row in session.execute(
                select(HighTechZone.code, HighTechZone.id, HighTechZone.name)
                .where(HighTechZone.commune_id.in_(within))
                .order_by(HighTechZone.name)
            )
        ],
        facilities=session.scalars(
            select(func.count()).select_from(Facility).where(Facility.commune_id.in_(within))
        ).one(),
    )


def list_former_names(session: Session, unit_id: int | None) -> list[str]:
    """List the names of the units that a unit was made of, in Vietnamese order."""
    old = AdministrativeUnit
    return list(
        session.scalars(
            select(func.coalesce(old.full_name, old.name))
            .join(AdministrativeSuccession, AdministrativeSuccession.old_id == old.id)
            .where(AdministrativeSuccession.new_id == unit_id)
            .order_by(old.name)
        )
    )


def find_commune_id(session: Session, code: str, day: date) -> int | None:
    """Return the commune that has a code on a day; codes were used again for other areas."""
    return session.scalar(
        select(AdministrativeUnit.id).where(
            AdministrativeUnit.code == code,
            AdministrativeUnit.level == "commune",
            AdministrativeUnit.valid_from <= day,
            func.coalesce(AdministrativeUnit.valid_to, day) >= day,
        )
    )


def find_unit_name(session: Session, code: str | None) -> str | None:
    """Find the name of the unit that has a code today; None where none has."""
    today = AdministrativeUnit.valid_to.is_(None)
    return session.scalar(
        select(AdministrativeUnit.name).where(AdministrativeUnit.code == code, today).limit(1)
    )


def _within(unit: AdministrativeUnit) -> Select[int]:
    """The unit itself and the units whose parent it is."""
    other = aliased(AdministrativeUnit)
    return select(other.id).where(or_(other.id == unit.id, other.parent_id == unit.id))


def _crops(session: Session, within: Select[int]) -> list[CropFigure]:
    area = func.sum(GrowingArea.area_ha)
    rows = session.execute(
        select(Crop.code, Crop.name, Crop.name_en, Crop.colour, func.count(), area)
        .join(GrowingArea, GrowingArea.crop_id == Crop.id)
        .where(GrowingArea.status != "closed", GrowingArea.commune_id.in_(within))
        .group_by(Crop.id)
        .order_by(area.desc(), Crop.code)
    )
    return [CropFigure(*row) for row in rows]


def _relatives(session: Session, unit_id: int, *, older: bool) -> list[Relative]:
    mine, others = AdministrativeSuccession.new_id, AdministrativeSuccession.old_id
    if not older:
        mine, others = others, mine
    rows = session.execute(
        select(
            AdministrativeUnit.code,
            func.coalesce(AdministrativeUnit.full_name, AdministrativeUnit.name),
            AdministrativeUnit.valid_from,
            AdministrativeSuccession.share,
        )
        .join(AdministrativeUnit, AdministrativeUnit.id == others)
        .where(mine == unit_id)
        .order_by(AdministrativeSuccession.share.desc(), AdministrativeUnit.code)
    )
    return [Relative(code, name, first, float(share)) for code, name, first, share in rows]
