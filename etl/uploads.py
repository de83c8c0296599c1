"""Files that people send: which parts belong together, what they are called, where they wait.

Only bytes are moved here: nothing is opened, unpacked or believed. The worker does that.
"""

import re
import secrets
import shutil
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from gis.errors import InvalidInputError, UnavailableError

# What the readers take (`etl.readers`), a folder (.gdb) being sent as an archive.
SUFFIXES = (
    *(".gpkg", ".shp", ".gml", ".geojson", ".json", ".fgb", ".parquet", ".geoparquet", ".zip"),
    *(".kml", ".kmz", ".gpx", ".csv", ".tsv", ".txt", ".xls", ".xlsx", ".xlsm", ".ods"),
)
# Parts of a Shapefile beside the .shp; what is not read here is kept from people as a hindrance.
COMPANIONS = (".dbf", ".shx", ".prj", ".cpg")
_IGNORED = (".sbn", ".sbx", ".qpj", ".qix", ".fix", ".xml", ".lyr", ".qml", ".qmd", ".ind", ".sld")
MAX_PARTS = 20
_LONGEST_NAME = 100
FOLDER = "imports"


@dataclass(frozen=True)
class Part:
    """One file of an upload: how its sender calls it, and how it is kept (None: not kept)."""

    sent_as: str
    name: str | None


@dataclass(frozen=True)
class Upload:
    """What was kept: `folder` relative to the files folder, its main file, and its parts."""

    folder: str
    file_name: str
    parts: list[dict[str, object]]

    @property
    def bytes(self) -> int:
        """Size of all parts."""
        return sum(int(str(part["bytes"])) for part in self.parts)


def safe_name(sent: str) -> str:
    """Make a file name that is only a name: no folder, no dot in front, letters of any language.

    The name matters: with it the rows of a file are known when it is brought in again.
    """
    bare = unicodedata.normalize("NFC", PurePosixPath(sent.replace("\\", "/")).name)
    kept = re.sub(r"[^\w.()+-]+", "_", bare).strip("._")
    stem, dot, suffix = kept.rpartition(".")
    if not dot:
        stem, suffix = kept, ""
    # Names are limited in bytes on disk, and Vietnamese letters have up to three.
    while len(stem.encode()) > _LONGEST_NAME:
        stem = stem[:-1]
    return f"{stem or 'tep'}.{suffix.lower()[:12]}" if suffix else stem or "tep"


def plan_parts(names: Sequence[str]) -> list[Part]:
    """Decide what belongs together: one file, or one Shapefile in its parts.

    Args:
        names: As the sender calls them, folders and all.

    Returns:
        The parts in the same order; exactly one of them is the data set itself.

    Raises:
        InvalidInputError: Nothing that can be read, or several data sets at once.
    """
    if not names:
        raise InvalidInputError("No file was sent.", rule="no-file")
    if len(names) > MAX_PARTS:
        raise InvalidInputError(
            f"{len(names)} files were sent, at most {MAX_PARTS} belong together.", rule="too-many"
        )
    clean = [safe_name(name) for name in names]
    suffixes = [PurePosixPath(name).suffix for name in clean]
    main = [place for place, suffix in enumerate(suffixes) if suffix in SUFFIXES]
    if len(main) > 1:
        listed = ", ".join(clean[place] for place in main[:5])
        raise InvalidInputError(
            f"Several files were sent ({listed}): bring in one at a time.", rule="several-files"
        )
    if not main:
        if any(suffix in COMPANIONS for suffix in suffixes):
            raise InvalidInputError(
                "The .shp file is missing: send all parts of the Shapefile together.",
                rule="no-shp",
            )
        raise InvalidInputError(
            f"{clean[0]} is of a kind not read here. Known: {', '.join(SUFFIXES)}.",
            rule="unknown-kind",
        )
    chief = PurePosixPath(clean[main[0]])
    parts = []
    for place, (name, sent) in enumerate(zip(clean, names, strict=True)):
        suffix = suffixes[place]
        kept: str | None = None
        if place == main[0]:
            kept = name
        elif chief.suffix == ".shp" and suffix in COMPANIONS:
            if PurePosixPath(name).stem.lower() != chief.stem.lower():
                raise InvalidInputError(
                    f"{name} does not belong to {chief.name}: their names differ.",
                    rule="other-name",
                )
            kept = f"{chief.stem}{suffix}"
        elif suffix not in _IGNORED and suffix not in COMPANIONS:
            raise InvalidInputError(
                f"{name} cannot be brought in together with {chief.name}.", rule="odd-part"
            )
        parts.append(Part(sent, kept))
    kept_names = [part.name for part in parts if part.name]
    if len(set(kept_names)) < len(kept_names):
        raise InvalidInputError("Two of the files have the same name.", rule="same-name")
    return parts


def store_upload(files: Path, sent: Iterable[tuple[str, IO[bytes]]]) -> Upload:
    """Keep the parts of an upload as bytes in a folder of their own.

    Args:
        files: The files folder.
        sent: Name and content of each part.

    Raises:
        InvalidInputError: As `plan_parts`, or the file is empty.
        UnavailableError: The disk is full or cannot be written.
    """
    streams = list(sent)
    parts = plan_parts([name for name, _ in streams])
    relative = f"{FOLDER}/{secrets.token_hex(16)}"
    folder = files / relative
    kept: list[dict[str, object]] = []
    try:
        folder.mkdir(parents=True)
        for part, (_, stream) in zip(parts, streams, strict=True):
            if part.name is None:
                continue
            with (folder / part.name).open("wb") as out:
                shutil.copyfileobj(stream, out, 1024**2)
                kept.append({"name": part.name, "bytes": out.tell()})
    except OSError as error:
        remove_upload(files, relative)
        raise UnavailableError(f"The file cannot be kept: {error.strerror or error}.") from error
    main = next(name for part in parts if (name := part.name) and name.endswith(SUFFIXES))
    if not next(part["bytes"] for part in kept if part["name"] == main):
        remove_upload(files, relative)
        raise InvalidInputError(f"{main} is empty (0 bytes).", rule="empty")
    return Upload(relative, main, kept)


def remove_upload(files: Path, relative: str | None) -> None:
    """Remove the folder of an upload or an export, if it is there."""
    if relative and re.fullmatch(r"(imports|exports)/[0-9a-f]{32}", relative):
        shutil.rmtree(files / relative, ignore_errors=True)
