"""Vietnamese text as it really arrives: TCVN3, VNI, Windows-1258, broken UTF-8, decomposed.

Files of the 2000s hold one byte per letter in the fonts' own order, which every reader shows as
Latin-1 (`L¹c Xu©n` is Lạc Xuân in TCVN3). The encoding belongs to the **column**, not to the cell:
one short name is too little to judge by, so a column is judged whole and converted whole.

A reading is judged by Vietnamese spelling: of the words that hold a letter beyond ASCII, how many
become possible Vietnamese syllables? `Permanent græs` becomes none and stays as it is.

Trap: ư in TCVN3 is U+00AD, the soft hyphen. Nothing here strips it before conversion, or "Dương"
would lose a letter.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

from viparse.normalize.encodings import get_charmap
from viparse.normalize.tables import Charmap, convert

from gis.errors import InvalidInputError

UNICODE = "utf-8"
CHOICES = ("auto", "tcvn3", "vni", "windows-1258", "latin-1", "utf-8")

# Enough to judge a column by; more only costs time.
_SAMPLE = 4000
# A reading wins when nearly all its words are Vietnamese: headers such as "§VT" are not words.
_CONVINCING = 0.75

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|<U\+([0-9A-Fa-f]{4,5})>")
# Everything of ASCII that is no letter separates words; what lies beyond ASCII may be a letter.
_WORD = re.compile(r"[A-Za-z\u0080-\uffff]+")
# Never letters of a Latin-1 word, always letters of TCVN3: soft hyphen, signs, fractions.
_TCVN3_SIGNS = frozenset("¡¢£¤¥¦§¨©ª«¬\u00ad®µ¶·¸¹»¼½¾×÷")

_TONES = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
# Onset, rime: the spelling of Vietnamese, with the pr-, br-, kr-, -k of highland names (Pró, Đắk).
_SYLLABLE = re.compile(
    r"(?:b|ch|c|d|đ|gh|gi|g|h|kh|k|l|m|ngh|ng|nh|n|ph|p|qu|r|s|th|tr|t|v|x|pr|br|kr|)"
    r"(?:"
    r"(?:a|ă|â|e|ê|i|o|ô|ơ|u|ư|y|oa|oă|oe|oo|uâ|uê|uy|uya|uyê|uơ|iê|yê|uô|ươ|ia|ua|ưa)"
    r"(?:ch|c|m|ng|nh|n|p|t|k|)"
    r"|ai|ao|au|ay|âu|ây|eo|êu|iu|oi|ôi|ơi|ui|ưi|ưu|oai|oay|oao|oeo|uây|uôi|ươi|ươu|iêu|yêu|uyu|uêu"
    r")"
)

_FOLDS = str.maketrans({"\u00d0": "Đ", "\u0189": "Đ", "\x00": None})


def _latin_bytes(text: str) -> bytes | None:
    """Give back the bytes a reader took for Latin-1 or Windows-1252, or None."""
    out = bytearray()
    for letter in text:
        if ord(letter) < 256:
            out.append(ord(letter))
            continue
        try:
            out += letter.encode("cp1252")
        except UnicodeEncodeError:
            return None
    return bytes(out)


def _from_charmap(charmap: Charmap) -> Callable[[str], str | None]:
    return lambda text: convert(text, charmap)


def _from_windows_1258(text: str) -> str | None:
    raw = _latin_bytes(text)
    try:
        return None if raw is None else unicodedata.normalize("NFC", raw.decode("cp1258"))
    except UnicodeDecodeError:
        return None


def _from_broken_utf8(text: str) -> str | None:
    raw = _latin_bytes(text)
    try:
        return None if raw is None else raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _charmap(name: str) -> Charmap:
    found = get_charmap(name)
    if found is None:  # pragma: no cover - the pinned viparse has both
        raise InvalidInputError(f"The table of {name} is missing from viparse.")
    return found


_READINGS: dict[str, Callable[[str], str | None]] = {
    "tcvn3": _from_charmap(_charmap("tcvn3")),
    "vni": _from_charmap(_charmap("vni")),
    "windows-1258": _from_windows_1258,
}


def is_vietnamese_syllable(word: str) -> bool:
    """Say whether a word could be spelt in Vietnamese (any case, NFC or NFD)."""
    letters = unicodedata.normalize("NFD", word.lower())
    tones = sum(letter in _TONES for letter in letters)
    bare = "".join(letter for letter in letters if letter not in _TONES)
    return tones <= 1 and bool(_SYLLABLE.fullmatch(unicodedata.normalize("NFC", bare)))


def detect_encoding(values: Iterable[str | None]) -> str:
    """Judge one column of text.

    Args:
        values: The cells, as a reader gave them; None and ASCII cells say nothing.

    Returns:
        `tcvn3`, `vni`, `windows-1258`, `utf-8-as-latin-1` (UTF-8 bytes shown as Latin-1), or
        `utf-8` when the text is best left as it is.
    """
    return _judge(values)[0]


def detect_table(columns: Mapping[str, Iterable[str | None]]) -> dict[str, str]:
    """Judge the columns of one table, each by itself.

    A column of one lucky word cannot be judged alone (`HuyÖn` might be a German name): it follows
    the others when they agree on one encoding.
    """
    judged = {name: _judge(values) for name, values in columns.items()}
    certain = {found for found, _ in judged.values()} - {UNICODE}
    shared = certain.pop() if len(certain) == 1 else UNICODE
    return {
        name: shared if shared in possible else found for name, (found, possible) in judged.items()
    }


def _judge(values: Iterable[str | None]) -> tuple[str, frozenset[str]]:
    """Find the encoding of a column, and those it could have if its table says so."""
    nothing: frozenset[str] = frozenset()
    cells: dict[str, None] = {}
    for value in values:
        if value and not value.isascii():
            cells[value] = None
            if len(cells) >= _SAMPLE:
                break
    if not cells:
        return UNICODE, nothing
    if all(_from_broken_utf8(cell) not in (None, cell) for cell in cells):
        return "utf-8-as-latin-1", nothing
    words = {word for cell in cells for word in _WORD.findall(cell) if not word.isascii()}
    shares = {name: _share(words, reading) for name, reading in _READINGS.items()}
    possible = frozenset(name for name, share in shares.items() if share >= _CONVINCING)
    if not possible:
        return UNICODE, nothing
    best = max(possible, key=lambda name: shares[name])
    # One word ("på") can be Vietnamese by accident; letters that are signs in Latin-1 cannot.
    signs = any(_TCVN3_SIGNS.intersection(word) for word in words)
    is_certain = len(words) > 1 or signs
    if shares[best] > _share(words, str) and is_certain:
        return best, frozenset({best})
    return UNICODE, possible


def _share(words: set[str], reading: Callable[[str], str | None]) -> float:
    """Give the share 0..1 of words that a reading turns into Vietnamese syllables."""
    good = 0
    for word in words:
        # A letter no single byte stands for (ạ itself) shows that the word is Unicode already.
        read = reading(word) if reading is str or _latin_bytes(word) is not None else None
        good += read is not None and is_vietnamese_syllable(read)
    return good / len(words) if words else 0.0


def repair_text(value: str, encoding: str) -> str:
    r"""Convert one cell and fold it: NFC, literal `\uXXXX`, Ð (U+00D0) to Đ, no NUL.

    Args:
        value: The cell as a reader gave it.
        encoding: What `detect_encoding` found for its column, or the operator said.
    """
    if value.isascii():
        return _fold(value) if "\\u" in value or "<U+" in value or "\x00" in value else value
    if encoding == "utf-8-as-latin-1":
        value = _from_broken_utf8(value) or value
    elif encoding in _READINGS:
        value = _READINGS[encoding](value) or value
    return _fold(value)


def _fold(value: str) -> str:
    if "\\u" in value or "<U+" in value:
        value = _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), value)
        # A pair of escapes may be the two halves of one letter beyond the basic plane.
        value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unicodedata.normalize("NFC", value.translate(_FOLDS))


def repair_column(
    values: Iterable[str | None], encoding: str = "auto"
) -> tuple[list[str | None], str]:
    """Convert a whole column.

    Args:
        values: Its cells.
        encoding: One of `CHOICES`; `auto` judges the column.

    Returns:
        The cells repaired, and the name of the encoding that was applied.

    Raises:
        InvalidInputError: When the encoding is not one of `CHOICES`.
    """
    cells = list(values)
    applied = check_encoding(encoding)
    if encoding == "auto":
        applied = detect_encoding(cells)
    return [None if cell is None else repair_text(cell, applied) for cell in cells], applied


def check_encoding(name: str) -> str:
    """Give the name back in lower case.

    Raises:
        InvalidInputError: When it is not one of `CHOICES`.
    """
    if name.lower() not in CHOICES:
        raise InvalidInputError(
            f"{name} is not an encoding known here. Choose one of: {', '.join(CHOICES)}."
        )
    return name.lower()


def decode_bytes(raw: bytes, encoding: str = "auto") -> tuple[str, str]:
    """Decode a text file (CSV) so that its columns can then be judged.

    Args:
        raw: The bytes of the file, with or without a byte order mark.
        encoding: One of `CHOICES`.

    Returns:
        The text, and `utf-8`, `utf-16` or `latin-1`: how the bytes were read. TCVN3, VNI and
        Windows-1258 are read as Latin-1 here and converted column by column afterwards.

    Raises:
        InvalidInputError: When the operator said UTF-8 and the bytes are not.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace"), "utf-16"
    if encoding in ("auto", "utf-8") or raw.startswith(b"\xef\xbb\xbf"):
        try:
            return raw.decode("utf-8-sig"), UNICODE
        except UnicodeDecodeError as error:
            if encoding == "utf-8":
                raise InvalidInputError(
                    f"The file is not UTF-8: byte {error.start} cannot be read."
                ) from error
    return raw.decode("latin-1"), "latin-1"
