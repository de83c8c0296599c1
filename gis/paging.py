"""Pages that stay right while rows change: each goes on after the last row of the one before.

What it goes on after (the token in a `next` link) are the values that the last row was sorted by,
as the reader saw them, and its id; never a number of rows to skip. So a page costs the same however
deep, and a row deleted or added meanwhile makes no other row appear twice or be left out.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import TEXT, Boolean, ColumnElement, and_, bindparam, or_
from sqlalchemy import cast as sql_cast

from gis.errors import InvalidInputError
from gis.layer import Layer, View
from gis.selection import SortKey

_LONGEST_TOKEN = 4000


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended: the sorted values of its last row as PostgreSQL writes them, its id."""

    id: int
    values: tuple[str | None, ...] = ()


START = Position(0)


def read_token(token: str, sort: Sequence[SortKey]) -> Position:
    """Read the token of a `next` link.

    Raises:
        InvalidInputError: It is none, or of another order.
    """
    if not sort:
        if token.isascii() and token.isdigit() and len(token) < 19:
            return Position(int(token))
    elif len(token) < _LONGEST_TOKEN:
        try:
            padded = token + "=" * (-len(token) % 4)
            found = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            names, values, last = found
            if (
                names == _names(sort)
                and len(values) == len(sort)
                and all(value is None or isinstance(value, str) for value in values)
                and isinstance(last, int)
                and 0 <= last < 2**63
            ):
                return Position(last, tuple(values))
        except (ValueError, TypeError, binascii.Error):
            pass
    raise InvalidInputError(
        "after comes from the next link of the same list, with the same sortby.", parameter="after"
    )


def write_token(position: Position, sort: Sequence[SortKey]) -> str:
    """Write the token of a `next` link; without an order of its own it is the id."""
    if not sort:
        return str(position.id)
    content = orjson.dumps([_names(sort), position.values, position.id])
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def order_by(layer: Layer, view: View, sort: Sequence[SortKey]) -> list[ColumnElement[Any]]:
    """What to sort by; the id at last, so that the order is total."""
    order: list[ColumnElement[Any]] = []
    for key in sort:
        value = _expression(layer, view, key)
        order.append((value.desc() if key.is_descending else value.asc()).nulls_last())
    return [*order, layer.key]


def shown_values(layer: Layer, view: View, sort: Sequence[SortKey]) -> list[ColumnElement[Any]]:
    """The values that a row is sorted by, as text: exact for every type of PostgreSQL's."""
    return [
        sql_cast(_expression(layer, view, key), TEXT).label(f"sorted_{place}")
        for place, key in enumerate(sort)
    ]


def comes_after(
    layer: Layer, view: View, sort: Sequence[SortKey], empty: Sequence[bool]
) -> ColumnElement[bool]:
    """Whether a row comes after a position, whose parts are the parameters of `bind_position`.

    Args:
        layer: The layer.
        view: How exactly the reader sees it.
        sort: The order.
        empty: Which of the position's values are null; nulls come last.
    """
    after: ColumnElement[bool] = layer.key > bindparam("after_id", None, type_=layer.key.type)
    for place in range(len(sort) - 1, -1, -1):
        value = _expression(layer, view, sort[place])
        if empty[place]:
            after = and_(value.is_(None), after)
            continue
        given = sql_cast(bindparam(f"after_{place}", None, type_=TEXT()), value.type)
        beyond = value < given if sort[place].is_descending else value > given
        after = or_(beyond, value.is_(None), and_(value == given, after))
    return after


def bind_position(position: Position) -> dict[str, Any]:
    """The parameters of `comes_after`."""
    given = {
        f"after_{place}": value for place, value in enumerate(position.values) if value is not None
    }
    return {"after_id": position.id, **given}


def _expression(layer: Layer, view: View, key: SortKey) -> ColumnElement[Any]:
    item = next(item for item in layer.properties if item.name == key.name)
    value = item.expression(view)
    # PostgreSQL sorts by no bare constant, which a flag may be for some readers.
    return sql_cast(value, Boolean()) if item.type == "boolean" else value


def _names(sort: Sequence[SortKey]) -> str:
    return ",".join(f"-{key.name}" if key.is_descending else key.name for key in sort)
