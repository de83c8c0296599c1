"""Vector files through GDAL: layers, Arrow batches, and a GDAL that cannot reach the network."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
from numpy.typing import NDArray
from pyogrio import raw
from pyogrio._ogr import _register_drivers
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError

from etl.errors import UnreadableFileError
from etl.readers.columns import ColumnRepairer, to_python
from etl.readers.source import Batch, Source

# Everything else GDAL can open is off: network services, archives, databases, scripts (GDALG, VRT).
DRIVERS = frozenset(
    {
        "ESRI Shapefile",
        "FlatGeobuf",
        "GML",
        "GPKG",
        "GPX",
        "GeoJSON",
        "KML",
        "LIBKML",
        "OpenFileGDB",
    }
)
BATCH_ROWS = 20_000
# A track of many years has some 10⁵ points, a province's boundary some 10⁴.
MAX_VERTICES = 500_000

_FAILURES = (
    *(DataLayerError, DataSourceError, FeatureError, FieldError),
    *(pa.ArrowException, OSError, UnicodeDecodeError),
)


@cache
def restrict_gdal() -> None:
    """Leave only the drivers of `DRIVERS`, and no way to the network, in this process.

    Importing pyogrio registers all drivers; registering once more is what makes GDAL obey
    `GDAL_SKIP`.
    """
    pyogrio.set_gdal_config_options(
        {
            "GDAL_SKIP": ",".join(sorted(set(pyogrio.list_drivers()) - DRIVERS)),
            "CPL_CURL_ENABLE_VSIMEM": "NO",
            "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
            "GML_DOWNLOAD_SCHEMA": "NO",
            "GML_SKIP_RESOLVE_ELEMS": "ALL",
            "LIBKML_RESOLVE_STYLE": "NO",
            "OGR_SQLITE_ALLOW_EXTERNAL_ACCESS": "NO",
            "SQLITE_USE_OGR_VFS": "NO",
        }
    )
    _register_drivers()
    left = set(pyogrio.list_drivers()) - DRIVERS
    if left:  # pragma: no cover - a new pyogrio
        raise RuntimeError(f"GDAL drivers that should be off are on: {sorted(left)}")


@contextmanager
def _one_sentence(path: Path, notes: list[str] | None = None) -> Iterator[None]:
    """Turn what GDAL says into one sentence, and its warnings into notes."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        except _FAILURES as error:
            reason = " ".join(str(error).replace(str(path), path.name).split())
            raise UnreadableFileError(f"{path.name} cannot be read: {reason[:300]}") from error
    for warning in caught:
        note = " ".join(str(warning.message).replace(str(path), path.name).split())
        if notes is not None and note not in notes:
            notes.append(note)


def list_layers(path: Path) -> dict[str, bool]:
    """List the layers of a file: name, and whether it has geometry.

    Raises:
        UnreadableFileError: When GDAL cannot open the file.
    """
    restrict_gdal()
    with _one_sentence(path, []):
        return {str(name): kind is not None for name, kind in pyogrio.list_layers(path)}


def choose_layer(path: Path, layers: dict[str, bool], wanted: str | None) -> str:
    """Choose the layer to read: the one named, else the first that has geometry.

    Raises:
        UnreadableFileError: When there is no such layer, or none has geometry.
    """
    spatial = [name for name, has_geometry in layers.items() if has_geometry]
    if wanted is not None:
        if wanted not in layers:
            raise UnreadableFileError(
                f"{path.name} has no layer {wanted}. Its layers: {', '.join(layers)}."
            )
        if wanted not in spatial:
            raise UnreadableFileError(
                f"The layer {wanted} of {path.name} is a table without geometry and is never"
                f" loaded as one. Layers with geometry: {', '.join(spatial) or 'none'}."
            )
        return wanted
    if not spatial:
        raise UnreadableFileError(
            f"{path.name} has no layer with geometry"
            + (f"; its tables: {', '.join(layers)}." if layers else ".")
        )
    return spatial[0]


def open_vector(
    path: Path,
    *,
    name: str,
    layer: str | None,
    layers: dict[str, bool] | None = None,
    encoding: str,
    read_as: str | None = None,
    declared: str = "utf-8",
    options: dict[str, str] | None = None,
    extend: Callable[[Batch], None] | None = None,
) -> Source:
    """Open one layer of a file that has passed the checks of `safety`.

    Args:
        path: The file as GDAL opens it (it may lie in a temporary folder).
        name: The name people know the file by.
        layer: The layer wanted; None: the first one with geometry.
        layers: The layers a person may choose from, where that is not all of them.
        encoding: What the operator said: `auto`, `tcvn3`, …
        read_as: The encoding GDAL shall read a Shapefile's table in.
        declared: How the file says its text is written.
        options: Open options of the driver.
        extend: Completes each batch with what GDAL does not give.

    Raises:
        UnreadableFileError: When the file or the layer cannot be opened.
    """
    known = list_layers(path) if layers is None else layers
    chosen = choose_layer(path, known, layer)
    notes: list[str] = []
    with _one_sentence(path, notes):
        info = pyogrio.read_info(path, layer=chosen, encoding=read_as, **(options or {}))
    repairer = ColumnRepairer(encoding, declared)
    source = Source(
        name=name,
        layer=chosen,
        others=tuple(other for other in known if other != chosen and known[other]),
        format=str(info["driver"]),
        crs=info["crs"],
        fields=tuple(repairer.repair_names([str(field) for field in info["fields"]])),
        encoding=declared,
        count=int(info["features"]) if info["features"] >= 0 else None,
        batches=lambda: iter(()),
        warnings=notes,
    )

    def read() -> Iterator[Batch]:
        restrict_gdal()
        row = 1
        with (
            _one_sentence(path, notes),
            raw.open_arrow(
                path,
                layer=chosen,
                encoding=read_as,
                return_fids=True,
                batch_size=BATCH_ROWS,
                use_pyarrow=True,
                **(options or {}),
            ) as (meta, reader),
        ):
            shape = meta["geometry_name"] or "wkb_geometry"
            for record in reader:
                batch = _to_batch(record, row, shape, meta["fid_column"], repairer)
                check_vertices(batch, name)
                if extend is not None:
                    extend(batch)
                row += len(batch)
                yield batch
        source.encoding = repairer.name
        if source.count is not None and source.count != row - 1:
            raise UnreadableFileError(
                f"{name} is damaged: {row - 1} of {source.count} features could be read."
            )

    source.batches = read
    return source


def _to_batch(
    record: pa.RecordBatch, row: int, shape: str, fid: str, repairer: ColumnRepairer
) -> Batch:
    names = [name for name in record.schema.names if name not in (shape, fid)]
    columns = dict(
        zip(
            repairer.repair_names(names),
            repairer.repair([to_python(record.column(name)) for name in names], names),
            strict=True,
        )
    )
    fids: list[Any] = record.column(fid).to_pylist()
    return Batch(row, [str(value) for value in fids], to_wkb(record.column(shape)), columns)


def to_wkb(column: pa.Array) -> NDArray[np.object_]:
    """Take the geometries of an Arrow column of WKB as Python bytes, None where there is none."""
    shapes: NDArray[np.object_] = column.to_numpy(zero_copy_only=False)
    return shapes


def check_vertices(batch: Batch, name: str) -> None:
    """Refuse a file with a shape no farm, track or province has.

    Raises:
        UnreadableFileError: When a geometry has more than `MAX_VERTICES` vertices.
    """
    if batch.geometry is None:
        return
    for place, wkb in enumerate(batch.geometry):
        # 16 bytes a vertex in two dimensions, 24 in three.
        if wkb is not None and len(wkb) > 16 * MAX_VERTICES:
            width = 24 if _has_height(wkb) else 16
            if len(wkb) // width > MAX_VERTICES:
                raise UnreadableFileError(
                    f"Row {batch.first_row + place} of {name} has some {len(wkb) // width:,}"
                    f" vertices; at most {MAX_VERTICES:,} are accepted: simplify or split it."
                )


def _has_height(wkb: bytes) -> bool:
    kind = int.from_bytes(wkb[1:5], "little" if wkb[0] else "big")
    return bool(kind & 0x80000000) or 1000 < kind < 2000
