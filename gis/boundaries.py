"""Boundaries and points as phones and programs send them: read, checked, measured. No database.

Everything is WGS84 (EPSG:4326), axis order lon/lat, two dimensions: a third coordinate is dropped.
Each refusal carries `rule`, a word that a page may translate, beside its sentence.
"""

import re
from collections.abc import Mapping, Sequence
from math import inf, isfinite
from typing import Any

from pyproj import Geod
from shapely import is_valid_reason
from shapely.geometry import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from gis.errors import InvalidGeometryError

# Outside Vietnam (DESIGN 2): lon 102-118, lat 6-23.5.
WEST, SOUTH, EAST, NORTH = 102.0, 6.0, 118.0, 23.5
MOST_VERTICES = 10_000
MOST_HECTARES = 10_000.0
_WGS84 = Geod(ellps="WGS84")
_DEFECTS = {
    "Self-intersection": "The boundary crosses itself",
    "Ring Self-intersection": "The boundary touches itself",
    "Hole lies outside shell": "A hole lies outside the boundary",
    "Holes are nested": "A hole lies inside another hole",
    "Interior is disconnected": "A hole cuts the area into pieces",
    "Nested shells": "One part lies inside another",
    "Duplicate Rings": "The same ring is given twice",
    "Too few points in geometry component": "A ring has fewer than three different corners",
    "Invalid Coordinate": "A coordinate is not a number",
}


def read_boundary(value: Mapping[str, Any]) -> MultiPolygon:
    """Read a GeoJSON Polygon or MultiPolygon, or a Feature that holds one.

    A ring that is left open is closed; nothing else is repaired.

    Raises:
        InvalidGeometryError: Another type, broken coordinates, too many corners, outside Vietnam,
            crossing itself (the sentence names the place, also as `place`: [lon, lat]), no area or
            more than 10,000 ha.
    """
    kind = value.get("type")
    if kind == "Feature" and isinstance(value.get("geometry"), Mapping):
        value = value["geometry"]
        kind = value.get("type")
    coordinates = value.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon") or not isinstance(coordinates, list | tuple):
        raise InvalidGeometryError(
            "A boundary is a GeoJSON Polygon or MultiPolygon.", rule="not-a-polygon"
        )
    polygons: Sequence[Any] = [coordinates] if kind == "Polygon" else list(coordinates)
    corners = 0
    parts: list[Polygon] = []
    for polygon in polygons:
        if not _is_list(polygon) or not polygon:
            raise InvalidGeometryError(
                "A polygon is a list of rings, and has at least one.", rule="not-a-polygon"
            )
        rings: list[list[tuple[float, float]]] = []
        for ring in polygon:
            if not _is_list(ring):
                raise InvalidGeometryError(
                    "A ring is a list of positions [lon, lat].", rule="not-a-polygon"
                )
            corners += len(ring)
            if corners > MOST_VERTICES:
                raise InvalidGeometryError(
                    f"A boundary has at most {MOST_VERTICES:,} corners; this one has more.",
                    rule="too-many-corners",
                    most=MOST_VERTICES,
                )
            positions = [read_position(position) for position in ring]
            if len(set(positions)) < 3:
                raise InvalidGeometryError(
                    "A ring has at least three different corners.", rule="too-few-corners"
                )
            rings.append(positions)
        parts.append(Polygon(rings[0], rings[1:]))
    if not parts:
        raise InvalidGeometryError("The boundary is empty.", rule="too-few-corners")
    boundary = MultiPolygon(parts)
    check_boundary(boundary)
    return boundary


def check_boundary(boundary: MultiPolygon) -> None:
    """Refuse a boundary that is not valid, or of no or an unbelievable area.

    Raises:
        InvalidGeometryError: With the place of the defect in the sentence and as `place`.
    """
    if not boundary.is_valid:
        reason = is_valid_reason(boundary)
        defect, _, place = reason.partition("[")
        numbers = re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", place)
        sentence = _DEFECTS.get(defect.strip(), f"The boundary is not valid ({defect.strip()})")
        if len(numbers) >= 2:
            lon, lat = float(numbers[0]), float(numbers[1])
            raise InvalidGeometryError(
                f"{sentence} at longitude {lon:.6f}, latitude {lat:.6f}. Move that corner.",
                rule="crosses-itself",
                place=[lon, lat],
            )
        raise InvalidGeometryError(f"{sentence}.", rule="crosses-itself")
    area = area_ha(boundary)
    # One square metre: less is a slip of the finger, not a field.
    if not 0.0001 <= area <= MOST_HECTARES:
        raise InvalidGeometryError(
            f"The boundary encloses {area:.4f} ha; an area has from 0.0001 to"
            f" {MOST_HECTARES:,.0f} ha.",
            rule="area",
            area_ha=round(area, 4),
        )


def read_point(value: Sequence[float]) -> Point:
    """Read a position [lon, lat].

    Raises:
        InvalidGeometryError: Not two numbers, or outside Vietnam.
    """
    return Point(read_position(value))


def read_position(value: Any) -> tuple[float, float]:
    """Read one [lon, lat]; a third number (height) is dropped.

    Raises:
        InvalidGeometryError: Not two or three finite numbers, or outside Vietnam; when the two are
            exchanged, the sentence says so.
    """
    if (
        not _is_list(value)
        or len(value) not in (2, 3)
        or any(isinstance(number, bool) or not isinstance(number, int | float) for number in value)
    ):
        raise InvalidGeometryError(
            "A position is [longitude, latitude], two numbers.", rule="not-a-position"
        )
    try:
        lon, lat = float(value[0]), float(value[1])
    except OverflowError:  # a whole number of more than 308 digits
        lon = lat = inf
    if not (isfinite(lon) and isfinite(lat)):
        raise InvalidGeometryError(
            "A position is [longitude, latitude], two finite numbers.", rule="not-a-position"
        )
    if WEST <= lon <= EAST and SOUTH <= lat <= NORTH:
        return lon, lat
    hint = " Longitude comes first." if WEST <= lat <= EAST and SOUTH <= lon <= NORTH else ""
    raise InvalidGeometryError(
        f"Longitude {lon:g}, latitude {lat:g} lies outside Vietnam"
        f" (longitude {WEST:g} to {EAST:g}, latitude {SOUTH:g} to {NORTH:g}).{hint}",
        rule="outside-vietnam",
        place=[lon, lat],
    )


def area_ha(shape: BaseGeometry) -> float:
    """Geodesic area on the WGS84 ellipsoid in hectares, as the database computes it."""
    return float(abs(_WGS84.geometry_area_perimeter(_oriented(shape))[0])) / 10_000.0


def _oriented(shape: BaseGeometry) -> BaseGeometry:
    # Geod adds rings by their sense: outer ones must all turn one way, holes the other.
    if isinstance(shape, MultiPolygon):
        return MultiPolygon([orient(part) for part in shape.geoms])
    return orient(shape) if isinstance(shape, Polygon) else shape


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)
