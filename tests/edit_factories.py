"""Features as programs send them, and who sends them."""

from typing import Any

from sqlalchemy.orm import Session

from gis.editing.writing import Editor, create_feature
from gis.layers import LAYERS
from tests.map_factories import LAT, LON, add_unit, square

PROVINCE = Editor("so-nong-nghiep", None, frozenset({"officer"}))
OFFICER = Editor("lan", "24848", frozenset({"officer"}))
GROWING_AREAS = LAYERS["growing-areas"]
PARCELS = LAYERS["parcels"]


def ring(lon: float, lat: float, width: float, height: float | None = None) -> list[list[float]]:
    """A closed rectangle, degrees; `lon`, `lat` its south-west corner."""
    east, north = lon + width, lat + (width if height is None else height)
    return [[lon, lat], [east, lat], [east, north], [lon, north], [lon, lat]]


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    """A GeoJSON Polygon."""
    return {"type": "Polygon", "coordinates": list(rings)}


def feature(geometry: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    """A GeoJSON Feature; without a geometry a square of 0.002°, about 4.8 ha."""
    geometry = geometry or polygon(ring(LON, LAT, 0.002))
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def add_communes(session: Session) -> None:
    """Two communes side by side, the border at 108.5°."""
    add_unit(session, "24848", "Lạc Dương", square(108.4, 12.0, 0.1))
    add_unit(session, "24849", "Đạ Sar", square(108.5, 12.0, 0.1))


def draw(session: Session, lon: float, lat: float = LAT, width: float = 0.002, **properties: Any):
    """A growing area of the province, drawn as a square; gives the edit."""
    sent = feature(polygon(ring(lon, lat, width)), **{"name": "Vùng", **properties})
    return create_feature(session, GROWING_AREAS, PROVINCE, sent)
