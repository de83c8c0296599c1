"""Vertices that mean the same place: an untouched border keeps its decimals, a shared one is one.

Layers are published with seven decimals, and programs send back what they read. A vertex within
1e-7 degrees (about a centimetre) of a stored one is that one: first of the feature's own, so that
what was not moved is not changed, then of its neighbours'.
"""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree
from shapely.geometry import Point
from sqlalchemy import LargeBinary, func, select
from sqlalchemy.orm import Session

from gis.editing.geojson import Shape, to_ewkb
from gis.layer import Layer

TOLERANCE = 1e-7


def snap(session: Session, layer: Layer, shape: Shape, own: Shape | None, fid: int | None) -> Shape:
    """Move vertices onto the stored ones that they mean.

    Args:
        session: Reads only.
        layer: The layer.
        shape: As it was sent.
        own: As it is stored, or None for a new feature.
        fid: The feature, or None.

    Returns:
        The shape to store: the very stored one where nothing but decimals, or the order of the
        corners, differs.
    """
    corners = shapely.get_coordinates(shape)
    free = np.ones(len(corners), dtype=bool)
    if own is not None:
        _move(corners, free, shapely.get_coordinates(own))
    if not isinstance(shape, Point):
        _move(corners, free, _neighbours(session, layer, shape, fid))
    moved: Shape = shapely.transform(shape, lambda _: corners)
    return own if own is not None and is_same(moved, own) else moved


def is_same(one: Shape, other: Shape) -> bool:
    """Whether two shapes have the same corners, wherever their rings begin and turn."""
    if one.geom_type != other.geom_type:
        return False
    if shapely.get_num_coordinates(one) != shapely.get_num_coordinates(other):
        return False
    return bool(shapely.equals_exact(shapely.normalize(one), shapely.normalize(other), 0.0))


def _neighbours(
    session: Session, layer: Layer, shape: Shape, fid: int | None
) -> NDArray[np.float64]:
    """The corners of the features around, shape (n, 2), lon/lat."""
    boundary = layer.table.c.boundary
    near = func.ST_Expand(func.ST_GeomFromEWKB(to_ewkb(shape)), TOLERANCE)
    stored = session.scalars(
        select(func.ST_AsBinary(boundary, type_=LargeBinary)).where(
            boundary.op("&&")(near), layer.key.is_distinct_from(fid)
        )
    )
    return shapely.get_coordinates(shapely.from_wkb([bytes(wkb) for wkb in stored]))


def _move(
    corners: NDArray[np.float64], free: NDArray[np.bool_], stored: NDArray[np.float64]
) -> None:
    """Move the free corners that are near a stored one onto it; they are free no more."""
    wanted = np.flatnonzero(free)
    if not len(wanted) or not len(stored):
        return
    low, high = corners[wanted].min(axis=0) - TOLERANCE, corners[wanted].max(axis=0) + TOLERANCE
    stored = stored[((stored >= low) & (stored <= high)).all(axis=1)]
    if not len(stored):
        return
    places = STRtree([Point(place) for place in stored])
    found = places.query_nearest(
        shapely.points(corners[wanted]), max_distance=TOLERANCE, all_matches=False
    )
    corners[wanted[found[0]]] = stored[found[1]]
    free[wanted[found[0]]] = False
