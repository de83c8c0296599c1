"""Thin tiles look like full ones: simplified, cut in degrees and stripped, yet the same picture."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sqlalchemy import select, text

from gis.layer import View
from gis.layers import PARCELS
from gis.models import Crop
from gis.tiles.drawing import TileAddress, draw_tile
from tests.benchmarks.tiles import fill, tiles_of
from tests.map_factories import decode

SIZE = 512  # pixels: a tile on a screen of double density
PAPER = "#f4f1ea"

# The tile as it would be with nothing left out: every corner, exact projection.
FULL = """
SELECT ST_AsMVT(feature, 'parcels', 4096, 'shape', 'id') FROM (
    SELECT p.id, c.code AS crop,
           ST_AsMVTGeom(ST_Transform(p.boundary, 3857), ST_TileEnvelope(:z, :x, :y), 4096, 64, true)
               AS shape
    FROM gis.parcel AS p LEFT JOIN gis.crop AS c ON c.id = p.crop_id
    WHERE p.boundary && ST_Transform(ST_TileEnvelope(:z, :x, :y, margin => 64.0 / 4096), 4326)
    ORDER BY p.id
) AS feature
"""


def picture(
    tile: bytes, address: TileAddress, colours: dict[str, str], folder: Path
) -> NDArray[np.int16]:
    """Draw a tile as the map does: a light fill in the colour of the crop and an edge 1 px wide."""
    frame = decode(tile, address, folder)["parcels"].to_crs(3857).sort_values("mvt_id")
    side = 2 * 20037508.342789244 / 2**address.z
    west = address.column * side - 20037508.342789244
    north = 20037508.342789244 - address.row * side
    parts, owner = shapely.get_parts(frame.geometry.to_numpy(), return_index=True)
    looks = [to_rgb(colours.get(crop, "#8a8f98")) for crop in frame["crop"].to_numpy()[owner]]
    figure = Figure(figsize=(SIZE / 100, SIZE / 100), dpi=100, facecolor=PAPER)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    axes.set(xlim=(west, west + side), ylim=(north - side, north))
    axes.add_collection(
        PolyCollection(
            [shapely.get_coordinates(shapely.get_exterior_ring(part)) for part in parts],
            facecolors=[(*look, 0.28) for look in looks],
            edgecolors=[(*look, 0.9) for look in looks],
            linewidths=72 / 100,
        )
    )
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(np.int16)


@pytest.mark.long
def test_thin_and_full_tiles_draw_the_same_picture(clone, clone_sessions, tmp_path):
    """Less than 1 % of the pixels differ by more than 16 of 255 in any colour."""
    fill(clone, 200_000)
    compared = 0
    with clone_sessions.begin() as session:
        colours = dict(session.execute(select(Crop.code, Crop.colour)).all())
        for z in (12, 13, 14):
            tiles = tiles_of(z)
            for address in tiles[:: len(tiles) // 6]:
                thin = draw_tile(session, [(PARCELS, View.EXACT)], address, date(2026, 11, 22))
                place = {"z": address.z, "x": address.column, "y": address.row}
                full = bytes(session.execute(text(FULL), place).scalar_one())
                if not full:
                    continue
                pictures = [picture(tile, address, colours, tmp_path) for tile in (thin, full)]
                differing = (np.abs(pictures[0] - pictures[1]).max(axis=2) > 16).mean()
                assert differing < 0.01, f"{address}: {differing:.2%}"
                assert len(thin) < len(full)
                compared += 1
    assert compared >= 12
