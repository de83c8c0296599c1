"""CQL2's conditions on lists: A_CONTAINS, A_CONTAINEDBY, A_EQUALS, A_OVERLAPS; order is no matter.

A list that a feature lacks is in no relation to any.
"""

from collections.abc import Callable
from typing import Any

import orjson
from sqlalchemy import TEXT, ColumnElement, and_, bindparam
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import ARRAY as ARRAY_TYPE
from sqlalchemy.dialects.postgresql import JSONB

from gis.cql2.values import ARRAY, TEXT_KIND, Scope, read_value, refuse

_MOST = 1_000


def _contains(a: Any, b: Any) -> Any:
    return a.op("@>", is_comparison=True)(b)


_CONDITIONS: dict[str, Callable[[Any, Any], Any]] = {
    "a_contains": _contains,
    "a_containedby": lambda a, b: _contains(b, a),
    "a_containedBy": lambda a, b: _contains(b, a),
    "a_equals": lambda a, b: and_(_contains(a, b), _contains(b, a)),
}
ARRAY_CONDITIONS = frozenset({*_CONDITIONS, "a_overlaps"})


def array_condition(name: str, arguments: list[Any], scope: Scope) -> ColumnElement[bool]:
    """One condition; at least one side is a property, the other may be a list of texts.

    Raises:
        InvalidInputError: A side is neither.
    """
    sides = [_side(argument, scope) for argument in arguments]
    if name == "a_overlaps":
        return _meet(arguments, sides)
    condition: ColumnElement[bool] = _CONDITIONS[name](*sides)
    return condition


def _meet(arguments: list[Any], sides: list[ColumnElement[Any]]) -> ColumnElement[bool]:
    """Whether two lists share a member."""
    if isinstance(arguments[0], list):
        arguments, sides = arguments[::-1], sides[::-1]
    if not isinstance(arguments[1], list):
        raise refuse("A_OVERLAPS needs a list of texts on one side.")
    texts = bindparam(None, arguments[1], type_=ARRAY_TYPE(TEXT()))
    return sides[0].op("?|", is_comparison=True)(texts)


def _side(node: Any, scope: Scope) -> ColumnElement[Any]:
    if isinstance(node, list):
        if len(node) > _MOST or not all(read_value(n, scope).kind == TEXT_KIND for n in node):
            raise refuse(f"A list here holds at most {_MOST} texts.")
        if not all(isinstance(part, str) for part in node):
            raise refuse("A list here holds texts as they are.")
        return sql_cast(bindparam(None, orjson.dumps(node).decode(), type_=TEXT()), JSONB)
    value = read_value(node, scope)
    if value.kind != ARRAY:
        raise refuse(f"This needs a list, not a {value.kind}.")
    return value.sql
