"""Papers that people send as evidence: what they are by content, and what is not taken.

Nothing of them is drawn or run here: a PDF must look like one from head to tail and carry no
script; a workbook or text of Office must be a sound, modest archive without macros.
"""

import zipfile
from pathlib import Path

PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_MAIN_PARTS = {"xl/workbook.xml": XLSX, "word/document.xml": DOCX}
_TAIL = 2048
_ACTIVE = (b"/JavaScript", b"/Launch", b"/RichMedia", b"/EmbeddedFile")
_MAX_PARTS = 3000
_MAX_UNPACKED = 300 * 1024 * 1024
_MAX_CONTENT_TYPES = 1024 * 1024


class RefusedPaperError(Exception):
    """A paper that is not taken; `reason` is one of `etl.attachment_requests.REASONS`."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


def recognise_paper(path: Path) -> str | None:
    """Say what a paper is, by content.

    Returns:
        Its media type, or None when it is neither PDF nor an archive.

    Raises:
        RefusedPaperError: It is one, but is damaged, locked, or holds what could run.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"%PDF-"):
        _check_pdf(path)
        return PDF
    if head.startswith(b"PK\x03\x04"):
        return _check_archive(path)
    # The old binary container: a locked OOXML file, or Office before 2007.
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        locked = "EncryptedPackage".encode("utf-16-le") in path.read_bytes()
        raise RefusedPaperError("encrypted" if locked else "unknown-kind")
    return None


def _check_pdf(path: Path) -> None:
    data = path.read_bytes()
    tail = data[-_TAIL:]
    if b"startxref" not in tail or b"%%EOF" not in tail:
        raise RefusedPaperError("damaged")
    if any(mark in data for mark in _ACTIVE):
        raise RefusedPaperError("active-content")
    if b"/Encrypt" in data:
        raise RefusedPaperError("encrypted")


def _check_archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            kind = next((kind for name, kind in _MAIN_PARTS.items() if name in names), None)
            if kind is None or "[Content_Types].xml" not in names:
                raise RefusedPaperError("unknown-kind")
            if any(part.flag_bits & 1 for part in parts):
                raise RefusedPaperError("encrypted")
            if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > _MAX_UNPACKED:
                raise RefusedPaperError("too-large-inside")
            types = archive.getinfo("[Content_Types].xml")
            if types.file_size > _MAX_CONTENT_TYPES:
                raise RefusedPaperError("too-large-inside")
            if any(name.lower().endswith("vbaproject.bin") for name in names) or (
                b"macroEnabled" in archive.read(types)
            ):
                raise RefusedPaperError("active-content")
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, RuntimeError) as error:
        raise RefusedPaperError("damaged") from error
    return kind
