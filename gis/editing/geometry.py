"""Cutting and joining shapes so that no ground is lost: pure geometry, no database.

Shapes are EPSG:4326, lon/lat. Two facts rule here. PostGIS and GEOS cut along straight lines of the
lon/lat plane, but areas are geodesic, along shortest lines on the ellipsoid: a new corner on an
edge 200 m long that is straight in the plane lies up to 0.2 mm beside the shortest line, and the
parts together would be larger or smaller than the whole by up to 0.02 m². So where that shows, a
new corner is put onto the shortest line, which keeps the sum.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import shapely
from pyproj import Geod
from shapely.geometry import LinearRing, LineString, MultiPolygon, Point, Polygon
from shapely.ops import polygonize

from gis.boundaries import area_ha
from gis.errors import InvalidGeometryError

# Ends of a cutting line that stop this near to the border (degrees, about 10 cm) mean to reach it.
_REACH = 1e-6
# Corners this near (degrees, about a centimetre) are the same place.
_SAME = 1e-7
# A new corner this near to an edge (degrees) is one that the cut made on it.
_ON_EDGE = 1e-9
# Hectares: a fifth of what the sum of the parts may differ from the whole by.
_EXACT_HA = 2e-7
_WGS84 = Geod(ellps="WGS84")
# As many as may be merged again.
_MOST_PARTS = 100
_MOST_CORNERS_CROSSING = 100


def cut(shape: MultiPolygon, line: LineString) -> list[MultiPolygon]:
    """Cut an area along a line.

    Polygons that the line does not cut stay with the largest part.

    Returns:
        At least two parts, the largest first; all corners of the whole are in them.

    Raises:
        InvalidGeometryError: The line does not cut the area in two, or in too many parts.
    """
    # Crossings grow with the square of the corners: 2,000 took 22 seconds and 1.4 GB.
    if len(line.coords) > _MOST_CORNERS_CROSSING and not line.is_simple:
        raise InvalidGeometryError(
            f"A line of more than {_MOST_CORNERS_CROSSING} corners may not cross itself.",
            rule="too-many-parts",
        )
    line = _reaching(shape, line)
    untouched: list[Polygon] = []
    faces: list[Polygon] = []
    for polygon in shape.geoms:
        found = _faces(polygon, line)
        if len(found) < 2:
            untouched.append(polygon)
        else:
            faces += found
    if not faces:
        raise InvalidGeometryError(
            "The line does not cut the area in two: draw it from outside to outside.",
            rule="no-cut",
        )
    if len(faces) > _MOST_PARTS:
        raise InvalidGeometryError(
            f"The line cuts the area in {len(faces):,} parts; at most {_MOST_PARTS} are made.",
            rule="too-many-parts",
        )
    faces.sort(key=area_ha, reverse=True)
    parts = [MultiPolygon([face]) for face in faces]
    parts[0] = MultiPolygon([faces[0], *untouched])
    return parts


def onto_geodesics(whole: MultiPolygon, parts: Sequence[MultiPolygon]) -> list[MultiPolygon]:
    """Put the corners that a cut made on edges onto the shortest lines between the edges' ends.

    Returns:
        The same parts where their geodesic areas add up anyway; else with these corners moved (by
        less than a millimetre on edges of up to 400 m), whose areas do.
    """
    if abs(sum(map(area_ha, parts)) - area_ha(whole)) <= _EXACT_HA:
        return list(parts)
    known = {tuple(place) for place in shapely.get_coordinates(whole)}
    starts, ends = _edges(whole)
    moved: dict[tuple[float, float], tuple[float, float]] = {}
    for part in parts:
        for place in map(tuple, shapely.get_coordinates(part)):
            if place not in known and place not in moved:
                moved[place] = _on_edge(starts, ends, place)
    return [
        shapely.transform(
            part,
            lambda places: np.array([moved.get(tuple(place), tuple(place)) for place in places]),
        )
        for part in parts
    ]


def join(shapes: Sequence[MultiPolygon]) -> MultiPolygon:
    """Make one area of neighbours; corners within a centimetre of another's are the same.

    Raises:
        InvalidGeometryError: They do not hang together along shared borders; `apart` holds the
            place in the list of one that does not.
    """
    fitted = list(shapes)
    for one, other in combinations(range(len(fitted)), 2):
        fitted[other] = shapely.snap(fitted[other], fitted[one], _SAME)
        fitted[one] = shapely.snap(fitted[one], fitted[other], _SAME)
    reached, waiting = [0], list(range(1, len(fitted)))
    while near := [n for n in waiting if any(_share(fitted[n], fitted[r]) for r in reached)]:
        reached += near
        waiting = [n for n in waiting if n not in near]
    if waiting:
        raise InvalidGeometryError(
            "These areas do not share a border: only neighbours can be merged.",
            rule="no-shared-border",
            apart=waiting[0],
        )
    union = shapely.union_all(fitted)
    if isinstance(union, MultiPolygon):
        return union
    assert isinstance(union, Polygon)
    return MultiPolygon([union])


def _reaching(shape: MultiPolygon, line: LineString) -> LineString:
    """The line, its ends drawn out across a border that they all but reach."""
    places = shapely.get_coordinates(line)
    border = shape.boundary
    for end, before in ((0, 1), (-1, -2)):
        if border.distance(Point(places[end])) < _REACH:
            way = places[end] - places[before]
            length = float(np.hypot(*way))
            if length > 0:
                places[end] = places[end] + way / length * 2 * _REACH
    return LineString(places)


def _faces(polygon: Polygon, line: LineString) -> list[Polygon]:
    if not polygon.intersects(line):
        return [polygon]
    noded = shapely.union_all([polygon.boundary, line])
    return [face for face in polygonize(noded) if polygon.contains(face.representative_point())]


def _share(one: MultiPolygon, other: MultiPolygon) -> bool:
    """Whether two areas have more than a point of border, or ground, in common."""
    if not one.intersects(other):
        return False
    shared = one.intersection(other)
    return bool(shared.length > _SAME)


def _edges(shape: MultiPolygon) -> tuple[np.ndarray, np.ndarray]:
    starts, ends = [], []
    for ring in _rings(shape):
        places = shapely.get_coordinates(ring)
        starts.append(places[:-1])
        ends.append(places[1:])
    return np.concatenate(starts), np.concatenate(ends)


def _rings(shape: MultiPolygon) -> Iterator[LinearRing]:
    for polygon in shape.geoms:
        yield polygon.exterior
        yield from polygon.interiors


def _on_edge(
    starts: np.ndarray, ends: np.ndarray, place: tuple[float, float]
) -> tuple[float, float]:
    """Where the shortest line between the ends of the edge passes by; the place itself if inside.

    Args:
        starts: First corners of the edges, shape (n, 2), lon/lat.
        ends: Their second corners.
        place: A new corner.
    """
    way = ends - starts
    square = np.maximum((way**2).sum(axis=1), 1e-300)
    share = np.clip(((place - starts) * way).sum(axis=1) / square, 0.0, 1.0)
    beside = np.hypot(*(starts + share[:, None] * way - place).T)
    edge = int(beside.argmin())
    if beside[edge] > _ON_EDGE:
        return place
    (west, south), (east, north) = starts[edge], ends[edge]
    azimuth, _, length = _WGS84.inv(west, south, east, north)
    lon, lat, _ = _WGS84.fwd(west, south, azimuth, length * share[edge])
    return float(lon), float(lat)
