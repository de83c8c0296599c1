"""Features of a layer as GeoJSON (RFC 7946), written by PostGIS itself.

The database writes each feature as text with named members: `to_jsonb(row)` would convert the
geometry a second time and halve the rate (measured), and rows built in Python are no faster.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import ceil, floor, isfinite
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, null, or_, select, text, true
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import JSON, TEXT
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError, NotFoundError
from gis.layer import Layer, View

MAX_LIMIT = 10_000
# Seven decimals of a degree are about a centimetre.
DECIMALS = 7
# The two sums of the view gis.layer_state, asked so that planning costs half: it is all that an
# unchanged tile does.
_LAYER_STATE = text(
    "SELECT v.layer, v.changes + c.changes AS version, v.features + c.features AS features"
    " FROM gis.layer_version AS v CROSS JOIN LATERAL ("
    "SELECT count(*) AS changes, coalesce(sum(features), 0)::bigint AS features"
    " FROM gis.layer_change WHERE layer = v.layer) AS c WHERE v.layer = ANY(:layers)"
)


@dataclass(frozen=True, slots=True)
class LayerState:
    """What `gis.layer_state` says: a number that grows with each commit, and how many features."""

    version: int
    features: int


@dataclass(frozen=True, slots=True)
class Page:
    """Features as GeoJSON texts in the order of their ids, and the id to go on after, if any."""

    features: list[str]
    next_after: int | None


@dataclass(frozen=True, slots=True)
class Period:
    """A time interval, both ends inclusive; None is open. Days count in UTC."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Box:
    """Degrees, lon/lat, EPSG:4326; `west` > `east` crosses the 180th meridian."""

    west: float
    south: float
    east: float
    north: float


def layer_states(session: Session, layers: Sequence[str]) -> dict[str, LayerState]:
    """The version and number of features of layers, in one statement."""
    rows = session.execute(_LAYER_STATE, {"layers": list(layers)})
    return {row.layer: LayerState(row.version, row.features) for row in rows}


def parse_box(value: str) -> Box:
    """Read `west,south,east,north` (or six numbers with heights, which are left out).

    Raises:
        InvalidInputError: Not four or six finite numbers in the order and range of lon/lat.
    """
    try:
        numbers = [float(part) for part in value.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (4, 6) or not all(isfinite(number) for number in numbers):
        raise InvalidInputError(
            "bbox must be four numbers west,south,east,north (or six with heights).",
            parameter="bbox",
        )
    if len(numbers) == 6:
        numbers = [*numbers[0:2], *numbers[3:5]]
    box = Box(*numbers)
    if max(abs(box.west), abs(box.east)) > 180 or max(abs(box.south), abs(box.north)) > 90:
        raise InvalidInputError(
            "bbox is west,south,east,north in degrees: longitudes first, within -180..180 and"
            " -90..90.",
            parameter="bbox",
        )
    if box.south > box.north:
        raise InvalidInputError(
            "bbox is west,south,east,north: south is above north.", parameter="bbox"
        )
    return box


def parse_period(value: str) -> Period:
    """Read an instant or `start/end` of RFC 3339, either end `..` or empty, or plain days.

    Raises:
        InvalidInputError: Neither, or it ends before it starts.
    """
    parts = value.split("/")
    try:
        if len(parts) == 1:
            period = Period(_moment(parts[0], end=False), _moment(parts[0], end=True))
        elif len(parts) == 2 and any(part not in ("", "..") for part in parts):
            start, end = (None if part in ("", "..") else part for part in parts)
            period = Period(
                _moment(start, end=False) if start else None,
                _moment(end, end=True) if end else None,
            )
        else:
            raise ValueError
        if period.start and period.end and period.start > period.end:
            raise ValueError
    except (ValueError, OverflowError) as error:
        raise InvalidInputError(
            "datetime must be an instant or an interval start/end of RFC 3339 (2025-07-01,"
            " 2025-07-01T00:00:00Z, 2025-07-01/..).",
            parameter="datetime",
        ) from error
    return period


def list_features(
    session: Session,
    layer: Layer,
    view: View,
    *,
    box: Box | None = None,
    period: Period | None = None,
    after: int = 0,
    limit: int = 10,
) -> Page:
    """One page of features, in the order of their ids.

    Pages go on after the last id (keyset), which costs the same however deep, and stays right while
    rows change.

    Args:
        session: Reads only.
        layer: What to read.
        view: How exactly.
        box: Only features whose shown shape meets it (EPSG:4326, lon/lat).
        period: Only features whose own period meets it; one without a period always does.
        after: Ids above this one.
        limit: At most so many, 1..`MAX_LIMIT`.
    """
    query = _feature_query(layer, view).where(layer.key > after)
    if box is not None:
        query = query.where(_meets_box(layer, view, box))
    if period is not None and layer.period is not None:
        query = query.where(_meets_period(layer.period, period))
    rows = session.execute(query.order_by(layer.key).limit(limit + 1)).all()
    more = len(rows) > limit
    rows = rows[:limit]
    return Page([row.feature for row in rows], rows[-1].id if more else None)


def get_feature(session: Session, layer: Layer, view: View, fid: int) -> tuple[str, str]:
    """One feature as GeoJSON text, and the text that changes whenever the feature does.

    Raises:
        NotFoundError: No such id in this layer.
    """
    query = _feature_query(layer, view).add_columns(sql_cast(layer.version, TEXT).label("version"))
    row = session.execute(query.where(layer.key == fid)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no feature {fid} in {layer.id}.")
    return row.feature, row.version


def extent(session: Session, layer: Layer) -> Box | None:
    """The box of all shapes of a layer (EPSG:4326, lon/lat), or None when it is empty."""
    boxes = [func.ST_Extent(shape) for shape in layer.shapes]
    row = session.execute(select(*boxes).select_from(layer.table)).one()
    found = [_read_box(value) for value in row if value is not None]
    if not found:
        return None
    west, south = min(box.west for box in found), min(box.south for box in found)
    east, north = max(box.east for box in found), max(box.north for box in found)
    if not layer.blur:
        return Box(west, south, east, north)
    # Whole cells: the outermost plot may be a household's, whose edge nobody may read off here.
    return Box(
        round(floor(west / layer.blur) * layer.blur, 6),
        round(floor(south / layer.blur) * layer.blur, 6),
        round(ceil(east / layer.blur) * layer.blur, 6),
        round(ceil(north / layer.blur) * layer.blur, 6),
    )


def _feature_query(layer: Layer, view: View) -> Select[Any]:
    members: list[Any] = []
    for item in layer.properties:
        members += [literal(item.name, literal_execute=True), item.expression(view)]
    feature = func.json_build_object(
        "type",
        "Feature",
        "id",
        layer.key,
        "geometry",
        sql_cast(func.ST_AsGeoJSON(layer.shape(view), DECIMALS), JSON),
        "properties",
        func.json_build_object(*members),
    )
    return select(layer.key.label("id"), sql_cast(feature, TEXT).label("feature")).select_from(
        layer.source
    )


def _meets_box(layer: Layer, view: View, box: Box) -> ColumnElement[bool]:
    """Stored shapes first, by their indexes; then the shape that this reader sees."""
    blur = layer.blur if view is View.PUBLIC else 0.0
    halves = [(box.west, box.east)]
    if box.west > box.east:
        halves = [(box.west, 180.0), (-180.0, box.east)]
    conditions = []
    for west, east in halves:
        envelope = func.ST_MakeEnvelope(west, box.south, east, box.north, 4326)
        wide = func.ST_MakeEnvelope(
            west - blur, box.south - blur, east + blur, box.north + blur, 4326
        )
        near = or_(*(shape.op("&&")(wide) for shape in layer.shapes))
        conditions.append(and_(near, func.ST_Intersects(layer.shape(view), envelope)))
    return or_(*conditions)


def _meets_period(
    own: tuple[ColumnElement[Any], ColumnElement[Any]], period: Period
) -> ColumnElement[bool]:
    first, last = own
    conditions: list[ColumnElement[bool]] = [true()]
    # A day counts whole: its column is compared with the day of the instant.
    is_day = first.type.python_type is date
    if period.end is not None:
        end = period.end.date() if is_day else period.end
        conditions.append(or_(first.is_(null()), first <= end))
    if period.start is not None:
        start = period.start.date() if is_day else period.start
        conditions.append(or_(last.is_(null()), last >= start))
    return and_(*conditions)


def _moment(value: str, *, end: bool) -> datetime:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        day = date.fromisoformat(value)
        clock = datetime.max.time() if end else datetime.min.time()
        return datetime.combine(day, clock, UTC)
    if not re.fullmatch(
        r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", value
    ):
        raise ValueError(value)
    return datetime.fromisoformat(value.upper()).astimezone(UTC)


def _read_box(value: str) -> Box:
    """`BOX(west south,east north)` as ST_Extent writes it."""
    return Box(*(float(number) for number in re.findall(r"[-+0-9.eE]+", value.partition("(")[2])))
