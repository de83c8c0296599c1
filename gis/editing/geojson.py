"""What programs send, read strictly: a GeoJSON Feature (RFC 7946). No database.

The structure is refused here with a sentence (`InvalidGeometryError`, `InvalidInputError`); whether
the shape itself can be stored is for the rules, which name all that is wrong at once. Coordinates
are EPSG:4326, lon/lat; heights are dropped. An open ring is closed; nothing else is mended.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from shapely import set_srid, to_wkb
from shapely.geometry import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from gis.editing.rule_queries import most_vertices
from gis.editing.rules import Problem
from gis.errors import CrsMismatchError, InvalidGeometryError, InvalidInputError, RuleViolationError
from gis.layer import Layer

Shape = MultiPolygon | Point
_CRS84 = ("crs84", "epsg::4326", "epsg:4326", "epsg/0/4326", "ogc:crs84")


@dataclass(frozen=True, slots=True)
class SentFeature:
    """A feature as it was sent; `shape` is None when it was left out."""

    shape: Shape | None
    properties: Mapping[str, Any]


def read_feature(layer: Layer, value: Any) -> SentFeature:
    """Read a Feature, or a part of one (then `geometry` and `properties` may be missing).

    Raises:
        InvalidInputError: Not an object of type Feature.
        InvalidGeometryError: The geometry cannot be read.
        RuleViolationError: It has far too many corners.
        CrsMismatchError: It names a coordinate system other than WGS84.
    """
    if not isinstance(value, Mapping) or value.get("type", "Feature") != "Feature":
        raise InvalidInputError("Send a GeoJSON Feature: {'type': 'Feature', …}.", pointer="/type")
    check_crs(value)
    properties = {} if value.get("properties") is None else value["properties"]
    if not isinstance(properties, Mapping):
        raise InvalidInputError("properties is a JSON object.", pointer="/properties")
    shape = None
    if "geometry" in value:
        if value["geometry"] is None:
            raise InvalidGeometryError(
                "A feature of this layer has a geometry; it cannot be null.", rule="no-geometry"
            )
        shape = read_shape(layer, value["geometry"])
    return SentFeature(shape, properties)


def check_crs(value: Mapping[str, Any]) -> None:
    """Refuse the `crs` member of older GeoJSON, unless it says what holds anyway.

    Raises:
        CrsMismatchError: It says something else.
    """
    if "crs" not in value or value["crs"] is None:
        return
    said = value["crs"]
    properties = said.get("properties") if isinstance(said, Mapping) else said
    name = str(properties.get("name") if isinstance(properties, Mapping) else properties).lower()
    if not name.endswith(_CRS84):
        raise CrsMismatchError(
            "GeoJSON is WGS84, longitude first (RFC 7946); the member crs says something else."
        )


def read_shape(layer: Layer, value: Any) -> Shape:
    """Read the geometry of a feature of a layer; a Polygon becomes a MultiPolygon.

    Raises:
        InvalidGeometryError: Another type than the layer has, or broken coordinates.
        RuleViolationError: It has too many corners; found before they are looked at.
    """
    if not isinstance(value, Mapping):
        raise InvalidGeometryError("A geometry is a JSON object.", rule="not-a-geometry")
    check_crs(value)
    kind, coordinates = value.get("type"), value.get("coordinates")
    known = [
        *layer.geometry_types,
        *(["Polygon"] if "MultiPolygon" in layer.geometry_types else []),
    ]
    if not isinstance(kind, str) or kind not in known:
        raise InvalidGeometryError(
            f"A feature of {layer.id} is a {' or '.join(sorted(known))}.", rule="wrong-type"
        )
    if kind == "Point":
        return Point(_position(coordinates))
    polygons = [coordinates] if kind == "Polygon" else coordinates
    if not _is_list(polygons) or not polygons:
        raise InvalidGeometryError("A boundary has at least one polygon.", rule="not-a-polygon")
    _count(layer, polygons)
    return MultiPolygon([_polygon(polygon) for polygon in polygons])


def read_line(value: Any, most: int = 10_000) -> LineString:
    """Read a GeoJSON LineString, or a Feature that holds one: the line that cuts.

    Raises:
        InvalidGeometryError: Not a line of at least two different places.
    """
    if isinstance(value, Mapping) and value.get("type") == "Feature":
        value = value.get("geometry")
    coordinates: Any = value.get("coordinates") if isinstance(value, Mapping) else None
    if (
        not isinstance(value, Mapping)
        or value.get("type") != "LineString"
        or not _is_list(coordinates)
    ):
        raise InvalidGeometryError("A line is a GeoJSON LineString.", rule="not-a-line")
    if len(coordinates) > most:
        raise InvalidGeometryError(f"A line has at most {most:,} corners.", rule="too-many-corners")
    positions = [_position(position) for position in coordinates]
    if len(set(positions)) < 2:
        raise InvalidGeometryError("A line has at least two different places.", rule="not-a-line")
    return LineString(positions)


def to_ewkb(shape: BaseGeometry) -> bytes:
    """The shape as PostGIS reads it, marked EPSG:4326."""
    made: bytes = to_wkb(set_srid(shape, 4326), include_srid=True)
    return made


def _count(layer: Layer, polygons: Any) -> None:
    """Refuse what has too many corners without looking at any of them."""
    corners = 0
    for polygon in polygons:
        for ring in polygon if _is_list(polygon) else ():
            corners += len(ring) if _is_list(ring) else 0
    most = most_vertices(layer)
    if corners > most or len(polygons) > most:
        facts = {"vertices": corners, "most": most}
        sentence = f"The shape has {corners:,} corners; at most {most:,} are kept."
        problem = Problem("too-many-vertices", "error", 1, sentence, facts, None)
        raise RuleViolationError(sentence, problems=[problem.as_dict()])


def _polygon(rings: Any) -> Polygon:
    if not _is_list(rings) or not rings:
        raise InvalidGeometryError(
            "A polygon is a list of rings, and has at least one.", rule="not-a-polygon"
        )
    made = []
    for ring in rings:
        if not _is_list(ring):
            raise InvalidGeometryError(
                "A ring is a list of positions [lon, lat].", rule="not-a-polygon"
            )
        positions = [_position(position) for position in ring]
        if len(set(positions)) < 3:
            raise InvalidGeometryError(
                "A ring has at least three different corners.", rule="too-few-corners"
            )
        made.append(positions)
    return Polygon(made[0], made[1:])


def _position(value: Any) -> tuple[float, float]:
    if (
        not _is_list(value)
        or not 2 <= len(value) <= 4
        or any(isinstance(number, bool) or not isinstance(number, int | float) for number in value)
    ):
        raise InvalidGeometryError(
            "A position is [longitude, latitude], two numbers.", rule="not-a-position"
        )
    try:
        lon, lat = float(value[0]), float(value[1])
    except OverflowError:  # a whole number of more than 308 digits
        lon = lat = float("inf")
    if not (isfinite(lon) and isfinite(lat)):
        raise InvalidGeometryError(
            "A position is [longitude, latitude], two finite numbers.", rule="not-a-position"
        )
    return lon, lat


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)
