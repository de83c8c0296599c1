"""Shapes of fields: irregular, inside their land, never over each other, the same each time.

All coordinates are metres in VN-2000 / TM-3 107°45′ (EPSG:5899, x east, y north) until
`to_degrees`. `random.Random` is used because its sequence is the same in every Python.
"""

import math
import random

import shapely
from pyproj import Transformer
from shapely.ops import split

from gis.errors import ConflictError

CRS = "EPSG:5899"
_TO_DEGREES = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
_TO_METRES = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
# A lane of this width is left between two fields, and between a field and its commune's border.
LANE_M = 25.0
PATH_M = 1.5
TRIES = 4000


class Land:
    """A piece of land on which fields are laid out around its middle, one after another."""

    def __init__(self, ground: shapely.Polygon, seed: str) -> None:
        """Take a polygon (metres); `seed` makes its layout its own."""
        self.ground = ground.buffer(-2 * LANE_M)
        self.random = random.Random(seed)  # noqa: S311  shapes, not secrets
        middle = shapely.maximum_inscribed_circle(self.ground)
        self.middle = shapely.get_coordinates(middle)[0]
        self.radius_m = min(middle.length, 3800.0)
        self.bearing = self.random.uniform(0, math.pi)
        self.taken: list[shapely.Polygon] = []

    def lay(self, area_ha: float) -> shapely.Polygon:
        """Lay out one field of that many hectares where there is room, not far from the middle.

        Raises:
            ConflictError: When there is no room.
        """
        for attempt in range(TRIES):
            reach = self.radius_m * (0.7 + 3 * attempt / TRIES)
            angle = self.random.uniform(0, 2 * math.pi)
            far = reach * math.sqrt(self.random.random())
            field = draw_field(
                self.random,
                self.middle[0] + far * math.cos(angle),
                self.middle[1] + far * math.sin(angle),
                area_ha,
                self.bearing + self.random.gauss(0, 0.12),
            )
            if not self.ground.covers(field):
                continue
            near = field.buffer(LANE_M)
            if not any(near.intersects(other) for other in self.taken):
                self.taken.append(field)
                return field
        raise ConflictError(f"There is no room for {area_ha} ha more on this land.")


def draw_field(
    chance: random.Random, x: float, y: float, area_ha: float, bearing: float
) -> shapely.Polygon:
    """Draw a field: a bent, tapering rectangle of exactly that area in the plane."""
    aspect = chance.uniform(1.1, 2.1)
    half_w, half_h = math.sqrt(aspect) / 2, 1 / math.sqrt(aspect) / 2
    corners = [
        (sx * half_w + chance.gauss(0, 0.06), sy * half_h + chance.gauss(0, 0.06))
        for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    ring: list[tuple[float, float]] = []
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        ring.append((ax, ay))
        stops = sorted(chance.uniform(0.15, 0.85) for _ in range(chance.randint(1, 3)))
        for stop in stops:
            bend = chance.gauss(0, 0.022)
            ring.append(
                (ax + stop * (bx - ax) - bend * (by - ay), ay + stop * (by - ay) + bend * (bx - ax))
            )
    shape = shapely.Polygon(ring)
    scale = math.sqrt(area_ha * 10_000 / shape.area)
    cos, sin = scale * math.cos(bearing), scale * math.sin(bearing)
    return shapely.Polygon([(x + cos * u - sin * v, y + sin * u + cos * v) for u, v in ring])


def cut_parcels(chance: random.Random, field: shapely.Polygon, count: int) -> list[shapely.Polygon]:
    """Cut a field across its length into parcels with a path between them."""
    box = shapely.oriented_envelope(field)
    corners = shapely.get_coordinates(box)[:4]
    a, b, c, d = corners
    if math.dist(a, b) < math.dist(b, c):
        a, b, c, d = b, c, d, a
    pieces = [field]
    for index in range(1, count):
        at = (index + chance.uniform(-0.15, 0.15)) / count
        low, high = a + at * (b - a), d + at * (c - d)
        knife = shapely.LineString([low - 0.2 * (high - low), high + 0.2 * (high - low)])
        pieces = [part for piece in pieces for part in _parts(split(piece, knife))]
    shrunk = [piece.buffer(-PATH_M, join_style="mitre") for piece in pieces]
    return [part for piece in shrunk for part in _parts(piece) if part.area > 500]


def to_metres(shape: shapely.Polygon) -> shapely.Polygon:
    """Project a polygon from EPSG:4326 (lon, lat) to metres."""
    return _reproject(shape, _TO_METRES, 3)


def to_degrees(shape: shapely.Polygon) -> shapely.Polygon:
    """Bring a polygon from metres to EPSG:4326 (lon, lat), six decimals (0.1 m)."""
    return _reproject(shape, _TO_DEGREES, 6)


def _reproject(shape: shapely.Polygon, to: Transformer, decimals: int) -> shapely.Polygon:
    xs, ys = to.transform(*shapely.get_coordinates(shape.exterior).T)
    return shapely.Polygon(zip(xs.round(decimals), ys.round(decimals), strict=True))


def _parts(shape: shapely.Geometry) -> list[shapely.Polygon]:
    return [part for part in shapely.get_parts(shape) if isinstance(part, shapely.Polygon)]
