"""Harvests: a lot begins in its growing areas, or gets more of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.calendar import local_day
from gis.errors import ForbiddenError, NotFoundError
from gis.models import AdministrativeUnit, GrowingArea, GrowingAreaCode
from traceability.epcis.measures import convert, same_kind
from traceability.epcis.own import lock_products
from traceability.following.places import Place
from traceability.lots import check_days, find_lot, get_lot
from traceability.models import Event, Lot, LotSource, Product
from traceability.recording import bodies
from traceability.recording.keeping import (
    Keeper,
    capture,
    demand_own,
    demand_past,
    lot_uri,
    name_unit,
    place_uri,
    wrong,
)


@dataclass(frozen=True, slots=True)
class Harvest:
    """What was brought in from one growing area."""

    place: Place
    amount: Decimal


def record_harvest(
    session: Session,
    keeper: Keeper,
    product: Product,
    lot_code: str,
    harvests: Sequence[Harvest],
    *,
    unit: str,
    at: datetime,
    store: Place | None = None,
    expires_on: date | None = None,
    is_demo: bool = False,
) -> tuple[Lot, list[Event]]:
    """Record a harvest: one event for each growing area; the lot is made, or added to; flushes.

    Args:
        session: The transaction.
        keeper: Who records.
        product: What was harvested, of the keeper's own.
        lot_code: An existing lot of the product is added to; else a new one is made.
        harvests: The growing areas and what each gave, in `unit`.
        unit: Such as `kg`; a lot that exists keeps its own, the amounts are brought to it.
        at: When.
        store: Where it was brought to; default: it stays at the growing area.
        expires_on: Last day of shelf life, for a new lot.
        is_demo: Invented for the demonstration.

    Raises:
        InvalidInputError: An area twice, no amount, a moment to come, a unit that cannot be brought
            to the lot's.
        ForbiddenError: The product, or an area, is not the keeper's.
    """
    demand_own(session, keeper, product)
    demand_past(at)
    if not harvests:
        raise wrong("areas", "missing", "A harvest names at least one growing area.")
    if any(each.amount <= 0 for each in harvests):
        raise wrong("amount", "range", "A harvest is more than nothing.")
    ids = [each.place.id for each in harvests]
    if len(set(ids)) != len(ids):
        raise wrong("areas", "twice", "A growing area is named twice.")
    codes = _demand_areas(session, keeper, product, harvests)
    # Two who add to one lot at once must not both read the amount before the other's.
    lock_products(session, [product])
    lot = find_lot(session, product.id, lot_code)
    if lot is not None:
        session.refresh(lot)
        if lot.status != "active":
            raise wrong("lot_code", "closed", f"Lot {lot.code} is closed.")
        if lot.unit is not None and not same_kind(unit, lot.unit):
            raise wrong("unit", "unit", f"Lot {lot.code} is counted in {lot.unit}, not in {unit}.")
    else:
        check_days(local_day(at), None, expires_on)
    recorded: dict[int | None, Event] = {}
    if lot is not None and keeper.form is None:
        recorded = _recorded(session, lot, harvests, unit, at)
    wanted = [each for each in harvests if each.place.id not in recorded]
    # The lot, its amount and its fields follow the events (`traceability.epcis.begun_lots`).
    events = capture(
        session,
        keeper,
        [
            bodies.body(
                "ObjectEvent",
                at,
                action="ADD",
                step="creating_class_instance" if lot or number else "commissioning",
                disposition="active",
                read_point=_read_point(keeper, each.place, codes.get(each.place.id or 0)),
                biz_location=place_uri(keeper, store or each.place),
                quantityList=[
                    bodies.quantity(lot_uri(keeper, product, lot_code), each.amount, unit)
                ],
                ilmd=bodies.lot_facts(
                    lot_code,
                    harvested=[local_day(at)],
                    expires_on=None if lot else expires_on,
                    growing_area_codes=codes.get(each.place.id or 0, ()),
                ),
            )
            for number, each in enumerate(wanted)
        ],
    )
    if lot is None:
        lot = get_lot(session, product.id, lot_code)
        name_unit(lot, unit)
        lot.is_demo = is_demo
    session.flush()
    return lot, [*recorded.values(), *events]


def next_lot_code(session: Session, product: Product, day: date, letter: str = "L") -> str:
    """Propose a lot number that is free: `L261122`, then `L261122-2`."""
    stem = f"{letter}{day:%y%m%d}"
    taken = set(
        session.scalars(
            select(Lot.code).where(
                Lot.product_id == product.id, Lot.code.startswith(stem, autoescape=True)
            )
        )
    )
    number = 1
    while (code := stem if number == 1 else f"{stem}-{number}") in taken:
        number += 1
    return code


def _recorded(
    session: Session, lot: Lot, harvests: Sequence[Harvest], unit: str, at: datetime
) -> dict[int | None, Event]:
    """Those harvests that are recorded for a lot already, to the millisecond and the gram.

    A program that hears no answer sends them once more. A form says so by its own number
    (`keeping.find_recorded`), for its minutes do not tell two loads apart.
    """
    moment = at.replace(microsecond=at.microsecond // 1000 * 1000)
    amounts = {
        each.place.id: convert(each.amount, unit, lot.unit) if lot.unit else each.amount
        for each in harvests
    }
    rows = session.execute(
        select(LotSource.growing_area_id, LotSource.quantity, Event)
        .join(Event, Event.sequence == LotSource.event_sequence)
        .where(LotSource.lot_id == lot.id, Event.event_time == moment)
    )
    return {area_id: event for area_id, amount, event in rows if amounts.get(area_id) == amount}


def _read_point(keeper: Keeper, place: Place, codes: Sequence[str] | None) -> str | None:
    """Where it was harvested; several areas may share one GLN, but not an address on this site."""
    if codes or place.kind != "growing-area":
        return place_uri(keeper, place)
    return f"{keeper.base.rstrip('/')}/vung-trong/{place.id}"


def _demand_areas(
    session: Session, keeper: Keeper, product: Product, harvests: Sequence[Harvest]
) -> dict[int, list[str]]:
    """The valid codes of each area; refuses an area that is not the party's (or the commune's)."""
    ids = [each.place.id for each in harvests if each.place.kind == "growing-area"]
    rows = session.execute(
        select(GrowingArea.id, GrowingArea.party_id, GrowingArea.status, AdministrativeUnit.code)
        .outerjoin(AdministrativeUnit, AdministrativeUnit.id == GrowingArea.commune_id)
        .where(GrowingArea.id.in_(ids))
    ).all()
    if len(rows) < len(harvests):
        raise NotFoundError("There is no such growing area.")
    for area_id, party_id, status, commune in rows:
        if keeper.is_officer:
            allowed = keeper.commune_code in (None, commune)
        else:
            allowed = party_id is not None and party_id == product.producer_id
        if not allowed:
            raise ForbiddenError(f"Growing area {area_id} is not yours.")
        if status == "closed":
            raise wrong("areas", "closed", f"Growing area {area_id} is closed.")
    codes: dict[int, list[str]] = {}
    for area_id, code in session.execute(
        select(GrowingAreaCode.growing_area_id, GrowingAreaCode.code).where(
            GrowingAreaCode.growing_area_id.in_(ids),
            GrowingAreaCode.status.in_(("active", "warned")),
        )
    ):
        codes.setdefault(area_id, []).append(code)
    return codes
