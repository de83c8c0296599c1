"""Geometries that arrive in another coordinate system than GeoJSON's own, named by `Content-Crs`.

OGC API – Features Part 2 writes the system as `<uri>`; QGIS leaves the brackets out. The order of
the axes is the system's own: latitude first in EPSG:4326, longitude first in CRS84.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from flask import request

from gis.crs import transformer_to_wgs84
from gis.errors import InvalidGeometryError
from gis.published_crs import CRS84, PublishedCrs, find_crs

# Parts, rings, positions, numbers.
_DEEPEST = 4
_POSITION = object()


def content_crs() -> PublishedCrs:
    """The system that the body's shapes are in.

    Raises:
        InvalidInputError: `Content-Crs` names a system that is not supported.
    """
    header = request.headers.get("Content-Crs")
    if header is None:
        return CRS84
    return find_crs(header.strip().removeprefix("<").removesuffix(">"), "Content-Crs")


def bring_home(geometry: dict[str, Any], most: int) -> dict[str, Any]:
    """A GeoJSON geometry in EPSG:4326, lon/lat, whatever `Content-Crs` says it is in.

    What is no geometry, or has more than `most` corners, passes as it is: the rules of the layer
    say what is wrong with it.

    Raises:
        InvalidInputError: `Content-Crs` names a system that is not supported.
        InvalidGeometryError: A position lies where its system does not reach.
    """
    crs = content_crs()
    if crs is CRS84:
        return geometry
    positions: list[list[float]] = []
    shape = _collect(geometry.get("coordinates"), positions)
    if not positions or len(positions) > most:
        return geometry
    first, second = np.array(positions, dtype=float).T
    if crs.is_flipped:
        first, second = second, first
    moved = np.array(transformer_to_wgs84(crs.name).transform(first, second)).T
    if not (reached := np.isfinite(moved).all(axis=1)).all():
        place = positions[int(np.argmin(reached))]
        raise InvalidGeometryError(
            f"The position {place} lies where {crs.name} does not reach.", rule="not-a-position"
        )
    return {**geometry, "coordinates": _rebuild(shape, iter(moved.tolist()))}


def _collect(node: Any, positions: list[list[float]], depth: int = 0) -> Any:
    """Gather the positions of nested coordinates; return the nesting with marks in their places."""
    if not isinstance(node, list) or depth > _DEEPEST:
        return node
    if (
        len(node) in (2, 3)
        and all(isinstance(number, int | float) for number in node)
        and not any(isinstance(number, bool) for number in node)
    ):
        positions.append(node[:2])
        return _POSITION
    return [_collect(inner, positions, depth + 1) for inner in node]


def _rebuild(shape: Any, moved: Iterator[list[float]], depth: int = 0) -> Any:
    if shape is _POSITION:
        return next(moved)
    if not isinstance(shape, list) or depth > _DEEPEST:
        return shape
    return [_rebuild(inner, moved, depth + 1) for inner in shape]
