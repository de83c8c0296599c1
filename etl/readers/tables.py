"""Tables with places in their columns: CSV, XLS, XLSX, ODS with lon/lat, x/y or WKT."""

import codecs
import contextlib
import csv
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from python_calamine import CalamineError, CalamineWorkbook

from etl.encodings import UNICODE
from etl.errors import UnreadableFileError
from etl.readers.columns import ColumnRepairer
from etl.readers.gdal import BATCH_ROWS, check_vertices
from etl.readers.safety import check_office, first_bytes
from etl.readers.source import Batch, Source
from gis.errors import InvalidInputError

# Names that can only mean degrees; x and y may mean anything, so their CRS has to be said.
_LONGITUDES = ("lon", "long", "lng", "longitude", "kinh_do", "kinhdo", "kinh độ", "kinh do")
_LATITUDES = ("lat", "latitude", "vi_do", "vido", "vĩ_độ", "vĩ độ", "vi do")
_PLANE = (("x", "y"), ("toa_do_x", "toa_do_y"), ("easting", "northing"), ("x_vn2000", "y_vn2000"))
_WKT = ("wkt", "geometry", "geom", "the_geom", "shape", "boundary", "ranh_gioi")

_CODED_X = re.compile(r"x_([0-9]{4,5})")
_MAX_FIELD = 16 * 1024**2

Cell = Any
# What an operator said of place columns: `lon`, `lat`, `x`, `y` or `wkt` to the file's field.
Places = Mapping[str, str]
Rows = Iterator[Sequence[Cell]]


def open_csv(path: Path, *, name: str, encoding: str, places: Places | None = None) -> Source:
    """Open a text table; the separator is the one its first lines agree on.

    Raises:
        UnreadableFileError: When it has no header, or is no text.
    """
    codec, declared = _choose_codec(path, name, encoding)
    csv.field_size_limit(_MAX_FIELD)

    def rows() -> Rows:
        with path.open(encoding=codec, newline="") as file:
            head = file.read(64 * 1024)
            file.seek(0)
            try:
                yield from csv.reader(file, delimiter=_choose_delimiter(head))
            except (csv.Error, UnicodeDecodeError) as error:
                raise UnreadableFileError(f"{name} is no text table: {error}.") from error

    return _open_rows(
        rows,
        name=name,
        layer=None,
        others=(),
        declared=declared,
        encoding=encoding,
        said=places,
    )


def open_workbook(
    path: Path, *, name: str, sheet: str | None, encoding: str, places: Places | None = None
) -> Source:
    """Open a sheet of a workbook; its first row that is not empty is the header.

    Raises:
        UnreadableFileError: When it is damaged, protected, or has no such sheet.
    """
    with _quiet_panics(name):
        book = CalamineWorkbook.from_path(path)
        sheets = list(book.sheet_names)
        chosen = sheet if sheet is not None else sheets[0]
        if chosen not in sheets:
            raise UnreadableFileError(f"{name} has no sheet {sheet}. Sheets: {', '.join(sheets)}.")
        table = book.get_sheet_by_name(chosen).to_python()
    others = tuple(other for other in sheets if other != chosen)
    return _open_rows(
        lambda: iter(table),
        name=name,
        layer=chosen,
        others=others,
        declared=UNICODE,
        encoding=encoding,
        said=places,
    )


def read_sheets(path: Path, *, name: str, most: int) -> Iterator[list[list[Cell]]]:
    """Read the first sheets of a workbook one after the other, row 1 and column A first.

    Raises:
        UnreadableFileError: When it is damaged, protected, or would fill the memory.
    """
    check_office(path)
    with _quiet_panics(name):
        book = CalamineWorkbook.from_path(path)
    for sheet in book.sheet_names[:most]:
        with _quiet_panics(name):
            table = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        yield table


@contextlib.contextmanager
def _quiet_panics(name: str) -> Iterator[None]:
    """Turn whatever calamine says or does about a damaged workbook into one sentence.

    A panic of its Rust is no `Exception`, and prints itself to the process's stderr first.
    """
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    except UnreadableFileError:
        raise
    except (CalamineError, OSError, ValueError, IndexError) as error:
        reason = " ".join(str(error).split())
        hint = " It is protected by a password." if "assword" in reason else ""
        raise UnreadableFileError(f"{name} cannot be read: {reason[:200]}.{hint}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableFileError(f"{name} is damaged: its cells cannot be read.") from error
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _choose_codec(path: Path, name: str, encoding: str) -> tuple[str, str]:
    """Choose how to decode a text file: Python's codec, and the name for the report."""
    head = first_bytes(path, 4)
    if b"\x00" in first_bytes(path, 4096) and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFileError(f"{name} is no text: encrypted, or another format.")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", "utf-16"
    if encoding in ("auto", "utf-8"):
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
        try:
            with path.open("rb") as file:
                while block := file.read(1024**2):
                    decoder.decode(block)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            if encoding == "utf-8":
                raise UnreadableFileError(f"{name} is not UTF-8: {error.reason}.") from error
            return "latin-1", "latin-1"
        return "utf-8-sig", "utf-8"
    return "latin-1", encoding


def _choose_delimiter(head: str) -> str:
    lines = [line for line in head.splitlines() if line.strip()][:20]
    counts = {
        mark: min((line.count(mark) for line in lines[:1]), default=0)
        for mark in (",", ";", "\t", "|")
    }
    return max(counts, key=lambda mark: counts[mark])


def _open_rows(
    rows: Callable[[], Rows],
    *,
    name: str,
    layer: str | None,
    others: tuple[str, ...],
    declared: str,
    encoding: str,
    said: Places | None,
) -> Source:
    header = next((row for row in rows() if any(_is_filled(cell) for cell in row)), None)
    if header is None:
        raise UnreadableFileError(f"{name} has no rows.")
    repairer = ColumnRepairer(encoding, declared)
    names = _unique(repairer.repair_names([str(cell).strip() for cell in header]))
    places, crs = _said_places(said, names, name) if said else _find_places(names)
    fields = [field for field in names if field not in places]
    source = Source(
        name=name,
        layer=layer,
        others=others,
        format="table",
        crs=crs,
        fields=tuple(fields),
        encoding=declared,
        count=None,
        batches=lambda: iter(()),
        has_geometry=bool(places),
    )
    if crs:
        source.crs_note = f"The columns {', '.join(places)} were taken as {crs} by their names."

    def read() -> Iterator[Batch]:
        first = 1
        for chunk in _chunks(rows()):
            batch = _to_batch(chunk, first, names, places, repairer)
            check_vertices(batch, name)
            first += len(batch)
            yield batch
        source.encoding = repairer.name

    source.batches = read
    if len(places) == 2 and not source.crs and _writes_northing_first(rows, names, places):
        places = (places[1], places[0])
        source.warnings.append(
            f"{places[1]} holds the northing and {places[0]} the easting, as surveyors in Vietnam"
            " write them; they were read so."
        )
    return source


def _writes_northing_first(
    rows: Callable[[], Rows], names: list[str], places: tuple[str, ...]
) -> bool:
    """Look at the first rows: in Vietnam eastings stay below 900 km, northings above."""
    first = next(_chunks(rows()), [])[:200]
    x, y = (
        _median([row[names.index(place)] for row in first if len(row) > names.index(place)])
        for place in places
    )
    return x > 900_000 > y > 100_000


def _median(cells: list[Cell]) -> float:
    numbers = []
    for cell in cells:
        with contextlib.suppress(ValueError):
            numbers.append(float(str(cell).replace(",", ".")))
    return float(np.median(numbers)) if numbers else math.nan


def _said_places(said: Places, names: list[str], file: str) -> tuple[tuple[str, ...], str | None]:
    """Check the place columns that the operator named; give them, and their CRS if known."""
    for goal, field in said.items():
        if field not in names:
            raise InvalidInputError(
                f"--map {field}={goal}: {file} has no field {field}."
                f" Its fields: {', '.join(names)}."
            )
    for pair, crs in ((("lon", "lat"), "EPSG:4326"), (("x", "y"), None), (("wkt",), None)):
        if set(said) == set(pair):
            return tuple(said[goal] for goal in pair), crs
    raise InvalidInputError("Map two columns to lon and lat, or two to x and y, or one to wkt.")


def _find_places(names: list[str]) -> tuple[tuple[str, ...], str | None]:
    """Find the columns that hold the place: two coordinates (x first), or one of WKT.

    Returns:
        Their names, none when there are none; and the CRS when the names say it: degrees, or a
        pair such as `x_32721`, `y_32721`.
    """
    known = {name.lower(): name for name in names}
    for longitude in _LONGITUDES:
        for latitude in _LATITUDES:
            if longitude in known and latitude in known:
                return (known[longitude], known[latitude]), "EPSG:4326"
    for x, y in _PLANE:
        if x in known and y in known:
            return (known[x], known[y]), None
    for name in known:
        if (coded := _CODED_X.fullmatch(name)) and f"y_{coded[1]}" in known:
            return (known[name], known[f"y_{coded[1]}"]), f"EPSG:{coded[1]}"
    return next(((known[wkt],) for wkt in _WKT if wkt in known), ()), None


def _unique(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    unique = []
    for place, name in enumerate(names):
        label = name or f"column_{place + 1}"
        seen[label] = seen.get(label, 0) + 1
        unique.append(label if seen[label] == 1 else f"{label}_{seen[label]}")
    return unique


def _chunks(rows: Rows) -> Iterator[list[Sequence[Cell]]]:
    """Give the rows under the header in batches, without the empty ones."""
    chunk: list[Sequence[Cell]] = []
    is_header = True
    for row in rows:
        if not any(_is_filled(cell) for cell in row):
            continue
        if is_header:
            is_header = False
            continue
        chunk.append(row)
        if len(chunk) == BATCH_ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _is_filled(cell: Cell) -> bool:
    return cell is not None and str(cell).strip() != ""


def _to_batch(
    chunk: list[Sequence[Cell]],
    first: int,
    names: list[str],
    places: tuple[str, ...],
    repairer: ColumnRepairer,
) -> Batch:
    problems: dict[int, tuple[str, str]] = {}
    width = len(names)
    table: list[list[Cell]] = []
    for place, row in enumerate(chunk):
        cells = [_plain(cell) for cell in row]
        if len(cells) > width and any(_is_filled(cell) for cell in cells[width:]):
            problems[place] = ("bad row", f"{len(cells)} cells under a header of {width}")
        table.append((cells + [None] * (width - len(cells)))[:width])
    raw = [list(column) for column in zip(*table, strict=True)]
    columns = dict(zip(names, repairer.repair(raw, names), strict=True))
    geometry = None
    if len(places) == 2:
        geometry = _points(columns.pop(places[0]), columns.pop(places[1]), places, problems)
    elif places:
        geometry = _shapes(columns.pop(places[0]), problems)
    ids = [str(first - 1 + place) for place in range(len(chunk))]
    return Batch(first, ids, geometry, columns, problems)


def _plain(cell: Cell) -> Cell:
    match cell:
        case str():
            return cell.strip() or None
        case float():
            if not math.isfinite(cell):
                return None
            # A workbook knows no whole numbers; beyond 2⁵³ a float is not one either.
            return int(cell) if cell.is_integer() and abs(cell) < 2**53 else cell
        case datetime() | date() | time():
            return cell.isoformat()
        case timedelta():
            return str(cell)
    return cell


def _points(
    xs: list[Cell], ys: list[Cell], places: tuple[str, ...], problems: dict[int, tuple[str, str]]
) -> NDArray[np.object_]:
    coordinates = np.full((len(xs), 2), np.nan)
    for place, pair in enumerate(zip(xs, ys, strict=True)):
        for axis, cell in enumerate(pair):
            if cell is None:
                continue
            try:
                coordinates[place, axis] = float(str(cell).replace(",", "."))
            except ValueError:
                problems.setdefault(
                    place, ("bad value", f"{places[axis]}: {cell!r} is not a number")
                )
    points = np.full(len(xs), None, dtype=object)
    good = np.isfinite(coordinates).all(axis=1)
    points[good] = shapely.to_wkb(shapely.points(coordinates[good]))
    return points


def _shapes(cells: list[Cell], problems: dict[int, tuple[str, str]]) -> NDArray[np.object_]:
    shapes = np.full(len(cells), None, dtype=object)
    for place, cell in enumerate(cells):
        if cell is None:
            continue
        text = str(cell)
        if text.upper().startswith("SRID="):
            text = text.partition(";")[2]
        try:
            shapes[place] = shapely.to_wkb(shapely.from_wkt(text))
        except (shapely.errors.ShapelyError, ValueError) as error:
            reason = " ".join(str(error).split())
            problems.setdefault(place, ("unreadable geometry", reason[:200]))
    return shapes
