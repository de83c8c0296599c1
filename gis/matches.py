"""Which features of a layer fit a filter: how many, where they lie, their ids with a point each.

For maps, which draw only these, and for tables, which say how many there are. Much smaller than the
features themselves.
"""

from dataclasses import dataclass

from sqlalchemy import func, null, select
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
    places: list[tuple[int, float, float, str | None]] | None


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
    sums = select(func.count(), *(side(extent) for side in sides)).select_from(found)
    point = func.ST_PointOnSurface(found.c.shape)
    places = select(found.c.id, func.ST_X(point), func.ST_Y(point), found.c.crop)
    given = bind_selection(layer, selection)
    with answering(session, selection):
        count, *box = fetch(session, prepare(sums), given)[0]
        rows = None
        if count <= most:
            rows = fetch(session, prepare(places.order_by(found.c.id)), given)
    return Matches(
        count,
        None if box[0] is None else Box(*box),
        rows and [(key, round(lon, 6), round(lat, 6), crop) for key, lon, lat, crop in rows],
    )
