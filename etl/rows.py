"""A batch of a file made ready for one layer: kinds sorted, no heights, WGS84, values typed."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from etl.readers import Batch
from etl.report import Reject, Repair
from etl.targets import Field, Shape, Target, fold_name, guess_level
from etl.values import BadValueError, read_value
from gis.crs import VIETNAM, to_wgs84
from gis.reform import LAST_DAY_BEFORE, REFORM_ON

# The columns of the staging table, in the order of COPY, with the type COPY sends. A geometry
# travels as its bytes (EWKB without SRID; the column gives it 4326), JSON as its binary form.
STAGED = {
    "row_no": "int8",
    "source_id": "text",
    "shape": "bytea",
    "attributes": "bytea",
    "code": "text",
    "name": "text",
    "full_name": "text",
    "level": "text",
    "valid_from": "date",
    "valid_to": "date",
    "declared_area_ha": "float8",
    "population": "int4",
    "crop_id": "int8",
    "commune_id": "int8",
    "kind": "text",
    "variety": "text",
    "planted_year": "int4",
    "household_count": "int4",
    "standard": "text",
    "product": "text",
    "recognised_on": "date",
    "recognised_year": "int4",
    "note": "text",
    "recorded_at": "timestamptz",
}
_PLACE = {name: place for place, name in enumerate(STAGED)}
_JSONB_VERSION = b"\x01"

_POLYGONS, _LINES, _POINTS = {3, 6}, {1, 2, 5}, {0, 4}
_ACCEPTED = {
    Shape.POLYGON: _POLYGONS,
    Shape.POINT: _POINTS,
    Shape.POLYGON_OR_POINT: _POLYGONS | _POINTS,
    Shape.LINE_OR_POINT: _LINES | _POINTS,
}
_COLLECTION = 7
# Refused shapes kept for a person to look at.
_SHOWN = 500


@dataclass(frozen=True)
class Lookups:
    """What the database knows under names that files use: folded name to id."""

    crops: Mapping[str, int]
    communes: Mapping[str, int]


@dataclass
class RowMaker:
    """Makes staging rows of batches, and keeps count of what people should hear about.

    Attributes:
        target: The layer.
        mapping: Target field to file field.
        crs: The system of the file's coordinates.
        lookups: Crops and communes by name or code.
        key: File field whose value is the row's key within its source; None: the feature id.
        valid_from: First day of administrative units whose file does not say.
        anywhere: Admit rows outside Vietnam.
        repair: Close rings that are not closed; what was closed is listed in `repairs`.
        refused: Some of the rows refused here that have a shape (WKB, EPSG:4326), for a preview.
    """

    target: Target
    mapping: Mapping[str, str]
    crs: str
    lookups: Lookups
    key: str | None = None
    valid_from: date | None = None
    anywhere: bool = False
    repair: bool = False
    repairs: list[Repair] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[int, bytes]] = field(default_factory=list)

    def make(self, batch: Batch) -> tuple[list[tuple[Any, ...]], list[Reject]]:
        """Make the rows of a batch.

        Returns:
            Rows in the order of `STAGED`, and the rows refused here.
        """
        problems = dict(batch.problems)
        table = self._values(batch, problems)
        table[_PLACE["shape"]] = self._shapes(batch, table, problems)
        rows = list(zip(*table, strict=True))
        if not problems:
            return rows, []
        rejects = [Reject(batch.first_row + place, *problems[place]) for place in sorted(problems)]
        for place in sorted(problems)[: _SHOWN - len(self.refused)]:
            if (shape := rows[place][_PLACE["shape"]]) is not None:
                self.refused.append((batch.first_row + place, shape))
        return [row for place, row in enumerate(rows) if place not in problems], rejects

    # Geometry

    def _shapes(
        self, batch: Batch, table: list[list[Any]], problems: dict[int, tuple[str, str]]
    ) -> list[bytes | None]:
        """Bring the geometries of a batch to the layer's kind, two dimensions, EPSG:4326."""
        if batch.geometry is None:
            return [None] * len(batch)
        wkb = batch.geometry
        shapes: NDArray[np.object_] = shapely.from_wkb(wkb, on_invalid="ignore")
        missing = shapely.is_missing(shapes)
        for place in np.flatnonzero(missing):
            shapes[place] = self._read_odd(wkb[place], int(place), batch.first_row, problems)
        closed = missing & ~shapely.is_missing(shapes)
        missing &= ~closed
        changed = shapely.has_z(shapes) | shapely.has_m(shapes) | closed
        if changed.any():
            shapes = shapely.force_2d(shapes)
        if self.crs != "EPSG:4326":
            shapes = to_wgs84(shapes, self.crs)
            changed = ~missing
        kinds = shapely.get_type_id(shapes)
        odd = ~np.isin(kinds, list(_ACCEPTED[self.target.shape])) & ~missing
        for place in np.flatnonzero(odd):
            sorted_shape = _sort_kind(shapes[place], self.target.shape)
            if sorted_shape is None:
                problems.setdefault(int(place), ("wrong geometry", self._wrong(shapes[place])))
            else:
                shapes[place] = sorted_shape
                changed[place] = True
        # One point is enough for a facility; several are not one place.
        if self.target.shape in (Shape.POINT, Shape.POLYGON_OR_POINT):
            self._single_points(shapes, changed, problems)
        self._check_places(shapes, problems)
        if self.target.shape is Shape.POLYGON_OR_POINT:
            lonely = np.flatnonzero(shapely.get_type_id(shapes) == 0)
            self._need_area(lonely.tolist(), table, problems)
        if not changed.any():
            return list(wkb)
        if changed.all():
            return list(shapely.to_wkb(shapes))
        out = wkb.copy()
        out[changed] = shapely.to_wkb(shapes[changed])
        return list(out)

    def _read_odd(
        self, wkb: bytes | None, place: int, first_row: int, problems: dict[int, tuple[str, str]]
    ) -> shapely.Geometry | None:
        """Say why a geometry could not be read, or close its rings where that is wanted."""
        if wkb is None:
            problems.setdefault(place, ("no geometry", "the row has none"))
            return None
        try:
            shapely.from_wkb(wkb)
        except shapely.errors.GEOSException as error:
            reason = " ".join(str(error).split()).removeprefix("IllegalArgumentException: ")
        shape = shapely.from_wkb(wkb, on_invalid="fix") if self.repair else None
        if shape is None:
            problems.setdefault(place, ("unreadable geometry", reason[:200]))
        else:
            self.repairs.append(Repair(first_row + place, f"{reason}: the ring was closed"))
        return shape

    def _need_area(
        self, points: list[int], table: list[list[Any]], problems: dict[int, tuple[str, str]]
    ) -> None:
        """Refuse an area that is neither drawn nor declared."""
        areas = table[_PLACE["declared_area_ha"]]
        for place in points:
            if not areas[place] or areas[place] <= 0:
                problems.setdefault(
                    place, ("missing value", "a point needs its declared_area_ha, above 0")
                )

    def _wrong(self, shape: shapely.Geometry) -> str:
        return f"{type(shape).__name__}; {self.target.layer} takes {self.target.shape}"

    def _single_points(
        self,
        shapes: NDArray[np.object_],
        changed: NDArray[np.bool_],
        problems: dict[int, tuple[str, str]],
    ) -> None:
        for place in np.flatnonzero(shapely.get_type_id(shapes) == 4):
            if shapely.get_num_geometries(shapes[place]) == 1:
                shapes[place] = shapely.get_geometry(shapes[place], 0)
                changed[place] = True
            else:
                problems.setdefault(int(place), ("wrong geometry", self._wrong(shapes[place])))

    def _check_places(
        self, shapes: NDArray[np.object_], problems: dict[int, tuple[str, str]]
    ) -> None:
        """Refuse empty shapes and shapes outside Vietnam, or outside the world."""
        empty = shapely.is_empty(shapes)
        if self.target.shape is Shape.LINE_OR_POINT:
            # A recorder switched on and off again leaves a track with a name and no point.
            self.notes["row with an empty geometry was kept"] += int(empty.sum())
        else:
            for place in np.flatnonzero(empty):
                problems.setdefault(int(place), ("empty geometry", "it has no points"))
        west, south, east, north = (-180.0, -90.0, 180.0, 90.0) if self.anywhere else VIETNAM
        box = shapely.bounds(shapes)
        inside = (
            (box[:, 0] >= west) & (box[:, 1] >= south) & (box[:, 2] <= east) & (box[:, 3] <= north)
        )
        for place in np.flatnonzero(~inside & ~empty & ~shapely.is_missing(shapes)):
            problems.setdefault(int(place), _explain_outside(box[place], anywhere=self.anywhere))

    # Values

    def _values(self, batch: Batch, problems: dict[int, tuple[str, str]]) -> list[list[Any]]:
        count = len(batch)
        table: list[list[Any]] = [[None] * count for _ in STAGED]
        table[_PLACE["row_no"]] = list(range(batch.first_row, batch.first_row + count))
        kept = {
            name: cells
            for name, cells in batch.columns.items()
            if name not in self.mapping.values()
        }
        for goal, origin in self.mapping.items():
            found = self.target.field(goal)
            if found is not None:
                cells = batch.columns.get(origin, [None] * count)
                column, unresolved = self._read_column(found, cells, problems)
                table[_PLACE[found.stored_as]] = column
                if unresolved:
                    kept[origin] = unresolved
        if self.target.layer == "administrative-units":
            self._complete_units(table)
        self._require(table, problems)
        self._set_keys(batch, table, problems)
        names = list(kept)
        table[_PLACE["attributes"]] = (
            [
                _JSONB_VERSION + orjson.dumps(dict(zip(names, cells, strict=True)))
                for cells in zip(*kept.values(), strict=True)
            ]
            if names
            else [_JSONB_VERSION + b"{}"] * count
        )
        return table

    def _read_column(
        self, found: Field, cells: list[Any], problems: dict[int, tuple[str, str]]
    ) -> tuple[list[Any], list[Any] | None]:
        """Type the cells of one field; names of crops or communes nobody knows stay as they are."""
        if found.kind in ("crop", "commune"):
            return self._look_up(found, cells)
        values: list[Any] = []
        for place, cell in enumerate(cells):
            try:
                value, note = read_value(found, cell)
            except BadValueError as error:
                problems.setdefault(place, ("bad value", str(error)))
                value, note = None, None
            if note:
                self.notes[note] += 1
            values.append(value)
        return values, None

    def _look_up(self, found: Field, cells: list[Any]) -> tuple[list[Any], list[Any] | None]:
        known = self.lookups.crops if found.kind == "crop" else self.lookups.communes
        # Few names, many rows: each is folded once.
        names = {str(cell) for cell in cells if cell is not None}
        numbers = {name: known.get(fold_name(name)) for name in names}
        ids = [None if cell is None else numbers[str(cell)] for cell in cells]
        unknown = [
            cell if number is None else None for cell, number in zip(cells, ids, strict=True)
        ]
        missed = sum(cell is not None for cell in unknown)
        if not missed:
            return ids, None
        self.notes[f"value of {found.name} is not known and was kept in attributes only"] += missed
        return ids, unknown

    def _complete_units(self, table: list[list[Any]]) -> None:
        """Fill in the level and period of administrative units that their file leaves out."""
        codes, levels = table[_PLACE["code"]], table[_PLACE["level"]]
        starts, ends = table[_PLACE["valid_from"]], table[_PLACE["valid_to"]]
        origin = self.mapping.get("code", "")
        for place, code in enumerate(codes):
            if levels[place] is None and code is not None:
                levels[place] = guess_level(code, origin)
            if starts[place] is None:
                starts[place] = self.valid_from
            # All units were decreed anew on that day, so older ones ended the day before.
            if ends[place] is None and starts[place] is not None and starts[place] < REFORM_ON:
                ends[place] = LAST_DAY_BEFORE
        if "name" not in self.mapping:
            table[_PLACE["name"]] = list(codes)

    def _require(self, table: list[list[Any]], problems: dict[int, tuple[str, str]]) -> None:
        for name in self.target.required:
            for place, value in enumerate(table[_PLACE[name]]):
                if value is None:
                    problems.setdefault(place, ("missing value", f"{name} is empty"))

    def _set_keys(
        self, batch: Batch, table: list[list[Any]], problems: dict[int, tuple[str, str]]
    ) -> None:
        """Give each row without a natural key the key it has within its source."""
        keys: list[str | None] = list(batch.ids)
        if self.key is not None:
            keys = [_as_text(cell) for cell in batch.columns[self.key]]
            for place, value in enumerate(keys):
                if value is None:
                    problems.setdefault(place, ("missing key", f"{self.key} is empty"))
        if "code" in self.target.key:
            codes = table[_PLACE["code"]]
            keys = [key if code is None else None for key, code in zip(keys, codes, strict=True)]
        table[_PLACE["source_id"]] = keys


def _as_text(cell: Any) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip() or None


def _parts(shape: shapely.Geometry) -> list[shapely.Geometry]:
    """Take a collection apart, nested ones too."""
    if shapely.get_type_id(shape) != _COLLECTION:
        return list(shapely.get_parts(shape))
    return [part for inner in shapely.get_parts(shape) for part in _parts(inner)]


def _sort_kind(shape: shapely.Geometry, wanted: Shape) -> shapely.Geometry | None:
    """Turn a collection of one kind into that kind's multi-geometry, if the layer takes it."""
    if shapely.get_type_id(shape) != _COLLECTION:
        return None
    parts = [part for part in _parts(shape) if not shapely.is_empty(part)]
    kinds = {int(kind) for kind in shapely.get_type_id(parts)} if parts else set()
    gatherers: tuple[tuple[set[int], Callable[[Any], shapely.Geometry]], ...] = (
        (_POLYGONS, shapely.multipolygons),
        (_LINES, shapely.multilinestrings),
        (_POINTS, shapely.multipoints),
    )
    for family, gather in gatherers:
        if kinds and kinds <= family and family <= _ACCEPTED[wanted]:
            return gather(parts)
    return None


def _explain_outside(box: NDArray[np.float64], *, anywhere: bool) -> tuple[str, str]:
    west, south, east, north = (float(value) for value in box)
    where = f"lon {west:.5f} to {east:.5f}, lat {south:.5f} to {north:.5f}"
    if not np.isfinite(box).all():
        return "bad coordinates", "its coordinates are not finite in EPSG:4326"
    if VIETNAM[0] <= south <= north <= VIETNAM[2] and VIETNAM[1] <= west <= east <= VIETNAM[3]:
        where += "; longitude and latitude look swapped"
    return ("outside the world" if anywhere else "outside Vietnam"), where
