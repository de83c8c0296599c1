"""What the map's editor needs to know of the layers, the places and whoever edits."""

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from gis.calendar import today
from gis.choices import home_zone, list_crops, list_units
from gis.crs import TM3_MERIDIANS, UTM_MERIDIANS
from gis.layer import Layer, Property
from web import language
from web.accounts import Caller

# Drawn in the browser; a unit's border comes from files only, with the decision that made it.
DRAWN = ("growing-areas", "parcels", "high-tech-zones", "facilities")
_LONG = ("note",)


def settings(session: Session, layers: list[Layer], caller: Caller) -> dict[str, Any]:
    """What the editor is told, for a caller who may edit these layers."""
    crops = [(crop.code, _in_language(crop.name, crop.name_en)) for crop in list_crops(session)]
    if language.choose() == "en":
        crops.sort(key=lambda crop: crop[1])
    return {
        "user": caller.username,
        "commune": caller.commune_code,
        "communes": [
            {"code": unit.code, "name": unit.name}
            for unit in list_units(session, today(), ("commune",))
        ],
        "crops": [{"code": code, "name": name} for code, name in crops],
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
        "system": f"EPSG:{home_zone(session)}",
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
