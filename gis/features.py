"""Features of a layer as GeoJSON (RFC 7946), written by PostGIS itself.

The database writes each feature as text, put together from its parts. `to_jsonb(row)` would convert
the geometry a second time and halve the rate; `json_build_object` reads the geometry's text again
and looks up each value's type in each row, at half the rate, too (measured). Rows built in Python
are no faster.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor
from typing import Any

from sqlalchemy import BIGINT, ColumnElement, Select, bindparam, func, literal, select, text
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import Session

from gis.conditions import Narrowing, bind_selection, conditions_of, narrowing_of
from gis.errors import NotFoundError
from gis.layer import Layer, Property, View
from gis.layers import find_layer
from gis.narrowing import further_conditions
from gis.paging import START, Position, bind_position, comes_after, order_by, shown_values
from gis.published_crs import CRS84, PublishedCrs
from gis.reading import Statement, fetch, prepare
from gis.refusals import answering
from gis.selection import EVERYTHING, Box, Selection, SortKey
from gis.shapes_shown import shape_in

MAX_LIMIT = 10_000
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
    """Features as GeoJSON texts in the order asked for, and where to go on, if there are more."""

    features: list[str]
    end: Position | None


@dataclass(frozen=True, slots=True)
class _Form:
    """What a statement is kept by: all of a selection but its values."""

    narrowing: Narrowing
    sort: tuple[SortKey, ...]
    properties: tuple[str, ...] | None
    crs: PublishedCrs
    empty: tuple[bool, ...]


def layer_states(session: Session, layers: Sequence[str]) -> dict[str, LayerState]:
    """The version and number of features of layers, in one statement."""
    rows = session.execute(_LAYER_STATE, {"layers": list(layers)})
    return {row.layer: LayerState(row.version, row.features) for row in rows}


def list_features(
    session: Session,
    layer: Layer,
    view: View,
    selection: Selection = EVERYTHING,
    *,
    after: Position = START,
    limit: int = 10,
) -> Page:
    """One page of features, in the order asked for, ids at last.

    Pages go on after the last row (keyset), which costs the same however deep, and stays right
    while rows change.

    Args:
        session: Reads only.
        layer: What to read.
        view: How exactly.
        selection: Which features, and what of them.
        after: Where the page before ended.
        limit: At most so many, 1..`MAX_LIMIT`.

    Raises:
        InvalidInputError: The filter does not fit the layer, takes too long, or meets values that
            it cannot be asked of; a shape lies beyond the coordinate system.
    """
    further = further_conditions(session, layer, view, selection)
    statement = page_statement(layer, view, selection, after, further)
    given = {**bind_selection(layer, selection), **bind_position(after), "most": limit + 1}
    with answering(session, selection):
        rows = fetch(session, statement, given)
    more = len(rows) > limit
    rows = rows[:limit]
    return Page([row[1] for row in rows], Position(rows[-1][0], rows[-1][2:]) if more else None)


def count_features(session: Session, layer: Layer, view: View, selection: Selection) -> int:
    """How many features a selection has. This scans them; `layer_states` knows the whole layer's.

    Raises:
        InvalidInputError: As `list_features`.
    """
    query = select(func.count()).select_from(layer.source)
    query = query.where(*conditions_of(layer, view, narrowing_of(layer, selection)))
    query = query.where(*further_conditions(session, layer, view, selection))
    with answering(session, selection):
        rows = fetch(session, prepare(query), bind_selection(layer, selection))
    return int(rows[0][0])


def get_feature(
    session: Session,
    layer: Layer,
    view: View,
    fid: int,
    *,
    crs: PublishedCrs = CRS84,
    commune: str | None = None,
    properties: tuple[str, ...] | None = None,
) -> tuple[str, str]:
    """One feature as GeoJSON text, and the text that changes whenever the feature does.

    Args:
        session: Reads only.
        layer: What to read.
        view: How exactly.
        fid: Its id.
        crs: The system of the shape.
        commune: The commune whose rows the reader may see (`Layer.commune_only`); None = all.
        properties: Only these.

    Raises:
        NotFoundError: No such id in this layer.
        InvalidInputError: The shape lies beyond the coordinate system.
    """
    selection = Selection(crs=crs, commune=commune, properties=properties)
    statement = _single_statement(layer.id, view, crs, properties, commune is not None)
    with answering(session, selection):
        rows = fetch(session, statement, {"fid": fid, "commune": commune})
    if not rows:
        raise NotFoundError(f"There is no feature {fid} in {layer.id}.")
    return rows[0][1], rows[0][2]


def extent(session: Session, layer: Layer, commune: str | None = None) -> Box | None:
    """The box of all shapes of a layer (EPSG:4326, lon/lat), or None when it is empty.

    Args:
        session: Reads only.
        layer: What to measure.
        commune: The commune whose rows the reader may see (`Layer.commune_only`); None = all.
    """
    boxes = [func.ST_Extent(shape) for shape in layer.shapes]
    query = select(*boxes).select_from(layer.table if commune is None else layer.source)
    if commune is not None and layer.scope is not None:
        query = query.where(layer.scope == commune)
    row = session.execute(query).one()
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


def page_statement(
    layer: Layer,
    view: View,
    selection: Selection,
    after: Position = START,
    further: Sequence[ColumnElement[bool]] = (),
) -> Statement:
    """The statement of one page; its values are those of `bind_selection` and `bind_position`."""
    form = _Form(
        narrowing_of(layer, selection),
        selection.sort,
        selection.properties,
        selection.crs,
        tuple(value is None for value in after.values),
    )
    if not further:
        return _page_statement(layer.id, view, form, bool(after.id or after.values))
    query = _page_query(layer, view, form, bool(after.id or after.values))
    return prepare(query.where(*further))


@lru_cache(maxsize=512)
def _page_statement(layer: str, view: View, form: _Form, goes_on: bool) -> Statement:
    return prepare(_page_query(find_layer(layer), view, form, goes_on))


def _page_query(layer: Layer, view: View, form: _Form, goes_on: bool) -> Select[Any]:
    query = (
        _feature_query(layer, view, form.crs, form.properties)
        .add_columns(*shown_values(layer, view, form.sort))
        .where(*conditions_of(layer, view, form.narrowing))
        .order_by(*order_by(layer, view, form.sort))
        .limit(bindparam("most", None, type_=BIGINT()))
    )
    if goes_on:
        query = query.where(comes_after(layer, view, form.sort, form.empty))
    return query


@lru_cache(maxsize=256)
def _single_statement(
    layer: str,
    view: View,
    crs: PublishedCrs,
    properties: tuple[str, ...] | None,
    of_commune: bool,
) -> Statement:
    known = find_layer(layer)
    query = _feature_query(known, view, crs, properties)
    query = query.add_columns(sql_cast(known.version, TEXT).label("version"))
    query = query.where(known.key == bindparam("fid", None, type_=BIGINT()))
    return prepare(query.where(*conditions_of(known, view, Narrowing(of_commune=of_commune))))


def _feature_query(
    layer: Layer, view: View, crs: PublishedCrs, properties: tuple[str, ...] | None
) -> Select[Any]:
    parts: list[Any] = [_constant('{"type":"Feature","id":'), layer.key]
    shape = func.ST_AsGeoJSON(shape_in(layer, view, crs), crs.decimals, 0)
    parts += [_constant(',"geometry":'), func.coalesce(shape, _constant("null"))]
    start = ',"properties":{'
    for item in layer.properties:
        if properties is None or item.name in properties:
            parts += [_constant(f'{start}"{item.name}":'), _json_text(item, view)]
            start = ","
    parts.append(_constant("}}" if start == "," else f"{start}}}}}"))
    feature = func.concat(*parts, type_=TEXT())
    return select(layer.key.label("id"), feature.label("feature")).select_from(layer.source)


def _json_text(item: Property, view: View) -> ColumnElement[Any]:
    """A value as JSON. A number, a flag and a list that is JSON already are so by themselves."""
    value = item.expression(view)
    if item.type == "string":
        value = func.to_json(value)
    return func.coalesce(sql_cast(value, TEXT), _constant("null"))


def _constant(text_: str) -> ColumnElement[Any]:
    """A text of our own, which is no parameter."""
    return literal(text_, TEXT(), literal_execute=True)


def _read_box(value: str) -> Box:
    """`BOX(west south,east north)` as ST_Extent writes it."""
    numbers = re.findall(r"[-+0-9.eE]+", value.partition("(")[2])
    west, south, east, north = (float(number) for number in numbers)
    return Box(west, south, east, north)
