"""Cells of files read as the values of a layer's fields."""

import math
from datetime import UTC, date, datetime
from typing import Any

from etl.targets import LEVEL_WORDS, Field, fold_name

_DATE_FORMS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y%m%d", "%Y/%m/%d")


class BadValueError(ValueError):
    """A cell cannot be read as what its field needs."""


def read_value(field: Field, cell: Any) -> tuple[Any, str | None]:
    """Read one cell.

    Args:
        field: Says which kind of value it is, and which ones are allowed.
        cell: As a reader gave it.

    Returns:
        The value (None for an empty cell), and a note when it was changed on the way.

    Raises:
        BadValueError: With a sentence that names the field and the cell.
    """
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None, None
    match field.kind:
        case "text":
            return _read_text(field, cell), None
        case "number":
            return _read_number(field, cell), None
        case "hectares_of_km2":
            return _read_number(field, cell) * 100, None
        case "integer":
            number = _read_number(field, cell)
            note = None
            if not number.is_integer():
                note = f"value of {field.name} was rounded to a whole number"
            return round(number), note
        case "date":
            return _read_date(field, cell), None
        case "instant":
            return _read_instant(field, cell), None
    raise BadValueError(f"{field.name} cannot be read from a cell")


def _read_text(field: Field, cell: Any) -> str:
    if isinstance(cell, list):
        cell = "; ".join(str(item) for item in cell)
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    # D’Ran and D'Ran are one name (DOMAIN 5, hazard 4).
    text = " ".join(str(cell).replace("\u2019", "'").replace("\u02bc", "'").split())
    if not field.choices:
        return text
    if text.lower() in field.choices:
        return text.lower()
    folded = fold_name(text)
    for level, words in LEVEL_WORDS.items():
        if level in field.choices and folded in words:
            return level
    raise BadValueError(f"{field.name}: {text!r} is none of {', '.join(field.choices)}")


def _read_number(field: Field, cell: Any) -> float:
    try:
        # A lone comma is the decimal comma of Vietnamese spreadsheets.
        text = str(cell).strip().replace("\u00a0", "")
        if text.count(",") == 1 and "." not in text:
            text = text.replace(",", ".")
        number = float(text)
    except ValueError as error:
        raise BadValueError(f"{field.name}: {cell!r} is not a number") from error
    if not math.isfinite(number) or abs(number) > 1e9:
        raise BadValueError(f"{field.name}: {cell!r} is out of range")
    return number


def _read_date(field: Field, cell: Any) -> date:
    text = str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell).strip()
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(text.partition("T")[0], form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise BadValueError(f"{field.name}: {cell!r} is not a date such as 2025-07-01 or 01/07/2025")


def _read_instant(field: Field, cell: Any) -> datetime:
    try:
        instant = datetime.fromisoformat(str(cell).strip())
    except ValueError as error:
        raise BadValueError(f"{field.name}: {cell!r} is not a date and time") from error
    # GPX and KML write UTC; a reader may have dropped the letter Z.
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
