"""Columns of Arrow tables as plain Python values, their text repaired per column."""

import math
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa

from etl.encodings import UNICODE, detect_table, repair_text


def to_python(column: pa.Array) -> list[Any]:
    """Give the cells of an Arrow column as Python values that JSON can hold.

    Dates and times become ISO 8601 text, NaN and infinities None, bytes None.
    """
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _none_for_missing(column)
    if pa.types.is_floating(kind):
        return [
            None if value is None or not math.isfinite(value) else value
            for value in column.to_pylist()
        ]
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        if column.null_count == 0:
            return list(column.to_numpy(zero_copy_only=False).tolist())
        return list(column.to_pylist())
    if pa.types.is_dictionary(kind):
        return to_python(column.dictionary_decode())
    return [_plain_scalar(value) for value in column]


def _none_for_missing(column: pa.Array) -> list[Any]:
    return list(column.to_numpy(zero_copy_only=False).tolist())


def _plain_scalar(scalar: pa.Scalar) -> Any:
    try:
        return _plain(scalar.as_py())
    except (OverflowError, ValueError):  # a date beyond the year 9999: damaged or a placeholder
        return None


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case datetime() | date() | time():
            return value.isoformat()
        case Decimal():
            return float(value)
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case _:
            return None


class ColumnRepairer:
    """Repairs the text of a layer's columns, each in the encoding it was judged to have.

    A column is judged on the first batch in which it has letters beyond ASCII, then converted the
    same way to the end.
    """

    def __init__(self, encoding: str, declared: str) -> None:
        """Begin a layer.

        Args:
            encoding: What the operator said; `auto`: judge.
            declared: How the file says its text is written; what is reported when nothing had to
                be converted.
        """
        self._said = encoding
        self._declared = declared
        self._found: dict[str, str] = {}

    @property
    def name(self) -> str:
        """What the text turned out to be: one name, or several joined by `+`."""
        if self._said != "auto":
            return self._said
        legacy = sorted(set(self._found.values()) - {UNICODE})
        return "+".join(legacy) or self._declared

    def repair(self, columns: Sequence[list[Any]], names: Sequence[str]) -> list[list[Any]]:
        """Repair the columns of one batch."""
        undecided = {
            name: texts
            for name, cells in zip(names, columns, strict=True)
            if name not in self._found
            and (texts := [cell for cell in cells if isinstance(cell, str) and not cell.isascii()])
        }
        if undecided and self._said == "auto":
            self._found.update(detect_table(undecided))
        return [
            self._repair_column(cells, self._found.get(name, UNICODE))
            for name, cells in zip(names, columns, strict=True)
        ]

    def repair_names(self, names: Sequence[str]) -> list[str]:
        """Repair field names, which are judged together as one column."""
        encoding = self._said
        if encoding == "auto":
            encoding = detect_table({"names": names})["names"]
        return [repair_text(name, encoding) for name in names]

    def _repair_column(self, cells: list[Any], found: str) -> list[Any]:
        encoding = found if self._said == "auto" else self._said
        known: dict[str, str] = {}
        repaired = []
        for cell in cells:
            if not isinstance(cell, str):
                repaired.append(cell)
                continue
            text = known.get(cell)
            if text is None:
                text = known[cell] = repair_text(cell, encoding)
            repaired.append(text)
        return repaired
