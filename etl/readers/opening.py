"""From a path to a source: which format it is, and which checks it must pass first."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from etl.encodings import check_encoding
from etl.errors import UnreadableFileError
from etl.readers import safety
from etl.readers.gdal import list_layers, open_vector
from etl.readers.geoparquet import open_geoparquet
from etl.readers.gpx import open_gpx
from etl.readers.shapefile import open_shapefile
from etl.readers.source import Source
from etl.readers.tables import Places, open_csv, open_workbook
from gis.errors import InvalidInputError

SUFFIXES = (
    *(".gpkg", ".shp", ".gdb", ".gml", ".geojson", ".json", ".fgb", ".parquet", ".geoparquet"),
    *(".kml", ".kmz", ".gpx", ".csv", ".tsv", ".txt", ".xls", ".xlsx", ".xlsm", ".ods", ".zip"),
)


@contextmanager
def open_source(
    file: str,
    *,
    layer: str | None = None,
    encoding: str = "auto",
    places: Places | None = None,
) -> Iterator[Source]:
    """Open one layer of a file; what an archive holds is unpacked for as long as this is open.

    Args:
        file: A plain path of this machine.
        layer: The layer (or sheet) wanted; None: the first that has geometry.
        encoding: One of `etl.encodings.CHOICES`.
        places: Which columns of a table hold its places; None: told by their names.

    Raises:
        UnreadableFileError: When the file cannot or must not be read.
        InvalidInputError: When the encoding is unknown, or `places` does not fit the file.
    """
    check_encoding(encoding)
    path = safety.check_path(file)
    tables = (".csv", ".tsv", ".txt", ".xls", ".xlsx", ".xlsm", ".ods", ".zip")
    if places and path.suffix.lower() not in tables:
        raise InvalidInputError(f"{path.name} has shapes of its own: its places cannot be mapped.")
    with tempfile.TemporaryDirectory(prefix="langbiang-") as folder:
        yield _open(path, path.name, Path(folder), layer, encoding.lower(), places)


def _open(
    path: Path,
    name: str,
    folder: Path,
    layer: str | None,
    encoding: str,
    places: Places | None,
) -> Source:
    suffix = path.suffix.lower()
    match suffix:
        case ".gpkg":
            safety.check_geopackage(path)
        case ".shp":
            return open_shapefile(path, name=name, layer=layer, encoding=encoding)
        case ".parquet" | ".geoparquet":
            return open_geoparquet(path, name=name, encoding=encoding)
        case ".gpx":
            return open_gpx(path, name=name, layer=layer, encoding=encoding)
        case ".gml" | ".kml":
            safety.check_xml(path)
            options = {"WRITE_GFS": "NO"} if suffix == ".gml" else None
            return open_vector(path, name=name, layer=layer, encoding=encoding, options=options)
        case ".geojson" | ".json":
            safety.check_json(path)
        case ".fgb":
            if not safety.first_bytes(path).startswith(b"fgb\x03fgb"):
                raise UnreadableFileError(f"{name} is not a FlatGeobuf file.")
        case ".csv" | ".tsv" | ".txt":
            return open_csv(path, name=name, encoding=encoding, places=places)
        case ".xls" | ".xlsx" | ".xlsm" | ".ods":
            safety.check_office(path)
            return open_workbook(path, name=name, sheet=layer, encoding=encoding, places=places)
        case ".zip" | ".kmz":
            return _open_archive(path, name, folder, layer, encoding, places)
        case ".gdb" if path.is_dir():
            pass
        case _:
            raise UnreadableFileError(
                f"{name} is of a kind not read here. Known: {', '.join(SUFFIXES)}."
            )
    return open_vector(path, name=name, layer=layer, encoding=encoding)


def _open_archive(
    path: Path,
    name: str,
    folder: Path,
    layer: str | None,
    encoding: str,
    places: Places | None,
) -> Source:
    """Unpack an archive and open the one data set in it; archives in archives are refused."""
    safety.unpack(path, folder)
    found = sorted(
        inside
        for inside in folder.rglob("*")
        if inside.suffix.lower() in SUFFIXES
        and (inside.is_dir() == (inside.suffix.lower() == ".gdb"))
        and not any(part.startswith((".", "__MACOSX")) for part in inside.relative_to(folder).parts)
        and not any(
            parent.suffix.lower() == ".gdb" for parent in inside.relative_to(folder).parents
        )
    )
    # A Shapefile's table and a data set's read-me are not the data set.
    spatial = [inside for inside in found if inside.suffix.lower() not in (".csv", ".tsv", ".txt")]
    candidates = spatial or found
    if not candidates:
        # A file geodatabase is sometimes packed without its folder.
        if any(inside.suffix.lower() == ".gdbtable" for inside in folder.rglob("*")):
            gathered = folder / "gathered.gdb"
            parts = list(next(iter(folder.rglob("*.gdbtable"))).parent.iterdir())
            gathered.mkdir()
            for part in parts:
                part.rename(gathered / part.name)
            return _open(gathered, name, folder, layer, encoding, places)
        raise UnreadableFileError(f"{name} holds no file that can be loaded.")
    if len(candidates) > 1:
        listed = ", ".join(str(inside.relative_to(folder)) for inside in candidates[:10])
        if layer is not None:
            for inside in candidates:
                if str(inside.relative_to(folder)) == layer:
                    return _open(inside, name, folder, None, encoding, places)
                if inside.stem == layer and inside.suffix.lower() == ".shp":
                    return _open(inside, name, folder, layer, encoding, places)
        raise UnreadableFileError(
            f"{name} holds several data sets ({listed}): unpack it and load one."
        )
    if candidates[0].suffix.lower() in (".zip", ".kmz"):
        raise UnreadableFileError(f"{name} holds another archive: unpack it first.")
    return _open(candidates[0], name, folder, layer, encoding, places)


def list_data_sets(file: str) -> list[str]:
    """List the data sets of an archive by their paths in it, as `open_source` takes for `layer`.

    Nothing is unpacked. A file that is no archive has none.

    Raises:
        UnreadableFileError: When the archive is damaged or refused.
    """
    path = safety.check_path(file)
    if path.suffix.lower() not in (".zip", ".kmz"):
        return []
    found: dict[str, None] = {}
    for member in safety.check_archive(path):
        inside = PurePosixPath(member.filename)
        if any(part.startswith((".", "__MACOSX")) for part in inside.parts):
            continue
        folders = [part for part in (inside, *inside.parents) if part.suffix.lower() == ".gdb"]
        if folders:
            found[str(folders[-1])] = None
        elif not member.is_dir() and inside.suffix.lower() in SUFFIXES:
            found[str(inside)] = None
    spatial = [name for name in found if not name.lower().endswith((".csv", ".tsv", ".txt"))]
    return sorted(spatial or found)


__all__ = ["list_data_sets", "list_layers", "open_source"]
