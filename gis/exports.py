"""A layer as a file that other programs open: the format follows from the file's ending.

The file appears whole or not at all: it is written beside its place and then moved there.
"""

import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataSourceError
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError, UnavailableError
from gis.frames import read_layer
from gis.layer import View
from gis.selection import EVERYTHING, Selection
from gis.workbooks import write_workbook

# A cell beginning so is a formula to a spreadsheet, whoever typed it.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Export:
    """What was written: `features` of the layer, to `path`."""

    path: Path
    features: int


def export_layer(
    session: Session,
    layer: str,
    path: Path,
    view: View = View.EXACT,
    selection: Selection = EVERYTHING,
) -> Export:
    """Write a layer, or what a selection has of it, to a file; an existing file is replaced.

    Geometry is EPSG:4326, lon/lat; in tables (`.csv`, `.xlsx`) it is WKT in the column `wkt`.

    Args:
        session: Reads only.
        layer: A layer of the catalogue.
        path: Ends in one of `ENDINGS`.
        view: How exactly; PUBLIC generalises what could single out a household.
        selection: Which features, with which properties.

    Raises:
        NotFoundError: There is no such layer.
        InvalidInputError: The ending is unknown, the format cannot hold this layer, or the
            selection does not fit it.
        UnavailableError: The file cannot be written.
    """
    write = ENDINGS.get(path.suffix.lower())
    if write is None:
        raise InvalidInputError(
            f"{path.name}: the format follows from the ending, one of {', '.join(ENDINGS)}."
        )
    frame = read_layer(session, layer, view, selection)
    write_whole(path, lambda target: write(frame, target, layer))
    return Export(path, len(frame))


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let a function write a file, with all that belongs to it, and move it to its place.

    Raises:
        UnavailableError: When the folder does not exist or the disk is full.
    """
    folder = path.absolute().parent
    try:
        with tempfile.TemporaryDirectory(prefix=".export-", dir=folder) as temporary:
            target = Path(temporary) / path.name
            write(target)
            # The named file comes last: whoever waits for it finds its companions there.
            for part in sorted(Path(temporary).iterdir(), key=lambda part: part == target):
                part.replace(folder / part.name)
    except (OSError, DataSourceError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnavailableError(f"{path} cannot be written: {reason}.") from error


def _plain(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Make lists and dates text, for formats that have neither."""
    plain = frame.copy()
    for name in plain.columns.drop("geometry"):
        if plain[name].dtype == object:
            plain[name] = [_text(cell) for cell in plain[name]]
    return plain


def _text(cell: object) -> object:
    if isinstance(cell, list):
        return ", ".join(str(item) for item in cell)
    if hasattr(cell, "isoformat"):
        return cell.isoformat()
    return cell


def _write_geopackage(frame: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    _write_vector(frame, path, "GPKG", layer=layer, geometry_type="Unknown")


def _write_geojson(frame: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    _write_vector(frame, path, "GeoJSON", layer=layer, RFC7946="YES", WRITE_NAME="NO")


def _write_flatgeobuf(frame: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    _write_vector(frame, path, "FlatGeobuf", layer=layer, geometry_type="Unknown")


def _write_kml(frame: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    # A KML layer's name is an XML name, and only the placemark's own name has a place of its own.
    named = frame.assign(Name=frame["name"]) if "name" in frame else frame
    _write_vector(named, path, "KML", layer=layer.replace("-", "_"))


def _write_shapefile(frame: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    kinds = {kind.removeprefix("Multi") for kind in frame.geom_type.dropna()}
    if len(kinds) > 1:
        raise InvalidInputError(
            f"{layer} has {' and '.join(sorted(kinds))} features, and a Shapefile holds one kind:"
            " export to .gpkg."
        )
    short = frame.rename(columns=_shorten([str(name) for name in frame.columns]))
    _write_vector(short, path, "ESRI Shapefile", layer=path.stem, encoding="UTF-8")


def _write_zipped_shapefile(frame: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    """Write one Shapefile for each kind of shape, and the full names of the fields beside them."""
    kinds = frame.geom_type.str.removeprefix("Multi").fillna("")
    found = sorted(set(kinds)) or [""]
    short = _shorten([str(name) for name in frame.columns])
    with tempfile.TemporaryDirectory(prefix=".shp-", dir=path.parent) as temporary:
        folder = Path(temporary)
        for kind in found:
            part = frame[kinds == kind]
            name = layer if len(found) == 1 else f"{layer}_{kind.lower() or 'no_shape'}"
            _write_vector(
                part.rename(columns=short),
                folder / f"{name}.shp",
                "ESRI Shapefile",
                layer=name,
                encoding="UTF-8",
            )
        fields = "".join(f"{label},{name}\r\n" for name, label in short.items())
        (folder / "fields.csv").write_text(f"field,name\r\n{fields}", encoding="utf-8-sig")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part_of in sorted(folder.iterdir()):
                archive.write(part_of, part_of.name)


def _shorten(names: list[str]) -> dict[str, str]:
    """Give names of at most the 10 letters a dBASE table allows, no two alike."""
    short: dict[str, str] = {}
    for name in names:
        if name == "geometry":
            continue
        label = name if len(name) <= 10 else name.replace("_", "")[:10]
        number = 1
        while label in short.values():
            number += 1
            label = f"{label[: 10 - len(str(number))]}{number}"
        short[name] = label
    return short


def _write_vector(
    frame: gpd.GeoDataFrame, path: Path, driver: str, *, layer: str, **options: str
) -> None:
    encoding = options.pop("encoding", None)
    geometry_type = options.pop("geometry_type", None)
    if geometry_type is None and frame.empty:
        geometry_type = "Unknown"
    pyogrio.write_dataframe(
        _plain(frame),
        path,
        layer=layer,
        driver=driver,
        encoding=encoding,
        geometry_type=geometry_type,
        layer_options=options,
    )


def _as_table(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    table = pd.DataFrame(_plain(frame).drop(columns="geometry"))
    table["wkt"] = frame.geometry.to_wkt(rounding_precision=7)
    for name in table.columns.drop("wkt"):
        if table[name].dtype in ("object", "str"):
            table[name] = [
                f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell
                for cell in table[name]
            ]
    return table


def _write_csv(frame: gpd.GeoDataFrame, path: Path, layer: str) -> None:  # noqa: ARG001  one shape
    # The byte order mark is what makes Excel read Vietnamese.
    _as_table(frame).to_csv(path, index=False, encoding="utf-8-sig")


def _write_workbook(frame: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    write_workbook(_as_table(frame), path, layer)


def _write_parquet(frame: gpd.GeoDataFrame, path: Path, layer: str) -> None:  # noqa: ARG001
    write_geoparquet(frame, path)


def write_geoparquet(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write GeoParquet 1.1: WKB, a `bbox` covering column, rows along a Hilbert curve.

    Readers with a box then read only the row groups they need.
    """
    if not frame.empty:
        placed = frame.geometry.notna() & ~frame.geometry.is_empty
        order = pd.Series(0, index=frame.index, dtype="uint64")
        if placed.any():
            order[placed] = frame.geometry[placed].hilbert_distance()
        frame = frame.iloc[order.argsort(kind="stable")].reset_index(drop=True)
    frame.to_parquet(
        path,
        index=False,
        compression="zstd",
        schema_version="1.1.0",
        write_covering_bbox=True,
        row_group_size=50_000,
    )


ENDINGS: dict[str, Callable[[gpd.GeoDataFrame, Path, str], None]] = {
    ".gpkg": _write_geopackage,
    ".geojson": _write_geojson,
    ".fgb": _write_flatgeobuf,
    ".kml": _write_kml,
    ".shp": _write_shapefile,
    ".zip": _write_zipped_shapefile,
    ".csv": _write_csv,
    ".xlsx": _write_workbook,
    ".parquet": _write_parquet,
}
