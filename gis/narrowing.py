"""Narrowing a layer to what somebody works on: words typed without accents, units of any period.

These two say what single properties cannot: `q` looks through every name and code that a reader may
see, and a unit may be one that no longer is (a commune before 1 July 2025 has no column of its own:
its area decides).
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, func, or_, select
from sqlalchemy.orm import Session

from gis.calendar import today
from gis.cql2.translation import translate
from gis.errors import InvalidInputError
from gis.layer import Layer, View
from gis.models import AdministrativeUnit, Crop
from gis.search import LONGEST, fold
from gis.selection import Selection

# Looked through by `q`; a crop and a commune are found in their own tables, which are small. Codes
# have no accents, and taking them off 200,000 codes would take a second.
_CODES = ("code", "codes", "receipt")
_NAMES = ("name", "full_name", "holder", "product", "area_name")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit to narrow by; `is_former` if its last day lies before the day it was asked on."""

    id: int
    name: str
    level: str
    is_former: bool


def further_conditions(
    session: Session, layer: Layer, view: View, selection: Selection
) -> list[ColumnElement[bool]]:
    """The conditions of a selection that are no plain parameters: words, a unit, a CQL2 filter.

    Raises:
        InvalidInputError: Nothing to look for, no such unit, or a filter that does not fit.
    """
    conditions = []
    if selection.words is not None:
        conditions.append(mentions(layer, view, selection.words))
    if selection.unit is not None:
        conditions.append(lies_in_unit(layer, view, find_unit(session, selection.unit, today())))
    if selection.condition is not None:
        conditions.append(translate(layer, view, selection.condition, selection.condition_crs))
    return conditions


def find_unit(session: Session, asked: str, day: date) -> Unit:
    """Find the unit that `asked` names: `24934`, or `24934@2009-04-01` of a day in the past.

    A bare code is today's unit and, where there is none, the last one that had it: codes were used
    again on 1 July 2025 (QĐ 19/2025/QĐ-TTg).

    Args:
        session: Reads only.
        asked: A code, with a day behind an @ if another than `day` is meant.
        day: Today.

    Raises:
        InvalidInputError: No such unit, or the day is none.
    """
    code, at, moment = asked.partition("@")
    model = AdministrativeUnit
    query = select(
        model.id, func.coalesce(model.full_name, model.name), model.level, model.valid_to
    )
    query = query.where(model.code == code)
    if at:
        on = _day(moment)
        query = query.where(
            model.valid_from <= on, or_(model.valid_to.is_(None), model.valid_to >= on)
        )
    row = session.execute(
        query.order_by(func.coalesce(model.valid_to, date.max).desc(), model.id).limit(1)
    ).one_or_none()
    if row is None:
        raise InvalidInputError(f"There is no administrative unit {asked}.", parameter="unit")
    return Unit(row[0], row[1], row[2], row.valid_to is not None and row.valid_to < day)


def lies_in_unit(layer: Layer, view: View, unit: Unit) -> ColumnElement[bool]:
    """Whether a feature belongs to a unit.

    A commune of today is recorded with the feature, a province by its communes. For a unit of
    former days a point of the shown shape decides, so a feature lies in exactly one of its kind,
    and a rounded place tells no more than the map does.
    """
    model = AdministrativeUnit
    if layer.id == "administrative-units":
        return or_(layer.table.c.id == unit.id, layer.table.c.parent_id == unit.id)
    if not unit.is_former and "commune_id" in layer.table.c:
        commune = layer.table.c.commune_id
        if unit.level == "commune":
            return commune == unit.id
        return commune.in_(select(model.id).where(model.parent_id == unit.id))
    boundary = select(model.boundary).where(model.id == unit.id).scalar_subquery()
    blur = layer.blur if view is View.PUBLIC else 0.0
    near = or_(*(shape.op("&&")(func.ST_Expand(boundary, blur)) for shape in layer.shapes))
    return near & func.ST_Intersects(func.ST_PointOnSurface(layer.shape(view)), boundary)


def mentions(layer: Layer, view: View, typed: str) -> ColumnElement[bool]:
    """Whether a feature's name, code, holder, crop or commune contains what was typed.

    Accents, case and apostrophes do not matter (đ counts as d). Only what this reader is shown is
    looked through: a hidden name cannot be found by guessing it.

    Raises:
        InvalidInputError: Nothing was typed, or too much.
    """
    folded = " ".join(fold(typed.replace("\0", " ")).split())
    if not folded or len(typed) > LONGEST:
        raise InvalidInputError(f"q must have 1 to {LONGEST} characters.", parameter="q")
    escaped = folded.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = f"%{escaped}%"
    shown = {item.name: item.expression(view) for item in layer.properties}
    conditions: list[ColumnElement[bool]] = [
        *(func.lower(cast(shown[name], String)).like(pattern) for name in _CODES if name in shown),
        *(_folded(shown[name]).like(pattern) for name in _NAMES if name in shown),
    ]
    columns = layer.table.c
    if "crop_id" in columns:
        crop = select(Crop.id).where(
            or_(_folded(Crop.name).like(pattern), _folded(Crop.name_en).like(pattern))
        )
        conditions.append(columns.crop_id.in_(crop))
    if "commune_id" in columns:
        conditions.append(columns.commune_id.in_(_communes(pattern)))
    return or_(*conditions)


def _communes(pattern: str) -> Select[Any]:
    name = func.coalesce(AdministrativeUnit.full_name, AdministrativeUnit.name)
    return select(AdministrativeUnit.id).where(_folded(name).like(pattern))


def _folded(value: Any) -> ColumnElement[str]:
    """As `gis.search.fold` does it."""
    return func.translate(func.f_unaccent(func.lower(cast(value, String))), "'", "")


def _day(value: str) -> date:
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            raise ValueError(value)
        return date.fromisoformat(value)
    except ValueError as error:
        raise InvalidInputError(
            "unit is a code, or a code and a day: 24934@2009-04-01.", parameter="unit"
        ) from error
