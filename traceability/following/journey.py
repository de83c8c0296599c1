"""The public journey of a product: what happened to a lot or an item, where and when.

Each step names the product trace code, the location trace code and the time (Circular 02/2024,
item 5; Decree 37/2026 art. 23.7.6). Nobody's name is in it: places of households show their
commune, receivers and notes are not told.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from importlib.resources import files
from typing import Any, Literal

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from gis.calendar import VIETNAM, local_day
from traceability.epcis.custody import Custody
from traceability.epcis.measures import PIECES, unit_of
from traceability.epcis.own import OwnThing
from traceability.following.lineage import Ancestor, find_ancestors
from traceability.following.places import Place, find_places
from traceability.following.recalls import REASON
from traceability.following.stocks import lot_keys
from traceability.labelling.serials import find_serial
from traceability.linking.links import product_codes
from traceability.models import Event, EventItem, Lot, LotSource, Product, Serial

Kind = Literal["harvest", "process", "pack", "ship", "receive", "sell", "inspect", "recall"]

_JOURNEY = text((files("traceability.following") / "journey.sql").read_text("utf-8"))
_MOST_ROWS = 600
_MOST_STEPS = 60
# What a business step of CBV is in plain words.
KIND_OF_STEP: Mapping[str, Kind] = {
    "packing": "pack",
    "repackaging": "pack",
    "shipping": "ship",
    "departing": "ship",
    "receiving": "receive",
    "arriving": "receive",
    "accepting": "receive",
    "retail_selling": "sell",
    "dispensing": "sell",
    "inspecting": "inspect",
    "sampling": "inspect",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a journey as the public may see it.

    Attributes:
        kind: What happened.
        at: When; midnight in Vietnam where only the day is known (`facts["day_only"]`).
        place: Where, in public words: a name, or the commune of a household.
        place_code: The location trace code: GLN, growing-area code, or the platform's own.
        product_code: The product trace code with its lot.
        facts: By kind: `quantity` and `unit`; `lots` (product name, lot code) that went in;
            `verdict` (`conformant`, `non_conformant`); `reason`; `count` of equal steps of a day.
        corrected: Whether it stands in the place of one that was recorded wrongly.
    """

    kind: Kind
    at: datetime
    place: str | None
    place_code: str | None
    product_code: str
    facts: dict[str, Any] = field(default_factory=dict)
    corrected: bool = False


def public_journey(
    session: Session,
    product: Product,
    lot: Lot | None = None,
    serial: Serial | str | None = None,
    *,
    lineage: list[Ancestor] | None = None,
) -> list[Step]:
    """Tell the journey of a lot or an item, oldest step first; nothing without either.

    What the lot was made from is told too, through any number of transformations; of what was
    revoked, nothing. `lineage` is the lot's, where it is known already.
    """
    number = serial.serial if isinstance(serial, Serial) else serial
    if lot is None and number is not None:
        known = serial if isinstance(serial, Serial) else find_serial(session, product.id, number)
        if known is not None and known.lot_id is not None:
            lot = session.get(Lot, known.lot_id)
    keys: dict[str, Ancestor | None] = {}
    line: list[Ancestor] = []
    if lot is not None:
        line = lineage or find_ancestors(session, [(product, lot)])[lot.id]
        for each in line:
            keys |= dict.fromkeys(lot_keys(each.product, each.lot.code), each)
    if number is not None:
        keys |= dict.fromkeys(code.path for code in product_codes(product, None, number))
    if not keys:
        return []
    rows = session.execute(_JOURNEY, {"keys": list(keys), "most": _MOST_ROWS}).all()
    things = [OwnThing(each.product, each.lot.code) for each in line]
    if number is not None:
        things.append(OwnThing(product, None, number))
    rows = _of_holders(session, rows, things)
    places = find_places(
        session, {key for row in rows for key in (row.read_point, row.biz_location) if key}
    )
    own = trace_code_of(product, lot.code if lot else None)
    replacing = _replacing(session, rows)
    steps = [
        step
        for group in _grouped(rows)
        if (step := _step(group, keys, places, own, replacing)) is not None
    ]
    steps += _from_registers(session, line, rows, keys)
    told = _told_once(sorted(steps, key=lambda step: step.at))
    if len(told) > _MOST_STEPS:
        # Where it began and where it ended say more than the middle.
        told = told[: _MOST_STEPS // 2] + told[-_MOST_STEPS // 2 :]
    return told


def _of_holders(
    session: Session, rows: Sequence[Row[Any]], things: Sequence[OwnThing]
) -> Sequence[Row[Any]]:
    """What those say who have, or had, the things, and the authority (`epcis/rights.py`)."""
    trusted: set[int | None] = {None, *(thing.product.producer_id for thing in things)}
    if all(row.party_id in trusted for row in rows):
        return rows
    custody = Custody(session, (key for thing in things for key in thing.journal_keys()))
    trusted = trusted.union(*(custody.holders(thing) for thing in things))
    return [row for row in rows if row.party_id in trusted]


def trace_code_of(product: Product, lot_code: str | None = None) -> str:
    """The product trace code as people read it: `(01)…(10)…`, or the own code and the lot."""
    if product.gtin is not None:
        return f"(01){product.gtin}" + (f"(10){lot_code}" if lot_code else "")
    return product.trace_code + (f"/{lot_code}" if lot_code else "")


def _grouped(rows: Sequence[Row[Any]]) -> Iterable[list[Row[Any]]]:
    groups: dict[int, list[Row[Any]]] = {}
    for row in rows:
        groups.setdefault(row.sequence, []).append(row)
    return groups.values()


def _kind(row: Row[Any], roles: set[str]) -> Kind | None:
    """What an event was, to whom it concerns; None for what the public is not told."""
    if row.disposition == "recalled":
        return "recall" if "epc" in roles else None
    if row.type == "TransformationEvent":
        return "process" if "output" in roles else None
    if row.type == "ObjectEvent" and row.action == "ADD":
        # Serials coming into use are no step of their own: the label says so.
        return "harvest" if row.quantity is not None else None
    if row.type == "AggregationEvent" and row.action == "DELETE":
        return None
    return KIND_OF_STEP.get(row.biz_step or "")


def _step(
    group: list[Row[Any]],
    keys: dict[str, Ancestor | None],
    places: dict[str, Place],
    own: str,
    replacing: set[str],
) -> Step | None:
    first = group[0]
    kind = _kind(first, {row.role for row in group})
    if kind is None:
        return None
    # A processing is told of what came out of it.
    told = [row for row in group if row.role == "output"] or group
    about = next((keys[row.key] for row in told if keys.get(row.key)), None)
    place = places.get(first.read_point or first.biz_location or "")
    facts: dict[str, Any] = {}
    if kind in ("harvest", "process"):
        made = next(
            (row for row in group if row.role in ("epc", "output") and row.quantity is not None),
            None,
        )
        if made is not None:
            facts |= _amount(made, about)
    if kind == "process":
        facts["lots"] = _inputs(first, keys)
    if kind == "inspect":
        facts["verdict"] = first.disposition
    if kind == "recall":
        facts["reason"] = str(json.loads(first.body).get(REASON) or "")
    return Step(
        kind,
        first.event_time,
        _words(place),
        place.code if place and place.kind != "other" else None,
        trace_code_of(about.product, about.lot.code) if about else own,
        facts,
        bool(replacing & {first.hash_id, first.event_id}),
    )


def _words(place: Place | None) -> str | None:
    if place is None or (place.kind == "other" and not (place.name or "").startswith("GLN")):
        return None
    return place.public_name or place.commune


def _amount(row: Row[Any], about: Ancestor | None) -> dict[str, Any]:
    unit = unit_of(row.uom).name
    if unit == PIECES and about is not None and about.lot.unit is not None:
        unit = about.lot.unit
    return {"quantity": row.quantity, "unit": unit}


def _inputs(row: Row[Any], keys: dict[str, Ancestor | None]) -> list[tuple[str, str]]:
    """What went into a transformation, as far as it is registered here."""
    # Its own items are in the rows only where they are asked for; inputs always are ancestors.
    content = json.loads(row.body)
    listed = []
    for line in content.get("inputQuantityList", ()):
        name = str(line.get("epcClass", ""))
        found = next(
            (each for key, each in keys.items() if each is not None and name.endswith(key)), None
        )
        if found is not None:
            listed.append((found.product.name, found.lot.code))
    return listed


def _replacing(session: Session, rows: Sequence[Row[Any]]) -> set[str]:
    """The names of those events that stand in the place of revoked ones."""
    names = {row.event_id for row in rows if row.event_id}
    if not names:
        return set()
    keys = {row.key for row in rows}
    declarations = session.scalars(
        select(Event.body).where(
            Event.corrects.is_not(None),
            Event.sequence.in_(select(EventItem.event_sequence).where(EventItem.key.in_(keys))),
        )
    )
    named = {
        name
        for content in declarations
        for name in json.loads(content).get("errorDeclaration", {}).get("correctiveEventIDs", ())
    }
    return names & named


def _from_registers(
    session: Session,
    line: list[Ancestor],
    rows: Sequence[Row[Any]],
    keys: dict[str, Ancestor | None],
) -> list[Step]:
    """Steps of lots that were registered without events: their harvests, their production."""
    made = {
        ancestor.lot.id
        for row in rows
        if row.role == "output" and (ancestor := keys.get(row.key)) is not None
    }
    found = [
        Step(
            "process",
            _midnight(each.lot.produced_on),
            None,
            None,
            trace_code_of(each.product, each.lot.code),
            {"day_only": True, "quantity": each.lot.quantity, "unit": each.lot.unit, "lots": []},
        )
        for each in line
        if each.lot.produced_on is not None and each.lot.id not in made
    ]
    by_lot = {each.lot.id: each for each in line}
    sources = session.scalars(
        select(LotSource).where(
            LotSource.lot_id.in_(by_lot),
            LotSource.event_sequence.is_(None),
            LotSource.harvested_on.is_not(None),
        )
    ).all()
    if not sources:
        return found
    areas = find_places(session, {f"/vung-trong/{source.growing_area_id}" for source in sources})
    for source in sources:
        each = by_lot[source.lot_id]
        place = areas.get(f"/vung-trong/{source.growing_area_id}")
        assert source.harvested_on is not None
        amount = (
            {"quantity": source.quantity, "unit": each.lot.unit}
            if source.quantity is not None and each.lot.unit is not None
            else {}
        )
        found.append(
            Step(
                "harvest",
                _midnight(source.harvested_on),
                _words(place),
                place.code if place else None,
                trace_code_of(each.product, each.lot.code),
                {"day_only": True, **amount},
            )
        )
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM)


def _told_once(steps: list[Step]) -> list[Step]:
    """Equal steps of one day at one place are one step with a count."""
    told: dict[tuple[Any, ...], Step] = {}
    for step in steps:
        if step.kind in ("harvest", "process", "recall"):
            told[step.kind, step.at, step.product_code, step.place_code, id(step)] = step
            continue
        name = (step.kind, local_day(step.at), step.place_code, step.product_code)
        if name in told:
            first = told[name]
            facts = {**first.facts, **step.facts, "count": first.facts.get("count", 1) + 1}
            told[name] = replace(first, facts=facts, corrected=first.corrected or step.corrected)
        else:
            told[name] = step
    return list(told.values())
