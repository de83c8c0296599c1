"""The register of growing areas: listing, searching, reading by code.

What the public sees of an area follows one rule of the database, `gis.is_singled_out`: where a
household could be singled out, only a rounded place is shown, and a household's name never is.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from geoalchemy2 import WKBElement
from sqlalchemy import (
    ColumnElement,
    Float,
    Join,
    Numeric,
    Select,
    Table,
    case,
    exists,
    func,
    select,
    union_all,
)
from sqlalchemy import cast as cast_
from sqlalchemy.orm import Session

from gis.errors import NotFoundError
from gis.models import (
    AdministrativeUnit,
    Crop,
    GrowingArea,
    GrowingAreaCode,
    Party,
)


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """One code of an area, for one market."""

    code: str
    market: str
    status: str
    issued_on: date
    expires_on: date | None
    issued_by: str | None
    status_reason: str | None


@dataclass(frozen=True, slots=True)
class AreaEntry:
    """One growing area, as the public may see it unless it was read `exact`.

    Where a household could be singled out, the public sees no `name` and a rounded place. `holder`
    is the name of an organisation, None for a household. `lon`, `lat` (EPSG:4326) are the label
    point.
    """

    id: int
    name: str | None
    status: str
    crop_code: str | None
    crop_name: str | None
    crop_name_en: str | None
    colour: str
    commune_id: int | None
    commune_code: str | None
    commune_name: str | None
    holder: str | None
    holder_kind: str | None
    household_count: int | None
    standard: str | None
    variety: str | None
    area_ha: float
    has_boundary: bool
    is_singled_out: bool
    lon: float
    lat: float
    is_demo: bool
    version: int
    updated_at: datetime
    codes: tuple[CodeEntry, ...] = ()

    @property
    def code(self) -> str | None:
        """The code that the area is called by: one in force before others, the oldest first."""
        ranked = sorted(self.codes, key=lambda c: (c.status == "revoked", c.issued_on, c.code))
        return ranked[0].code if ranked else None


@dataclass(frozen=True, slots=True)
class AreaFilter:
    """What to look for; every given condition must hold.

    `text` matches the area's name, an organisation's name or a code, without accents and case;
    `crop` and `commune` are codes. `exact` is for officers: what the public may not see is shown,
    and found.
    """

    text: str | None = None
    crop: str | None = None
    commune: str | None = None
    market: str | None = None
    status: str | None = None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the areas found, and how many and how much there is in all (hectares)."""

    entries: tuple[AreaEntry, ...]
    total: int
    total_ha: float


def list_areas(session: Session, sought: AreaFilter, *, limit: int = 50, offset: int = 0) -> Page:
    """List areas by name in Vietnamese order, with the totals over all that match."""
    conditions = _conditions(sought)
    counted = select(func.count(), func.coalesce(func.sum(GrowingArea.area_ha), 0.0))
    total, total_ha = session.execute(counted.select_from(_joined()).where(*conditions)).one()
    query = _entries(sought.exact).where(*conditions).order_by(GrowingArea.name, GrowingArea.id)
    return Page(_read(session, query.limit(limit).offset(offset)), total, float(total_ha))


def list_areas_after(
    session: Session, sought: AreaFilter, *, after: int = 0, limit: int = 100
) -> tuple[AreaEntry, ...]:
    """List areas by id, those with an id greater than `after`: the next page costs no more."""
    conditions = (*_conditions(sought), GrowingArea.id > after)
    return _read(
        session, _entries(sought.exact).where(*conditions).order_by(GrowingArea.id).limit(limit)
    )


def read_area(session: Session, area_id: int, *, exact: bool = False) -> AreaEntry:
    """Read one area by its id; `exact` is for officers.

    Raises:
        NotFoundError: There is none.
    """
    found = _read(session, _entries(exact).where(GrowingArea.id == area_id))
    if not found:
        raise NotFoundError(f"There is no growing area {area_id}.")
    return found[0]


def find_by_code(session: Session, code: str, *, exact: bool = False) -> AreaEntry:
    """Read the area that carries a code, in force or not; case and spaces do not matter.

    Raises:
        NotFoundError: No area carries it.
    """
    wanted = "".join(code.split())
    carried = select(GrowingAreaCode.growing_area_id)
    area_id = session.scalar(carried.where(GrowingAreaCode.code == wanted))
    if area_id is None:
        area_id = session.scalar(carried.where(func.upper(GrowingAreaCode.code) == wanted.upper()))
    if area_id is None:
        raise NotFoundError(f"No growing area carries the code {code}.", code=code)
    return read_area(session, area_id, exact=exact)


def read_shape(session: Session, area_id: int, *, exact: bool) -> WKBElement:
    """Read an area's boundary, or its point where it has none (EPSG:4326, lon/lat).

    Args:
        session: Reads only.
        area_id: An existing area.
        exact: For officers; otherwise an area whose household could be singled out is the rounded
            point that the public map shows.

    Raises:
        NotFoundError: There is none.
    """
    drawn = func.coalesce(GrowingArea.boundary, GrowingArea.location)
    shape = (
        drawn
        if exact
        else case((_singled_out(), func.gis.rounded_location(GrowingArea.location)), else_=drawn)
    )
    found = session.scalar(
        select(func.ST_AsEWKB(shape)).select_from(_joined()).where(GrowingArea.id == area_id)
    )
    if found is None:
        raise NotFoundError(f"There is no growing area {area_id}.")
    return WKBElement(bytes(found), extended=True)


def _singled_out() -> ColumnElement[bool]:
    return func.gis.is_singled_out(Party.kind, GrowingArea.household_count, GrowingArea.area_ha)


def _area_ha(exact: bool) -> ColumnElement[float]:
    """Hectares; four decimals of a household's are a fingerprint of its plot."""
    stored = cast(ColumnElement[float], GrowingArea.area_ha)
    if exact:
        return stored
    rounded = func.round(cast_(stored, Numeric), 1).cast(Float)
    return case((_singled_out(), rounded), else_=stored)


def _joined() -> Join:
    tables = cast(Table, GrowingArea.__table__)
    return (
        tables.outerjoin(cast(Table, Crop.__table__), Crop.id == GrowingArea.crop_id)
        .outerjoin(
            cast(Table, AdministrativeUnit.__table__),
            AdministrativeUnit.id == GrowingArea.commune_id,
        )
        .outerjoin(cast(Table, Party.__table__), Party.id == GrowingArea.party_id)
    )


def _entries(exact: bool) -> Select[*tuple[Any, ...]]:
    name: Any = GrowingArea.name
    place: Any = GrowingArea.location
    if not exact:
        name = case((~_singled_out(), GrowingArea.name))
        place = case((_singled_out(), func.gis.rounded_location(place)), else_=place)
    return select(
        GrowingArea.id,
        name.label("name"),
        GrowingArea.status,
        Crop.code.label("crop_code"),
        Crop.name.label("crop_name"),
        Crop.name_en.label("crop_name_en"),
        func.coalesce(Crop.colour, "#8a8f98").label("colour"),
        GrowingArea.commune_id,
        AdministrativeUnit.code.label("commune_code"),
        AdministrativeUnit.name.label("commune_name"),
        case((Party.kind != "household", Party.name)).label("holder"),
        Party.kind.label("holder_kind"),
        GrowingArea.household_count,
        GrowingArea.standard,
        GrowingArea.variety,
        _area_ha(exact).label("area_ha"),
        GrowingArea.boundary.is_not(None).label("has_boundary"),
        _singled_out().label("is_singled_out"),
        func.round(cast_(func.ST_X(place), Numeric), 6).cast(Float).label("lon"),
        func.round(cast_(func.ST_Y(place), Numeric), 6).cast(Float).label("lat"),
        GrowingArea.is_demo,
        GrowingArea.version,
        GrowingArea.updated_at,
    ).select_from(_joined())


def _conditions(sought: AreaFilter) -> tuple[ColumnElement[bool], ...]:
    conditions: list[ColumnElement[bool]] = []
    if sought.text and (words := " ".join(sought.text.split())):
        like = func.public.f_unaccent(func.lower(_like(words)))
        named = (
            select(GrowingArea.id)
            .outerjoin(Party, Party.id == GrowingArea.party_id)
            .where(func.public.f_unaccent(func.lower(GrowingArea.name)).like(like, escape="\\"))
        )
        if not sought.exact:
            named = named.where(~_singled_out())
        coded = select(GrowingAreaCode.growing_area_id).where(
            GrowingAreaCode.code.ilike(_like(words), escape="\\")
        )
        held = (
            select(GrowingArea.id)
            .join(Party, Party.id == GrowingArea.party_id)
            .where(
                Party.kind != "household",
                func.public.f_unaccent(func.lower(Party.name)).like(like, escape="\\"),
            )
        )
        # Sets of ids, so that each part can use its own index.
        conditions.append(GrowingArea.id.in_(union_all(named, coded, held)))
    if sought.crop:
        conditions.append(Crop.code == sought.crop)
    if sought.commune:
        conditions.append(AdministrativeUnit.code == sought.commune)
    if sought.status:
        conditions.append(GrowingArea.status == sought.status)
    if sought.market:
        conditions.append(
            exists().where(
                GrowingAreaCode.growing_area_id == GrowingArea.id,
                GrowingAreaCode.market == sought.market,
                GrowingAreaCode.status != "revoked",
            )
        )
    return tuple(conditions)


def _like(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _read(session: Session, query: Select[*tuple[Any, ...]]) -> tuple[AreaEntry, ...]:
    rows = session.execute(query).mappings().all()
    codes: dict[int, list[CodeEntry]] = {row["id"]: [] for row in rows}
    if codes:
        held = select(GrowingAreaCode).where(GrowingAreaCode.growing_area_id.in_(codes))
        for code in session.scalars(held.order_by(GrowingAreaCode.issued_on, GrowingAreaCode.id)):
            codes[code.growing_area_id].append(
                CodeEntry(
                    code.code,
                    code.market,
                    code.status,
                    code.issued_on,
                    code.expires_on,
                    code.issued_by,
                    code.status_reason,
                )
            )
    return tuple(AreaEntry(**row, codes=tuple(codes[row["id"]])) for row in rows)
