"""A selection as conditions of SQL, on what the reader sees.

Every condition goes by the shown values and the shown shape (`Property.expression`, `Layer.shape`),
never by the stored ones: or a public reader could find a household's place by asking box after box.
The stored shapes only help the index, widened by how far a shown shape may lie from them.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import TEXT, ColumnElement, Double, and_, bindparam, func, or_
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import BYTEA, JSONB

from gis.layer import Layer, View
from gis.selection import Selection


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which conditions a selection has, without their values: what a statement is kept by."""

    halves: int = 0
    has_outline: bool = False
    has_start: bool = False
    has_end: bool = False
    equal: tuple[str, ...] = ()
    of_commune: bool = False


def narrowing_of(layer: Layer, selection: Selection) -> Narrowing:
    """Which conditions a selection has in this layer."""
    box, period = selection.box, selection.period
    halves = 0
    if box is not None:
        halves = 2 if box.west > box.east else 1
    dated = period is not None and layer.period is not None
    return Narrowing(
        halves=halves,
        has_outline=box is not None and box.outline is not None,
        has_start=dated and period is not None and period.start is not None,
        has_end=dated and period is not None and period.end is not None,
        equal=tuple(name for name, _ in selection.equal),
        of_commune=selection.commune is not None,
    )


def conditions_of(layer: Layer, view: View, narrowing: Narrowing) -> list[ColumnElement[bool]]:
    """The conditions, their values being the parameters of `bind_selection`."""
    conditions = []
    if narrowing.halves:
        conditions.append(_meets_box(layer, view, narrowing))
    if layer.period is not None:
        conditions += _meets_period(layer.period, narrowing)
    conditions += [_equals(layer, view, name) for name in narrowing.equal]
    if narrowing.of_commune and layer.scope is not None:
        conditions.append(layer.scope == _given("commune"))
    return conditions


def bind_selection(layer: Layer, selection: Selection) -> dict[str, Any]:
    """The parameters of `conditions_of`."""
    given: dict[str, Any] = {f"equal_{name}": value for name, value in selection.equal}
    if selection.commune is not None:
        given["commune"] = selection.commune
    if (box := selection.box) is not None:
        given |= {"south": box.south, "north": box.north, "outline": box.outline}
        given |= {"west": box.west, "east": box.east}
        if box.west > box.east:
            given |= {"east": 180.0, "west_2": -180.0, "east_2": box.east}
    if (period := selection.period) is not None and layer.period is not None:
        # A day counts whole: its column is compared with the day of the instant.
        by_day = layer.period[0].type.python_type is date
        for name, moment in (("start", period.start), ("end", period.end)):
            if moment is not None:
                given[name] = moment.date() if by_day else moment
    return given


def near_box(layer: Layer, view: View, west: Any, south: Any, east: Any, north: Any) -> Any:
    """Whether a stored shape's box meets a box (EPSG:4326), widened by the blur: by the index."""
    blur = layer.blur if view is View.PUBLIC else 0.0
    if blur:
        west, south, east, north = west - blur, south - blur, east + blur, north + blur
    wide = func.ST_MakeEnvelope(west, south, east, north, 4326)
    return or_(*(shape.op("&&")(wide) for shape in layer.shapes))


def _meets_box(layer: Layer, view: View, narrowing: Narrowing) -> ColumnElement[bool]:
    """Stored shapes first, by their indexes; then the shape that this reader sees."""
    conditions = []
    for suffix in ("", "_2")[: narrowing.halves]:
        sides = [
            _number("west" + suffix),
            _number("south"),
            _number("east" + suffix),
            _number("north"),
        ]
        asked: ColumnElement[Any] = func.ST_MakeEnvelope(*sides, 4326)
        if narrowing.has_outline:
            asked = func.ST_GeomFromWKB(_given("outline", BYTEA()), 4326)
        near = near_box(layer, view, *sides)
        conditions.append(and_(near, func.ST_Intersects(layer.shape(view), asked)))
    return or_(*conditions)


def _meets_period(
    own: tuple[ColumnElement[Any], ColumnElement[Any]], narrowing: Narrowing
) -> list[ColumnElement[bool]]:
    first, last = own
    conditions: list[ColumnElement[bool]] = []
    if narrowing.has_end:
        conditions.append(or_(first.is_(None), first <= _given("end", first.type)))
    if narrowing.has_start:
        conditions.append(or_(last.is_(None), last >= _given("start", last.type)))
    return conditions


def _equals(layer: Layer, view: View, name: str) -> ColumnElement[bool]:
    item = next(item for item in layer.properties if item.name == name)
    value, given = item.expression(view), f"equal_{name}"
    if item.type == "array":
        return sql_cast(value, JSONB).op("@>")(func.to_jsonb(sql_cast(_given(given), TEXT)))
    if item.type == "number":
        return sql_cast(value, Double()) == _number(given)
    if item.type == "boolean":
        return value.is_not_distinct_from(_given(given, value.type))
    return value == _given(given, value.type)


def _number(name: str) -> ColumnElement[Any]:
    return _given(name, Double())


def _given(name: str, type_: Any = None) -> ColumnElement[Any]:
    """A named parameter; its value comes with each question."""
    return bindparam(name, None, type_=TEXT() if type_ is None else type_)
