"""Features as tables: CSV for spreadsheets, GeoParquet for analysis; one bounded page at a time.

Both are written into memory: a page has at most `gis.features.MAX_LIMIT` features. Whole layers
and other formats are files, written by `gis.exports` in a job.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely
from sqlalchemy import BIGINT, bindparam, func, select
from sqlalchemy.orm import Session

from gis.conditions import bind_selection, conditions_of, narrowing_of
from gis.layer import Layer, Property, View
from gis.narrowing import further_conditions
from gis.paging import START, Position, bind_position, comes_after, order_by, shown_values
from gis.published_crs import CRS84, PublishedCrs
from gis.reading import fetch, prepare
from gis.refusals import answering
from gis.selection import EVERYTHING, Selection
from gis.shapes_shown import shape_in

# A cell beginning so is a formula to a spreadsheet, whoever typed it.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "array": pa.list_(pa.string()),
    "date": pa.date32(),
    "date-time": pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of `id`, the properties and the shape (WKB in `crs`, None where there is none)."""

    layer: Layer
    properties: tuple[Property, ...]
    crs: PublishedCrs
    rows: list[tuple[Any, ...]]
    end: Position | None


def read_table(
    session: Session,
    layer: Layer,
    view: View,
    selection: Selection = EVERYTHING,
    *,
    after: Position = START,
    limit: int = 10,
) -> Table:
    """One page of features as rows, in the order asked for; as `gis.features.list_features`.

    Raises:
        InvalidInputError: As `list_features`.
    """
    chosen = selection.properties
    shown = tuple(item for item in layer.properties if chosen is None or item.name in chosen)
    narrowing = narrowing_of(layer, selection)
    query = (
        select(
            layer.key,
            *(item.expression(view).label(item.name) for item in shown),
            func.ST_AsBinary(shape_in(layer, view, selection.crs)),
            *shown_values(layer, view, selection.sort),
        )
        .select_from(layer.source)
        .where(*conditions_of(layer, view, narrowing))
        .order_by(*order_by(layer, view, selection.sort))
        .limit(bindparam("most", None, type_=BIGINT()))
    )
    if after != START:
        empty = [value is None for value in after.values]
        query = query.where(comes_after(layer, view, selection.sort, empty))
    query = query.where(*further_conditions(session, layer, view, selection))
    given = {**bind_selection(layer, selection), **bind_position(after), "most": limit + 1}
    with answering(session, selection):
        rows = fetch(session, prepare(query), given)
    width = len(shown) + 2
    end = Position(rows[limit - 1][0], rows[limit - 1][width:]) if len(rows) > limit else None
    return Table(layer, shown, selection.crs, [row[:width] for row in rows[:limit]], end)


def write_csv(table: Table) -> bytes:
    """Write RFC 4180, UTF-8 without a byte order mark; the shape is WKT in the column `wkt`."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(["id", *(item.name for item in table.properties), "wkt"])
    places = table.crs.decimals
    shapes = shapely.to_wkt(
        shapely.from_wkb([row[-1] for row in table.rows]), rounding_precision=places
    )
    for row, shape in zip(table.rows, shapes, strict=True):
        writer.writerow([*(_cell(value) for value in row[:-1]), shape])
    return file.getvalue().encode()


def write_parquet(table: Table) -> bytes:
    """Write GeoParquet 1.1: the shape as WKB, x before y whatever the system's own order is."""
    arrays: list[pa.Array] = [pa.array([row[0] for row in table.rows], pa.int64())]
    fields = [pa.field("id", pa.int64(), nullable=False)]
    for place, item in enumerate(table.properties, start=1):
        type_ = _TYPES[item.format or item.type]
        cells = [row[place] for row in table.rows]
        if item.type == "number":
            cells = [None if cell is None else float(cell) for cell in cells]
        arrays.append(pa.array(cells, type_))
        fields.append(pa.field(item.name, type_))
    arrays.append(pa.array([_x_first(row[-1], table.crs) for row in table.rows], pa.binary()))
    fields.append(pa.field("geometry", pa.binary()))
    schema = pa.schema(fields, metadata={"geo": json.dumps(_geo(table))})
    file = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), file, compression="zstd")
    return file.getvalue()


def _geo(table: Table) -> Mapping[str, Any]:
    """The metadata of GeoParquet."""
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": _geometry_types(table.rows)}
    if table.crs is not CRS84:
        column["crs"] = pyproj.CRS.from_epsg(table.crs.srid).to_json_dict()
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}


def _geometry_types(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    shapes = shapely.from_wkb([row[-1] for row in rows])
    return sorted({shape.geom_type for shape in shapes if shape is not None})


def _x_first(shape: bytes | None, crs: PublishedCrs) -> bytes | None:
    if shape is None or not crs.is_flipped:
        return shape
    flipped: bytes = shapely.to_wkb(
        shapely.transform(shapely.from_wkb(shape), lambda points: points[:, ::-1])
    )
    return flipped


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        value = ", ".join(str(part) for part in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value
