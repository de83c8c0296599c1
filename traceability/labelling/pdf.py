"""A PDF written page by page: each page leaves memory as soon as it is drawn.

reportlab parses and subsets the font; its own canvas keeps every page until the end, which a
hundred thousand labels cannot afford. Coordinates are points (1/72 inch) from the lower left.
"""

import unicodedata
import zlib
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from reportlab.pdfbase.ttfonts import TTFError, TTFontFace, makeToUnicodeCMap

from gis.errors import UnavailableError

MM = 72 / 25.4

# Font flags (ISO 32000-1, table 123): a subset with its own codes is symbolic.
_SYMBOLIC, _NONSYMBOLIC = 4, 32


class Font:
    """A TrueType font, cut down to the characters that a document uses (at most 255)."""

    def __init__(self, path: Path, characters: str) -> None:
        """Read the font and choose its characters; those it lacks are drawn as its empty box.

        Raises:
            UnavailableError: When the file is not a font that can be embedded.
            ValueError: When more than 255 different characters are asked for.
        """
        self._codes = sorted({ord(c) for c in unicodedata.normalize("NFC", characters)} | {32})
        if len(self._codes) > 255:
            raise ValueError("a simple PDF font holds at most 255 different characters")
        try:
            self.face = TTFontFace(str(path))
        except (TTFError, OSError) as error:
            raise UnavailableError(f"The font {path.name} cannot be used: {error}") from error
        self._index = {chr(code): index for index, code in enumerate(self._codes)}
        self._widths: dict[str, float] = {
            chr(code): self.face.getCharWidth(code) for code in self._codes
        }

    def width(self, text: str, size: float) -> float:
        """Measure a text of this font's characters, in points at a size in points."""
        return sum(self._widths[c] for c in unicodedata.normalize("NFC", text)) * size / 1000

    def encode(self, text: str) -> str:
        """Write a text as a PDF hexadecimal string of this font."""
        return "<" + bytes(self._index[c] for c in unicodedata.normalize("NFC", text)).hex() + ">"

    def objects(self) -> tuple[str, bytes, str, bytes]:
        """Return (descriptor without its file, font file, dictionary without links, ToUnicode)."""
        name = "LBLBLB+" + "".join(c for c in self.face.name.decode("ascii", "ignore") if c > " ")
        flags = self.face.flags & ~_NONSYMBOLIC | _SYMBOLIC
        box = " ".join(str(round(edge)) for edge in self.face.bbox)
        descriptor = (
            f"/Type/FontDescriptor/FontName/{name}/Flags {flags}"
            f"/FontBBox[{box}]/ItalicAngle {self.face.italicAngle}"
            f"/Ascent {round(self.face.ascent)}/Descent {round(self.face.descent)}"
            f"/CapHeight {round(self.face.capHeight)}/StemV {round(self.face.stemV)}"
        )
        widths = " ".join(str(round(self._widths[chr(code)])) for code in self._codes)
        dictionary = (
            f"/Type/Font/Subtype/TrueType/BaseFont/{name}"
            f"/FirstChar 0/LastChar {len(self._codes) - 1}/Widths[{widths}]"
        )
        mapping = makeToUnicodeCMap(name, self._codes).encode()
        return descriptor, self.face.makeSubset(self._codes), dictionary, mapping


class PdfWriter:
    """Writes pages to a binary file as they come; a context manager that ends the document.

    Memory: the offsets of the objects written, nothing of their content.
    """

    def __init__(
        self,
        file: BinaryIO,
        size: tuple[float, float],
        title: str,
        fonts: dict[str, Font],
    ) -> None:
        """Write the head and the fonts.

        Args:
            file: Where the bytes go; need not be seekable.
            size: Width and height of every page, in points.
            title: Shown in the reader's title bar.
            fonts: Resource name (such as `F1`) of each font used.
        """
        self._file, self._position = file, 0
        self._offsets: dict[int, int] = {}
        self._pages: list[int] = []
        self._title = title
        self._size = f"{size[0]:.3f} {size[1]:.3f}"
        # Objects 1 and 2, catalog and page tree, are written last.
        self._next = 3
        # Four bytes above 127 tell file transfers that this is binary (ISO 32000-1, 7.5.2).
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        references = " ".join(f"/{name} {self._font(font)} 0 R" for name, font in fonts.items())
        self._resources = self._object(f"<</Font<<{references}>>>>".encode())

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the document, unless an error is on its way."""
        if kind is None:
            self.close()

    def page(self, content: str) -> None:
        """Write a page from its drawing operators (ISO 32000-1, annex A)."""
        stream = self._stream(content.encode("ascii"))
        self._pages.append(
            self._object(
                f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {self._size}]"
                f"/Resources {self._resources} 0 R/Contents {stream} 0 R>>".encode()
            )
        )

    def close(self) -> None:
        """Write the page tree, the catalog and the table of offsets."""
        title = self._title.encode("utf-16-be").hex()
        info = self._object(f"<</Title<feff{title}>/Producer(Lang Biang)>>".encode())
        kids = " ".join(f"{page} 0 R" for page in self._pages)
        self._object(f"<</Type/Pages/Count {len(self._pages)}/Kids[{kids}]>>".encode(), 2)
        self._object(
            b"<</Type/Catalog/Pages 2 0 R/Lang(vi)/ViewerPreferences"
            b"<</DisplayDocTitle true/PrintScaling/None>>>>",
            1,
        )
        start = self._position
        lines = [f"xref\n0 {self._next}\n0000000000 65535 f \n"]
        lines += [f"{self._offsets[number]:010d} 00000 n \n" for number in range(1, self._next)]
        trailer = f"trailer\n<</Size {self._next}/Root 1 0 R/Info {info} 0 R>>\n"
        self._write(("".join(lines) + f"{trailer}startxref\n{start}\n%%EOF\n").encode())

    def _font(self, font: Font) -> int:
        descriptor, file, dictionary, mapping = font.objects()
        program = self._stream(file, f"/Length1 {len(file)}")
        described = self._object(f"<<{descriptor}/FontFile2 {program} 0 R>>".encode())
        unicode = self._stream(mapping)
        return self._object(
            f"<<{dictionary}/FontDescriptor {described} 0 R/ToUnicode {unicode} 0 R>>".encode()
        )

    def _stream(self, content: bytes, extra: str = "") -> int:
        packed = zlib.compress(content, 6)
        head = f"<</Filter/FlateDecode/Length {len(packed)}{extra}>>stream\n".encode()
        return self._object(head + packed + b"\nendstream")

    def _object(self, body: bytes, number: int | None = None) -> int:
        if number is None:
            number, self._next = self._next, self._next + 1
        self._offsets[number] = self._position
        self._write(b"%d 0 obj\n" % number + body + b"\nendobj\n")
        return number

    def _write(self, content: bytes) -> None:
        self._file.write(content)
        self._position += len(content)
