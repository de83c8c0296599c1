"""What is looked at before any parser sees a file: its path, its first bytes, its archive."""

import lzma
import re
import stat
import zipfile
import zlib
from pathlib import Path
from xml.parsers.expat import ExpatError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from etl.errors import UnreadableFileError

# Limits of an archive: far above what a province hands over, far below what a bomb unpacks to.
MAX_UNPACKED_BYTES = 2 * 1024**3
MAX_RATIO = 200
MAX_MEMBERS = 5000
# A workbook is held in memory whole, with every empty cell between the first and the last.
MAX_WORKBOOK_BYTES = 256 * 1024**2
MAX_CELLS = 20_000_000
# Small members may be very regular (an empty sheet, a table of blanks).
_RATIO_MATTERS_BYTES = 32 * 1024**2

# Wherever in the archive a sheet lies, and in whatever order its attributes stand.
_CELL = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,3})([0-9]{1,7})["']""")
# A cell's address, cut in two by the end of a block, is found again in the next one.
_OVERLAP = 64
_BROKEN_MEMBER = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError),
)
_SQLITE = b"SQLite format 3\x00"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def check_path(file: str) -> Path:
    """Accept a plain path of this machine.

    Raises:
        UnreadableFileError: For GDAL's virtual paths (`/vsicurl/`, `/vsizip/`), addresses, missing
            files, empty files, and anything that is neither file nor `.gdb` folder.
    """
    if file.startswith("/vsi") or "://" in file or "\x00" in file:
        raise UnreadableFileError(
            f"{file} is not a plain file of this machine: copy it here first and name the copy."
        )
    path = Path(file).expanduser()
    try:
        mode = path.stat().st_mode
    except OSError as error:
        reason = error.strerror or "cannot be opened"
        raise UnreadableFileError(f"{file} cannot be read: {reason}.") from error
    if stat.S_ISDIR(mode) and path.suffix.lower() == ".gdb":
        return path.resolve()
    if not stat.S_ISREG(mode):
        raise UnreadableFileError(f"{file} is not a file.")
    if path.stat().st_size == 0:
        raise UnreadableFileError(f"{path.name} is empty (0 bytes).")
    if "!" in path.name or path.name.startswith("/vsi"):
        raise UnreadableFileError(f"{path.name}: rename the file without '!' first.")
    return path.resolve()


def first_bytes(path: Path, count: int = 64) -> bytes:
    """Read the beginning of a file."""
    with path.open("rb") as file:
        return file.read(count)


def check_geopackage(path: Path) -> None:
    """See that a GeoPackage is one, and whole.

    Raises:
        UnreadableFileError: When its first bytes are not SQLite's (encrypted or misnamed), or the
            file is shorter than its own header says.
    """
    head = first_bytes(path, 100)
    if not head.startswith(_SQLITE):
        raise UnreadableFileError(
            f"{path.name} is not a GeoPackage: its first bytes are not SQLite's. It is encrypted,"
            " damaged, or another format under this name."
        )
    page = int.from_bytes(head[16:18], "big")
    pages = int.from_bytes(head[28:32], "big")
    # The page count is only kept when the "version valid for" counter equals the change counter.
    is_counted = len(head) == 100 and head[24:28] == head[92:96]
    size = path.stat().st_size
    wanted = (65536 if page == 1 else page) * pages
    if len(head) < 100 or (is_counted and size < wanted):
        raise UnreadableFileError(
            f"{path.name} is truncated: {size} bytes of {wanted if len(head) == 100 else 'more'}."
        )


def check_shapefile(path: Path) -> None:
    """See that the parts of a Shapefile are there and whole.

    Raises:
        UnreadableFileError: When `.shx` or `.dbf` is missing, or a part is cut short.
    """
    head = first_bytes(path, 100)
    if len(head) < 100 or head[:4] != b"\x00\x00\x27\x0a":
        raise UnreadableFileError(
            f"{path.name} is not a Shapefile: truncated, encrypted or another format."
        )
    if path.stat().st_size < 2 * int.from_bytes(head[24:28], "big"):
        raise UnreadableFileError(f"{path.name} is truncated: shorter than its header says.")
    for suffix in (".shx", ".dbf"):
        part = find_sibling(path, suffix)
        if part is None:
            raise UnreadableFileError(
                f"{path.name} lacks its {suffix} file: put all parts of the Shapefile together."
            )
        if suffix == ".dbf":
            head = first_bytes(part, 32)
            rows = int.from_bytes(head[4:8], "little")
            start, width = (
                int.from_bytes(head[8:10], "little"),
                int.from_bytes(head[10:12], "little"),
            )
            if len(head) < 32 or part.stat().st_size < start + rows * width:
                raise UnreadableFileError(f"{part.name} is truncated: rows are missing.")


def find_sibling(path: Path, suffix: str) -> Path | None:
    """Find the file of the same name with another suffix, whatever its case."""
    for candidate in (suffix, suffix.upper(), suffix.capitalize()):
        if (sibling := path.with_suffix(candidate)).is_file():
            return sibling
    return None


def check_xml(path: Path) -> str:
    """Parse an XML file wholly, without entities, and give the name of its root element.

    GDAL would read a cut file up to the cut and expand entities; here both are refused.

    Raises:
        UnreadableFileError: When it declares entities, refers outside, or is not well-formed.
    """
    root = ""
    try:
        for event, element in iterparse(str(path), events=("start", "end"), forbid_external=True):
            if event == "start":
                root = root or element.tag
            else:
                element.clear()
    except DefusedXmlException as error:
        raise UnreadableFileError(
            f"{path.name} declares XML entities, which are refused: they can read other files or"
            " fill the memory."
        ) from error
    except (ParseError, ExpatError, ValueError) as error:
        raise UnreadableFileError(
            f"{path.name} is not whole XML, truncated or damaged: {error}."
        ) from error
    return root.rpartition("}")[2]


def check_json(path: Path) -> None:
    """See that a GeoJSON file begins as one.

    GDAL has other JSON formats that open addresses or run pipelines; their markers are refused.

    Raises:
        UnreadableFileError: When it is no JSON object, or holds such a marker near its beginning.
    """
    head = first_bytes(path, 1024**2).lstrip(b"\xef\xbb\xbf \t\r\n\x1e")
    if not head.startswith(b"{"):
        raise UnreadableFileError(
            f"{path.name} is not GeoJSON: it does not begin with an object. It is encrypted,"
            " damaged, or another format under this name."
        )
    for marker in (b"gdal_streamed_alg", b'"Topology"', b'"stac_version"'):
        if marker in head:
            raise UnreadableFileError(f"{path.name} is JSON, but not GeoJSON ({marker.decode()}).")


def check_office(path: Path) -> None:
    """See that a workbook is not protected by a password, and that its archive is no bomb.

    Raises:
        UnreadableFileError: With the remedy.
    """
    head = first_bytes(path, 8)
    if head.startswith(_OLE):
        # An encrypted .xlsx is an OLE file holding the stream "EncryptedPackage" (MS-OFFCRYPTO).
        with path.open("rb") as file:
            if "EncryptedPackage".encode("utf-16-le") in file.read(4 * 1024**2):
                raise UnreadableFileError(
                    f"{path.name} is protected by a password: open it and save it without one."
                )
    elif head.startswith(b"PK"):
        unpacked = sum(member.file_size for member in check_archive(path))
        if unpacked > MAX_WORKBOOK_BYTES:
            raise UnreadableFileError(
                f"{path.name} would unpack to {unpacked / 1024**2:.0f} MB, more than the"
                f" {MAX_WORKBOOK_BYTES // 1024**2} MB allowed for a workbook: save it as CSV."
            )
        _check_cells(path)
    else:
        raise UnreadableFileError(
            f"{path.name} is not a workbook: truncated, encrypted or another format."
        )


def _check_cells(path: Path) -> None:
    """Refuse a sheet with a lone cell far out, which a reader would fill memory to reach."""
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                rows = columns = 1
                last = b""
                with archive.open(member) as part:
                    while block := part.read(1024**2):
                        for letters, number in set(_CELL.findall(last + block)):
                            rows = max(rows, int(number))
                            column = 0
                            for letter in letters.upper():
                                column = column * 26 + letter - 64
                            columns = max(columns, column)
                        last = block[-_OVERLAP:]
                if rows * columns > MAX_CELLS:
                    raise UnreadableFileError(
                        f"{path.name} has a sheet of {rows:,} rows by {columns:,} columns: too big."
                        " Delete the stray cells at its far end, or save it as CSV."
                    )
    except _BROKEN_MEMBER as error:
        raise UnreadableFileError(f"{path.name} is damaged: a sheet cannot be unpacked.") from error


def check_archive(path: Path) -> list[zipfile.ZipInfo]:
    """See that a ZIP archive is whole, open and of sensible size.

    Raises:
        UnreadableFileError: When it is damaged, protected, leads outside its folder, or unpacks to
            more than the limits of this module.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableFileError(
            f"{path.name} is not a whole ZIP archive: truncated or damaged."
        ) from error
    if len(members) > MAX_MEMBERS:
        raise UnreadableFileError(f"{path.name} holds {len(members)} files: too many.")
    total = 0
    for member in members:
        if member.flag_bits & 0x1:
            raise UnreadableFileError(
                f"{path.name} is protected by a password: unpack it and load what is inside."
            )
        parts = Path(member.filename).parts
        if member.filename.startswith("/") or ".." in parts or "\\" in member.filename:
            raise UnreadableFileError(f"{path.name} holds a file that leads outside: refused.")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise UnreadableFileError(f"{path.name} holds a link: refused.")
        total += member.file_size
        ratio = member.file_size / max(member.compress_size, 1)
        if member.file_size > _RATIO_MATTERS_BYTES and ratio > MAX_RATIO:
            raise UnreadableFileError(
                f"{path.name} looks like a ZIP bomb: {member.filename} unpacks to {ratio:.0f} times"
                " its size."
            )
    if total > MAX_UNPACKED_BYTES:
        raise UnreadableFileError(
            f"{path.name} would unpack to {total / 1024**3:.1f} GB, more than the"
            f" {MAX_UNPACKED_BYTES // 1024**3} GB allowed."
        )
    return members


def unpack(path: Path, folder: Path) -> None:
    """Unpack an archive into an empty folder, counting what really comes out.

    Raises:
        UnreadableFileError: As `check_archive`, and when the archive lied about its sizes.
    """
    total = 0
    for member in check_archive(path):
        if member.is_dir():
            continue
        target = folder / member.filename
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with (
                zipfile.ZipFile(path) as archive,
                archive.open(member) as packed,
                target.open("wb") as out,
            ):
                while block := packed.read(1024**2):
                    total += len(block)
                    if total > MAX_UNPACKED_BYTES:
                        raise UnreadableFileError(f"{path.name} looks like a ZIP bomb.")
                    out.write(block)
        except _BROKEN_MEMBER as error:
            raise UnreadableFileError(
                f"{path.name} cannot be unpacked: {member.filename} is damaged or the disk is full"
                f" ({error})."
            ) from error
