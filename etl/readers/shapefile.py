"""Shapefiles: several files that belong together, with text in an encoding often left unsaid."""

from pathlib import Path

from etl.readers import safety
from etl.readers.gdal import open_vector
from etl.readers.source import Source

# The language driver of a .dbf (byte 29), where it names one of the encodings met here.
_LANGUAGE_DRIVERS = {0x03: "windows-1252", 0x57: "latin-1", 0x58: "windows-1252"}
_SAMPLE_BYTES = 4 * 1024**2


def open_shapefile(path: Path, *, name: str, layer: str | None, encoding: str) -> Source:
    """Open a Shapefile after looking at all its parts.

    Raises:
        UnreadableFileError: When a part is missing, cut short or damaged.
    """
    safety.check_shapefile(path)
    read_as, declared, note = _choose_encoding(path, encoding)
    source = open_vector(
        path, name=name, layer=layer, encoding=encoding, read_as=read_as, declared=declared
    )
    if note:
        source.warnings.append(note)
    return source


def _choose_encoding(path: Path, said: str) -> tuple[str | None, str, str | None]:
    """Choose how the table's bytes are read: GDAL's name, ours for the report, and a note.

    A `.cpg` is believed unless the bytes contradict it; without one, bytes that are UTF-8 are read
    so, others as Latin-1, which loses nothing and lets the columns be judged afterwards.
    """
    if said == "utf-8":
        return "UTF-8", "utf-8", None
    if said != "auto":
        return "ISO-8859-1", said, None
    table = safety.find_sibling(path, ".dbf")
    head = safety.first_bytes(table, 32) if table else b""
    start = int.from_bytes(head[8:10], "little")
    raw = safety.first_bytes(table, _SAMPLE_BYTES)[start:] if table else b""
    codepage = safety.find_sibling(path, ".cpg")
    stated = codepage.read_text("ascii", "replace").strip() if codepage else ""
    if raw.isascii():
        return None, stated.lower() or "utf-8", None
    is_utf8 = _is_utf8(raw)
    if stated.upper().replace("-", "") in ("UTF8", "65001"):
        if is_utf8:
            return "UTF-8", "utf-8", None
        return "ISO-8859-1", "latin-1", f"The .cpg of {path.name} says UTF-8, but its text is not."
    if stated:
        return None, stated.lower(), None
    if is_utf8:
        return "UTF-8", "utf-8", None
    return "ISO-8859-1", _LANGUAGE_DRIVERS.get(head[29] if len(head) > 29 else 0, "latin-1"), None


def _is_utf8(raw: bytes) -> bool:
    # The sample may end within a letter, and fixed-width fields may cut one.
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(raw) - 4 and len(raw) >= _SAMPLE_BYTES // 2
    return True
