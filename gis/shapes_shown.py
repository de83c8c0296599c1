"""The shape of a feature as somebody asked to see it."""

from typing import Any

from sqlalchemy import ColumnElement, func

from gis.layer import Layer, View
from gis.published_crs import PublishedCrs


def shape_in(layer: Layer, view: View, crs: PublishedCrs) -> ColumnElement[Any]:
    """The shape a reader sees, in a published system and in that system's order of axes."""
    shape = layer.shape(view)
    if crs.srid != 4326:
        shape = func.ST_Transform(shape, crs.srid)
    return func.ST_FlipCoordinates(shape) if crs.is_flipped else shape
