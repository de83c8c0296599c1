"""CQL2 as a condition of SQLAlchemy's: the one translator, from the tree of the JSON encoding.

Nothing of the filter's text reaches SQL: operators and properties come from tables of our own,
values are bound parameters. A property means what this reader is shown (`Property.expression`), the
geometry the shape that is shown (`Layer.shape`): a filter tells no more than the list does.

Comparison, logic, LIKE, BETWEEN, IN and IS NULL are here; `cql2_values` reads values,
`cql2_spatial`, `cql2_temporal` and `cql2_arrays` the conditions S_…, T_… and A_….
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from gis.cql2.arrays import ARRAY_CONDITIONS, array_condition
from gis.cql2.spatial import SPATIAL_CONDITIONS, spatial_condition
from gis.cql2.temporal import TEMPORAL_CONDITIONS, temporal_condition
from gis.cql2.values import (
    BOOLEAN,
    DAY,
    INSTANT,
    NUMBER,
    TEXT_KIND,
    Scope,
    alike,
    need,
    read_value,
    refuse,
    shown,
)
from gis.layer import Layer, View
from gis.published_crs import CRS84, PublishedCrs

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}
_MOST_IN = 1_000


def translate(
    layer: Layer, view: View, tree: Any, crs: PublishedCrs = CRS84
) -> ColumnElement[bool]:
    """Make a condition of a filter.

    Args:
        layer: Whose features are filtered.
        view: How exactly the reader sees them.
        tree: As `gis.cql2.parsing.parse_filter` gives it.
        crs: The system of the filter's coordinates, in that system's order of axes.

    Raises:
        InvalidInputError: It names what does not exist, or compares what cannot be compared.
    """
    return _condition(tree, Scope(layer, view), crs)


def _condition(node: Any, scope: Scope, crs: PublishedCrs) -> ColumnElement[bool]:
    if isinstance(node, bool):
        return true() if node else false()
    if isinstance(node, dict) and set(node) == {"property"}:
        return need(read_value(node, scope), BOOLEAN, "A condition of its own")
    if not (isinstance(node, dict) and set(node) == {"op", "args"}):
        raise refuse(f"{shown(node)} is no condition.")
    name, arguments = node["op"], node["args"]
    if not isinstance(name, str) or not isinstance(arguments, list) or not arguments:
        raise refuse(f"{shown(name)} needs arguments.")
    match name:
        case "and" | "or":
            parts = [_condition(argument, scope, crs) for argument in arguments]
            return and_(*parts) if name == "and" else or_(*parts)
        case "not":
            (inner,) = _arguments(name, arguments, 1)
            return not_(_condition(inner, scope, crs))
        case "isNull":
            (inner,) = _arguments(name, arguments, 1)
            return read_value(inner, scope).sql.is_(None)
        case "like":
            return _like(_arguments(name, arguments, 2), scope)
        case "between":
            return _between(_arguments(name, arguments, 3), scope)
        case "in":
            return _in(_arguments(name, arguments, 2), scope)
    if name in _COMPARISONS:
        return _compare(name, _arguments(name, arguments, 2), scope)
    if name in SPATIAL_CONDITIONS:
        return spatial_condition(name, _arguments(name, arguments, 2), scope, crs)
    if name in TEMPORAL_CONDITIONS:
        return temporal_condition(name, _arguments(name, arguments, 2), scope)
    if name in ARRAY_CONDITIONS:
        return array_condition(name, _arguments(name, arguments, 2), scope)
    # A function whose result is a truth value might stand here; none is published.
    raise refuse(f"There is no function or operator {shown(name)} here.")


def _compare(name: str, arguments: list[Any], scope: Scope) -> ColumnElement[bool]:
    left, right = alike([read_value(argument, scope) for argument in arguments])
    if left.kind == BOOLEAN and name not in ("=", "<>"):
        raise refuse("Truth values have no order.")
    condition: ColumnElement[bool] = _COMPARISONS[name](left.sql, right.sql)
    return condition


def _between(arguments: list[Any], scope: Scope) -> ColumnElement[bool]:
    value, low, high = alike([read_value(argument, scope) for argument in arguments])
    if value.kind not in (NUMBER, DAY, INSTANT, TEXT_KIND):
        raise refuse(f"BETWEEN needs numbers or dates, not a {value.kind}.")
    return value.sql.between(low.sql, high.sql)


def _in(arguments: list[Any], scope: Scope) -> ColumnElement[bool]:
    listed = arguments[1]
    if not isinstance(listed, list) or len(listed) > _MOST_IN:
        raise refuse(f"IN needs a list of at most {_MOST_IN} values.")
    if not listed:
        return false()
    value, *among = alike([read_value(part, scope) for part in (arguments[0], *listed)])
    return value.sql.in_([part.sql for part in among])


def _like(arguments: list[Any], scope: Scope) -> ColumnElement[bool]:
    text, pattern = (read_value(argument, scope) for argument in arguments)
    written = pattern.written
    if isinstance(written, str) and (len(written) - len(written.rstrip("\\"))) % 2:
        raise refuse("A pattern of LIKE cannot end with the \\ that takes the next sign as it is.")
    return need(text, TEXT_KIND, "LIKE").like(need(pattern, TEXT_KIND, "LIKE"))


def _arguments(name: str, arguments: list[Any], count: int) -> list[Any]:
    if len(arguments) != count:
        raise refuse(f"{name} needs {count} arguments, not {len(arguments)}.")
    return arguments
