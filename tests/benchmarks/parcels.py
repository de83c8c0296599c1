"""Makes farm parcels as the load benchmark needs them: a gap-free mosaic around Lạc Dương.

A Voronoi mosaic of clustered seeds whose edges are bent by a hash of the undirected edge, so that
neighbours share the very same vertices: mean 25 vertices, median 0.8 ha, EPSG:4326.
"""

from pathlib import Path

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray

WEST, SOUTH, EAST, NORTH = 108.3, 11.8, 108.8, 12.3
CROPS = ("ca_phe", "rau", "hoa", "dau_tay", "ca_chua", "khoai_tay", "atiso", "lua", "che", "bo")
WATERING = ("nho_giot", "phun_mua", "mua")


def make_mosaic(count: int, seed: int = 20240) -> NDArray[np.object_]:
    """Make `count` valid polygons that do not overlap."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform((WEST, SOUTH), (EAST, NORTH), (60, 2))
    spread = rng.uniform(0.008, 0.04, 60)
    wanted = int(count * 1.2) + 200
    which = rng.choice(60, int(wanted * 0.8), p=rng.dirichlet(np.ones(60)))
    seeds = np.vstack(
        [
            centres[which] + rng.normal(0, 1, (len(which), 2)) * spread[which, None],
            rng.uniform((WEST, SOUTH), (EAST, NORTH), (wanted - len(which), 2)),
        ]
    )
    inside = ((seeds > (WEST, SOUTH)) & (seeds < (EAST, NORTH))).all(axis=1)
    lacking = wanted - int(inside.sum())
    seeds = np.vstack([seeds[inside], rng.uniform((WEST, SOUTH), (EAST, NORTH), (lacking, 2))])
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds)))
    box = shapely.bounds(cells)
    kept = (box[:, 0] > WEST) & (box[:, 1] > SOUTH) & (box[:, 2] < EAST) & (box[:, 3] < NORTH)
    bent = bend_edges(cells[kept])
    bent = bent[shapely.is_valid(bent)]
    if len(bent) < count:
        raise RuntimeError(f"only {len(bent)} of {count} polygons came out")
    return rng.permutation(bent)[:count]


def bend_edges(cells: NDArray[np.object_]) -> NDArray[np.object_]:
    """Put 1 to 5 displaced points on each edge, the same ones for both neighbours."""
    corners, ring = shapely.get_coordinates(shapely.get_exterior_ring(cells), return_index=True)
    corners = np.round(corners, 7)
    same = ring[:-1] == ring[1:]
    start, end, owner = corners[:-1][same], corners[1:][same], ring[:-1][same]
    flipped = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    low, high = np.where(flipped[:, None], end, start), np.where(flipped[:, None], start, end)
    key = (low @ (7919e7, 104729e7) + high @ (1299709e7, 15485863e7)).astype(np.int64)
    extra = 1 + np.abs(key) % 5
    sizes = extra + 1
    first = np.cumsum(sizes) - sizes
    edge = np.repeat(np.arange(len(sizes)), sizes)
    step = np.arange(len(edge)) - first[edge]
    # Steps count from the low end, so that both neighbours bend the edge at the same points.
    number = np.where(flipped[edge], extra[edge] + 1 - step, step)
    noise = np.sin(key[edge] % 100_003 * 12.9898 + number * 78.233) * 43758.5453
    noise -= np.floor(noise)
    share = (number + (noise - 0.5) * 0.6 * (number > 0) * (number <= extra[edge])) / sizes[edge]
    along = high[edge] - low[edge]
    points = low[edge] + share[:, None] * along
    aside = (np.modf(noise * 997)[0] * 2 - 1) * 0.05 * (step > 0)
    points += aside[:, None] * np.column_stack([-along[:, 1], along[:, 0]])
    points = np.round(np.where((step == 0)[:, None], start[edge], points), 7)
    rings = shapely.linearrings(points, indices=owner[edge])
    return shapely.polygons(rings)


def write_geopackage(path: Path, count: int) -> None:
    """Write `count` parcels with a code on half of them, crop, owner and other fields."""
    rng = np.random.default_rng(7)
    shapes = make_mosaic(count)
    numbers = np.arange(1, count + 1)
    coded = rng.random(count) < 0.5
    codes = np.array([f"VN-LDOR-{number:06d}" for number in numbers], dtype=object)
    codes[~coded] = None
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(shapes),
        field_data=[
            codes,
            np.array(CROPS, dtype=object)[rng.integers(len(CROPS), size=count)],
            np.array([f"Hộ nông dân số {n}" for n in rng.integers(80_000, size=count)], object),
            np.array(
                [f"20{y}-0{m}-15" for y, m in rng.integers((18, 1), (25, 10), (count, 2))], object
            ),
            np.array([f"G{n}" for n in rng.integers(40, size=count)], object),
            np.array(WATERING, dtype=object)[rng.integers(3, size=count)],
        ],
        fields=["code", "crop", "owner", "planted", "variety", "watering"],
        geometry_type="Polygon",
        crs="EPSG:4326",
        layer="parcels",
    )
