"""Draws the schematic boundaries of the demo units from plain facts. Development time only.

No boundary of anyone is traced. Each former commune is known by its area, its centre and how far
it spreads (`unit_facts.csv`); each commune of 2025 by its area and centre (`commune_facts.csv`).
The units grow from their centres as ellipses until they meet, are bent by smooth noise so that
they look like land between ridges, and are moved and resized until areas and centres agree.

Run `python -m etl.demo.schematic` to write `data/units.json` again (about half a minute; the
result is the same each time).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod, Transformer
from rasterio import Affine
from rasterio.features import shapes, sieve

from etl.demo.tables import read_table

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int32]

# VN-2000 / TM-3 107°45′, the projection of Lâm Đồng; metres, axis order x (east), y (north).
CRS = "EPSG:5899"
CELL_M = 100
BOUNDS_M = (548_000, 1_280_000, 612_000, 1_374_000)
# How gladly neighbours grow together where their edges meet, and how an ellipse of even density
# ends: at twice its standard deviation.
BLEND = 1.5
EDGE = 4.0
# Length and height of the waves that bend the borders.
WAVES_M = ((13_000, 520), (8_000, 380), (5_000, 230), (3_000, 170), (1_700, 110))
ROUNDS = 220


def draw_units() -> dict[str, shapely.Polygon]:
    """Draw the former communes as a coverage without gaps or overlaps.

    Returns:
        Code of the former commune → polygon in EPSG:4326, lon/lat, five decimals.
    """
    units = read_table("unit_facts.csv")
    areas, centres = _targets(units)
    spreads = _column(units, "spread_x_m", "spread_y_m")
    tilts = _column(units, "tilt")[:, 0]
    labels = _grow(areas, centres, spreads, tilts)
    polygons = _trace(labels)
    to_degrees = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    return {
        unit["code"]: shapely.set_precision(
            shapely.transform(
                polygons[index],
                lambda xy: np.round(np.column_stack(to_degrees.transform(*xy.T)), 5),
            ),
            0,
        )
        for index, unit in enumerate(units)
    }


def _column(rows: list[dict[str, str]], *names: str) -> Floats:
    return np.array([[float(row[name]) for name in names] for row in rows])


def _targets(units: list[dict[str, str]]) -> tuple[Floats, Floats]:
    """Areas (m²) and centres (m) of the former communes, made to add up to the new ones."""
    areas = _column(units, "area_km2")[:, 0] * 1e6
    centres = _column(units, "centre_x_m", "centre_y_m")
    for commune in read_table("commune_facts.csv"):
        parts = np.array([unit["new_code"] == commune["code"] for unit in units])
        areas[parts] *= float(commune["area_km2"]) * 1e6 / areas[parts].sum()
        mean = np.average(centres[parts], axis=0, weights=areas[parts])
        centres[parts] += [float(commune["centre_x_m"]), float(commune["centre_y_m"])] - mean
    return areas, centres


def _noise(x: Floats, y: Floats, seed: int) -> Floats:
    """Smooth noise in metres: a sum of waves 1.7 to 13 km long, in random directions."""
    generator = np.random.default_rng(seed)
    total = np.zeros_like(x)
    for length_m, height_m in (
        (13_000, 520),
        (8_000, 380),
        (5_000, 230),
        (3_000, 170),
        (1_700, 110),
    ):
        for _ in range(4):
            angle, phase = generator.uniform(0, 2 * np.pi, 2)
            along = x * np.cos(angle) + y * np.sin(angle)
            total += height_m / 2 * np.sin(2 * np.pi * along / length_m + phase)
    return total


def _grow(areas: Floats, centres: Floats, spreads: Floats, tilts: Floats) -> Labels:
    """Give every cell a unit (index) or −1, until areas and centres agree with the targets."""
    west, south, east, north = BOUNDS_M
    seeds, reach = centres.copy(), np.zeros(len(areas))
    labels: Labels = np.empty((0, 0), dtype=np.int32)
    for step in range(ROUNDS):
        # Coarse cells find the balance, fine ones finish it.
        size = CELL_M if step >= ROUNDS - 20 else 4 * CELL_M
        x, y = np.meshgrid(
            np.arange(west + size / 2, east, size), np.arange(north - size / 2, south, -size)
        )
        bent_x, bent_y = x + _noise(x, y, 1), y + _noise(x, y, 2)
        costs = np.empty((len(areas), *x.shape))
        for unit, ((sx, sy), (rx, ry), tilt) in enumerate(zip(seeds, spreads, tilts, strict=True)):
            dx, dy = (bent_x - sx) / rx, (bent_y - sy) / ry
            costs[unit] = (dx**2 - 2 * tilt * dx * dy + dy**2) / (1 - tilt**2) - reach[unit]
        nearest = costs.min(axis=0)
        joint = nearest - BLEND * np.log(np.exp((nearest - costs) / BLEND).sum(axis=0))
        labels = np.where(joint < EDGE, costs.argmin(axis=0), -1).astype(np.int32)
        labels = sieve(labels + 1, size=int(3e6 / size**2), connectivity=4) - 1
        pace = 0.6 if step < ROUNDS // 2 else 0.3
        for unit, area in enumerate(areas):
            mine = labels == unit
            count = max(int(mine.sum()), 1)
            reach[unit] += pace * 3 * np.log(area / (count * size**2))
            if mine.any():
                drift = centres[unit] - [x[mine].mean(), y[mine].mean()]
                seeds[unit] += pace * np.clip(drift, -500, 500)
    return labels


def _trace(labels: Labels) -> list[shapely.Polygon]:
    """Turn labelled cells into polygons whose shared borders are smoothed once, together."""
    transform = Affine(CELL_M, 0, BOUNDS_M[0], 0, -CELL_M, BOUNDS_M[3])
    blocks = [
        shapely.geometry.shape(shape)
        for shape, value in shapes(labels, connectivity=4, transform=transform)
        if value >= 0
    ]
    edges = shapely.union_all([block.boundary for block in blocks])
    arcs = [
        shapely.simplify(shapely.LineString(_smooth(shapely.get_coordinates(arc))), 35)
        for arc in shapely.get_parts(shapely.line_merge(edges))
    ]
    west, _, _, north = BOUNDS_M
    polygons: dict[int, shapely.Polygon] = {}
    crumbs: list[shapely.Polygon] = []
    for face in sorted(shapely.get_parts(shapely.polygonize(arcs)), key=lambda f: -f.area):
        point = face.representative_point()
        unit = int(labels[int((north - point.y) / CELL_M), int((point.x - west) / CELL_M)])
        if unit >= 0 and unit not in polygons:
            polygons[unit] = face
        elif unit >= 0 or face.area < 25e6:
            crumbs.append(face)
    for crumb in crumbs:  # a piece cut off from its unit goes to whoever it borders most
        unit = max(polygons, key=lambda u: polygons[u].intersection(crumb).length)
        (polygons[unit],) = shapely.get_parts(shapely.union(polygons[unit], crumb))
    return [polygons[unit] for unit in sorted(polygons)]


def _smooth(line: Floats) -> Floats:
    """Take the steps of the grid out of an arc; its two ends stay where they are."""
    closed = bool((line[0] == line[-1]).all())
    dense = shapely.get_coordinates(shapely.segmentize(shapely.LineString(line), CELL_M))
    for _ in range(6):
        middle = (dense[:-2] + 2 * dense[1:-1] + dense[2:]) / 4
        if closed:
            end = (dense[-2] + 2 * dense[0] + dense[1]) / 4
            dense = np.vstack([end, middle, end])
        else:
            dense = np.vstack([dense[:1], middle, dense[-1:]])
    return dense


def compare_with_facts(polygons: dict[str, shapely.Polygon]) -> list[dict[str, Any]]:
    """Area (%) and centre (km) by which each 2025 commune's parts differ from the facts."""
    geod = Geod(ellps="WGS84")
    to_metres = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
    rows = []
    for commune in read_table("commune_facts.csv"):
        codes = [
            u["code"] for u in read_table("unit_facts.csv") if u["new_code"] == commune["code"]
        ]
        whole = shapely.coverage_union_all([polygons[code] for code in codes])
        area_km2 = abs(geod.geometry_area_perimeter(whole)[0]) / 1e6
        x, y = to_metres.transform(whole.centroid.x, whole.centroid.y)
        away = np.hypot(x - float(commune["centre_x_m"]), y - float(commune["centre_y_m"]))
        rows.append(
            {
                "code": commune["code"],
                "area_pct": 100 * (area_km2 / float(commune["area_km2"]) - 1),
                "centre_km": float(away) / 1000,
                "parts": len(shapely.get_parts(whole)),
            }
        )
    return rows


def write_units(path: Path) -> None:
    """Draw the units and write them as code → ring of [lon, lat]."""
    rows = {
        code: [[float(f"{x:.5f}"), float(f"{y:.5f}")] for x, y in polygon.exterior.coords]
        for code, polygon in draw_units().items()
    }
    lines = [f'"{code}": {json.dumps(ring, separators=(",", ":"))}' for code, ring in rows.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    write_units(Path(__file__).parent / "data" / "units.json")
