"""Zones, grid lines, ticks of longitude and latitude, and the convergence: pure computations."""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, log10
from typing import Any

import numpy as np
import pyproj
from numpy.typing import NDArray

from gis.crs import PROVINCE_EXTENTS, PROVINCE_ZONES, TM3_MERIDIANS, WGS84
from gis.sheets.layout import Rect

_Numbers = NDArray[np.float64]
# Cells of the grid are at least so wide on paper.
_LEAST_CELL_MM = 40.0
# Ticks of longitude and latitude: seconds, the first that leaves as much paper between them.
_TICK_SECONDS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
_LEAST_TICK_MM = 15.0


@dataclass(frozen=True, slots=True)
class Tick:
    """Where a round longitude or latitude crosses an edge: `at` is metres along that edge's axis.

    `edge` is `bottom`, `top` (at = easting), `left` or `right` (at = northing).
    """

    edge: str
    at: float
    seconds: int


@lru_cache(maxsize=64)
def to_plane(zone: int) -> pyproj.Transformer:
    """The way from WGS84 (lon, lat) to a TM-3 zone (easting, northing)."""
    return pyproj.Transformer.from_crs(WGS84, f"EPSG:{zone}", always_xy=True)


def choose_zone(province: str | None, longitude: float, latitude: float) -> int:
    """The zone of a province, else of the province there, else the one of the nearest meridian.

    Args:
        province: Code of the province as it is today, where it is known.
        longitude: Degrees, a place of the sheet.
        latitude: Degrees.
    """
    if province in PROVINCE_ZONES and province in PROVINCE_EXTENTS:
        return PROVINCE_ZONES[province]
    if province is None:
        for code, (west, south, east, north) in PROVINCE_EXTENTS.items():
            if west <= longitude <= east and south <= latitude <= north:
                return PROVINCE_ZONES[code]
    return min(TM3_MERIDIANS, key=lambda zone: (abs(TM3_MERIDIANS[zone] - longitude), zone))


def grid_step(scale: int) -> int:
    """The distance of grid lines in metres: 1, 2 or 5 × 10^n, at least 40 mm on paper."""
    least = _LEAST_CELL_MM * scale / 1000
    power = 10 ** floor(log10(least))
    return int(next(step * power for step in (1, 2, 5, 10) if step * power >= least - 1e-9))


def grid_lines(first: float, last: float, step: int) -> list[int]:
    """The round coordinates from `first` to `last`, metres, both inclusive."""
    return list(range(ceil(first / step) * step, floor(last / step) * step + 1, step))


def frame_line(ground: Rect, count: int = 33) -> tuple[_Numbers, _Numbers]:
    """Points along the edge of a piece of ground (plane metres), closed, as eastings, northings."""
    steps = np.linspace(0.0, 1.0, count)
    east, north = ground.x + steps * ground.width, ground.y + steps * ground.height
    xs = (east, np.full(count, ground.right), east[::-1], np.full(count, ground.x))
    ys = (np.full(count, ground.y), north, np.full(count, ground.top), north[::-1])
    return np.concatenate(xs), np.concatenate(ys)


def box_of(ground: Rect, zone: int) -> tuple[float, float, float, float]:
    """West, south, east, north in degrees (WGS84) of a piece of ground in plane metres."""
    longitudes, latitudes = _to_degrees(zone, *frame_line(ground))
    return (
        float(longitudes.min()),
        float(latitudes.min()),
        float(longitudes.max()),
        float(latitudes.max()),
    )


def corner_degrees(ground: Rect, zone: int) -> list[tuple[float, float]]:
    """Longitude and latitude (WGS84) of lower left, lower right, upper right, upper left."""
    xs = np.array([ground.x, ground.right, ground.right, ground.x])
    ys = np.array([ground.y, ground.y, ground.top, ground.top])
    longitudes, latitudes = _to_degrees(zone, xs, ys)
    return [(float(lon), float(lat)) for lon, lat in zip(longitudes, latitudes, strict=True)]


def ticks(ground: Rect, zone: int, scale: int) -> list[Tick]:
    """Round longitudes on the lower and upper edge, round latitudes on the left and right one."""
    seconds_per_m = 1 / 30.8
    least = _LEAST_TICK_MM * scale / 1000 * seconds_per_m
    step = next((one for one in _TICK_SECONDS if one >= least), _TICK_SECONDS[-1])
    found: list[Tick] = []
    along = np.linspace(0.0, 1.0, 33)
    easts, norths = ground.x + along * ground.width, ground.y + along * ground.height
    for edge, fixed in (("bottom", ground.y), ("top", ground.top)):
        degrees = _to_degrees(zone, easts, np.full(33, fixed))[0]
        found += [Tick(edge, at, second) for at, second in _crossings(easts, degrees, step)]
    for edge, fixed in (("left", ground.x), ("right", ground.right)):
        degrees = _to_degrees(zone, np.full(33, fixed), norths)[1]
        found += [Tick(edge, at, second) for at, second in _crossings(norths, degrees, step)]
    return found


def convergence(ground: Rect, zone: int) -> float:
    """The angle from true north to grid north in the middle of the sheet, degrees.

    Positive east of the central meridian: there grid north points east of true north.
    """
    x, y = ground.middle
    longitude, latitude = to_plane(zone).transform(x, y, direction="INVERSE")
    factors = pyproj.Proj(f"EPSG:{zone}").get_factors(longitude, latitude)
    return float(factors.meridian_convergence)


def degree_text(degrees: float) -> str:
    """Write an angle as `108°27′12.3″`."""
    tenths = round(abs(degrees) * 36_000)
    whole, rest = divmod(tenths, 36_000)
    minutes, tenths = divmod(rest, 600)
    sign = "−" if degrees < 0 else ""
    return f"{sign}{whole}°{minutes:02d}′{tenths // 10:02d}.{tenths % 10}″".replace(".", ",")


def minute_text(degrees: float) -> str:
    """Write a small angle as `0°09′`, without its sign."""
    whole, minutes = divmod(round(abs(degrees) * 60), 60)
    return f"{whole}°{minutes:02d}′"


def meridian_text(zone: int) -> str:
    """Write the central meridian of a zone as `107°45′`."""
    return minute_text(TM3_MERIDIANS[zone])


def _crossings(along: _Numbers, degrees: _Numbers, step: int) -> list[tuple[float, int]]:
    """Where a growing sequence of degrees takes round values of `step` seconds."""
    seconds = degrees * 3600
    wanted = grid_lines(float(seconds[0]), float(seconds[-1]), step)
    return [(float(np.interp(value, seconds, along)), value) for value in wanted]


def _to_degrees(zone: int, xs: _Numbers, ys: _Numbers) -> tuple[_Numbers, _Numbers]:
    moved: Any = to_plane(zone).transform(xs, ys, direction="INVERSE")
    return np.asarray(moved[0]), np.asarray(moved[1])
