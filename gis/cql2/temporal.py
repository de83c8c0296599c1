"""CQL2's conditions on time: T_AFTER, T_DURING and the others, by Allen's relations.

A side is an instant, a day, or an interval whose ends may be open (`'..'`, or a property without a
value). Among days alone, days are compared; beside an instant a day is all its moments (UTC).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import TIMESTAMP, ColumnElement, Date, Interval, and_, bindparam, func, or_
from sqlalchemy import cast as sql_cast

from gis.cql2.values import (
    DAY,
    INSTANT,
    TEXT_KIND,
    Scope,
    Value,
    as_instant,
    read_day,
    read_instant,
    read_value,
    refuse,
    shown,
)


@dataclass(frozen=True, slots=True)
class _Span:
    """Two ends, both inclusive; None is open."""

    start: Value | None
    end: Value | None


_Ends = tuple[Any, Any]
_RELATIONS: dict[str, Callable[[_Ends, _Ends], Any]] = {
    "t_after": lambda a, b: a[0] > b[1],
    "t_before": lambda a, b: a[1] < b[0],
    "t_contains": lambda a, b: and_(a[0] < b[0], a[1] > b[1]),
    "t_disjoint": lambda a, b: or_(a[1] < b[0], a[0] > b[1]),
    "t_during": lambda a, b: and_(a[0] > b[0], a[1] < b[1]),
    "t_equals": lambda a, b: and_(a[0] == b[0], a[1] == b[1]),
    "t_finishedby": lambda a, b: and_(a[0] < b[0], a[1] == b[1]),
    "t_finishes": lambda a, b: and_(a[0] > b[0], a[1] == b[1]),
    "t_intersects": lambda a, b: and_(a[0] <= b[1], a[1] >= b[0]),
    "t_meets": lambda a, b: a[1] == b[0],
    "t_metby": lambda a, b: a[0] == b[1],
    "t_overlappedby": lambda a, b: and_(a[0] > b[0], a[0] < b[1], a[1] > b[1]),
    "t_overlaps": lambda a, b: and_(a[0] < b[0], a[1] > b[0], a[1] < b[1]),
    "t_startedby": lambda a, b: and_(a[0] == b[0], a[1] > b[1]),
    "t_starts": lambda a, b: and_(a[0] == b[0], a[1] < b[1]),
}
# Both spellings: the text's functions know no case, the JSON encoding writes t_finishedBy.
_SPELLINGS = {name: name.removesuffix("by") + "By" for name in _RELATIONS if name.endswith("by")}
TEMPORAL_CONDITIONS = frozenset({*_RELATIONS, *_SPELLINGS.values()})


def temporal_condition(name: str, arguments: list[Any], scope: Scope) -> ColumnElement[bool]:
    """One condition.

    Raises:
        InvalidInputError: A side is no time.
    """
    spans = [_read_span(argument, scope) for argument in arguments]
    ends = [end for span in spans for end in (span.start, span.end) if end is not None]
    by_day = all(end.kind == DAY for end in ends)
    first, second = (_ends(span, by_day) for span in spans)
    condition: ColumnElement[bool] = _RELATIONS[name.lower()](first, second)
    return condition


def _read_span(node: Any, scope: Scope) -> _Span:
    if isinstance(node, dict) and set(node) == {"interval"}:
        ends = node["interval"]
        if not isinstance(ends, list) or len(ends) != 2:
            raise refuse("An interval has a start and an end.")
        return _Span(_read_end(ends[0], scope), _read_end(ends[1], scope))
    moment = read_value(node, scope)
    if moment.kind == TEXT_KIND and isinstance(moment.written, str):
        moment = _read_moment(moment.written)
    if moment.kind not in (DAY, INSTANT):
        raise refuse(f"{shown(node)} is no time.")
    return _Span(moment, moment)


def _read_end(node: Any, scope: Scope) -> Value | None:
    if node in ("..", ""):
        return None
    if isinstance(node, str):
        return _read_moment(node)
    value = read_value(node, scope)
    if value.kind not in (DAY, INSTANT):
        raise refuse(f"{shown(node)} is no time.")
    return value


def _read_moment(written: str) -> Value:
    return read_instant(written) if "T" in written.upper() else read_day(written)


def _ends(span: _Span, by_day: bool) -> _Ends:
    """Start and end as SQL; what is open, or lacks a value, lies before or after everything.

    An instant that a feature lacks is in no relation to any, though: only intervals are open.
    """
    is_interval = span.start is not span.end
    type_: Any = Date() if by_day else TIMESTAMP(timezone=True)

    def far(sign: str) -> Any:
        return sql_cast(bindparam(None, f"{sign}infinity"), type_)

    def sql_of(value: Value | None, sign: str) -> Any:
        if value is None:
            return far(sign)
        sql = value.sql if by_day else as_instant(value).sql
        if not by_day and value.kind == DAY and not sign:
            whole_day = timedelta(days=1) - timedelta(microseconds=1)
            sql = sql + bindparam(None, whole_day, type_=Interval())
        return func.coalesce(sql, far(sign)) if is_interval and value.written is None else sql

    return sql_of(span.start, "-"), sql_of(span.end, "")
