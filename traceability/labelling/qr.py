"""QR symbols: `qrcode` computes the modules, this module makes batches fast and draws them.

For a fixed version, error correction level, mask, mode and length, every step from data to modules
(bit packing, Reed-Solomon, interleaving, masking) is linear over GF(2) up to a constant. So the
symbol of a text equals the symbol of another text of the same length, with one pattern flipped for
each bit in which the two differ. `Symbols` learns those patterns from `qrcode` once and then makes
each further symbol of a batch by XOR alone.

Modules are arrays of shape (rows, columns), bool, True = dark, row 0 on top, without quiet zone;
the writers add the quiet zone of four modules that ISO/IEC 18004 section 9.1 asks for.
"""

import struct
import zlib
from typing import Literal
from xml.sax.saxutils import escape

import numpy as np
import qrcode
from numpy.typing import NDArray
from qrcode import constants, util

from gis.errors import InvalidInputError

Modules = NDArray[np.bool_]
Level = Literal["L", "M", "Q", "H"]

QUIET_ZONE = 4
# Of deflate: as small as 6 for such pictures, in a third of the time.
_PNG_LEVEL = 4
# Choosing the best mask costs 80 % of the time and gains nothing that decoders notice; any fixed
# mask is allowed by ISO/IEC 18004 section 7.8.1 as long as the symbol states it.
MASK = 3

_LEVELS = {
    "L": constants.ERROR_CORRECT_L,
    "M": constants.ERROR_CORRECT_M,
    "Q": constants.ERROR_CORRECT_Q,
    "H": constants.ERROR_CORRECT_H,
}
# A text costs one direct computation, a pattern too: patterns pay off beyond this many texts.
_DIRECT = 48


class Symbols:
    """Makes the symbols of one batch: all of one version, level and mask."""

    def __init__(self, longest: str, level: Level = "M") -> None:
        """Choose the smallest version that holds the longest text of the batch.

        Args:
            longest: The longest text (in UTF-8 bytes) that will be asked for.
            level: Share of the symbol that may be lost: L 7 %, M 15 %, Q 25 %, H 30 %.

        Raises:
            InvalidInputError: When no QR symbol holds that much.
        """
        self.level = level
        size = len(longest.encode())
        limits = util.BIT_LIMIT_TABLE[_LEVELS[level]]
        version = next((v for v in range(1, 41) if _bits(size, v) <= limits[v]), None)
        if version is None:
            raise InvalidInputError(f"No QR code at level {level} holds {size} bytes.")
        self.version: int = version
        self.side = 17 + 4 * self.version
        self._families: dict[int, _Family] = {}

    def modules(self, text: str) -> Modules:
        """Return the modules of a text, shape (side, side), True = dark.

        Raises:
            InvalidInputError: When the text is longer than the batch was made for.
        """
        data = text.encode()
        family = self._families.get(len(data))
        if family is None:
            family = self._families[len(data)] = _Family(data, self.version, self.level)
        packed = family.packed(data)
        return np.unpackbits(packed, count=self.side**2).reshape(self.side, self.side).view(bool)


class _Family:
    """All texts of one length: the symbol of the first, and the pattern of each bit asked for."""

    def __init__(self, first: bytes, version: int, level: Level) -> None:
        self._version, self._level = version, level
        self._first = np.frombuffer(first, np.uint8)
        self._base = self._compute(first)
        self._made = 1
        self._row: NDArray[np.intp] = np.full(len(first) * 8, -1, np.intp)
        self._patterns: NDArray[np.uint8] = np.empty((0, len(self._base)), np.uint8)

    def packed(self, data: bytes) -> NDArray[np.uint8]:
        difference = np.frombuffer(data, np.uint8) ^ self._first
        bits = np.flatnonzero(np.unpackbits(difference))
        if not len(bits):
            return self._base
        if self._made < _DIRECT:
            self._made += 1
            return self._compute(data)
        missing = bits[self._row[bits] < 0]
        if len(missing):
            self._learn(missing)
        flipped = np.bitwise_xor.reduce(self._patterns[self._row[bits]], axis=0)
        return np.bitwise_xor(self._base, flipped)

    def _learn(self, bits: NDArray[np.intp]) -> None:
        learnt = []
        for bit in bits:
            changed = self._first.copy()
            changed[bit // 8] ^= 0x80 >> (bit % 8)
            learnt.append(self._compute(changed.tobytes()) ^ self._base)
        self._row[bits] = np.arange(len(bits)) + len(self._patterns)
        self._patterns = np.concatenate([self._patterns, np.array(learnt, np.uint8)])

    def _compute(self, data: bytes) -> NDArray[np.uint8]:
        code = qrcode.QRCode(
            version=self._version,
            error_correction=_LEVELS[self._level],
            mask_pattern=MASK,
            border=0,
        )
        code.add_data(_data(data))
        try:
            code.make(fit=False)
        except qrcode.exceptions.DataOverflowError as error:
            raise InvalidInputError(
                f"{len(data)} bytes do not fit the QR version {self._version} of this batch."
            ) from error
        return np.packbits(np.array(code.modules, dtype=bool))


def make_modules(text: str, level: Level = "M") -> Modules:
    """Compute one symbol of the smallest version; shape (side, side), bool, True = dark.

    Raises:
        InvalidInputError: When no QR symbol holds the text.
    """
    return Symbols(text, level).modules(text)


def png(modules: Modules, scale: int = 8) -> bytes:
    """Write a PNG of one bit a pixel, black on white, `scale` pixels a module."""
    framed = np.ones([length + 2 * QUIET_ZONE for length in modules.shape], bool)
    framed[QUIET_ZONE:-QUIET_ZONE, QUIET_ZONE:-QUIET_ZONE] = ~modules
    rows = np.packbits(np.repeat(framed, scale, axis=1), axis=1)
    # Each line begins with its filter type, 0 (PNG section 9); equal lines deflate to nearly none.
    lines = np.zeros((len(rows), rows.shape[1] + 1), np.uint8)
    lines[:, 1:] = rows
    lines = np.repeat(lines, scale, axis=0)
    side = framed.shape[0] * scale
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), _PNG_LEVEL)),
            _chunk(b"IEND", b""),
        )
    )


def svg_path(modules: Modules) -> str:
    """Write the dark modules as SVG path data, one unit a module, quiet zone included."""
    return "".join(
        f"M{column + QUIET_ZONE} {row + QUIET_ZONE}h{width}v1h-{width}z"
        for row, column, width in _runs(modules)
    )


def svg(modules: Modules, title: str, side_mm: float | None = None) -> str:
    """Write a standing SVG file; without `side_mm` it fills the space it is given."""
    units = modules.shape[0] + 2 * QUIET_ZONE
    size = f' width="{side_mm}mm" height="{side_mm}mm"' if side_mm else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg"{size} viewBox="0 0 {units} {units}" role="img"'
        f' shape-rendering="crispEdges"><title>{escape(title)}</title>'
        f'<path fill="#fff" d="M0 0h{units}v{units}H0z"/><path d="{svg_path(modules)}"/></svg>\n'
    )


def pdf_path(modules: Modules, x: float, y: float, side: float) -> str:
    """Write PDF drawing operators that fill the dark modules in the current colour.

    Args:
        modules: The symbol.
        x: Left edge of the quiet zone, in points.
        y: Lower edge of the quiet zone, in points (PDF counts upwards).
        side: Side of the symbol with its quiet zone, in points.
    """
    units = modules.shape[0] + 2 * QUIET_ZONE
    top = units - QUIET_ZONE - 1
    # 1.02: neighbouring rows overlap a little, or viewers draw hairlines between them.
    boxes = " ".join(
        f"{column + QUIET_ZONE} {top - row} {width} 1.02 re"
        for row, column, width in _runs(modules)
    )
    step = side / units
    return f"q {step:.5f} 0 0 {step:.5f} {x:.3f} {y:.3f} cm {boxes} f Q"


def _runs(modules: Modules) -> list[tuple[int, int, int]]:
    """List the horizontal runs of dark modules as (row, first column, width)."""
    edges = np.diff(np.pad(modules, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    return list(zip(rows.tolist(), starts.tolist(), (ends - starts).tolist(), strict=True))


def _bits(size: int, version: int) -> int:
    # ISO/IEC 18004 section 7.4: mode indicator, character count, eight bits a byte.
    mode = util.MODE_8BIT_BYTE
    return 4 + int(util.length_in_bits(mode, version)) + 8 * size


def _data(content: bytes) -> util.QRData:
    # Always byte mode: only there is every text of one length built alike.
    return util.QRData(content, mode=util.MODE_8BIT_BYTE, check_data=False)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
