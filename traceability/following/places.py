"""Where things happen: growing areas and facilities as places of events.

A place is named by its GLN where it has one (`/414/…`, the member `gln` of its attributes), else by
its own address on this site: `/vung-trong/<code>` for a growing area,
`/ogc/collections/facilities/items/<id>` for a facility.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import quote, unquote, urlsplit

from sqlalchemy import Row, Select, func, or_, select
from sqlalchemy.orm import Session

from gis.models import AdministrativeUnit, Facility, GrowingArea, GrowingAreaCode, Party
from traceability.errors import InvalidIdentifierError
from traceability.gs1.identifiers import gln

_FACILITY = "/ogc/collections/facilities/items/"
_AREA = "/vung-trong/"
_GLN = re.compile(r"/414/([0-9]{13})(?:/254/.*)?")


@dataclass(frozen=True, slots=True)
class Place:
    """A place; `path` is what events name it by, below the site's address.

    `code` is its location trace code: GLN, growing-area code, or the platform's own. `public_name`
    is None where the name could single out a household (Law 91/2025/QH15 art. 16).
    """

    kind: Literal["growing-area", "facility", "other"]
    id: int | None
    path: str
    code: str
    name: str
    public_name: str | None
    commune: str | None
    party_id: int | None = None

    def uri(self, base: str) -> str:
        """The address by which an event names the place."""
        return self.path if "://" in self.path else base.rstrip("/") + self.path


def list_areas(session: Session, party_id: int | None, commune_id: int | None) -> list[Place]:
    """List the growing areas a party works with, or those of a commune; all without either."""
    query = _areas()
    if party_id is not None:
        query = query.where(GrowingArea.party_id == party_id)
    if commune_id is not None:
        query = query.where(GrowingArea.commune_id == commune_id)
    return [_area(row) for row in session.execute(query.order_by(GrowingArea.name).limit(500))]


def list_facilities(session: Session, party_id: int | None, commune_id: int | None) -> list[Place]:
    """List the facilities of a party, or of a commune; all without either."""
    query = _facilities().where(Facility.kind != "weather-station")
    if party_id is not None:
        query = query.where(Facility.party_id == party_id)
    if commune_id is not None:
        query = query.where(Facility.commune_id == commune_id)
    rows = session.execute(query.order_by(Facility.name, Facility.id).limit(500))
    return [_facility(row) for row in rows]


def find_places(session: Session, keys: Iterable[str]) -> dict[str, Place]:
    """Find what is known of the places that events name; unknown ones show their own key."""
    wanted = sorted(set(keys))
    codes: dict[str, str] = {}
    facilities: dict[int, str] = {}
    glns: dict[str, str] = {}
    found: dict[str, Place] = {}
    for key in wanted:
        path = urlsplit(key).path if "://" in key else key
        number = path.removeprefix(_FACILITY)
        if path.startswith(_AREA):
            codes[unquote(path.removeprefix(_AREA))] = key
        elif number != path and number.isascii() and number.isdigit() and len(number) < 19:
            facilities[int(number)] = key
        elif matched := _GLN.fullmatch(path):
            glns[matched[1]] = key
        found[key] = Place("other", None, key, _shown(key), _shown(key), _shown(key), None)
    for area in _named_areas(session, codes, glns):
        for name in (area.code, str(area.id)):
            if name in codes:
                found[codes[name]] = area
        if area.code in glns:
            found[glns[area.code]] = area
    if facilities or glns:
        number_of = Facility.attributes["gln"].astext
        query = _facilities().where(
            or_(Facility.id.in_(facilities), number_of.in_(glns))
            if glns
            else Facility.id.in_(facilities)
        )
        for row in session.execute(query):
            place = _facility(row)
            called = facilities.get(place.id or 0) or glns.get(place.code)
            if called is not None:
                found[called] = place
    return found


def _named_areas(session: Session, codes: dict[str, str], glns: dict[str, str]) -> list[Place]:
    """The areas called by one of these codes (any of theirs), numbers or GLNs."""
    if not codes and not glns:
        return []
    numbers = [int(code) for code in codes if code.isascii() and code.isdigit() and len(code) < 19]
    holds = select(GrowingAreaCode.growing_area_id).where(GrowingAreaCode.code.in_(codes))
    query = _areas().where(
        or_(
            GrowingArea.id.in_(numbers),
            GrowingArea.id.in_(holds),
            GrowingArea.attributes["gln"].astext.in_(glns),
        )
    )
    areas: list[Place] = []
    for row in session.execute(query):
        place = _area(row)
        areas.append(place)
        areas += [replace(place, code=code) for code in row.codes or () if code != place.code]
    return areas


def _areas() -> Select[Any]:
    codes = (
        select(func.array_agg(GrowingAreaCode.code))
        .where(
            GrowingAreaCode.growing_area_id == GrowingArea.id,
            GrowingAreaCode.status.in_(("active", "warned", "suspended")),
        )
        .correlate(GrowingArea)
        .scalar_subquery()
    )
    singled_out = func.gis.is_singled_out(
        Party.kind, GrowingArea.household_count, GrowingArea.area_ha
    )
    return (
        select(
            GrowingArea.id,
            GrowingArea.name,
            GrowingArea.party_id,
            GrowingArea.attributes["gln"].astext.label("gln"),
            codes.label("codes"),
            singled_out.label("is_singled_out"),
            func.coalesce(AdministrativeUnit.full_name, AdministrativeUnit.name).label("commune"),
        )
        .outerjoin(Party, Party.id == GrowingArea.party_id)
        .outerjoin(AdministrativeUnit, AdministrativeUnit.id == GrowingArea.commune_id)
    )


def _facilities() -> Select[Any]:
    return (
        select(
            Facility.id,
            Facility.code,
            Facility.name,
            Facility.kind,
            Facility.party_id,
            Facility.attributes["gln"].astext.label("gln"),
            Party.kind.label("party_kind"),
            func.coalesce(AdministrativeUnit.full_name, AdministrativeUnit.name).label("commune"),
        )
        .outerjoin(Party, Party.id == Facility.party_id)
        .outerjoin(AdministrativeUnit, AdministrativeUnit.id == Facility.commune_id)
    )


def _area(row: Row[Any]) -> Place:
    called = min(row.codes) if row.codes else str(row.id)
    path = f"/414/{row.gln}" if _is_gln(row.gln) else _AREA + quote(called, safe="-._~")
    return Place(
        "growing-area",
        row.id,
        path,
        row.gln if _is_gln(row.gln) else called,
        row.name,
        None if row.is_singled_out else row.name,
        row.commune,
        row.party_id,
    )


def _facility(row: Row[Any]) -> Place:
    name = row.name or row.code or f"{row.kind} {row.id}"
    return Place(
        "facility",
        row.id,
        f"/414/{row.gln}" if _is_gln(row.gln) else f"{_FACILITY}{row.id}",
        row.gln if _is_gln(row.gln) else row.code or f"CS-{row.id}",
        name,
        # A household's greenhouse bears its owner's name as often as not.
        None if row.party_kind == "household" else name,
        row.commune,
        row.party_id,
    )


def _is_gln(value: str | None) -> bool:
    try:
        return value is not None and gln(value) == value
    except InvalidIdentifierError:
        return False


def _shown(key: str) -> str:
    matched = _GLN.fullmatch(urlsplit(key).path)
    return f"GLN {matched[1]}" if matched else key
