"""Lots that begin with an event from outside: a lot of ours is registered when it is commissioned.

Forms register their lots before they record the event; a program that captures over EPCIS says the
same in the event's master data (CBV 2.0, 9.2), so that the lot has its page and its recalls too.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.models import GrowingArea, GrowingAreaCode
from traceability.epcis.contexts import prefixes_of
from traceability.epcis.events import Item, ReadEvent
from traceability.epcis.measures import unit_of
from traceability.epcis.own import OwnThing
from traceability.lots import Source, find_lot, make_lot
from traceability.models import Lot, Product

_MASTER_DATA = "urn:epcglobal:cbv:mda:"
# The lot table keeps three decimals below 10^11.
_MOST = Decimal(10) ** 11


def master_data(event: ReadEvent) -> dict[str, str]:
    """The texts of an event's master data by their names in CBV; others by their bare names."""
    ilmd: Mapping[str, Any] = event.body.get("ilmd", {})
    own = event.body.get("@context", [])
    prefixes = prefixes_of([*event.context, *(own if isinstance(own, list) else [own])])
    found: dict[str, str] = {}
    for name, value in ilmd.items():
        prefix, _, rest = name.partition(":")
        full = prefixes.get(prefix, f"{prefix}:") + rest
        if not isinstance(value, str):
            continue
        if full.startswith(_MASTER_DATA):
            found[full.removeprefix(_MASTER_DATA)] = value
        else:
            found.setdefault(re.split("[/#:]", full)[-1], value)
    return found


def register_lots(session: Session, event: ReadEvent, own: Mapping[str, OwnThing]) -> None:
    """Register the lots of ours that an event begins and that are not known yet; flushes.

    A lot begins as what comes out of a transformation or is commissioned, or as the lot number of
    commissioned items.
    """
    facts: dict[str, str] | None = None
    for item in event.items:
        thing = own.get(item.key)
        begins = item.role == "output" or (event.type == "ObjectEvent" and event.action == "ADD")
        if thing is None or not begins:
            continue
        if facts is None:
            facts = master_data(event)
        code = thing.lot if thing.serial is None else facts.get("lotNumber")
        if code is not None and find_lot(session, thing.product.id, code) is None:
            _register(session, thing.product, code, item, facts)


def lot_of_items(session: Session, product_id: int, event: ReadEvent) -> int | None:
    """The lot that an event's master data gives its items, where it is registered."""
    code = master_data(event).get("lotNumber")
    if code is None:
        return None
    return session.scalar(select(Lot.id).where(Lot.product_id == product_id, Lot.code == code))


def _register(
    session: Session, product: Product, code: str, item: Item, facts: Mapping[str, str]
) -> None:
    if not 1 <= len(code) <= 20 or not code.isascii() or not code.isprintable() or " " in code:
        return
    amount = item.quantity if item.is_class else None
    if amount is not None and not 0 < amount < _MOST:
        amount = None
    harvested = _day(facts, "harvestEndDate", "harvestDate", "harvestStartDate")
    produced = _day(facts, "productionDate", "packagingDate")
    expires = _day(facts, "itemExpirationDate", "expirationDateTime", "bestBeforeDate")
    days = [day for day in (harvested, produced, expires) if day is not None]
    if days != sorted(days):
        # Kept in the event as they came; a lot's own days are in order.
        harvested = produced = expires = None
    make_lot(
        session,
        product,
        code,
        _sources(session, product, facts),
        quantity=amount,
        unit=None if amount is None else unit_of(item.uom).name,
        harvested_on=harvested,
        produced_on=produced,
        expires_on=expires,
    )


def _sources(session: Session, product: Product, facts: Mapping[str, str]) -> list[Source]:
    """The producer's own growing area whose code the master data names."""
    code = facts.get("growingAreaCode")
    if code is None or product.producer_id is None:
        return []
    area = session.scalar(
        select(GrowingArea.id)
        .join(GrowingAreaCode, GrowingAreaCode.growing_area_id == GrowingArea.id)
        .where(GrowingAreaCode.code == code, GrowingArea.party_id == product.producer_id)
        .limit(1)
    )
    return [] if area is None else [Source(area)]


def _day(facts: Mapping[str, str], *names: str) -> date | None:
    for name in names:
        if (value := facts.get(name)) is not None:
            try:
                return datetime.fromisoformat(value).date()
            except ValueError:
                continue
    return None
