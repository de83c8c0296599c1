"""What people type on the pages of codes: numbers, and serials as labels show them."""

import re
from collections.abc import Iterator

from gis.errors import InvalidInputError
from traceability.gs1.identifiers import CROCKFORD, SERIAL_LENGTH

_SERIAL = re.compile(rf"(?<![0-9A-Za-z])[{CROCKFORD}]{{{SERIAL_LENGTH}}}(?![0-9A-Za-z])")
# As labels show it, and with the letters that Crockford's digits leave out read as what they mean.
_TYPED = re.compile(
    r"(?<![0-9A-Za-z])([0-9A-Z]{4})[ \-]?([0-9A-Z]{4})[ \-]?([0-9A-Z]{4})(?![0-9A-Za-z])"
)
_ALIKE = str.maketrans("OIL", "011")
_WHOLE = re.compile(r"\d+|\d{1,3}(\.\d{3})+", re.ASCII)


def read_serial(text: str) -> str | None:
    """One serial, however it is grouped; None when the text is something else."""
    number = re.sub(r"[\s-]+", "", text).upper().translate(_ALIKE)
    return number if _SERIAL.fullmatch(number) else None


def read_serials(text: str) -> Iterator[str]:
    """The serials in a text: a list, addresses, a table, or as labels show them."""
    for line in text.upper().splitlines():
        found = _SERIAL.findall(line)
        if not found:
            typed = ("".join(groups).translate(_ALIKE) for groups in _TYPED.findall(line))
            found = [one for one in typed if _SERIAL.fullmatch(one)]
        yield from found


def read_number(given: str | None, parameter: str) -> int:
    """A whole number as people write it.

    Raises:
        InvalidInputError: It is none; `parameter` says which was meant.
    """
    text = (given or "").strip()
    # 1.000 is a thousand here; 1.5 is no number of labels.
    if not _WHOLE.fullmatch(text) or len(text) > 12:
        raise InvalidInputError(f"{parameter} is a whole number.", parameter=parameter)
    return int(text.replace(".", ""))
