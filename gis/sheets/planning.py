"""Which sheets a request becomes: one, an atlas of communes, or a commune in several parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Row
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError
from gis.sheets.content import find_commune, find_province, list_communes, plane_shapes
from gis.sheets.grid import choose_zone, frame_line, to_plane
from gis.sheets.layout import Layout, Rect, best_scale, make_layout, scale_text
from gis.sheets.request import SheetRequest

MAX_SHEETS = 200
# What is to fit as a whole (a province on its index, a wide view) may be drawn smaller than may be
# asked for.
_SMALLEST = 2_500_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: what it shows (plane metres), at 1:scale; `commune` is what it is about."""

    ground: Rect
    scale: int
    commune: str | None = None
    name: str | None = None
    province: str | None = None
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The sheets of a document in their order; with several, `index` is the page before them."""

    layout: Layout
    zone: int
    sheets: tuple[Sheet, ...]
    index: Sheet | None = None


def plan_sheets(session: Session, request: SheetRequest, day: date) -> Plan:
    """Find the layout and the ground of every sheet.

    Args:
        session: Reads only.
        request: What was asked for.
        day: The day whose communes are meant.

    Raises:
        NotFoundError: There is no such commune or province on that day.
        InvalidInputError: It would be more than `MAX_SHEETS` sheets, or fits on none.
    """
    if request.commune is not None:
        return _plan_communes(session, [find_commune(session, request.commune, day)], request)
    if request.province is not None:
        return _plan_communes(session, list_communes(session, request.province, day), request)
    return _plan_view(session, request, day)


def choose_layout(request: SheetRequest, grounds: Sequence[tuple[float, float]]) -> Layout:
    """The layout asked for, or the one that shows pieces of ground (width, height) larger."""
    if request.orientation != "auto":
        return make_layout(request.paper, request.orientation)
    layouts = [make_layout(request.paper, one) for one in ("landscape", "portrait")]

    def paper_needed(layout: Layout) -> float:
        return sum(
            max(width / layout.map.width, height / layout.map.height) for width, height in grounds
        )

    return min(layouts, key=paper_needed)


def _plan_view(session: Session, request: SheetRequest, day: date) -> Plan:
    if request.center is not None:
        west = east = request.center[0]
        south = north = request.center[1]
    else:
        assert request.bbox is not None
        west, south, east, north = request.bbox
    longitude, latitude = (west + east) / 2, (south + north) / 2
    zone = choose_zone(find_province(session, longitude, latitude, day), longitude, latitude)
    xs, ys = to_plane(zone).transform(
        np.array([west, east, west, east, longitude]),
        np.array([south, south, north, north, latitude]),
    )
    width, height = float(np.ptp(xs[:4])), float(np.ptp(ys[:4]))
    layout = choose_layout(request, [(width, height)])
    scale = request.scale or best_scale(width, height, layout.map, _SMALLEST)
    if scale is None:
        raise InvalidInputError(
            f"The bbox does not fit on {request.paper} at {scale_text(_SMALLEST)}: choose a"
            " smaller piece or larger paper.",
            parameter="bbox",
        )
    ground = _around(float(xs[4]), float(ys[4]), layout, scale)
    return Plan(layout, zone, (Sheet(ground, scale),))


def _plan_communes(session: Session, communes: list[Row[Any]], request: SheetRequest) -> Plan:
    first = communes[0]
    zone = choose_zone(
        first.province_code, (first.west + first.east) / 2, (first.south + first.north) / 2
    )
    shapes = plane_shapes(session, [commune.id for commune in communes], zone)
    bounds = [shapely.bounds(shape) for shape in shapes.values()]
    layout = choose_layout(request, [(one[2] - one[0], one[3] - one[1]) for one in bounds])
    sheets: list[Sheet] = []
    for commune in communes:
        sheets += _sheets_of(commune, shapes[commune.id], request.scale, layout)
        if len(sheets) > MAX_SHEETS:
            left, low, right, top = shapely.bounds(shapes[commune.id])
            fits = _fitting(left, low, right, top, layout)
            raise InvalidInputError(
                f"At this scale it takes more than {MAX_SHEETS} sheets: choose larger paper or a"
                f" smaller scale; {commune.full_name or commune.name} fits on one at 1:{fits}.",
                parameter="scale",
            )
    if len(sheets) == 1:
        return Plan(layout, zone, tuple(sheets))
    left, low, right, top = shapely.total_bounds(list(shapes.values()))
    scale = _fitting(left, low, right, top, layout)
    ground = _around((left + right) / 2, (low + top) / 2, layout, scale)
    index = Sheet(
        ground,
        scale,
        first.code if len(communes) == 1 else None,
        (first.full_name or first.name) if len(communes) == 1 else None,
        first.province,
    )
    return Plan(layout, zone, tuple(sheets), index)


def _fitting(left: float, low: float, right: float, top: float, layout: Layout) -> int:
    """The round scale at which something fits on one sheet, however small it becomes."""
    return best_scale(right - left, top - low, layout.map, _SMALLEST) or _SMALLEST


def _sheets_of(commune: Row[Any], shape: Any, scale: int | None, layout: Layout) -> list[Sheet]:
    """One sheet where the commune fits, else as many as cover it, from the north-west on."""
    left, low, right, top = (float(edge) for edge in shapely.bounds(shape))
    scale = scale or _fitting(left, low, right, top, layout)
    width, height = layout.ground(scale)
    columns = max(1, ceil((right - left) / width - 1e-9))
    rows = max(1, ceil((top - low) / height - 1e-9))
    x = (left + right) / 2 - columns * width / 2
    y = (low + top) / 2 + rows * height / 2
    if columns * rows > 40 * MAX_SHEETS:
        columns, rows = MAX_SHEETS + 1, 1  # refused by the caller, without cutting first
        grounds = [Rect(x, y, width, height)] * columns
    else:
        grounds = [
            Rect(x + column * width, y - (row + 1) * height, width, height)
            for row in range(rows)
            for column in range(columns)
        ]
        shapely.prepare(shape)
        boxes = [shapely.box(one.x, one.y, one.right, one.top) for one in grounds]
        meets = shapely.intersects(shape, boxes)
        grounds = [one for one, is_met in zip(grounds, meets, strict=True) if is_met]
    return [
        Sheet(
            ground,
            scale,
            commune.code,
            commune.full_name or commune.name,
            commune.province,
            f"{at}/{len(grounds)}" if len(grounds) > 1 else None,
        )
        for at, ground in enumerate(grounds, 1)
    ]


def _around(x: float, y: float, layout: Layout, scale: int) -> Rect:
    width, height = layout.ground(scale)
    return Rect(x - width / 2, y - height / 2, width, height)


def outlines(plan: Plan) -> list[dict[str, Any]]:
    """The frames of a plan's sheets as GeoJSON features (EPSG:4326, lon/lat), for a map."""
    features: list[dict[str, Any]] = []
    for at, sheet in enumerate(plan.sheets, 1):
        xs, ys = frame_line(sheet.ground, 9)
        lons, lats = to_plane(plan.zone).transform(xs, ys, direction="INVERSE")
        ring = [[round(lon, 7), round(lat, 7)] for lon, lat in zip(lons, lats, strict=True)]
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Polygon", "coordinates": [ring]},
                "properties": {
                    "sheet": at,
                    "scale": sheet.scale,
                    "commune_code": sheet.commune,
                    "name": sheet.name,
                    "part": sheet.part,
                },
            }
        )
    return features
