"""Corrections: an event is revoked by an error declaration, and what is right recorded anew.

EPCIS 2.0, 7.4.1.4: the declaration repeats the event and says why; it names the events that take
its place. Nothing that was recorded is changed, lots follow what now holds.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.calendar import VIETNAM, local_day
from gis.database import wait_for_turn
from gis.errors import ConflictError, ForbiddenError, NotFoundError
from gis.models import AdministrativeUnit, Party
from traceability.errors import InvalidIdentifierError
from traceability.following.revocations import find_revocations
from traceability.gs1.trace_link import TraceLink
from traceability.linking.links import parse_code
from traceability.models import Event, EventItem, Product
from traceability.recording import bodies
from traceability.recording.keeping import Keeper, capture, demand_own, demand_past, wrong

_DAYS = ("harvestStartDate", "harvestEndDate", "productionDate")
_LISTS = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")


def get_event(session: Session, sequence: int) -> Event:
    """Return an event by its number in the journal.

    Raises:
        NotFoundError: When there is none.
    """
    event = session.scalar(select(Event).where(Event.sequence == sequence))
    if event is None:
        raise NotFoundError(f"There is no event {sequence}.")
    return event


def demand_correctable(session: Session, keeper: Keeper, event: Event) -> None:
    """Refuse what the keeper did not record, what is a declaration itself, or revoked already.

    Raises:
        ForbiddenError: Another party recorded it, or it is of another commune.
        ConflictError: It is a declaration, or revoked.
    """
    if keeper.is_officer:
        products = _products(session, event)
        for product in products:
            demand_own(session, keeper, product)
        if not products and not _is_of_commune(session, keeper, event):
            raise ForbiddenError("Whoever recorded this event is not of your commune.")
    elif event.party_id is None or event.party_id != keeper.captor.party_id:
        raise ForbiddenError("Only who recorded an event may correct it.")
    if event.corrects is not None:
        raise ConflictError("An error declaration is not corrected itself; record what is right.")
    # Two who correct the same event would put two in its place.
    wait_for_turn(session, f"correction {event.sequence}")
    if find_revocations(session, [event]):
        raise ConflictError("This event is revoked already.")


def record_correction(
    session: Session,
    keeper: Keeper,
    event: Event,
    *,
    why: str,
    corrected: Mapping[str, Any] | None = None,
) -> list[Event]:
    """Revoke an event and record the one that takes its place, where there is one; flushes.

    Args:
        session: The transaction.
        keeper: Who records.
        event: What was recorded wrongly.
        why: A sentence for whoever reads the journal.
        corrected: The event as it should have been (see `corrected_body`); None: it did not occur.

    Returns:
        The declaration, and the event in its place.

    Raises:
        ForbiddenError: The event is not the keeper's.
        ConflictError: It is revoked already.
        InvalidInputError: No reason, or nothing was changed.
    """
    demand_correctable(session, keeper, event)
    if not why.strip():
        raise wrong("why", "missing", "A correction says why.")
    original = json.loads(event.body)
    contexts = _contexts(keeper, event, original)
    declared = {**original, "@context": contexts}
    replacement: bodies.Body | None = None
    if corrected is not None:
        replacement = {name: value for name, value in corrected.items() if name != "@context"}
        if replacement == {k: v for k, v in original.items() if k not in ("@context", "eventID")}:
            raise wrong("why", "unchanged", "Nothing was changed.")
        replacement |= {"@context": contexts, "eventID": f"urn:uuid:{uuid4()}"}
    declared["eventID"] = event.event_id or event.hash_id
    declared["errorDeclaration"] = {
        "declarationTime": datetime.now(UTC).astimezone(VIETNAM).isoformat(timespec="milliseconds"),
        "reason": "did_not_occur" if replacement is None else "incorrect_data",
        **({"correctiveEventIDs": [replacement["eventID"]]} if replacement else {}),
        "langbiang:note": why.strip()[:500],
    }
    # Lots and serials follow both (`traceability.epcis.begun_lots`, `states`).
    return capture(session, keeper, [declared, *([replacement] if replacement else [])])


def _contexts(keeper: Keeper, event: Event, original: Mapping[str, Any]) -> list[Any]:
    """The prefixes that an event was written with, beside ours: it says the same again by them."""
    own = original.get("@context", [])
    given = [
        *bodies.extensions(keeper.base),
        *json.loads(event.context),
        *(own if isinstance(own, list) else [own]),
    ]
    return [one for place, one in enumerate(given) if one not in given[:place]]


def corrected_body(
    event: Event,
    *,
    at: datetime | None = None,
    amounts: Mapping[tuple[str, int], Decimal] | None = None,
) -> bodies.Body:
    """Copy an event with another moment or other amounts, for `record_correction`.

    Args:
        event: As recorded.
        at: The right moment.
        amounts: The right amounts, in the unit each line has, by list and place in it.

    Raises:
        InvalidInputError: A moment to come, an amount of nothing.
    """
    made: bodies.Body = deepcopy(json.loads(event.body))
    made.pop("eventID", None)
    made.pop("@context", None)
    if at is not None:
        demand_past(at)
        made["eventTime"] = at.astimezone(VIETNAM).isoformat(timespec="milliseconds")
        made["eventTimeZoneOffset"] = "+07:00"
        _move_days(made, local_day(event.event_time), local_day(at))
    for (name, place), amount in (amounts or {}).items():
        if amount <= 0:
            raise wrong(f"{name}-{place}", "range", "An amount is more than nothing.")
        made[name][place]["quantity"] = bodies.number(amount)
    return made


def _move_days(made: bodies.Body, old: date, new: date) -> None:
    """Let the days of the master data follow the moment, where they were its day."""
    facts = made.get("ilmd", {})
    for name in facts:
        if name.rpartition(":")[2] in _DAYS and facts[name] == old.isoformat():
            facts[name] = new.isoformat()


def amounts_of(event: Event) -> dict[tuple[str, int], tuple[str, Decimal, str | None]]:
    """The lines of an event that have an amount: EPC class, amount, UN/ECE code."""
    content = json.loads(event.body)
    return {
        (name, place): (line["epcClass"], Decimal(str(line["quantity"])), line.get("uom"))
        for name in _LISTS
        for place, line in enumerate(content.get(name, ()))
        if "quantity" in line
    }


def _is_of_commune(session: Session, keeper: Keeper, event: Event) -> bool:
    """Whether an event that names no product, such as a box's way, is an officer's to correct."""
    if keeper.commune_code is None or event.captured_by == keeper.captor.name:
        return True
    code = (
        select(AdministrativeUnit.code)
        .join(Party, Party.commune_id == AdministrativeUnit.id)
        .where(Party.id == event.party_id)
    )
    return session.scalar(code) == keeper.commune_code


def _products(session: Session, event: Event) -> list[Product]:
    keys = session.scalars(
        select(EventItem.key).where(EventItem.event_sequence == event.sequence)
    ).all()
    gtins, codes = set(), set()
    for key in keys:
        try:
            parsed = parse_code(key)
        except InvalidIdentifierError:
            continue
        if isinstance(parsed, TraceLink):
            codes.add(parsed.code)
        elif parsed.key == "01":
            gtins.add(parsed.value)
    return list(
        session.scalars(
            select(Product).where(Product.gtin.in_(gtins) | Product.trace_code.in_(codes))
        )
    )
