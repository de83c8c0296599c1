"""Vector tiles (MVT) straight from PostGIS, in the tile matrix set WebMercatorQuad.

Thin by intent: a tile carries what is drawn (crop, status, a name when near) and the id; the rest
is one request of the feature away. Lines are simplified by less than a pixel. Far away, where
features would be smaller than a pixel, a layer becomes a summary that counts all of them: nothing
is cut silently.

A tile's ETag is made of the versions of its layers (`gis.layer_state`), the reader's view and the
text of the SQL, so asking whether a tile changed is one small SELECT, and an edit is never hidden.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from importlib.resources import files
from math import atan, degrees, pi, sinh
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError, NotFoundError
from gis.layer import Layer, View
from gis.versions import layer_versions

MAX_ZOOM = 22
EXTENT = 4096
# A line may move by so many of a tile's 4096 units: a tenth of a pixel of a tile drawn 512 px wide.
SIMPLIFICATION = 0.75
# Beyond the tile's edge by the same share as ST_AsMVTGeom's buffer, so that borders meet.
MARGIN = 64 / EXTENT
# The circumference of the earth in EPSG:3857.
CIRCUMFERENCE_M = 2 * pi * 6378137.0
NAMED_FROM_ZOOM = 12


@dataclass(frozen=True, slots=True)
class _Source:
    """The statement of a layer from `near_from` on, and its summary for the zooms below."""

    near: str
    near_from: int = 0
    summary: str | None = None
    # Cut in degrees (see parcels.sql), so its tolerance is in degrees too.
    in_degrees: bool = False
    by_day: bool = False


_SOURCES = {
    "administrative-units": _Source("administrative_units", by_day=True),
    "growing-areas": _Source("growing_areas", 11, "growing_areas_summary"),
    "high-tech-zones": _Source("high_tech_zones"),
    "facilities": _Source("facilities", 10, "facilities_summary"),
    "parcels": _Source("parcels", 12, "parcels_summary", in_degrees=True),
    "applications": _Source("applications"),
    "tracks": _Source("tracks"),
}


@dataclass(frozen=True, slots=True)
class TileAddress:
    """A tile of WebMercatorQuad; `row` counts from the north, `column` from the west."""

    z: int
    row: int
    column: int

    def box(self, margin: float = 0.0) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees (EPSG:4326).

        Args:
            margin: More ground on each side, as a share of the tile's width.
        """
        side = 2.0**self.z
        west = (self.column - margin) / side * 360 - 180
        east = (self.column + 1 + margin) / side * 360 - 180
        return (
            west,
            _latitude((self.row + 1 + margin) / side),
            east,
            _latitude((self.row - margin) / side),
        )


def parse_tile(z: str, row: str, column: str) -> TileAddress:
    """Read the address of a tile, in the order of OGC API Tiles: zoom, row, column.

    Raises:
        InvalidInputError: One of them is not a whole number from 0 on.
        NotFoundError: No such tile in WebMercatorQuad up to zoom 22.
    """
    numbers = []
    for name, value in (("tileMatrix", z), ("tileRow", row), ("tileCol", column)):
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            raise InvalidInputError(f"{name} must be a whole number from 0 on.", parameter=name)
        numbers.append(int(value))
    address = TileAddress(*numbers)
    if address.z > MAX_ZOOM or max(address.row, address.column) >= 2**address.z:
        raise NotFoundError(
            f"There is no tile {z}/{row}/{column}: zooms go from 0 to {MAX_ZOOM}, rows and columns"
            " from 0 to 2^zoom - 1."
        )
    return address


def tile_etag(
    session: Session,
    layers: Sequence[tuple[Layer, View]],
    day: date,
    commune: str | None = None,
) -> str:
    """The strong ETag, without quotes, of every tile of these layers as these readers see them.

    Ask for it before the tile, in the same transaction: then a tile can only be newer than its
    ETag says, and is fetched once more instead of staying stale.

    Args:
        session: Reads only: one SELECT.
        layers: Layers, each with the reader's view.
        day: The day whose administrative units are drawn.
        commune: As `draw_tile` has it.
    """
    names = sorted({name for layer, _ in layers for name in layer.versions})
    versions = layer_versions(session, names)
    parts = [_build(), *(f"{versions[name]:x}" for name in names)]
    parts += [f"{layer.id[0]}{view[0]}" for layer, view in layers]
    if any(_SOURCES[layer.id].by_day for layer, _ in layers):
        parts.append(f"{day:%Y%m%d}")
    if commune is not None:
        # A code is any text; an ETag is not.
        parts.append(f"c{commune.encode().hex()}")
    return "-".join(parts)


def draw_tile(
    session: Session,
    layers: Sequence[tuple[Layer, View]],
    address: TileAddress,
    day: date,
    commune: str | None = None,
) -> bytes:
    """Draw one tile; several layers follow each other in it (which is valid MVT). May be empty.

    Args:
        session: Reads only.
        layers: Layers, each with the reader's view.
        address: Which tile.
        day: The day whose administrative units are drawn.
        commune: The code of the one commune whose rows the reader may see of layers that are kept
            to communes (`Layer.scope`); None = all.
    """
    return b"".join(
        _draw_layer(session, layer, view, address, day, commune) for layer, view in layers
    )


def statement_of(
    layer: Layer,
    view: View,
    address: TileAddress,
    day: date | None = None,
    commune: str | None = None,
) -> tuple[TextClause, dict[str, object]]:
    """The statement that draws one tile of one layer, and its parameters.

    Args:
        layer: What to draw.
        view: How exactly.
        address: Which tile.
        day: The day whose administrative units are drawn; only they need one.
        commune: As `draw_tile` has it.
    """
    source = _SOURCES[layer.id]
    summary = source.summary if address.z < source.near_from else None
    own_margin = source.in_degrees and summary is None
    west, south, east, north = address.box(0.0 if own_margin or summary else MARGIN)
    side = (east - west) if own_margin else CIRCUMFERENCE_M / 2.0**address.z
    available = {
        "z": address.z,
        "x": address.column,
        "y": address.row,
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "margin": (east - west) * MARGIN,
        "tolerance": side / EXTENT * SIMPLIFICATION,
        "exact": view is View.EXACT,
        "named": address.z >= NAMED_FROM_ZOOM,
        "day": day,
        "commune": commune,
    }
    statement = _statement(summary or source.near)
    return statement, {name: available[name] for name in _parameters(statement)}


def _draw_layer(
    session: Session,
    layer: Layer,
    view: View,
    address: TileAddress,
    day: date,
    commune: str | None,
) -> bytes:
    statement, parameters = statement_of(layer, view, address, day, commune)
    # The session's own connection and transaction, with a binary cursor: as text, PostgreSQL would
    # write the tile out in hexadecimal, twice as long, for Python to read back.
    driver: Any = session.connection().connection.driver_connection
    with driver.cursor(binary=True) as cursor:
        cursor.execute(_driver_sql(statement), parameters)
        row = cursor.fetchone()
    return bytes(row[0])


@cache
def _driver_sql(statement: TextClause) -> str:
    return str(statement.compile(dialect=psycopg.dialect()))  # type: ignore[no-untyped-call]


@cache
def _parameters(statement: TextClause) -> tuple[str, ...]:
    return tuple(statement.compile().params)


@cache
def _statement(name: str) -> TextClause:
    return text(files("gis.tiles").joinpath(f"{name}.sql").read_text(encoding="utf-8"))


@cache
def _build() -> str:
    """What changes when the SQL does: a new release draws other tiles of the same data."""
    digest = sha256(f"{SIMPLIFICATION} {NAMED_FROM_ZOOM} {_SOURCES}".encode())
    for source in _SOURCES.values():
        for name in filter(None, (source.near, source.summary)):
            digest.update(_statement(name).text.encode())
    return digest.hexdigest()[:8]


def _latitude(down: float) -> float:
    """The latitude at a share of the way from the map's north edge (0) to its south edge (1)."""
    return degrees(atan(sinh(pi * (1 - 2 * down))))
