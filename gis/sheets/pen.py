"""Drawing in millimetres on the pages of a PDF; reportlab embeds the fonts and writes the file.

Paths are written as operators of ISO 32000-1 in one string a shape: a method call for each of a
hundred thousand vertices would take as long as all the rest.
"""

import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np
import shapely
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFName, PDFStream
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas

from gis.errors import UnavailableError
from gis.fonts import find_fonts
from gis.sheets.layout import Rect

MM = 72 / 25.4
REGULAR, BOLD = "LangBiang", "LangBiang-Bold"
Colour = str


class Pen:
    """A document with a page under the pen. Lengths in mm from the lower left, letters in points.

    Memory: a page's operators while it is drawn, packed ones of the pages before.
    """

    def __init__(self, file: BinaryIO, width: float, height: float, title: str) -> None:
        """Begin a document.

        Raises:
            UnavailableError: No font with Vietnamese letters is installed.
        """
        _register_fonts()
        self._size = (width * MM, height * MM)
        self._canvas = Canvas(
            file,
            pagesize=self._size,
            pageCompression=1,
            initialFontName=REGULAR,
            pdfVersion=(1, 7),
            lang="vi",
        )
        self._canvas.setTitle(title)
        self._canvas.setCreator("Lang Biang")
        self._canvas.setProducer("Lang Biang")
        self._canvas.setViewerPreference("PrintScaling", "None")
        self._canvas.setViewerPreference("DisplayDocTitle", "true")

    def end_page(self) -> None:
        """Finish the page and begin the next one."""
        self._canvas.showPage()
        page = self._canvas._doc.Pages.pages[-1]
        packed = zlib.compress(page.stream.encode("latin-1"), 6)
        page.Contents = PDFStream(PDFDictionary({"Filter": PDFName("FlateDecode")}), packed)
        page.stream = None

    def close(self) -> None:
        """Write the document."""
        self._canvas.save()

    @contextmanager
    def clipped(self, rect: Rect) -> Iterator[None]:
        """Draw only inside a rectangle."""
        self._canvas.saveState()
        self._emit(f"{_rect(rect)} W n")
        yield
        self._canvas.restoreState()

    @contextmanager
    def turned(self, x: float, y: float, degrees: float) -> Iterator[None]:
        """Draw with (x, y) as the origin, turned counter-clockwise."""
        self._canvas.saveState()
        self._canvas.translate(x * MM, y * MM)
        self._canvas.rotate(degrees)
        yield
        self._canvas.restoreState()

    def look(
        self,
        *,
        fill: Colour | None = None,
        stroke: Colour | None = None,
        width: float = 0.1,
        dash: Sequence[float] = (),
        opacity: float = 1.0,
        stroke_opacity: float = 1.0,
    ) -> None:
        """Choose colours (#rrggbb), line width and dashes (mm) for what follows."""
        canvas = self._canvas
        if fill is not None:
            canvas.setFillColor(fill)
        canvas.setFillAlpha(opacity)
        canvas.setStrokeAlpha(stroke_opacity)
        if stroke is not None:
            canvas.setStrokeColor(stroke)
            canvas.setLineWidth(width * MM)
            canvas.setDash([step * MM for step in dash])
            canvas.setLineJoin(1)

    def rect(self, rect: Rect, paint: str = "S") -> None:
        """Draw a rectangle; `paint` is a painting operator: S stroke, f fill, B both."""
        self._emit(f"{_rect(rect)} {paint}")

    def lines(self, *lines: Sequence[tuple[float, float]], paint: str = "S") -> None:
        """Draw lines through points; with `f`, `B` or `s` they are closed."""
        self._emit(" ".join(_path(line) for line in lines) + f" {paint}")

    def circle(self, x: float, y: float, radius: float, paint: str = "f") -> None:
        """Draw a circle from four Bézier curves."""
        r, k = radius * MM, radius * MM * 0.5523
        x, y = x * MM, y * MM
        parts = [f"{x + r:.2f} {y:.2f} m"]
        for ax, ay, bx, by, cx, cy in (
            (r, k, k, r, 0, r),
            (-k, r, -r, k, -r, 0),
            (-r, -k, -k, -r, 0, -r),
            (k, -r, r, -k, r, 0),
        ):
            numbers = (x + ax, y + ay, x + bx, y + by, x + cx, y + cy)
            parts.append(" ".join(f"{number:.2f}" for number in numbers) + " c")
        self._emit(" ".join(parts) + f" {paint}")

    def shape(self, path: str, paint: str) -> None:
        """Paint a path that `shape_path` wrote."""
        if path:
            self._emit(f"{path} {paint}")

    @contextmanager
    def inside(self, path: str) -> Iterator[None]:
        """Draw only inside a path that `shape_path` wrote (even-odd)."""
        self._canvas.saveState()
        self._emit(f"{path} W* n")
        yield
        self._canvas.restoreState()

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        colour: Colour = "#1d2520",
        align: str = "left",
        halo: Colour | None = None,
        spaced: float = 0.0,
    ) -> None:
        """Write one line; (x, y) is on its base line, at its left end, middle or right end."""
        shown = clean(text)
        font = BOLD if bold else REGULAR
        room = text_width(shown, size, bold=bold) + spaced * max(0, len(shown) - 1)
        x -= {"left": 0.0, "center": room / 2, "right": room}[align]
        canvas = self._canvas
        # The halo is the same text stroked: readers of text know it as one with what lies on it.
        for mode in (1, 0) if halo else (0,):
            canvas.setFillAlpha(1)
            canvas.setStrokeAlpha(0.9)
            if mode:
                canvas.setStrokeColor(halo)
                canvas.setLineWidth(size * 0.26)
                canvas.setLineJoin(1)
                canvas.setDash([])
            canvas.setFillColor(colour)
            written = canvas.beginText(x * MM, y * MM)
            written.setFont(font, size)
            written.setTextRenderMode(mode)
            written.setCharSpace(spaced * MM)
            written.textOut(shown)
            written.setCharSpace(0)
            written.setTextRenderMode(0)
            canvas.drawText(written)

    def _emit(self, operators: str) -> None:
        self._canvas._code.append(operators)


def clean(text: str) -> str:
    """Compose letters and marks (NFC), so that one sign of the font is one letter."""
    return unicodedata.normalize("NFC", text)


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a line in mm; fonts must be registered (a Pen does)."""
    width: float = pdfmetrics.stringWidth(clean(text), BOLD if bold else REGULAR, size)
    return width / MM


def fitted(text: str, size: float, room: float, *, bold: bool = False, least: float = 4.5) -> float:
    """The size, at most `size`, at which a line is no wider than `room` mm."""
    width = text_width(text, size, bold=bold)
    return size if width <= room else max(least, size * room / width)


def wrapped(
    text: str, size: float, room: float, *, bold: bool = False, most: int = 99
) -> list[str]:
    """Break a text into lines no wider than `room` mm; what is beyond `most` lines ends in …."""
    lines: list[str] = []
    for word in clean(text).split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, bold=bold) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    cut = len(lines) > most
    lines = lines[:most]
    return [
        shortened(line + ("…" if cut and at == most - 1 else ""), size, room, bold=bold)
        for at, line in enumerate(lines)
    ]


def shortened(line: str, size: float, room: float, *, bold: bool = False) -> str:
    """A line cut so that it is no wider than `room` mm; a cut one ends in …."""
    while len(line) > 1 and text_width(line, size, bold=bold) > room:
        line = line.removesuffix("…")[:-1].rstrip() + "…"
    return line


def shape_path(shape: Any, to_paper: "Placing") -> str:
    """A polygon or line (or several) as path operators; rings closed, each vertex to 0.0035 mm."""
    parts: list[str] = []
    for ring in rings(shape):
        xs, ys = to_paper.points(shapely.get_coordinates(ring))
        closed = bool(shapely.is_closed(ring))
        pairs = zip(xs, ys, strict=True)
        points = [f"{x:.2f} {y:.2f}" for x, y in pairs]
        if closed:
            points.pop()
        if len(points) > 1:
            parts.append(f"{points[0]} m {' l '.join(points[1:])} l{' h' if closed else ''}")
    return " ".join(parts)


def rings(shape: Any) -> Iterable[Any]:
    """The rings of polygons and the lines of lines; points have none."""
    for part in shapely.get_parts(shape):
        kind = shapely.get_type_id(part)
        if kind == shapely.GeometryType.POLYGON:
            yield from shapely.get_rings(part)
        elif kind in (shapely.GeometryType.LINESTRING, shapely.GeometryType.LINEARRING):
            yield part
        elif kind == shapely.GeometryType.GEOMETRYCOLLECTION:
            yield from rings(part)


class Placing:
    """The way from plane metres to the paper: `paper` shows `ground`, both as rectangles."""

    def __init__(self, ground: Rect, paper: Rect, scale: int) -> None:
        """Put the lower left corner of the ground on the lower left of the paper, to scale."""
        self.ground, self.paper, self.scale = ground, paper, scale
        self._mm_per_m = 1000 / scale

    def points(self, coordinates: Any) -> tuple[Any, Any]:
        """Metres, shape (n, 2), to points of the page (1/72 inch)."""
        moved = (coordinates - np.array([self.ground.x, self.ground.y])) * self._mm_per_m
        return (moved[:, 0] + self.paper.x) * MM, (moved[:, 1] + self.paper.y) * MM

    def place(self, x: float, y: float) -> tuple[float, float]:
        """One point of the ground in mm of the page."""
        return (
            self.paper.x + (x - self.ground.x) * self._mm_per_m,
            self.paper.y + (y - self.ground.y) * self._mm_per_m,
        )

    def length(self, metres: float) -> float:
        """A length on the ground in mm on paper."""
        return metres * self._mm_per_m


def _path(points: Sequence[tuple[float, float]]) -> str:
    parts = [f"{x * MM:.3f} {y * MM:.3f}" for x, y in points]
    return f"{parts[0]} m {' l '.join(parts[1:])} l"


def _rect(rect: Rect) -> str:
    return (
        " ".join(f"{side * MM:.3f}" for side in (rect.x, rect.y, rect.width, rect.height)) + " re"
    )


def _register_fonts() -> None:
    """Make the installed font known to reportlab, once for the process."""
    if BOLD in pdfmetrics.getRegisteredFontNames():
        return
    try:
        for name, path in zip((REGULAR, BOLD), find_fonts(), strict=True):
            pdfmetrics.registerFont(TTFont(name, str(path)))
    except TTFError as error:
        raise UnavailableError(f"The installed font cannot be used: {error}") from error
