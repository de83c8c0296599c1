"""The rules as questions in SQL: each gives severity, row, facts (JSON) and place (GeoJSON).

Candidates have the columns `row_no`, `feature_id`, `shape`, `commune_id`, `declared_area_ha`, as
`rules.find_problems` says. Shapes are EPSG:4326, lon/lat; areas are geodesic (WGS84).
"""

from math import pi, radians
from typing import Any

from geoalchemy2 import Geography, Geometry
from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    Integer,
    Numeric,
    Select,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from gis.boundaries import EAST, MOST_HECTARES, MOST_VERTICES, NORTH, SOUTH, WEST
from gis.layer import Layer
from gis.models import AdministrativeUnit

# Below this an overlap is the noise of drawing and rounding; the database's trigger has it too.
TOLERANCE_M2 = 1.0
# The same overlap, computed from another outline, differs by less.
NOISE_M2 = 0.01
MOST_UNIT_VERTICES = 200_000
LEAST_AREA_M2 = 1.0
# A mean width (twice the area over the perimeter) below this is a strip between two drawings.
LEAST_WIDTH_M = 1.0
# A corner sharper than this, with both arms longer than ARM (degrees, about 2 m), is a spike.
SPIKE_ANGLE = radians(1.5)
ARM = 2e-5
# How far the drawn area may be from the declared one.
AREA_SHARE = 0.2
_Expression = ColumnElement[Any]


def most_vertices(layer: Layer) -> int:
    """How many corners a shape of the layer may have."""
    return MOST_UNIT_VERTICES if layer.id == "administrative-units" else MOST_VERTICES


def not_valid(_layer: Layer, candidates: FromClause) -> Select[Any]:
    """Shapes that cross themselves or are otherwise not valid, and where."""
    shape = candidates.c.shape
    valid = (
        func.ST_IsValidDetail(shape)
        .table_valued("reason", column("location", Geometry(srid=4326)), name="flaw")
        .lateral()
    )
    place = valid.c.location
    facts = func.json_build_object(
        "reason",
        func.coalesce(valid.c.reason, "Not valid"),
        "lon",
        func.ST_X(place),
        "lat",
        func.ST_Y(place),
    )
    return (
        _answer(candidates, "error", facts, func.ST_AsGeoJSON(place))
        .select_from(candidates.join(valid, literal(value=True)))
        .where(~func.ST_IsValid(shape))
    )


def outside_vietnam(_layer: Layer, candidates: FromClause) -> Select[Any]:
    """Shapes with a corner outside longitude 102-118, latitude 6-23.5; said when exchanged."""
    shape = candidates.c.shape
    west, south = func.ST_XMin(shape), func.ST_YMin(shape)
    east, north = func.ST_XMax(shape), func.ST_YMax(shape)
    low = or_(west < WEST, south < SOUTH)
    facts = func.json_build_object(
        "lon",
        case((low, west), else_=east),
        "lat",
        case((low, south), else_=north),
        "swapped",
        and_(south >= WEST, north <= EAST, west >= SOUTH, east <= NORTH),
    )
    return _answer(candidates, "error", facts).where(or_(low, east > EAST, north > NORTH))


def too_many_vertices(layer: Layer, candidates: FromClause) -> Select[Any]:
    """Shapes with more corners than a map, a phone or an edit can bear."""
    number, most = func.ST_NPoints(candidates.c.shape), most_vertices(layer)
    facts = func.json_build_object("vertices", number, "most", _said(most))
    return _answer(candidates, "error", facts).where(number > most)


def too_small(_layer: Layer, candidates: FromClause) -> Select[Any]:
    """Areas of less than a square metre: a slip of the finger."""
    area = _area_m2(candidates.c.shape)
    facts = func.json_build_object("area_m2", _rounded(area, 4))
    return _answer(candidates, "error", facts).where(_is_area(candidates), area < LEAST_AREA_M2)


def too_large(_layer: Layer, candidates: FromClause) -> Select[Any]:
    """Areas larger than any field, farm or zone."""
    area = _area_m2(candidates.c.shape) / 10_000
    most = int(MOST_HECTARES)
    facts = func.json_build_object("area_ha", _rounded(area, 4), "most_ha", _said(most))
    return _answer(candidates, "error", facts).where(_is_area(candidates), area > most)


def outside_commune(_layer: Layer, candidates: FromClause) -> Select[Any]:
    """What lies outside the commune it is said to belong to; an error from one half on."""
    unit = aliased(AdministrativeUnit, name="home")
    shape = candidates.c.shape
    outside = func.ST_CollectionExtract(func.ST_Difference(shape, unit.boundary), 3)
    cut = (
        select(
            candidates.c.row_no,
            unit.name.label("commune"),
            unit.code,
            _is_area(candidates).label("is_area"),
            case((_is_area(candidates), outside)).label("outside"),
            case((_is_area(candidates), _area_m2(outside))).label("outside_m2"),
            case((_is_area(candidates), _area_m2(shape))).label("area_m2"),
        )
        .join_from(candidates, unit, unit.id == candidates.c.commune_id)
        .where(~func.ST_CoveredBy(shape, unit.boundary))
        .offset(0)  # computed once a row
        .subquery()
    )
    percent = 100 * cut.c.outside_m2 / func.nullif(cut.c.area_m2, 0)
    facts = func.json_build_object(
        "commune",
        cut.c.commune,
        "commune_code",
        cut.c.code,
        "outside_m2",
        _rounded(cut.c.outside_m2, 2),
        "percent",
        _rounded(percent, 2),
    )
    severity = case((and_(cut.c.is_area, percent <= 50), "warning"), else_="error")
    return _answer(cut, severity, facts, func.ST_AsGeoJSON(cut.c.outside, 7)).where(
        or_(~cut.c.is_area, cut.c.outside_m2 > TOLERANCE_M2)
    )


def overlap(layer: Layer, candidates: FromClause) -> Select[Any]:
    """Who of the same layer lies under it, by more than a square metre and more than before.

    Candidates are not compared with each other, nor with the features they replace. What is closed
    takes up no room.
    """
    other, own = layer.table.alias("other"), layer.table.alias("own")
    also = candidates.alias("also")
    shape = candidates.c.shape
    # NOT IN is looked up in a hash, however few candidates the planner believes in.
    replaced = select(also.c.feature_id).where(also.c.feature_id.is_not(None))
    shared = func.ST_CollectionExtract(func.ST_Intersection(shape, other.c.boundary), 3)
    before = func.ST_Area(_geography(func.ST_Intersection(own.c.boundary, other.c.boundary)))
    pair = (
        select(
            candidates.c.row_no,
            other.c.id.label("id"),
            _name(other).label("name"),
            shared.label("shared"),
            _area_m2(shared).label("overlap_m2"),
            _area_m2(shape).label("area_m2"),
            func.coalesce(case((_takes_room(own), before)), 0.0).label("before_m2"),
        )
        .select_from(
            candidates.join(
                other,
                and_(
                    other.c.boundary.op("&&")(shape),
                    func.ST_Relate(shape, other.c.boundary, "2********"),
                ),
            ).outerjoin(own, own.c.id == candidates.c.feature_id)
        )
        .where(_takes_room(other), other.c.id.not_in(replaced))
        .offset(0)
        .subquery()
    )
    facts = func.json_build_object(
        "layer",
        _said(layer.id),
        "with",
        pair.c.id,
        "name",
        pair.c.name,
        "overlap_m2",
        _rounded(pair.c.overlap_m2, 2),
        "percent",
        _rounded(100 * pair.c.overlap_m2 / func.nullif(pair.c.area_m2, 0), 2),
    )
    # Not in any order, so that whoever wants only some gets them without measuring all.
    return _answer(pair, "error", facts, func.ST_AsGeoJSON(pair.c.shared, 7)).where(
        pair.c.overlap_m2 > TOLERANCE_M2, pair.c.overlap_m2 > pair.c.before_m2 + NOISE_M2
    )


def sliver(_layer: Layer, candidates: FromClause) -> Select[Any]:
    """Strips thinner than a metre, and spikes: what is left between two drawings of one border."""
    shape = candidates.c.shape
    width = 2 * _area_m2(shape) / func.nullif(func.ST_Perimeter(_geography(shape)), 0)
    strip = _answer(
        candidates,
        "warning",
        func.json_build_object("kind", "strip", "width_m", _rounded(width, 3)),
        func.ST_AsGeoJSON(func.ST_Centroid(shape), 7),
    ).where(_is_area(candidates), width < LEAST_WIDTH_M)
    spikes = _spikes(candidates)
    facts = func.json_build_object("kind", "spike", "count", func.count())
    spike = select(
        literal("warning").label("severity"),
        spikes.c.row_no.label("row"),
        facts.label("facts"),
        func.ST_AsGeoJSON(func.ST_Collect(spikes.c.tip), 7).label("place"),
    ).group_by(spikes.c.row_no)
    both = union_all(strip, spike).subquery()
    return select(both.c.severity, both.c.row, both.c.facts, both.c.place)


def area_differs(_layer: Layer, candidates: FromClause) -> Select[Any]:
    """Areas that are more than a fifth larger or smaller than what is declared."""
    area = _area_m2(candidates.c.shape) / 10_000
    declared = cast(candidates.c.declared_area_ha, Float)
    share = (area - declared) / func.nullif(declared, 0)
    facts = func.json_build_object(
        "area_ha",
        _rounded(area, 4),
        "declared_ha",
        _rounded(declared, 4),
        "percent",
        _rounded(100 * share, 1),
    )
    return _answer(candidates, "warning", facts).where(
        _is_area(candidates), declared > 0, func.abs(share) > AREA_SHARE
    )


def _spikes(candidates: FromClause) -> Any:
    """The corners where a ring turns back upon itself."""
    dumped = (
        func.ST_DumpPoints(candidates.c.shape)
        .table_valued(
            column("path", ARRAY(Integer)), column("geom", Geometry(srid=4326)), name="corner"
        )
        .lateral()
    )
    part, ring, place = dumped.c.path[1], dumped.c.path[2], dumped.c.path[3]
    rings = (candidates.c.row_no, part, ring)

    def beside(place_of: Any, rows: tuple[None, None] | None = None) -> Any:
        return place_of.over(partition_by=rings, order_by=place, rows=rows)

    # The last corner is the first again, so it is judged with the second one beyond it.
    second = beside(func.nth_value(dumped.c.geom, 2), (None, None))
    corner = (
        select(
            candidates.c.row_no,
            dumped.c.geom.label("tip"),
            beside(func.lag(dumped.c.geom)).label("before"),
            func.coalesce(beside(func.lead(dumped.c.geom)), second).label("after"),
        )
        .select_from(candidates.join(dumped, literal(value=True)))
        .where(_is_area(candidates))
        .subquery()
    )
    angle = func.ST_Angle(corner.c.before, corner.c.tip, corner.c.after)
    return (
        select(corner.c.row_no, corner.c.tip)
        .where(
            corner.c.before.is_not(None),
            or_(angle < SPIKE_ANGLE, angle > 2 * pi - SPIKE_ANGLE),
            func.ST_Distance(corner.c.before, corner.c.tip) > ARM,
            func.ST_Distance(corner.c.after, corner.c.tip) > ARM,
        )
        .subquery()
    )


def _answer(
    source: FromClause,
    severity: str | _Expression,
    facts: _Expression,
    place: _Expression | None = None,
) -> Select[Any]:
    return select(
        (literal(severity) if isinstance(severity, str) else severity).label("severity"),
        source.c.row_no.label("row"),
        facts.label("facts"),
        (null() if place is None else place).label("place"),
    )


def _is_area(candidates: FromClause) -> ColumnElement[bool]:
    return func.ST_Dimension(candidates.c.shape) == 2


def _geography(shape: _Expression) -> _Expression:
    return cast(shape, Geography)


def _area_m2(shape: _Expression) -> _Expression:
    return func.ST_Area(_geography(shape))


def _rounded(value: _Expression, digits: int) -> _Expression:
    return func.round(cast(value, Numeric), digits)


def _said(value: str | int) -> _Expression:
    """A constant of ours inside a JSON object, whose type a parameter would not tell."""
    return literal(value, literal_execute=True)


def _takes_room(table: Any) -> ColumnElement[bool]:
    room = table.c.boundary.is_not(None)
    return and_(room, table.c.status != "closed") if "status" in table.c else room


def _name(table: Any) -> _Expression:
    return func.coalesce(table.c.code, table.c.name) if "code" in table.c else table.c.name
