"""Statistics of a raster's cells inside areas; pure, knows neither files nor the database.

Two rules say which cells belong to an area:

* `centre` (the default): the cells whose centre lies inside, each counted once. Against fields of
  known content it is nearer the truth than fractions, since cells across a border are mixed
  (GIS.md 4). A centre exactly on a border belongs to one side only, so areas that share a border
  share no cell.
* `exact`: every touched cell, weighted by the fraction that is covered (exactextract).

Cells that are merely touched never count whole. Each area is computed in a window of its own, so
areas may overlap and memory is bounded.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
import shapely
from exactextract import exact_extract
from exactextract.feature import JSONFeatureSource
from exactextract.raster import RasterSource
from numpy.typing import NDArray
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from gis.errors import CrsMismatchError, InvalidInputError

STATISTICS = ("count", "mean", "min", "max", "sum", "std", "median", "classes")
_MAX_CLASSES = 256
# exactextract's names; its stdev is the population's, as ours is.
_EXACT_NAMES = {"std": "stdev"}
# Cells read at once: 32 MB of float64.
_BLOCK_CELLS = 4_000_000
_CHUNK_AREAS = 1000


class Rule(StrEnum):
    """Which cells belong to an area."""

    CENTRE = "centre"
    EXACT = "exact"


@dataclass(frozen=True)
class Window:
    """A block of cells: first row and column from 0 at the upper left, and its size."""

    row: int
    col: int
    rows: int
    cols: int


class Raster(Protocol):
    """One band of an opened raster.

    Attributes:
        crs: WKT of its coordinate system.
        transform: Six numbers (a, b, c, d, e, f): x = a·col + b·row + c, y = d·col + e·row + f,
            for the corners of cells.
        shape: (rows, cols).
    """

    crs: str
    transform: tuple[float, float, float, float, float, float]
    shape: tuple[int, int]

    def read(self, window: Window) -> np.ma.MaskedArray[Any, Any]:
        """Read a window, shape (rows, cols); the mask is True where there is no data."""
        ...


@dataclass(frozen=True)
class ZonalResult:
    """The statistics of one area.

    Attributes:
        values: Statistic to value, in the raster's unit; `count` in cells. None where no cell
            with data lies inside. `classes` gives one member `class_n` for each value n that
            occurs: its number of cells.
        is_outside: The area does not touch the raster at all.
        is_partly_outside: Part of it does not: the statistics are of the rest.
    """

    values: dict[str, float | None]
    is_outside: bool = False
    is_partly_outside: bool = False


def check_statistics(names: Sequence[str]) -> tuple[str, ...]:
    """Give the names back.

    Raises:
        InvalidInputError: When one is not in `STATISTICS`.
    """
    for name in names:
        if name not in STATISTICS:
            raise InvalidInputError(
                f"{name} is no statistic known here. Choose of: {', '.join(STATISTICS)}."
            )
    return tuple(dict.fromkeys(names))


def zonal_statistics(
    raster: Raster,
    areas: Sequence[BaseGeometry],
    *,
    crs: str,
    rule: Rule = Rule.CENTRE,
    statistics: Sequence[str] = ("count", "mean"),
) -> Iterator[ZonalResult]:
    """Compute the statistics of areas, one result for each, in their order.

    Args:
        raster: One band.
        areas: Polygons and multipolygons in the raster's CRS, x then y.
        crs: The CRS of the areas, as WKT or code: compared, never converted.
        rule: Which cells belong to an area.
        statistics: Names of `STATISTICS`; `std` is the population's.

    Raises:
        CrsMismatchError: When the two coordinate systems differ.
        InvalidInputError: For an unknown statistic, the exact rule on a rotated raster or with
            `classes`, or more than 256 classes.
    """
    names = check_statistics(statistics)
    if rule is Rule.EXACT and "classes" in names:
        raise InvalidInputError("Classes are counted by the rule centre: a cell has one class.")
    if not is_same_crs(crs, raster.crs):
        raise CrsMismatchError(
            f"The areas are in {CRS.from_user_input(crs).name}, the raster in"
            f" {CRS.from_user_input(raster.crs).name}: transform the areas first."
        )
    if rule is Rule.EXACT:
        return _exact(raster, areas, names)
    return (_centre(raster, area, names) for area in areas)


def is_same_crs(one: str, other: str) -> bool:
    """Say whether two coordinate systems are the same, whatever their axis order is called."""
    return one == other or CRS.from_user_input(one).equals(
        CRS.from_user_input(other), ignore_axis_order=True
    )


def cells_inside(
    area: BaseGeometry, transform: Sequence[float], shape: tuple[int, int]
) -> NDArray[np.bool_]:
    """Find the cells whose centre lies inside an area.

    Args:
        area: A polygon or multipolygon, valid, in the CRS of the grid.
        transform: As `Raster.transform`, of this grid.
        shape: (rows, cols) of this grid.

    Returns:
        Shape (rows, cols), True inside. A centre on a border belongs to the side right of it or,
        on a horizontal border, below it.
    """
    return _cells_inside(_to_cells(area, transform), Window(0, 0, *shape))


def _cells_inside(area: BaseGeometry, window: Window) -> NDArray[np.bool_]:
    """Do the work of `cells_inside` in cell coordinates (x = column, y = row).

    Walks each edge over the rows whose centre line it crosses; a cell is inside when the number
    of crossings left of its centre is odd (so holes need no care).
    """
    counts = np.zeros((window.rows, window.cols + 1), dtype=np.int32)
    rings = shapely.get_rings(shapely.get_parts(area))
    points = shapely.get_coordinates(rings)
    ring = np.repeat(np.arange(len(rings)), shapely.get_num_coordinates(rings))
    is_edge = ring[:-1] == ring[1:]
    x0, y0 = points[:-1][is_edge].T
    x1, y1 = points[1:][is_edge].T
    # Centre lines are at row + 0.5; an edge crosses those in [low, high).
    low = np.clip(np.ceil(np.minimum(y0, y1) - 0.5) - window.row, 0, window.rows).astype(np.int64)
    high = np.clip(np.ceil(np.maximum(y0, y1) - 0.5) - window.row, 0, window.rows).astype(np.int64)
    spans = high - low
    edge = np.repeat(np.arange(len(spans)), spans)
    first = np.repeat(np.cumsum(spans) - spans, spans)
    rows = np.arange(len(edge)) - first + low[edge]
    y = rows + window.row + 0.5
    x = x0[edge] + (y - y0[edge]) * (x1[edge] - x0[edge]) / (y1[edge] - y0[edge])
    cols = np.clip(np.ceil(x - 0.5) - window.col, 0, window.cols).astype(np.int64)
    np.add.at(counts, (rows, cols), 1)
    inside: NDArray[np.bool_] = (np.cumsum(counts[:, :-1], axis=1) & 1).astype(np.bool_)
    return inside


def _to_cells(area: BaseGeometry, transform: Sequence[float]) -> BaseGeometry:
    """Move a geometry from the CRS of a grid to its cells: x = column, y = row, from 0, 0."""
    a, b, c, d, e, f = transform
    determinant = a * e - b * d
    if determinant == 0:
        raise InvalidInputError("The raster's transform is not invertible: its cells have no size.")
    inverse = np.array([[e, -d], [-b, a]]) / determinant
    origin = np.array([c, f])
    return shapely.transform(area, lambda points: (points - origin) @ inverse)


def _window_of(area: BaseGeometry, shape: tuple[int, int]) -> tuple[Window | None, bool]:
    """Give the cells around an area in cell coordinates, and whether it lies wholly inside."""
    left, top, right, bottom = area.bounds
    if not all(map(math.isfinite, area.bounds)):
        return None, False
    rows = (max(math.floor(top), 0), min(math.ceil(bottom), shape[0]))
    cols = (max(math.floor(left), 0), min(math.ceil(right), shape[1]))
    # Rounding of a transformation, a thousandth of a cell, is not "outside".
    is_whole = (
        left >= -1e-3 and top >= -1e-3 and right <= shape[1] + 1e-3 and bottom <= shape[0] + 1e-3
    )
    if rows[1] <= rows[0] or cols[1] <= cols[0]:
        return None, is_whole
    return Window(rows[0], cols[0], rows[1] - rows[0], cols[1] - cols[0]), is_whole


def _centre(raster: Raster, area: BaseGeometry, names: tuple[str, ...]) -> ZonalResult:
    in_cells = _to_cells(area, raster.transform)
    window, is_whole = _window_of(in_cells, raster.shape)
    if window is None:
        return _nothing(names, is_outside=True)
    found = _Moments(keep="median" in names, classify="classes" in names)
    step = max(1, _BLOCK_CELLS // window.cols)
    for start in range(0, window.rows, step):
        rows = min(step, window.rows - start)
        block = Window(window.row + start, window.col, rows, window.cols)
        inside = _cells_inside(in_cells, block)
        if not inside.any():
            continue
        cells = raster.read(block)
        found.add(np.asarray(cells.data[inside & ~np.ma.getmaskarray(cells)]))
    return ZonalResult(found.summarise(names), is_partly_outside=not is_whole)


class _Moments:
    """Count, sum and spread of values that come in blocks (Chan, Golub and LeVeque 1983)."""

    def __init__(self, *, keep: bool, classify: bool) -> None:
        self.count = 0
        self.total = 0.0
        self.mean = 0.0
        self.squares = 0.0
        self.low = math.inf
        self.high = -math.inf
        self.kept: list[NDArray[Any]] | None = [] if keep else None
        self.classes: dict[float, int] | None = {} if classify else None

    def add(self, values: NDArray[Any]) -> None:
        if values.dtype.kind == "f":
            values = values[~np.isnan(values)]
        if values.size == 0:
            return
        if self.kept is not None:
            self.kept.append(values)
        if self.classes is not None:
            self.classify(values, self.classes)
        exact = values.astype(np.float64)
        count, mean = exact.size, float(exact.mean())
        delta, together = mean - self.mean, self.count + count
        self.squares += float(((exact - mean) ** 2).sum())
        self.squares += delta**2 * self.count * count / together
        self.mean += delta * count / together
        self.count = together
        self.total += float(exact.sum())
        self.low = min(self.low, float(exact.min()))
        self.high = max(self.high, float(exact.max()))

    def classify(self, values: NDArray[Any], classes: dict[float, int]) -> None:
        for value, count in zip(*np.unique(values, return_counts=True), strict=True):
            classes[float(value)] = classes.get(float(value), 0) + int(count)
        if len(classes) > _MAX_CLASSES:
            raise InvalidInputError("The raster has too many values for classes: over 256.")

    def summarise(self, names: tuple[str, ...]) -> dict[str, float | None]:
        if self.count == 0:
            return _nothing(names).values
        known = {
            "count": float(self.count),
            "mean": self.total / self.count,
            "min": self.low,
            "max": self.high,
            "sum": self.total,
            "std": math.sqrt(self.squares / self.count),
        }
        if self.kept is not None:
            known["median"] = float(np.median(np.concatenate(self.kept).astype(np.float64)))
        summary: dict[str, float | None] = {name: known[name] for name in names if name in known}
        for value, count in sorted((self.classes or {}).items()):
            summary[f"class_{value:g}"] = float(count)
        return summary


def _nothing(names: tuple[str, ...], *, is_outside: bool = False) -> ZonalResult:
    values = {name: 0.0 if name == "count" else None for name in names if name != "classes"}
    return ZonalResult(values, is_outside=is_outside)


class _ExactSource(RasterSource):  # type: ignore[misc]  # the binding has no types
    """A `Raster` as exactextract wants it."""

    def __init__(self, raster: Raster) -> None:
        super().__init__()
        self.raster = raster

    def res(self) -> tuple[float, float]:
        return abs(self.raster.transform[0]), abs(self.raster.transform[4])

    def extent(self) -> tuple[float, float, float, float]:
        (a, _, c, _, e, f), (rows, cols) = self.raster.transform, self.raster.shape
        return c, f + e * rows, c + a * cols, f

    def srs_wkt(self) -> str | None:
        return None  # compared by us before; exactextract would only warn

    def nodata_value(self) -> None:
        return None  # NaN says it

    def read_window(self, x0: int, y0: int, nx: int, ny: int) -> Any:
        cells = self.raster.read(Window(y0, x0, ny, nx))
        # exactextract 0.3 forgets the mask of a window of one cell; it never forgets NaN.
        floats: Any = cells if cells.dtype.kind == "f" else cells.astype(np.float64)
        return floats.filled(np.nan) if np.ma.is_masked(floats) else floats.data


def _exact(
    raster: Raster, areas: Sequence[BaseGeometry], names: tuple[str, ...]
) -> Iterator[ZonalResult]:
    a, b, _, d, e, _ = raster.transform
    if b or d or a <= 0 or e >= 0:
        raise InvalidInputError(
            "The exact rule needs a raster with north up: rotate it, or use the rule centre."
        )
    operations = [_EXACT_NAMES.get(name, name) for name in names]
    box = shapely.box(*_ExactSource(raster).extent())
    for start in range(0, len(areas), _CHUNK_AREAS):
        chunk = areas[start : start + _CHUNK_AREAS]
        source = JSONFeatureSource(
            [
                {"type": "Feature", "properties": {}, "geometry": area.__geo_interface__}
                for area in chunk
            ]
        )
        found = exact_extract(_ExactSource(raster), source, operations)
        # Of an area on the border, rounding of a transformation is not "outside".
        around = shapely.buffer(box, abs(a) * 1e-3)
        outside = ~shapely.intersects(box, np.asarray(chunk, dtype=object))
        whole = shapely.covers(around, np.asarray(chunk, dtype=object))
        for place, feature in enumerate(found):
            values = feature["properties"]
            yield ZonalResult(
                {
                    name: _number(values.get(operation), is_count=name == "count")
                    for name, operation in zip(names, operations, strict=True)
                },
                is_outside=bool(outside[place]),
                is_partly_outside=not outside[place] and not whole[place],
            )


def _number(value: Any, *, is_count: bool) -> float | None:
    if value is None or math.isnan(float(value)):
        return 0.0 if is_count else None
    return float(value)
