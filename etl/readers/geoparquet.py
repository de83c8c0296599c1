"""GeoParquet (1.x, WKB) through pyarrow: GDAL's own driver is not in the wheel."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from etl.errors import UnreadableFileError
from etl.readers.columns import ColumnRepairer, to_python
from etl.readers.gdal import BATCH_ROWS, check_vertices, to_wkb
from etl.readers.safety import MAX_UNPACKED_BYTES
from etl.readers.source import Batch, Source

# The specification: without a "crs" member the coordinates are OGC:CRS84.
_DEFAULT_CRS = "OGC:CRS84"


def open_geoparquet(path: Path, *, name: str, encoding: str) -> Source:
    """Open a GeoParquet file.

    Raises:
        UnreadableFileError: When it is not whole Parquet, has no geometry, or holds its geometry
            otherwise than as WKB.
    """
    try:
        file = pq.ParquetFile(path)
        geo = json.loads((file.metadata.metadata or {}).get(b"geo", b"null"))
        unpacked = sum(
            file.metadata.row_group(place).total_byte_size
            for place in range(file.metadata.num_row_groups)
        )
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableFileError(
            f"{name} is not whole Parquet: truncated, encrypted or another format."
        ) from error
    if unpacked > MAX_UNPACKED_BYTES:
        raise UnreadableFileError(f"{name} would unpack to {unpacked / 1024**3:.1f} GB: too much.")
    shape, crs = _geometry_of(geo, name, file.schema_arrow.names)
    covering = {f"{shape}_bbox", "bbox"} & {
        field.name for field in file.schema_arrow if pa.types.is_struct(field.type)
    }
    names = [field for field in file.schema_arrow.names if field not in covering | {shape}]
    repairer = ColumnRepairer(encoding, "utf-8")
    source = Source(
        name=name,
        layer=None,
        others=(),
        format="GeoParquet",
        crs=crs,
        fields=tuple(repairer.repair_names(names)),
        encoding="utf-8",
        count=file.metadata.num_rows,
        batches=lambda: iter(()),
    )

    def read() -> Iterator[Batch]:
        row = 1
        try:
            for record in pq.ParquetFile(path).iter_batches(
                batch_size=BATCH_ROWS, columns=[*names, shape], use_threads=False
            ):
                texts = repairer.repair([to_python(record.column(field)) for field in names], names)
                batch = Batch(
                    row,
                    [str(row - 1 + place) for place in range(record.num_rows)],
                    to_wkb(record.column(shape)),
                    dict(zip(repairer.repair_names(names), texts, strict=True)),
                )
                check_vertices(batch, name)
                row += len(batch)
                yield batch
        except (pa.ArrowException, OSError) as error:
            reason = " ".join(str(error).split())
            raise UnreadableFileError(f"{name} is damaged: {reason[:200]}") from error
        source.encoding = repairer.name

    source.batches = read
    return source


def _geometry_of(geo: Any, name: str, fields: list[str]) -> tuple[str, str | None]:
    """Find the geometry column and its CRS in the file's `geo` metadata."""
    column = geo.get("primary_column") if isinstance(geo, dict) else None
    described = (geo.get("columns") or {}).get(column) if column else None
    if not isinstance(described, dict) or column not in fields:
        raise UnreadableFileError(
            f"{name} has no geometry: it is Parquet without GeoParquet's description of a column."
        )
    if described.get("encoding") != "WKB":
        raise UnreadableFileError(
            f"{name} holds its geometry as {described.get('encoding')}; only WKB is read here."
        )
    if "crs" not in described:
        return column, _DEFAULT_CRS
    crs = described["crs"]
    if not isinstance(crs, dict):
        return column, None
    identifier = crs.get("id") or {}
    if "authority" in identifier and "code" in identifier:
        return column, f"{identifier['authority']}:{identifier['code']}"
    return column, json.dumps(crs)
