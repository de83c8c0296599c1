"""The properties of a feature as sent, read into the columns of its table.

A property that cannot be written is passed over, because programs echo all they read; one that the
layer does not have is refused by name. A value equal to what is published now changes nothing, also
where less is published than is stored (a household's name as holder).
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from math import isfinite
from typing import Any

from sqlalchemy import ColumnElement, Integer, Numeric, func, select
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError
from gis.layer import Layer, Property, View
from gis.models import AdministrativeUnit, Crop, Party

LONGEST_TEXT = 2_000
_LARGEST_INTEGER = 2**31 - 1
_SPACES = re.compile(r"[\t\r\n]+")


def read_properties(
    session: Session,
    layer: Layer,
    given: Mapping[str, Any],
    current: Mapping[str, Any] | None,
    *,
    complete: bool,
    found: dict[tuple[str, Any], Any] | None = None,
) -> dict[str, Any]:
    """Read the values that a writer sets.

    Args:
        session: Reads only.
        layer: The layer.
        given: As sent.
        current: What is published of the feature now (`published`); None for a new one.
        complete: Whether a writable property that is not given is emptied (or takes its default).
        found: What was looked up already, for many features that get the same; it is added to.

    Returns:
        Column to value, only those to be set.

    Raises:
        InvalidInputError: A property the layer does not have, or a value that cannot be: `errors`
            names each by a JSON pointer.
    """
    known = {item.name for item in layer.properties}
    errors = [
        _error(str(name), f"{layer.id} has no property {name}.")
        for name in given
        if name not in known
    ]
    values: dict[str, Any] = {}
    for item in layer.writable:
        if item.name not in given and not complete:
            continue
        try:
            value = _clean(layer, item, given.get(item.name))
            if current is not None and _same(value, current.get(item.name)):
                continue
            assert item.stored_as is not None
            if value is None:
                values[item.stored_as] = _empty(layer, item)
            else:
                known_ids = {} if found is None else found
                if (item.name, value) not in known_ids:
                    known_ids[item.name, value] = _look_up(session, item, value)
                values[item.stored_as] = known_ids[item.name, value]
        except InvalidInputError as error:
            errors.append(_error(item.name, error.detail))
    if errors:
        more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
        raise InvalidInputError(f"{errors[0]['detail']}{more}", errors=errors)
    return values


def published(session: Session, layer: Layer, fid: int) -> dict[str, Any]:
    """What the writable properties of a feature show now to whoever sees it exactly."""
    return published_of(session, layer, [fid])[fid]


def published_of(session: Session, layer: Layer, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What `published` says of several features, by their ids, in one statement."""
    items = layer.writable
    columns = [item.expression(View.EXACT).label(item.name) for item in items]
    query = select(layer.key, *columns).select_from(layer.source).where(layer.key.in_(ids))
    names = [item.name for item in items]
    rows = session.execute(query)
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}


def find_commune(session: Session, code: str) -> int:
    """The id of the commune that has this code today.

    Raises:
        InvalidInputError: There is none.
    """
    found = session.scalar(
        select(AdministrativeUnit.id).where(
            AdministrativeUnit.code == code,
            AdministrativeUnit.level == "commune",
            AdministrativeUnit.valid_to.is_(None),
        )
    )
    if found is None:
        raise InvalidInputError(f"There is no commune with the code {code} today.")
    return found


def commune_under(session: Session, shape: ColumnElement[Any]) -> int | None:
    """The id of today's commune that holds the largest share of a shape; None: there is none."""
    part = func.ST_Area(func.ST_Intersection(AdministrativeUnit.boundary, shape))
    return session.scalar(
        select(AdministrativeUnit.id)
        .where(
            AdministrativeUnit.level == "commune",
            AdministrativeUnit.valid_to.is_(None),
            func.ST_Intersects(AdministrativeUnit.boundary, shape),
        )
        .order_by(part.desc(), AdministrativeUnit.id)
        .limit(1)
    )


def _error(name: str, detail: str) -> dict[str, str]:
    pointer = name.replace("~", "~0").replace("/", "~1")
    return {"pointer": f"/properties/{pointer}", "detail": detail}


def _clean(layer: Layer, item: Property, value: Any) -> Any:
    """A value in the type of the property; None where there is nothing."""
    match item.type:
        case "string":
            value = _text(item, value)
        case "integer" | "number":
            value = _number(layer, item, value)
    if value is None and layer.is_required(item):
        raise InvalidInputError(f"{item.name} is needed.")
    return value


def _text(item: Property, value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidInputError(f"{item.name} is a text.")
    if len(value) > LONGEST_TEXT:
        raise InvalidInputError(f"{item.name} has at most {LONGEST_TEXT:,} characters.")
    text = unicodedata.normalize("NFC", _SPACES.sub(" ", value)).strip()
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        raise InvalidInputError(f"{item.name} has a character that is no letter of a text.")
    if not text:
        return None
    if item.choices and text not in item.choices:
        raise InvalidInputError(f"{item.name} is one of {', '.join(item.choices)}.")
    if item.format == "date":
        return _date(item, text)
    return text


def _date(item: Property, text: str) -> date:
    # QGIS writes the days of its date fields, and sometimes a midnight with them.
    match = re.fullmatch(r"(\d{4}-\d{2}-\d{2})(?:T00:00:00(?:\.0+)?Z?)?", text, re.ASCII)
    try:
        return date.fromisoformat(match[1] if match else "")
    except ValueError:
        raise InvalidInputError(f"{item.name} is a day such as 2026-07-01.") from None


def _number(layer: Layer, item: Property, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise InvalidInputError(f"{item.name} is a number.")
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if not isfinite(number):
        raise InvalidInputError(f"{item.name} is a finite number.")
    assert item.stored_as is not None
    kind = layer.table.c[item.stored_as].type
    if isinstance(kind, Integer):
        if not number.is_integer():
            raise InvalidInputError(f"{item.name} is a whole number.")
        if not 0 <= number <= _LARGEST_INTEGER:
            raise InvalidInputError(f"{item.name} is from 0 to {_LARGEST_INTEGER:,}.")
        return int(number)
    if isinstance(kind, Numeric) and kind.precision is not None and kind.scale is not None:
        most = 10 ** (kind.precision - kind.scale)
        # A number far beyond cannot even be rounded to so many decimals.
        stored = round(Decimal(str(value)), kind.scale) if 0 < number < most else Decimal(0)
        if not 0 < stored < most:
            raise InvalidInputError(f"{item.name} is above 0 and below {most:,}.")
        return stored
    return number


def _same(value: Any, current: Any) -> bool:
    if isinstance(value, Decimal) and current is not None:
        return value == Decimal(str(current))
    return bool(value == current)


def _empty(layer: Layer, item: Property) -> Any:
    """What a property that is emptied takes: its default, or nothing."""
    assert item.stored_as is not None
    column = layer.table.c[item.stored_as]
    return None if column.default is None else getattr(column.default, "arg", None)


def _look_up(session: Session, item: Property, value: Any) -> Any:
    match item.lookup:
        case None:
            return value
        case "commune":
            return find_commune(session, value)
        case "crop":
            found = session.scalars(select(Crop.id).where(Crop.code == value)).all()
            words = f"There is no crop with the code {value}."
        case "party":
            found = session.scalars(select(Party.id).where(Party.name == value).limit(2)).all()
            words = f"There is no party named {value}."
            if len(found) > 1:
                raise InvalidInputError(f"Several parties are named {value}.")
    if not found:
        raise InvalidInputError(words)
    return found[0]
