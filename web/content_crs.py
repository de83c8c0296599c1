"""Geometries that arrive in another coordinate system than GeoJSON's own, named by `Content-Crs`.

OGC API – Features Part 2 writes the system as `<uri>`; QGIS leaves the brackets out. The order of
the axes is the system's own: latitude first in EPSG:4326, longitude first in CRS84.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import pyproj
from flask import request

from gis.crs import TM3_MERIDIANS, UTM_MERIDIANS, transformer_to_wgs84
from gis.errors import InvalidGeometryError, InvalidInputError

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
SUPPORTED = frozenset({4326, 3857, 4756, *TM3_MERIDIANS, *UTM_MERIDIANS})
# No shape that a rule lets pass has more; what follows costs nothing for what is refused anyway.
MOST_POSITIONS = 20_000
# Parts, rings, positions, numbers.
_DEEPEST = 4
_POSITION = object()
_EPSG = re.compile(
    r"(?:https?://www\.opengis\.net/def/crs/EPSG/[0-9.]+/|urn:ogc:def:crs:EPSG:[0-9.]*:|EPSG:)"
    r"(\d{4,5})",
    re.IGNORECASE,
)
_CRS84 = re.compile(
    r"(?:https?://www\.opengis\.net/def/crs/OGC/(?:1\.3|0)/|urn:ogc:def:crs:OGC:(?:1\.3)?:|OGC:)"
    r"CRS84h?",
    re.IGNORECASE,
)


def content_crs() -> int | None:
    """The EPSG code of the system that the body is in; None for CRS84.

    Raises:
        InvalidInputError: `Content-Crs` names a system that is not supported.
    """
    header = request.headers.get("Content-Crs")
    if header is None:
        return None
    name = header.strip().removeprefix("<").removesuffix(">").strip()
    if _CRS84.fullmatch(name):
        return None
    match = _EPSG.fullmatch(name)
    if match is None or int(match[1]) not in SUPPORTED:
        raise InvalidInputError(
            f"Content-Crs {name[:100]} is not supported; send {CRS84} or one of EPSG "
            + ", ".join(map(str, sorted(SUPPORTED)))
            + ".",
            header="Content-Crs",
        )
    return int(match[1])


def bring_home(geometry: dict[str, Any]) -> dict[str, Any]:
    """A GeoJSON geometry in EPSG:4326, lon/lat, whatever `Content-Crs` says it is in.

    What is no geometry passes as it is: the rules of the layer say what is wrong with it.

    Raises:
        InvalidInputError: `Content-Crs` names a system that is not supported.
        InvalidGeometryError: More positions than any shape may have, or one where the system does
            not reach.
    """
    epsg = content_crs()
    positions: list[list[float]] = []
    shape = _collect(geometry.get("coordinates"), positions)
    if len(positions) > MOST_POSITIONS:
        raise InvalidGeometryError(
            f"A shape has at most 10,000 corners; this one has {len(positions):,}.",
            rule="too-many-vertices",
        )
    if epsg is None or not positions:
        return geometry
    first, second = np.array(positions, dtype=float).T
    if _is_north_first(epsg):
        first, second = second, first
    moved = np.array(transformer_to_wgs84(f"EPSG:{epsg}").transform(first, second)).T
    if not np.isfinite(moved).all():
        place = positions[int(np.argmin(np.isfinite(moved).all(axis=1)))]
        raise InvalidGeometryError(
            f"The position {place} lies where EPSG:{epsg} does not reach.", rule="not-a-position"
        )
    return {**geometry, "coordinates": _rebuild(shape, iter(moved.tolist()))}


@lru_cache(maxsize=64)
def _is_north_first(epsg: int) -> bool:
    return pyproj.CRS.from_epsg(epsg).axis_info[0].direction == "north"


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
