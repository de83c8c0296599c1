"""Opening rasters, safely; the only module of this package that reads raster files.

Computing is elsewhere (`gis.zonal`, `gis.indices`): here a file becomes arrays and facts. Files
come from other people: only plain files of this machine in formats named here are opened, without
GDAL's network, archive and subdataset paths, and without files lying beside them.
"""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import rasterio
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader
from rasterio.shutil import copy as copy_raster
from rasterio.windows import Window as FileWindow
from shapely.geometry import MultiPolygon

from gis.errors import CrsMismatchError, InvalidInputError
from gis.zonal import Window

# Formats without scripts, addresses or other files inside (a VRT has all three).
DRIVERS = ("GTiff", "AAIGrid", "HFA")
# Read at once when a whole band is walked through.
_STRIP_CELLS = 4_000_000
# Beyond this many cells statistics of whole bands are left out at registration.
_MAX_WALKED_CELLS = 2_000_000_000

_OPTIONS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "GDAL_PAM_ENABLED": "NO",
    # A file that claims more than it holds must not fill the memory.
    "GDAL_CACHEMAX": 128 * 1024**2,  # in bytes: rasterio hands it to GDALSetCacheMax
}


@dataclass(frozen=True)
class BandFacts:
    """One band: how it is stored, and its values (in its unit, scale and offset applied).

    Attributes:
        band: Its number, from 1.
        nodata: The value that means no data, as stored; None: none is declared.
        valid: Number of cells with data; None: not walked through.
    """

    band: int
    description: str | None
    dtype: str
    nodata: float | None
    scale: float
    offset: float
    valid: int | None = None
    low: float | None = None
    high: float | None = None
    mean: float | None = None

    def to_json(self) -> dict[str, object]:
        """Give the facts as JSON members."""
        return {
            "band": self.band,
            "description": self.description,
            "dtype": self.dtype,
            "nodata": self.nodata,
            "scale": self.scale,
            "offset": self.offset,
            "valid": self.valid,
            "min": self.low,
            "max": self.high,
            "mean": self.mean,
        }


class RasterBand:
    """One band of an opened raster, as `gis.zonal` reads it."""

    def __init__(self, dataset: DatasetReader, band: int = 1, *, crs: str | None = None) -> None:
        """Take a band.

        Args:
            dataset: An opened raster.
            band: Its number, from 1.
            crs: WKT that takes the place of the file's own CRS.

        Raises:
            InvalidInputError: When there is no such band.
        """
        if not 1 <= band <= dataset.count:
            raise InvalidInputError(f"There is no band {band}: the raster has {dataset.count}.")
        self._dataset = dataset
        self._band = band
        self._scale = float(dataset.scales[band - 1])
        self._offset = float(dataset.offsets[band - 1])
        self.crs = crs or dataset_crs(dataset)
        a, b, c, d, e, f = tuple(dataset.transform)[:6]
        self.transform = (a, b, c, d, e, f)
        self.shape: tuple[int, int] = (dataset.height, dataset.width)

    def read(self, window: Window) -> np.ma.MaskedArray[Any, Any]:
        """Read a window, shape (rows, cols), scale and offset applied; masked = no data."""
        place = FileWindow(window.col, window.row, window.cols, window.rows)
        try:
            cells = self._dataset.read(self._band, window=place, masked=True)
        except RasterioError as error:
            raise InvalidInputError(
                f"The raster is damaged: rows {window.row} to {window.row + window.rows} cannot be"
                " read."
            ) from error
        if self._scale != 1.0 or self._offset != 0.0:
            cells = cells.astype(np.float64) * self._scale + self._offset
        return cast("np.ma.MaskedArray[Any, Any]", cells)


@contextmanager
def open_raster(path: Path | str) -> Iterator[DatasetReader]:
    """Open a raster file for reading.

    Raises:
        InvalidInputError: When it is not a plain file of this machine, or not a raster of a format
            in `DRIVERS`.
    """
    name = str(path)
    if name.startswith("/vsi") or "://" in name or "\x00" in name:
        raise InvalidInputError(
            f"{name} is not a plain file of this machine: copy it here first and name the copy."
        )
    file = Path(path).expanduser()
    if not file.is_file():
        raise InvalidInputError(f"{name} cannot be read: there is no such file.")
    with rasterio.Env(**_OPTIONS):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", NotGeoreferencedWarning)
                dataset = DatasetReader(str(file.resolve()), driver=list(DRIVERS), sharing=False)
        except NotGeoreferencedWarning as error:
            raise InvalidInputError(
                f"{file.name} does not say where it lies. A world file beside it is not read: write"
                " it into the raster with gdal_translate in.tif out.tif."
            ) from error
        except RasterioError as error:
            raise InvalidInputError(
                f"{file.name} is no raster that can be read here: truncated, damaged, or not a"
                " GeoTIFF. Other formats: gdal_translate -of COG in out.tif."
            ) from error
        try:
            yield dataset
        finally:
            dataset.close()


def dataset_crs(dataset: DatasetReader) -> str:
    """Give the WKT of a raster's own coordinate system.

    The text of the file, not an authority's code: GDAL's guess of a code can be wrong (a UTM 25S
    of unknown datum is guessed as EPSG:32000, which is somewhere else).

    Raises:
        CrsMismatchError: When it has none.
    """
    if dataset.crs is None:
        raise CrsMismatchError(
            f"{Path(dataset.name).name} does not say its coordinate system: give it with --crs."
        )
    return str(dataset.crs.to_wkt())


def describe_crs(wkt: str) -> tuple[str, str | None]:
    """Name a coordinate system, and say what is wrong with it, if anything.

    Returns:
        `EPSG:n` where the text itself names one, else its name; and None or one sentence.

    Raises:
        CrsMismatchError: When it cannot be used to place anything on the Earth.
    """
    try:
        crs = CRS.from_user_input(wkt)
        Transformer.from_crs(4326, crs, always_xy=True)
    except (CRSError, ProjError) as error:
        raise CrsMismatchError(
            "The coordinate system of the raster is unknown and cannot be used: give the right"
            " one with --crs."
        ) from error
    if not (crs.is_geographic or crs.is_projected or crs.is_compound):
        raise CrsMismatchError(
            f"{crs.name} is a local coordinate system without a place on the Earth: give the right"
            " one with --crs."
        )
    authority = crs.to_authority(min_confidence=100)
    if authority is not None:
        return ":".join(authority), None
    kind = "geographic" if crs.is_geographic else "projected"
    ellipsoid = crs.ellipsoid.name if crs.ellipsoid else "unknown ellipsoid"
    return crs.name, (
        f"The coordinate system is not a known one: {kind}, named “{crs.name}”, on {ellipsoid}."
        " Its datum is taken as WGS 84, so places may be off by some hundred metres."
    )


def footprint(dataset: DatasetReader, crs: str) -> MultiPolygon:
    """Outline a raster in EPSG:4326, lon/lat, its edges followed by 21 points each.

    Raises:
        CrsMismatchError: When a corner has no place on the Earth.
    """
    rows, cols = dataset.height, dataset.width
    steps = np.linspace(0, 1, 21)
    col = np.concatenate([steps, np.ones(21), steps[::-1], np.zeros(21)]) * cols
    row = np.concatenate([np.zeros(21), steps, np.ones(21), steps[::-1]]) * rows
    a, b, c, d, e, f = tuple(dataset.transform)[:6]
    lon, lat = Transformer.from_crs(crs, 4326, always_xy=True).transform(
        a * col + b * row + c, d * col + e * row + f
    )
    outline = shapely.make_valid(shapely.Polygon(np.column_stack([lon, lat])))
    is_placed = np.isfinite(lon).all() and np.isfinite(lat).all() and outline.area > 0
    if not is_placed or max(abs(lon)) > 360 or max(abs(lat)) > 90.000001:
        raise CrsMismatchError(
            "The raster lies nowhere on the Earth in its coordinate system: the system or its"
            " georeference is wrong."
        )
    return MultiPolygon([part for part in shapely.get_parts(outline) if part.area > 0])


def band_facts(dataset: DatasetReader, *, walk: bool = True) -> list[BandFacts]:
    """Describe the bands; with `walk`, from all their cells, some rows at a time."""
    facts = []
    is_walked = walk and dataset.width * dataset.height * dataset.count <= _MAX_WALKED_CELLS
    for band in range(1, dataset.count + 1):
        nodata = dataset.nodatavals[band - 1]
        stored = {
            "band": band,
            "description": dataset.descriptions[band - 1],
            "dtype": dataset.dtypes[band - 1],
            "nodata": None if nodata is None or math.isnan(nodata) else float(nodata),
            "scale": float(dataset.scales[band - 1]),
            "offset": float(dataset.offsets[band - 1]),
        }
        facts.append(BandFacts(**stored, **(_walk(dataset, band) if is_walked else {})))
    return facts


def _walk(dataset: DatasetReader, band: int) -> dict[str, Any]:
    reader = RasterBand(dataset, band, crs="-")
    rows, cols = reader.shape
    step = max(1, _STRIP_CELLS // cols)
    count, total, low, high = 0, 0.0, math.inf, -math.inf
    for row in range(0, rows, step):
        cells = reader.read(Window(row, 0, min(step, rows - row), cols))
        values = cells.compressed().astype(np.float64)
        values = values[np.isfinite(values)]
        if values.size:
            count += values.size
            total += float(values.sum())
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    if count == 0:
        return {"valid": 0}
    return {"valid": count, "low": low, "high": high, "mean": total / count}


def read_band(path: Path | str, band: int = 1) -> np.ma.MaskedArray[Any, Any]:
    """Read a whole band, shape (rows, cols), scale and offset applied; masked = no data.

    For small rasters and notebooks: everything is held in memory.
    """
    with open_raster(path) as dataset:
        reader = RasterBand(dataset, band, crs="-")
        return reader.read(Window(0, 0, *reader.shape))


def write_cog(source: Path, target: Path) -> None:
    """Write a raster anew as a cloud-optimised GeoTIFF (tiled, overviews, DEFLATE)."""
    with open_raster(source) as dataset:
        copy_raster(dataset, target, driver="COG", compress="DEFLATE", predictor="YES")
