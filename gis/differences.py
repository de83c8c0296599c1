"""What a revision changed, in the words of the layer: property by property, before and after.

The history keeps rows as they were stored, with ids of crops, communes and parties; people compare
codes and names.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, any_, literal, select
from sqlalchemy.orm import Session

from gis.history import Change
from gis.layer import Layer, Property
from gis.models import AdministrativeUnit, Consent, Crop, Party

_Known = dict[str, dict[int, str | None]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One property that a revision changed; None is no value, or one that is nobody's to read."""

    name: str
    title: str
    title_en: str
    before: Any
    after: Any


def describe_differences(
    session: Session, layer: Layer, changes: Sequence[Change]
) -> list[list[Difference]]:
    """Say what each revision changed, in the order of the layer's properties.

    A feature's making and its deletion name every value it had.

    Args:
        session: Reads only.
        layer: The layer of the changes.
        changes: Its revisions.
    """
    known = _look_up(session, layer, changes)
    return [_differences(layer, change, known) for change in changes]


def _differences(layer: Layer, change: Change, known: _Known) -> list[Difference]:
    found = []
    for item in layer.properties:
        column = item.stored_as or (item.name if item.name == "area_ha" else None)
        if column is None:
            continue
        before, after = ((row or {}).get(column) for row in (change.before, change.after))
        if before != after:
            found.append(
                Difference(
                    item.name,
                    item.title,
                    item.title_en,
                    _shown(item, before, known),
                    _shown(item, after, known),
                )
            )
    return found


def _shown(item: Property, value: Any, known: _Known) -> Any:
    if item.lookup is None or value is None:
        return value
    return known[item.lookup].get(value)


def _look_up(session: Session, layer: Layer, changes: Iterable[Change]) -> _Known:
    """The codes and names behind the ids in these rows, one question for each kind."""
    known: _Known = {}
    for item in layer.properties:
        if item.lookup is None or item.stored_as is None:
            continue
        ids = {
            row[item.stored_as]
            for change in changes
            for row in (change.before, change.after)
            if row and row.get(item.stored_as) is not None
        }
        rows = session.execute(_QUESTIONS[item.lookup](sorted(ids))).all() if ids else []
        known[item.lookup] = {row[0]: row[1] for row in rows}
    return known


def _crops(ids: list[int]) -> Select[int, str]:
    return select(Crop.id, Crop.code).where(Crop.id.in_(ids))


def _communes(ids: list[int]) -> Select[int, str]:
    return select(AdministrativeUnit.id, AdministrativeUnit.code).where(
        AdministrativeUnit.id.in_(ids)
    )


def _parties(ids: list[int]) -> Select[int, str]:
    # A household's name is a person's: shown as the layers show it, only with consent.
    consented = select(Consent.party_id).where(
        Consent.withdrawn_at.is_(None), literal("name") == any_(Consent.fields)
    )
    return select(Party.id, Party.name).where(
        Party.id.in_(ids), (Party.kind != "household") | Party.id.in_(consented)
    )


_QUESTIONS: dict[str, Callable[[list[int]], Select[int, str]]] = {
    "crop": _crops,
    "commune": _communes,
    "party": _parties,
}
