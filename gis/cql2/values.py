"""What a part of a CQL2 filter is: a value of one kind, as SQL with bound parameters.

Kinds are compared before PostgreSQL sees them, so a text is never compared with a number there:
that would be an error of ours, and is the filter's.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import isfinite
from typing import Any

from sqlalchemy import (
    TEXT,
    TIMESTAMP,
    Boolean,
    ColumnElement,
    Date,
    Double,
    bindparam,
    func,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import JSONB

from gis.errors import InvalidInputError
from gis.layer import Layer, Property, View
from gis.selection import parse_moment

PARAMETER = "filter"
TEXT_KIND, NUMBER, BOOLEAN, DAY, INSTANT, ARRAY, SHAPE = (
    "text",
    "number",
    "boolean",
    "date",
    "timestamp",
    "array",
    "geometry",
)
GEOMETRY_NAME = "geometry"
_INSTANT_TYPE = TIMESTAMP(timezone=True)
_INFIX: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / func.nullif(b, 0),
    "div": lambda a, b: func.trunc(a / func.nullif(b, 0)),
    "%": lambda a, b: a - b * func.trunc(a / func.nullif(b, 0)),
    "^": func.power,
}


@dataclass(frozen=True, slots=True)
class Value:
    """A value: its kind, its SQL, and what was written where it is a literal."""

    kind: str
    sql: ColumnElement[Any]
    written: Any = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a filter may name: the properties of a layer as a reader with this view sees them."""

    layer: Layer
    view: View

    def find(self, name: Any) -> Property:
        """A property by its name.

        Raises:
            InvalidInputError: The layer has none of that name.
        """
        for item in self.layer.properties:
            if item.name == name:
                return item
        known = ", ".join(item.name for item in self.layer.properties)
        raise refuse(f"{self.layer.id} has no property {shown(name)}; it has {known}, geometry.")


def refuse(sentence: str) -> InvalidInputError:
    """A refusal that names the parameter."""
    return InvalidInputError(sentence, parameter=PARAMETER)


def shown(value: Any) -> str:
    """A part of a filter as an error may show it."""
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def read_value(node: Any, scope: Scope) -> Value:
    """Make a value of a part of the tree.

    Raises:
        InvalidInputError: It is none, or names what does not exist.
    """
    if isinstance(node, bool):
        return Value(BOOLEAN, _bound(node, Boolean()), node)
    if isinstance(node, int | float):
        if not isfinite(node):
            raise refuse("A number in the filter is not finite.")
        return Value(NUMBER, _bound(float(node), Double()), node)
    if isinstance(node, str):
        return Value(TEXT_KIND, _bound(_plain(node), TEXT()), _plain(node))
    if isinstance(node, dict):
        if set(node) == {"property"}:
            return _read_property(node["property"], scope)
        if set(node) == {"date"}:
            return read_day(node["date"])
        if set(node) == {"timestamp"}:
            return read_instant(node["timestamp"])
        if set(node) == {"op", "args"} and isinstance(node["args"], list):
            if not isinstance(node["op"], str):
                raise refuse(f"{shown(node['op'])} is no function.")
            return _read_call(node["op"], node["args"], scope)
    raise refuse(f"{shown(node)} is no value that can be compared.")


def read_day(written: Any) -> Value:
    """A literal day.

    Raises:
        InvalidInputError: It is none.
    """
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", written, re.ASCII):
            raise ValueError
        day = date.fromisoformat(written)
    except (ValueError, TypeError) as error:
        raise refuse(f"{shown(written)} is no day such as 2025-07-01.") from error
    return Value(DAY, _bound(day, Date()), day)


def read_instant(written: Any) -> Value:
    """A literal instant.

    Raises:
        InvalidInputError: It is none.
    """
    try:
        instant = parse_moment(written)
    except (ValueError, TypeError, OverflowError) as error:
        raise refuse(f"{shown(written)} is no instant such as 2025-07-01T00:00:00Z.") from error
    return Value(INSTANT, _bound(instant, _INSTANT_TYPE), instant)


def alike(values: list[Value]) -> list[Value]:
    """Bring values to one kind: texts beside days are read as days, days beside instants begin.

    Raises:
        InvalidInputError: They cannot be compared.
    """
    kinds = {value.kind for value in values}
    if kinds == {BOOLEAN, NUMBER}:
        # GDAL's truth values are 1 and 0.
        values = [_as_truth(value) for value in values]
        kinds = {value.kind for value in values}
    if kinds & {DAY, INSTANT} and TEXT_KIND in kinds:
        values = [_as_moment(value) for value in values]
        kinds = {value.kind for value in values}
    if kinds == {DAY, INSTANT}:
        values = [as_instant(value) for value in values]
        kinds = {INSTANT}
    if len(kinds) > 1 or kinds & {ARRAY, SHAPE}:
        raise refuse(f"A {' and a '.join(sorted(kinds))} cannot be compared.")
    return values


def as_instant(value: Value) -> Value:
    """A day as its first moment (UTC)."""
    if value.kind == INSTANT:
        return value
    if isinstance(value.written, date):
        start = datetime.combine(value.written, datetime.min.time(), UTC)
        return Value(INSTANT, _bound(start, _INSTANT_TYPE), start)
    # The connection's time zone is UTC.
    return Value(INSTANT, sql_cast(value.sql, _INSTANT_TYPE))


def need(value: Value, kind: str, where: str) -> ColumnElement[Any]:
    """The SQL of a value that must be of a kind.

    Raises:
        InvalidInputError: It is of another.
    """
    if value.kind != kind:
        raise refuse(f"{where} needs a {kind}, not a {value.kind}.")
    return value.sql


def _as_truth(value: Value) -> Value:
    if value.kind != NUMBER or value.written not in (0, 1):
        return value
    return Value(BOOLEAN, _bound(bool(value.written), Boolean()), bool(value.written))


def _as_moment(value: Value) -> Value:
    if value.kind != TEXT_KIND:
        return value
    if not isinstance(value.written, str):
        raise refuse("A text and a date cannot be compared.")
    return read_instant(value.written) if "T" in value.written else read_day(value.written)


def _read_property(name: Any, scope: Scope) -> Value:
    if name in (GEOMETRY_NAME, "geom"):
        return Value(SHAPE, scope.layer.shape(scope.view))
    if name == "id":
        return Value(NUMBER, sql_cast(scope.layer.key, Double()))
    item = scope.find(name)
    sql = item.expression(scope.view)
    match item.format or item.type:
        case "integer" | "number":
            return Value(NUMBER, sql_cast(sql, Double()))
        case "boolean":
            return Value(BOOLEAN, sql)
        case "date":
            return Value(DAY, sql)
        case "date-time":
            return Value(INSTANT, sql)
        case "array":
            return Value(ARRAY, sql_cast(sql, JSONB))
    return Value(TEXT_KIND, sql)


def _read_call(name: str, arguments: list[Any], scope: Scope) -> Value:
    """Arithmetic, and the two functions of texts. No other function exists."""
    if name in ("casei", "accenti") and len(arguments) == 1:
        text = need(read_value(arguments[0], scope), TEXT_KIND, f"{name}()")
        return Value(TEXT_KIND, (func.lower if name == "casei" else func.f_unaccent)(text))
    if name in _INFIX and len(arguments) == 2:
        left, right = (need(read_value(argument, scope), NUMBER, name) for argument in arguments)
        return Value(NUMBER, sql_cast(_INFIX[name](left, right), Double()))
    raise refuse(
        f"There is no function {shown(name)} here: CASEI and ACCENTI for texts, + - * / % div ^"
        " for numbers, S_, T_ and A_ functions as conditions."
    )


def _plain(text: str) -> str:
    if "\0" in text:
        raise refuse("A text in the filter holds a NUL character.")
    # As everything is stored: a name typed on a Mac comes in parts.
    return unicodedata.normalize("NFC", text)


def _bound(value: Any, type_: Any) -> ColumnElement[Any]:
    return bindparam(None, value, type_=type_)
