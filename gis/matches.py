"""Which features of a layer fit a filter: how many, where they lie, their ids with a point each.

For maps, which draw only these, and for tables, which say how many there are. Much smaller than the
features themselves.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Numeric, case, cast, func, null, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from gis.conditions import bind_selection, conditions_of, narrowing_of
from gis.layer import Layer, View
from gis.narrowing import further_conditions
from gis.reading import fetch, prepare
from gis.refusals import answering
from gis.selection import Box, Selection


@dataclass(frozen=True, slots=True)
class Matches:
    """What fits.

    `box` holds the shown shapes (degrees, lon/lat, EPSG:4326). `places` are id, longitude and
    latitude of a point of the shape, and the code of the crop, in the order of ids; None when there
    are more than was asked for.
    """

    count: int
    box: Box | None
    places: list[list[Any]] | None


def find_matches(
    session: Session, layer: Layer, view: View, selection: Selection, *, most: int
) -> Matches:
    """Find which features a selection has.

    Args:
        session: Reads only.
        layer: Where to look.
        view: How exactly the reader sees it: points are of the shown shape.
        selection: Which features; its order, properties and coordinate system do not matter.
        most: With more features than this there are no `places`.

    Raises:
        InvalidInputError: As `gis.features.list_features`.
    """
    shape = layer.shape(view)
    crop = next((item.expression(view) for item in layer.properties if item.name == "crop"), null())
    narrowing = narrowing_of(layer, selection)
    found = (
        select(layer.key.label("id"), shape.label("shape"), crop.label("crop"))
        .select_from(layer.source)
        .where(*conditions_of(layer, view, narrowing))
        .where(*further_conditions(session, layer, view, selection))
        .cte("found")
    )
    extent = func.ST_Extent(found.c.shape)
    sides = (func.ST_XMin, func.ST_YMin, func.ST_XMax, func.ST_YMax)
    number = func.count()
    point = func.ST_PointOnSurface(found.c.shape)
    place = func.json_build_array(
        found.c.id, _rounded(func.ST_X(point)), _rounded(func.ST_Y(point)), found.c.crop
    )
    places = select(func.json_agg(aggregate_order_by(place, found.c.id))).scalar_subquery()
    # Read twice in one statement, so PostgreSQL keeps what it found instead of finding it again.
    query = select(
        number, *(side(extent) for side in sides), case((number <= most, places))
    ).select_from(found)
    with answering(session, selection):
        count, *box, items = fetch(session, prepare(query), bind_selection(layer, selection))[0]
    if count == 0:
        items = []
    return Matches(count, None if box[0] is None else Box(*box), items)


def _rounded(degrees: ColumnElement[float]) -> ColumnElement[Any]:
    """About a decimetre."""
    return func.round(cast(degrees, Numeric), 6)
