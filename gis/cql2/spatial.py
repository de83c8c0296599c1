"""CQL2's conditions on shapes: S_INTERSECTS, S_WITHIN and the others, against literal geometry.

The literal is brought to EPSG:4326 once, not the column, and its box is asked first, so that the
index of the stored shapes is used.
"""

from typing import Any

import numpy as np
import orjson
import shapely
from shapely.errors import ShapelyError
from sqlalchemy import ColumnElement, and_, bindparam, func, not_
from sqlalchemy.dialects.postgresql import BYTEA

from gis.conditions import near_box
from gis.cql2.values import SHAPE, Scope, read_value, refuse
from gis.crs import to_wgs84
from gis.errors import InvalidInputError
from gis.published_crs import PublishedCrs
from gis.selection import Box, parse_box

MOST_POINTS = 10_000
SPATIAL_CONDITIONS = {
    "s_intersects": "ST_Intersects",
    "s_disjoint": "ST_Disjoint",
    "s_equals": "ST_Equals",
    "s_touches": "ST_Touches",
    "s_within": "ST_Within",
    "s_contains": "ST_Contains",
    "s_overlaps": "ST_Overlaps",
    "s_crosses": "ST_Crosses",
}
_TYPES = frozenset(
    {
        "Point",
        "MultiPoint",
        "LineString",
        "MultiLineString",
        "Polygon",
        "MultiPolygon",
        "GeometryCollection",
    }
)


def spatial_condition(
    name: str, arguments: list[Any], scope: Scope, crs: PublishedCrs
) -> ColumnElement[bool]:
    """One condition; one side is the feature's shape, the other a literal geometry or box.

    Raises:
        InvalidInputError: A literal is no valid geometry, or no side is the feature's.
    """
    given = [_is_shape_of_feature(argument, scope) for argument in arguments]
    if given.count(True) != 1:
        raise refuse(f"{name.upper()} compares the geometry with one geometry that is written.")
    literal = read_shape(arguments[given.index(False)], crs)
    if literal.geom_type == "GeometryCollection" and name not in ("s_intersects", "s_disjoint"):
        raise refuse(f"{name.upper()} takes no GEOMETRYCOLLECTION.")
    if literal.geom_type == "GeometryCollection":
        literal = shapely.union_all(list(literal.geoms))
    written = func.ST_GeomFromWKB(
        bindparam(None, shapely.to_wkb(literal, output_dimension=2), type_=BYTEA()), 4326
    )
    shape = scope.layer.shape(scope.view)
    sides = (shape, written) if given[0] else (written, shape)
    if name == "s_disjoint":
        return not_(_meets(shape, written, literal, scope))
    if name == "s_intersects":
        return _meets(shape, written, literal, scope)
    # Each of these implies that the shapes meet.
    relation = getattr(func, SPATIAL_CONDITIONS[name])(*sides)
    return and_(near_box(scope.layer, scope.view, *literal.bounds), relation)


def read_shape(node: Any, crs: PublishedCrs) -> Any:
    """Read a literal geometry (GeoJSON) or box into EPSG:4326, lon/lat.

    Raises:
        InvalidInputError: Neither, invalid, too long, or beyond the world.
    """
    if isinstance(node, dict) and set(node) == {"bbox"}:
        return _read_box(node["bbox"], crs)
    if not isinstance(node, dict) or str(node.get("type")) not in _TYPES:
        raise refuse("A geometry is a point, line, polygon, several of one kind, or a box.")
    try:
        shape: Any = shapely.from_geojson(orjson.dumps(node))
    except (ShapelyError, ValueError, TypeError) as error:
        raise refuse("A geometry in the filter cannot be read.") from error
    if shape is None or shape.is_empty:
        raise refuse("A geometry in the filter is empty.")
    shape = shapely.force_2d(shape)
    if shapely.get_num_coordinates(shape) > MOST_POINTS:
        raise refuse(f"A geometry in the filter has more than {MOST_POINTS} points.")
    moved = _to_degrees(shape, crs)
    west, south, east, north = moved.bounds
    if max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 90:
        raise refuse(
            "A geometry in the filter lies beyond the world: longitude comes first, latitude"
            " second, unless filter-crs says otherwise."
        )
    if not moved.is_valid:
        reason = shapely.is_valid_reason(moved)
        raise refuse(f"A geometry in the filter is not valid: {reason}.")
    return moved


def _meets(
    shape: ColumnElement[Any], written: ColumnElement[Any], literal: Any, scope: Scope
) -> ColumnElement[bool]:
    near = near_box(scope.layer, scope.view, *literal.bounds)
    return and_(near, func.ST_Intersects(shape, written))


def _is_shape_of_feature(node: Any, scope: Scope) -> bool:
    if isinstance(node, dict) and set(node) == {"property"}:
        if read_value(node, scope).kind != SHAPE:
            raise refuse("A function S_… compares geometry.")
        return True
    return False


def _read_box(numbers: Any, crs: PublishedCrs) -> Any:
    if not isinstance(numbers, list) or not all(
        isinstance(number, int | float) and not isinstance(number, bool) for number in numbers
    ):
        raise refuse("A box is four numbers (or six with heights).")
    try:
        box = parse_box(",".join(repr(float(number)) for number in numbers), crs)
    except InvalidInputError as error:
        raise refuse(error.detail.replace("bbox", "A box in the filter", 1)) from error
    return _shape_of(box)


def _shape_of(box: Box) -> Any:
    if box.outline is not None:
        return shapely.from_wkb(box.outline)
    if box.west > box.east:
        return shapely.union(
            shapely.box(box.west, box.south, 180.0, box.north),
            shapely.box(-180.0, box.south, box.east, box.north),
        )
    shape = shapely.box(box.west, box.south, box.east, box.north)
    if box.west == box.east and box.south == box.north:
        return shapely.Point(box.west, box.south)
    if box.west == box.east or box.south == box.north:
        return shapely.LineString([(box.west, box.south), (box.east, box.north)])
    return shape


def _to_degrees(shape: Any, crs: PublishedCrs) -> Any:
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        raise refuse("A coordinate in the filter is not finite.")
    if crs.is_flipped:
        shape = shapely.transform(shape, lambda points: points[:, ::-1])
    if crs.srid == 4326:
        return shape
    moved = to_wgs84(np.array([shape], dtype=object), crs.name)[0]
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise refuse(f"A geometry in the filter lies beyond what {crs.name} can reach.")
    return moved
