"""What an event's master data (ilmd) say of the things that it begins. Pure rules.

Source: CBV 2.0, 9.2 (names of master data); what CBV has no name for is asked by its bare name,
whatever its prefix.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from gis.calendar import local_day
from traceability.epcis.contexts import prefixes_of
from traceability.epcis.events import ReadEvent

_MASTER_DATA = "urn:epcglobal:cbv:mda:"
_HARVESTED = ("harvestEndDate", "harvestDate", "harvestStartDate")
_PRODUCED = ("productionDate", "packagingDate")
_EXPIRES = ("itemExpirationDate", "expirationDateTime", "bestBeforeDate")


class LotDays(NamedTuple):
    """When a lot was harvested and produced, and its last day of shelf life."""

    harvested: date | None
    produced: date | None
    expires: date | None


def facts_of(event: ReadEvent) -> dict[str, Any]:
    """An event's master data by their names in CBV; others by their bare names."""
    ilmd: Mapping[str, Any] = event.body.get("ilmd", {})
    if not ilmd:
        return {}
    own = event.body.get("@context", [])
    prefixes = prefixes_of([*event.context, *(own if isinstance(own, list) else [own])])
    found: dict[str, Any] = {}
    for name, value in ilmd.items():
        prefix, _, rest = name.partition(":")
        full = prefixes.get(prefix, f"{prefix}:") + rest
        if full.startswith(_MASTER_DATA):
            found[full.removeprefix(_MASTER_DATA)] = value
        else:
            found.setdefault(re.split("[/#:]", full)[-1], value)
    return found


def lot_number(event: ReadEvent) -> str | None:
    """The lot that the event's items belong to, as its master data say."""
    number = facts_of(event).get("lotNumber")
    return number if isinstance(number, str) else None


def area_codes(facts: Mapping[str, Any]) -> list[str]:
    """The growing-area codes among the master data: one, or a list of them."""
    given = facts.get("growingAreaCode")
    listed = given if isinstance(given, list) else [given]
    return [code.strip() for code in listed if isinstance(code, str) and code.strip()]


def harvest_days(event: ReadEvent, facts: Mapping[str, Any]) -> tuple[date, date]:
    """The first and the last day of a harvest; it was over when the event happened."""
    latest = local_day(event.time)
    last = min(_day(facts, *_HARVESTED) or latest, latest)
    return min(_day(facts, "harvestStartDate") or last, last), last


def lot_days(facts: Mapping[str, Any]) -> LotDays:
    """The days of a lot.

    None of them where they contradict each other: they stay in the event as they came.
    """
    days = LotDays(_day(facts, *_HARVESTED), _day(facts, *_PRODUCED), _day(facts, *_EXPIRES))
    known = [day for day in days if day is not None]
    return days if known == sorted(known) else LotDays(None, None, None)


def _day(facts: Mapping[str, Any], *names: str) -> date | None:
    for name in names:
        value = facts.get(name)
        if not isinstance(value, str):
            continue
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            continue
        return moment.date() if moment.tzinfo is None else local_day(moment)
    return None
