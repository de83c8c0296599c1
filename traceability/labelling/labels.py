"""Labels: a QR code, what it stands on, and the host that the code must lead to, in print.

The host stands beside the code so that a buyer can compare it with the address that the phone
shows (a sticker with a foreign code over the real one is the commonest fraud). Sheets and rolls
(`label_sheets`) are vector PDF, written page by page.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import islice
from typing import BinaryIO
from urllib.parse import urlsplit

from gis.errors import InvalidInputError
from gis.fonts import find_fonts
from traceability.gs1.identifiers import CROCKFORD
from traceability.labelling import qr
from traceability.labelling.label_sheets import SHEETS, Sheet
from traceability.labelling.pdf import MM, Font, PdfWriter

_ELLIPSIS = "…"
_LEADING = 1.32
_TOLD_EACH = 24
# A long name is written smaller before it is cut, but never smaller than this (points); a host that
# would become smaller goes on several lines.
_LEAST_SIZE = 4.8
_SHARES = (1.0, 0.9, 0.8, 0.7)
_HOST_PARTS = re.compile(r"(?<=[.:-])")


@dataclass(frozen=True, slots=True)
class Label:
    """What one label says."""

    uri: str
    name: str
    lot: str | None = None
    serial: str | None = None
    is_demo: bool = False

    @property
    def host(self) -> str:
        """The host (and port) that the code leads to."""
        return urlsplit(self.uri).netloc

    @property
    def grouped_serial(self) -> str | None:
        """The serial in groups of four, easier to read aloud."""
        if self.serial is None:
            return None
        return " ".join(self.serial[at : at + 4] for at in range(0, len(self.serial), 4))


def write_sheets(
    file: BinaryIO,
    labels: Iterable[Label],
    *,
    like: Label,
    sheet: Sheet = SHEETS["24"],
    start: int = 1,
    advance: Callable[[int], None] | None = None,
) -> int:
    """Write labels of one batch to sheets or a roll and return how many pages were written.

    Memory does not grow with the number of labels.

    Args:
        file: Where the PDF goes.
        labels: The labels, drawn as they come; they differ from `like` in uri and serial only.
        like: A label of the batch: its name, lot and host, and a uri as long as the longest.
        sheet: The sheet of labels.
        start: Place of the first label on the first sheet, which may have been used in part; from
            1, row by row.
        advance: Called as pages are done with the number of labels drawn since.

    Raises:
        InvalidInputError: When a uri is too long for a QR code of the batch.
        UnavailableError: When no font with Vietnamese letters is installed.
    """
    kind = _RoundArtist if sheet.is_round else _Artist
    artist = kind(like, sheet.width * MM, sheet.height * MM, sheet.name_size)
    pages, waiting = 0, 0
    paper = (sheet.page[0] * MM, sheet.page[1] * MM)
    with PdfWriter(file, paper, _title(like), artist.fonts) as pdf:
        for page in _pages(labels, sheet.count, start - 1):
            drawn = []
            for place, label in enumerate(page, 0 if pages else start - 1):
                row, column = divmod(place, sheet.columns)
                x = sheet.left + column * sheet.step_x
                y = sheet.page[1] - sheet.top - row * sheet.step_y - sheet.height
                drawn.append(artist.draw(label, x * MM, y * MM))
            pdf.page("\n".join(drawn))
            pages += 1
            waiting += len(page)
            # A roll has a page for each label: nobody wants to hear of each.
            if advance is not None and waiting >= _TOLD_EACH:
                advance(waiting)
                waiting = 0
    if advance is not None and waiting:
        advance(waiting)
    return pages


def single_pdf(label: Label, width: float = 63.5, height: float = 33.9) -> bytes:
    """Draw one label as a PDF page of its own size, in millimetres."""
    artist = _Artist(label, width * MM, height * MM, SHEETS["24"].name_size)
    file = BytesIO()
    with PdfWriter(file, (width * MM, height * MM), _title(label), artist.fonts) as pdf:
        pdf.page(artist.draw(label, 0, 0))
    return file.getvalue()


class _Artist:
    """Draws the labels of one batch: same words, same size of symbol."""

    def __init__(self, like: Label, width: float, height: float, size: float) -> None:
        like = replace(like, name=unicodedata.normalize("NFC", like.name))
        self._width, self._height, self._size = width, height, size
        self._symbols = qr.Symbols(like.uri)
        regular, bold = find_fonts()
        words = f"{like.name}{like.lot or ''}{like.host}{like.serial or ''}{CROCKFORD}"
        words += f"Lô: Số: · dữ liệu minh hoạ{_ELLIPSIS}"
        try:
            self._regular, self._bold = Font(regular, words), Font(bold, words)
        except ValueError as error:
            raise InvalidInputError("The name of the product is too long for a label.") from error
        self.fonts = {"F1": self._regular, "F2": self._bold}
        # The quiet zone of four modules is part of the symbol; half a millimetre stays around it.
        self._code_side = min(height, width * 0.52) - 1 * MM
        self._text_x = self._code_side + 1.2 * MM
        self._text_width = width - self._text_x - 1.5 * MM
        self._fixed = self._fixed_words(like)

    def draw(self, label: Label, x: float, y: float) -> str:
        code = qr.pdf_path(
            self._symbols.modules(label.uri),
            x + 0.5 * MM,
            y + (self._height - self._code_side) / 2,
            self._code_side,
        )
        words, below = self._fixed
        if label.grouped_serial:
            serial, size = self._fitted(self._bold, label.grouped_serial, self._size * 0.86)
            words = f"{words} {_show('F2', size, self._text_x, below, self._bold.encode(serial))}"
        return f"{code} q 1 0 0 1 {x:.3f} {y:.3f} cm {words} Q"

    def _fixed_words(self, like: Label) -> tuple[str, float]:
        """Lay out what all labels of the batch share; return it and the serial's base line."""
        size, small = self._size, self._size * 0.8
        host, host_size = self._host(like.host, small)
        y = self._height - 2.2 * MM - size * 0.75
        shown = []
        below = (1.1 * bool(like.lot) + 1.2 * bool(like.serial) + bool(like.is_demo)) * small
        room = y - 2.0 * MM - (below + len(host) * host_size) * _LEADING
        lines, name_size = self._name(like.name, room)
        for line in lines:
            shown.append(_show("F2", name_size, self._text_x, y, self._bold.encode(line)))
            y -= name_size * _LEADING
        y -= (size - name_size) * _LEADING
        if like.lot:
            lot, fitted = self._fitted(self._regular, f"Lô: {like.lot}", small)
            shown.append(_show("F1", fitted, self._text_x, y, self._regular.encode(lot)))
            y -= small * _LEADING * 1.1
        over_host = 2.0 * MM + len(host) * host_size * _LEADING
        for number, line in enumerate(host, 1):
            base = over_host - number * host_size * _LEADING
            shown.append(_show("F1", host_size, self._text_x, base, self._regular.encode(line)))
        if like.is_demo:
            mark, small_fit = self._fitted(self._regular, "dữ liệu minh hoạ", small * 0.9)
            shown.append(
                _show("F1", small_fit, self._text_x, over_host, self._regular.encode(mark))
            )
        return " ".join(shown), y

    def _name(self, name: str, room: float) -> tuple[list[str], float]:
        """The lines of a name and their size: as large as holds all of it, else cut."""
        lines: list[str] = []
        size = self._size
        for share in _SHARES:
            if share < 1 and self._size * share < _LEAST_SIZE:
                break
            size = self._size * share
            lines = self._wrapped(name, size, most=max(1, int(room / size / _LEADING) + 1))
            if not lines or not lines[-1].endswith(_ELLIPSIS):
                break
        return lines, size

    def _host(self, host: str, size: float) -> tuple[list[str], float]:
        """The lines of the host, which must be read whole, and their size."""
        _, fitted = self._fitted(self._regular, host, size)
        least = min(_LEAST_SIZE, 0.85 * size)
        if fitted >= least:
            return [host], fitted
        lines: list[str] = []
        for part in _HOST_PARTS.split(host):
            if lines and self._regular.width(lines[-1] + part, least) <= self._text_width:
                lines[-1] += part
            else:
                lines.append(part)
        return lines, min(self._fitted(self._regular, line, size)[1] for line in lines)

    def _wrapped(self, text: str, size: float, most: int) -> list[str]:
        lines: list[str] = []
        rest = text.split()
        while rest and len(lines) < most:
            line = rest.pop(0)
            while rest and self._bold.width(f"{line} {rest[0]}", size) <= self._text_width:
                line = f"{line} {rest.pop(0)}"
            lines.append(line)
        if rest:
            lines[-1] += _ELLIPSIS
        return [self._cut(line, size) for line in lines]

    def _cut(self, line: str, size: float) -> str:
        while len(line) > 1 and self._bold.width(line, size) > self._text_width:
            line = line.removesuffix(_ELLIPSIS)[:-1].rstrip() + _ELLIPSIS
        return line

    def _fitted(self, font: Font, text: str, size: float) -> tuple[str, float]:
        """Shrink a line that must be read whole until it fits."""
        return text, min(size, size * self._text_width / font.width(text, size))


class _RoundArtist(_Artist):
    """Draws round labels: the symbol in the middle, the name above, number and host below."""

    def __init__(self, like: Label, width: float, height: float, size: float) -> None:
        super().__init__(like, width, height, size)
        # Shares of the diameter. The corners of the dark modules stay 5 % inside the die's edge.
        self._code_side = 0.62 * width

    def draw(self, label: Label, x: float, y: float) -> str:
        across, side = self._width, self._code_side
        code = qr.pdf_path(
            self._symbols.modules(label.uri),
            x + (across - side) / 2,
            y + 0.51 * across - side / 2,
            side,
        )
        parts = [label.grouped_serial, f"Lô: {label.lot}" if label.lot else None]
        parts.append("dữ liệu minh hoạ" if label.is_demo else None)
        first, *others = [part for part in parts if part] or [""]
        words = [self._fixed[0]]
        if first:
            words.append(self._line("F2", first, 0.165, self._size))
        if others:
            words.append(self._line("F1", " · ".join(others), 0.113, self._size * 0.8))
        return f"{code} q 1 0 0 1 {x:.3f} {y:.3f} cm {' '.join(words)} Q"

    def _fixed_words(self, like: Label) -> tuple[str, float]:
        size = self._size
        name = self._line("F2", like.name, 0.845, size)
        return f"{name} {self._line('F1', like.host, 0.062, size * 0.8)}", 0.0

    def _line(self, font: str, text: str, height: float, size: float) -> str:
        """Write a line across the circle at a height (a share of the diameter)."""
        face = self._bold if font == "F2" else self._regular
        # The narrower end of the line of letters counts: its top above the middle, else its foot.
        edge = abs(height - 0.5) + (size / self._width if height > 0.5 else 0)
        chord = 2 * self._width * max(0.25 - edge * edge, 0.01) ** 0.5 * 0.94
        self._text_width = chord
        shown = self._cut(text, size) if font == "F2" and height > 0.5 else text
        shown, fitted = self._fitted(face, shown, size)
        x = (self._width - face.width(shown, fitted)) / 2
        return _show(font, fitted, x, height * self._width, face.encode(shown))


def _pages(labels: Iterable[Label], count: int, used: int) -> Iterator[list[Label]]:
    remaining = iter(labels)
    while page := list(islice(remaining, count - used)):
        yield page
        used = 0


def _show(font: str, size: float, x: float, y: float, encoded: str) -> str:
    return f"BT /{font} {size:.2f} Tf {x:.2f} {y:.2f} Td {encoded} Tj ET"


def _title(label: Label) -> str:
    return f"{label.name}, lô {label.lot}" if label.lot else label.name
