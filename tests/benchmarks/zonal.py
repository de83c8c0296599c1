"""Zonal statistics of 1,500 parcels on a 10 m raster, against bare exactextract in the same run.

Bare exactextract is given what it likes best: an opened rasterio dataset and a GeoDataFrame in the
raster's CRS. Ours is `gis.zonal` over the same, with all it adds: the mask, areas outside, scale
and offset. Best of several rounds taken in turn, so that a busy machine slows both alike.
`python -m tests.benchmarks.zonal`, or with all the others `make bench`.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from exactextract import exact_extract
from rasterio import Affine
from shapely import affinity

from gis.rasters import RasterBand, open_raster
from gis.zonal import Rule, zonal_statistics
from tests.benchmarks.parcels import SOUTH, WEST, make_mosaic

ROUNDS = 3
PARCELS = 1_500
SHRINK = 0.12
CELL_M = 10.0
CRS = "EPSG:32649"
STATISTICS = ["count", "mean", "min", "max"]
WANTED = 0.8


def make_parcels() -> gpd.GeoSeries:
    """Make neighbouring fields of 0.8 ha in the median, some 80 cells each, in `CRS`."""
    mosaic = [
        affinity.scale(area, SHRINK, SHRINK, origin=(WEST, SOUTH)) for area in make_mosaic(PARCELS)
    ]
    return gpd.GeoSeries(mosaic, crs=4326).to_crs(CRS)


def make_raster(path: Path, parcels: gpd.GeoSeries) -> None:
    """Write a tiled float32 raster of 10 m cells over all parcels, one cell in 50 without data."""
    west, south, east, north = parcels.total_bounds
    west, north = west - 500, north + 500
    cols, rows = int((east - west + 500) / CELL_M), int((north - south + 500) / CELL_M)
    rng = np.random.default_rng(7)
    row, col = np.mgrid[0:rows, 0:cols]
    cells = (0.5 + 0.3 * np.sin(row / 90) * np.cos(col / 70)).astype("float32")
    cells += rng.normal(0, 0.02, cells.shape).astype("float32")
    cells[rng.random(cells.shape) < 0.02] = -9999
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=cols,
        height=rows,
        count=1,
        dtype="float32",
        crs=CRS,
        transform=Affine(CELL_M, 0, west, 0, -CELL_M, north),
        nodata=-9999,
        tiled=True,
        blockxsize=512,
        blockysize=512,
        compress="deflate",
        predictor=3,
    ) as file:
        file.write(cells, 1)


def measure() -> list[tuple[str, float, float | None]]:
    """Measure and return (what, parcels a second, times bare exactextract)."""
    parcels = make_parcels()
    areas, frame = list(parcels), gpd.GeoDataFrame(geometry=parcels)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "raster.tif"
        make_raster(path, parcels)
        with open_raster(path) as dataset:
            raster = RasterBand(dataset)

            def bare() -> float:
                found = exact_extract(dataset, frame, STATISTICS, output="pandas")
                return float(found["mean"].sum())

            def ours(rule: Rule) -> Callable[[], float]:
                def work() -> float:
                    found = zonal_statistics(
                        raster, areas, crs=raster.crs, rule=rule, statistics=STATISTICS
                    )
                    return sum(result.values["mean"] or 0.0 for result in found)

                return work

            works: dict[str, Callable[[], float]] = {
                "bare exactextract (peer)": bare,
                "ours, rule exact": ours(Rule.EXACT),
                "ours, rule centre": ours(Rule.CENTRE),
            }
            best, sums = dict.fromkeys(works, 0.0), dict.fromkeys(works, 0.0)
            for _ in range(ROUNDS):
                for name, work in works.items():
                    start = time.process_time()
                    sums[name] = work()
                    best[name] = max(best[name], PARCELS / (time.process_time() - start))
    peer, exact, _ = sums.values()
    if abs(peer - exact) > 1e-6 * abs(peer):
        raise RuntimeError(f"the means differ from exactextract's: {exact} and {peer}")
    floor = next(iter(best.values()))
    return [
        (name, rate, None if name.endswith("(peer)") else rate / floor)
        for name, rate in best.items()
    ]


def main() -> None:
    """Print the table."""
    for name, rate, ratio in measure():
        wanted = f" (at least {WANTED}×)" if name == "ours, rule exact" else ""
        shown = f"{ratio:5.2f}×{wanted}" if ratio is not None else ""
        sys.stdout.write(f"{name:28} {rate:8.0f} parcels/s  {shown}\n")


if __name__ == "__main__":
    main()
