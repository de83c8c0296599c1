"""Small maps as SVG path data: a place in its commune, a plot with its neighbours, an overview.

Everything is computed by PostGIS and drawn by `web/templates/_sketch.html` without a line of
JavaScript, so consumers' phones, printed pages and officers see the same picture. The projection
is Web Mercator (EPSG:3857), north up; one drawing unit is about one CSS pixel. Registered growing
areas are drawn as the public map shows them (`gis.is_singled_out`); the shapes that a caller gives
are drawn as they are.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from math import cos, floor, log10, radians
from typing import Any

from geoalchemy2 import WKBElement
from shapely import from_wkb, get_srid, set_srid, to_wkb
from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from gis.errors import NotFoundError
from gis.models import AdministrativeUnit

_SKETCH = text(files("gis").joinpath("sketch.sql").read_text(encoding="utf-8"))
# Shapes smaller than this many units are drawn as a dot.
DOT_BELOW = 7.0
FEATURE_DOT_BELOW = 16.0
# A plot's close-up shows at least this much ground, so that a small one is seen in its place.
LEAST_PLOT_M = 160.0


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing on a sketch, in drawing units (x right, y down).

    `kind` is `neighbour`, `commune`, `zone`, `area`, `other` or `feature`; `path` is SVG path data
    or None for a point; `x`, `y` is a place well inside, for a dot or a label.
    """

    kind: str
    id: int
    name: str | None
    colour: str | None
    path: str | None
    x: float
    y: float
    extent: float

    @property
    def is_dot(self) -> bool:
        """Whether the shape is a point, or too small to be seen as a shape."""
        least = FEATURE_DOT_BELOW if self.kind == "feature" else DOT_BELOW
        return self.path is None or self.extent < least


@dataclass(frozen=True, slots=True)
class Sketch:
    """A small map: its size in drawing units, its marks in drawing order, its scale bar."""

    width: int
    height: int
    marks: tuple[Mark, ...]
    scale_units: float
    scale_m: int

    @property
    def labelled(self) -> tuple[Mark, ...]:
        """The communes whose name fits into their shape and into the picture."""
        return tuple(
            mark
            for mark in self.marks
            # From near, one commune fills the picture and its name would say little.
            if self.scale_m >= 500
            and mark.kind in {"commune", "neighbour"}
            and mark.name is not None
            and mark.extent > 50
            and 4 * len(mark.name) < mark.x < self.width - 4 * len(mark.name)
            and 12 < mark.y < self.height - 28
        )

    @property
    def view_box(self) -> str:
        """The `viewBox` attribute of the SVG."""
        return f"0 0 {self.width} {self.height}"

    @property
    def scale_label(self) -> str:
        """The length of the scale bar in words, such as `500 m` or `2 km`."""
        return f"{self.scale_m // 1000} km" if self.scale_m >= 1000 else f"{self.scale_m} m"


@dataclass(frozen=True, slots=True)
class _Frame:
    """A box in EPSG:3857 metres, and the latitude of its middle in degrees."""

    west: float
    south: float
    east: float
    north: float
    latitude: float


def sketch_overview(
    session: Session,
    *,
    day: date,
    codes: Collection[str] = (),
    areas: bool = True,
    width: int = 560,
) -> Sketch:
    """Draw whole communes with their high-tech zones and growing areas.

    Args:
        session: Reads only.
        day: The day whose communes are drawn.
        codes: Codes of the communes to show; empty = all of that day.
        areas: Whether growing areas are drawn, each in the colour of its crop.
        width: Drawing units.

    Raises:
        NotFoundError: No such commune on that day.
    """
    chosen = _communes(day)
    if codes:
        chosen = chosen.where(AdministrativeUnit.code.in_(codes))
    ids = list(session.scalars(chosen.with_only_columns(AdministrativeUnit.id)))
    return _draw(session, _commune_frame(session, ids), day, ids, width, zones=True, areas=areas)


def sketch_place(
    session: Session,
    shapes: Sequence[WKBElement],
    *,
    day: date,
    commune_ids: Collection[int] = (),
    width: int = 400,
) -> Sketch:
    """Draw things in their commune or communes, so that people see where they are.

    Args:
        session: Reads only.
        shapes: Points or polygons, EPSG:4326, lon/lat.
        day: The day whose communes are drawn.
        commune_ids: The communes that stand out and fill the frame; empty = those under the shapes,
            or the surroundings of the shapes where there is none.
        width: Drawing units.
    """
    ids = list(commune_ids) or _communes_under(session, shapes, day)
    frame = _commune_frame(session, ids) if ids else _shape_frame(session, shapes, 20_000)
    return _draw(session, frame, day, ids, width, shapes)


def sketch_plot(
    session: Session,
    shape: WKBElement,
    *,
    day: date,
    except_area: int | None = None,
    areas: bool = True,
    exact: bool = False,
    others: Sequence[WKBElement] = (),
    width: int = 400,
) -> Sketch:
    """Draw one plot from near, with the registered growing areas around it.

    Args:
        session: Reads only.
        shape: Point or polygon, EPSG:4326, lon/lat.
        day: The day whose communes are drawn.
        except_area: The id of the growing area that the shape is, so as not to draw it twice.
        areas: Whether the neighbours are drawn.
        exact: For officers: neighbours whose household could be singled out are drawn where they
            are, not where the public map shows them.
        others: What else is in question there, such as open applications, EPSG:4326.
        width: Drawing units.
    """
    frame = _shape_frame(session, [shape], LEAST_PLOT_M)
    return _draw(
        session,
        frame,
        day,
        [],
        width,
        [shape],
        areas=areas,
        exact=exact,
        except_area=except_area,
        others=others,
    )


def commune_bounds(session: Session, day: date) -> tuple[float, float, float, float]:
    """West, south, east, north of all communes of a day, in degrees; Vietnam's where none is."""
    extent = func.ST_Extent(AdministrativeUnit.boundary)
    box = _communes(day).with_only_columns(extent.label("box")).subquery().c.box
    corners = (func.ST_XMin(box), func.ST_YMin(box), func.ST_XMax(box), func.ST_YMax(box))
    west, south, east, north = session.execute(select(*corners)).one()
    return (102.0, 8.0, 110.0, 23.5) if west is None else (west, south, east, north)


def _communes(day: date) -> Select[AdministrativeUnit]:
    return select(AdministrativeUnit).where(
        AdministrativeUnit.level == "commune",
        AdministrativeUnit.valid_from <= day,
        func.coalesce(AdministrativeUnit.valid_to, day) >= day,
    )


def _communes_under(session: Session, shapes: Sequence[WKBElement], day: date) -> list[int]:
    found: list[int] = []
    for shape in shapes:
        under = _communes(day).where(func.ST_Intersects(AdministrativeUnit.boundary, shape))
        found += session.scalars(under.with_only_columns(AdministrativeUnit.id))
    return found


def _commune_frame(session: Session, ids: Sequence[int]) -> _Frame:
    # The box in degrees is the box in Web Mercator: no need to transform every vertex.
    extent = func.ST_SetSRID(func.ST_Extent(AdministrativeUnit.boundary), 4326)
    box = select(extent.label("box")).where(AdministrativeUnit.id.in_(ids)).subquery()
    frame = _read_frame(session, select(func.ST_Transform(func.ST_Envelope(box.c.box), 3857)))
    # A narrow commune gets some of its neighbours beside it, not a picture two screens high.
    missing = max((frame.north - frame.south) / 1.3 - (frame.east - frame.west), 0.0)
    return replace(frame, west=frame.west - missing / 2, east=frame.east + missing / 2)


def _shape_frame(session: Session, shapes: Sequence[WKBElement], least_m: float) -> _Frame:
    frames = [
        _read_frame(session, select(func.ST_Expand(func.ST_Transform(shape, 3857), 1.0)))
        for shape in shapes
    ]
    west, east = min(f.west for f in frames), max(f.east for f in frames)
    south, north = min(f.south for f in frames), max(f.north for f in frames)
    latitude = frames[0].latitude
    # Mercator stretches by 1/cos(latitude); a quarter of the shape's size is left on each side.
    side = max(least_m / cos(radians(latitude)), 1.5 * (east - west), 1.5 * (north - south))
    middle_x, middle_y = (west + east) / 2, (south + north) / 2
    half_width, half_height = side / 2, side * 3 / 8
    if north - south > 1.2 * half_height:
        half_height = half_width
    return _Frame(
        middle_x - half_width,
        middle_y - half_height,
        middle_x + half_width,
        middle_y + half_height,
        latitude,
    )


def _read_frame(session: Session, query: Select[Any]) -> _Frame:
    box = query.subquery().c[0]
    middle = func.ST_Y(func.ST_Transform(func.ST_Centroid(box), 4326))
    row = session.execute(
        select(func.ST_XMin(box), func.ST_YMin(box), func.ST_XMax(box), func.ST_YMax(box), middle)
    ).one()
    if row[0] is None:
        raise NotFoundError("There is no commune to draw on that day.")
    return _Frame(*row)


def _draw(
    session: Session,
    frame: _Frame,
    day: date,
    focus: Sequence[int],
    width: int,
    shapes: Sequence[WKBElement] = (),
    *,
    zones: bool = False,
    areas: bool = False,
    exact: bool = False,
    except_area: int | None = None,
    others: Sequence[WKBElement] = (),
) -> Sketch:
    margin = 0.03 * max(frame.east - frame.west, frame.north - frame.south)
    west, north = frame.west - margin, frame.north + margin
    units_per_m = width / (frame.east + margin - west)
    height = round((north - frame.south + margin) * units_per_m)
    rows = session.execute(
        _SKETCH,
        {
            "west": west,
            "south": frame.south - margin,
            "east": frame.east + margin,
            "north": north,
            "units_per_m": units_per_m,
            "day": day,
            "communes": True,
            "zones": zones,
            "areas": areas,
            "exact": exact,
            "focus": list(focus),
            "except_area": except_area,
            "features": [_ewkb(shape) for shape in shapes],
            "others": [_ewkb(shape) for shape in others],
        },
    )
    marks = tuple(
        Mark(row.kind, row.id, row.name, row.colour, row.path, row.x, row.y, row.extent)
        for row in rows
    )
    units_per_ground_m = units_per_m / cos(radians(frame.latitude))
    length_m = _round_length(width / 4 / units_per_ground_m)
    return Sketch(width, height, marks, round(length_m * units_per_ground_m, 1), length_m)


def _round_length(metres: float) -> int:
    """Round down to 1, 2 or 5 × 10^n metres."""
    power = 10 ** floor(log10(max(metres, 1.0)))
    return int(power * max(step for step in (1, 2, 5) if step * power <= max(metres, 1.0)))


def _ewkb(shape: WKBElement) -> bytes:
    geometry = from_wkb(bytes(shape.data) if not isinstance(shape.data, str) else shape.data)
    if get_srid(geometry) == 0:
        geometry = set_srid(geometry, 4326)
    return to_wkb(geometry, include_srid=True)
