"""What the map's editor needs to know of the layers, the places and whoever edits."""

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from gis.calendar import today
from gis.crs import PROVINCE_EXTENTS, PROVINCE_ZONES, TM3_MERIDIANS, UTM_MERIDIANS
from gis.layer import Layer, Property
from gis.models import AdministrativeUnit, Crop
from web import language
from web.accounts import Caller

# Drawn in the browser; a unit's border comes from files only, with the decision that made it.
DRAWN = ("growing-areas", "parcels", "high-tech-zones", "facilities")
_LONG = ("note",)


def settings(session: Session, layers: list[Layer], caller: Caller) -> dict[str, Any]:
    """What the editor is told, for a caller who may edit these layers."""
    communes = _communes(session)
    return {
        "user": caller.username,
        "commune": caller.commune_code,
        "communes": [{"code": code, "name": name} for code, name in communes],
        "crops": _crops(session),
        "layers": {
            layer.id: {
                "title": _in_language(layer.title, layer.title_en),
                "geometries": list(layer.geometry_types),
                "fields": [_field(layer, item) for item in layer.writable],
            }
            for layer in layers
            if layer.id in DRAWN
        },
        "coordinates": url_for("coordinates.convert"),
        "systems": [{"code": f"EPSG:{code}", "name": name} for code, name in _systems()],
        "system": f"EPSG:{_home_zone(session)}",
    }


def _field(layer: Layer, item: Property) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": item.name,
        "title": _label(item),
        "type": item.type,
    }
    if item.format:
        field["format"] = item.format
    if item.choices:
        field["choices"] = item.choices
        if default := _default(layer, item):
            field["default"] = default
    if item.lookup:
        field["lookup"] = item.lookup
    if layer.is_required(item):
        field["required"] = True
    if item.name in _LONG:
        field["long"] = True
    return field


def _default(layer: Layer, item: Property) -> str | None:
    """What the database takes when nothing is chosen, where a choice may not stay empty."""
    column = layer.table.c[item.stored_as or ""]
    default = column.server_default
    return None if column.nullable or default is None else str(default.arg).strip("'")  # type: ignore[attr-defined]


def _label(item: Property) -> str:
    """What a field is called where a name is chosen instead of its code."""
    named = {"crop": _("Cây trồng"), "commune": _("Xã, phường"), "party": _("Chủ thể")}
    return named.get(item.lookup or "") or _in_language(item.title, item.title_en)


def _in_language(vietnamese: str, english: str) -> str:
    return vietnamese if language.choose() == "vi" else english


def _communes(session: Session) -> list[tuple[str, str]]:
    """Code and name of the communes of today, in Vietnamese order."""
    unit = AdministrativeUnit
    day = today()
    rows = session.execute(
        select(unit.code, func.coalesce(unit.full_name, unit.name))
        .where(
            unit.level == "commune",
            unit.valid_from <= day,
            or_(unit.valid_to.is_(None), unit.valid_to >= day),
        )
        .order_by(unit.name)
    )
    return [(code, name) for code, name in rows]


def _crops(session: Session) -> list[dict[str, str]]:
    """All crops, also those that nobody grows yet."""
    shown = Crop.name if language.choose() == "vi" else Crop.name_en
    rows = session.execute(select(Crop.code, shown).order_by(shown))
    return [{"code": code, "name": name} for code, name in rows]


def _systems() -> list[tuple[int, str]]:
    """VN-2000 by its central meridian, as cadastral files name it."""
    zones = sorted(TM3_MERIDIANS.items(), key=lambda item: item[1])
    named = [(code, f"VN-2000 {_meridian(value)}") for code, value in zones]
    wide = [
        (code, f"VN-2000 UTM {_meridian(value)}") for code, value in sorted(UTM_MERIDIANS.items())
    ]
    return named + wide


def _meridian(degrees: float) -> str:
    whole = int(degrees)
    return f"{whole}°{round((degrees - whole) * 60):02d}′"


def _home_zone(session: Session) -> int:
    """The VN-2000 zone of the province whose land this database holds."""
    box = session.execute(
        select(
            func.avg(func.ST_X(func.ST_Centroid(AdministrativeUnit.boundary))),
            func.avg(func.ST_Y(func.ST_Centroid(AdministrativeUnit.boundary))),
        ).where(AdministrativeUnit.level == "commune", AdministrativeUnit.valid_to.is_(None))
    ).one()
    if box[0] is not None:
        for code, (west, south, east, north) in PROVINCE_EXTENTS.items():
            if west <= box[0] <= east and south <= box[1] <= north:
                return PROVINCE_ZONES[code]
    return PROVINCE_ZONES["68"]
