"""Lots of ours follow the events that make them, whether a form or a program captured these.

A lot is registered when it begins: as what comes out of a transformation or is commissioned, or as
the lot number of commissioned items. Later events that make more of it add to its amount. Its
fields are those that its harvests name (`fields.py`); what is transformed has those of what went
in, unless its master data name its own. An error declaration takes back what its event gave.

A lot that was registered apart from events keeps its amount and its fields when the event that
begins it is captured afterwards: that event tells the same again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from traceability.epcis.captor import Captor
from traceability.epcis.events import Item, ReadEvent
from traceability.epcis.facts import area_codes, facts_of, harvest_days, lot_days
from traceability.epcis.fields import Fields
from traceability.epcis.measures import as_said, bring
from traceability.epcis.own import OwnThing
from traceability.errors import InvalidIdentifierError
from traceability.gs1.identifiers import element
from traceability.lots import make_lot
from traceability.models import Lot, LotSource, Product

# The tables of lots keep three decimals below 10^11.
_LEAST, _MOST = Decimal("0.001"), Decimal(10) ** 11
# Among a lot's attributes: the event that it was registered by.
_BEGUN_BY = "begun_by_event"
_LOTS = text(
    "SELECT lot.id FROM traceability.lot JOIN unnest("
    " CAST(:products AS bigint[]), CAST(:codes AS text[])) AS named (product_id, code)"
    " USING (product_id, code)"
)

LotName = tuple[int, str]


class Lots:
    """The lots that some events speak of, read once and kept up to date."""

    def __init__(
        self, session: Session, events: Sequence[ReadEvent], own: Mapping[str, OwnThing]
    ) -> None:
        self._session = session
        begun = {id(event): _begun(event, own) for event in events}
        named = {(thing.product.id, thing.lot) for thing in own.values() if thing.lot is not None}
        named |= {name for one in begun.values() for name in one}
        self._lots = _read(session, named)
        harvests = [event for event in events if begun[id(event)]]
        self._fields = Fields(
            session,
            {code for event in harvests for code in area_codes(facts_of(event))},
            {place for event in harvests for place in (event.read_point, event.biz_location)},
        )

    def get(self, product_id: int, code: str) -> Lot | None:
        """A lot that the events name, if it is registered."""
        return self._lots.get((product_id, code))

    def follow(
        self,
        event: ReadEvent,
        sequence: int,
        own: Mapping[str, OwnThing],
        by: Captor,
        is_made: Callable[[int, str], bool],
    ) -> None:
        """Bring lots in line with an event that was accepted; flushes.

        Args:
            event: What was accepted.
            sequence: Its number in the journal.
            own: Our things in it.
            by: Who captured it.
            is_made: Whether earlier events made a lot (product, code) already.
        """
        begun = _begun(event, own)
        if not begun:
            return
        facts = facts_of(event)
        for name, (product, items) in begun.items():
            lot = self._lots.get(name)
            areas = self._areas(event, facts, product, items, by)
            tells_again = False
            if lot is None:
                lot = _register(self._session, sequence, product, name[1], items, facts)
                if lot is None:
                    continue
                self._lots[name] = lot
            elif not items:
                continue
            elif lot.status == "closed":
                _reopen(lot, items, facts)
            elif tells_again := _tells_again(event, lot, is_made(*name)):
                if lot.quantity is None:
                    lot.quantity, lot.unit = _amount(items)
            else:
                _add(lot, items)
            self._add_sources(lot, areas, items, event, facts, sequence, known=tells_again)

    def _areas(
        self,
        event: ReadEvent,
        facts: Mapping[str, Any],
        product: Product,
        items: Sequence[Item],
        by: Captor,
    ) -> list[int]:
        # Items get their labels, and goods are made, elsewhere than where things grow.
        is_harvest = event.type == "ObjectEvent" and bool(items)
        places = (event.read_point, event.biz_location) if is_harvest else ()
        return self._fields.of(area_codes(facts), places, product, by)

    def _add_sources(
        self,
        lot: Lot,
        areas: Sequence[int],
        items: Sequence[Item],
        event: ReadEvent,
        facts: Mapping[str, Any],
        sequence: int,
        *,
        known: bool,
    ) -> None:
        if known and areas:
            told = select(LotSource.growing_area_id).where(
                LotSource.lot_id == lot.id, LotSource.event_sequence.is_(None)
            )
            areas = sorted(set(areas) - set(self._session.scalars(told)))
        if not areas:
            return
        first, last = harvest_days(event, facts)
        amount = _in_unit_of(lot, items) if len(areas) == 1 else None
        # The first day has to keep the pre-harvest interval, too; the amount is told once.
        days = {first: None, last: amount}
        self._session.add_all(
            LotSource(
                lot_id=lot.id,
                growing_area_id=area,
                quantity=quantity,
                harvested_on=day,
                event_sequence=sequence,
            )
            for area in areas
            for day, quantity in days.items()
        )
        lot.harvested_on = max(filter(None, (lot.harvested_on, last)))


def take_back(
    session: Session,
    event: ReadEvent,
    sequence: int,
    own: Mapping[str, OwnThing],
    is_made: Callable[[int, str], bool],
) -> None:
    """Bring lots in line with the error declaration of an event; flushes.

    Args:
        session: The transaction.
        event: What was declared an error.
        sequence: Its number in the journal.
        own: Our things in it.
        is_made: Whether the events that still hold make a lot (product, code).
    """
    begun = _begun(event, own)
    lots = _read(session, begun)
    for name, (_, items) in begun.items():
        lot = lots.get(name)
        if lot is None:
            continue
        of_lot = select(LotSource).where(LotSource.lot_id == lot.id)
        for source in session.scalars(of_lot.where(LotSource.event_sequence == sequence)):
            session.delete(source)
        session.flush()
        days = [source.harvested_on for source in session.scalars(of_lot)]
        known = [day for day in days if day is not None]
        if known:
            lot.harvested_on = max(known)
        still_made = is_made(*name)
        if not items or (_BEGUN_BY not in lot.attributes and _tells_again(event, lot, still_made)):
            continue
        taken = _in_unit_of(lot, items)
        left = None if taken is None or lot.quantity is None else lot.quantity - taken
        if left is not None and left > 0:
            lot.quantity = left
        elif not still_made:
            # Kept, for it was recorded; but nobody takes from it any more.
            lot.status = "closed"
    session.flush()


def _begun(
    event: ReadEvent, own: Mapping[str, OwnThing]
) -> dict[LotName, tuple[Product, list[Item]]]:
    """The lots of ours that an event makes, with what it makes of them by amount."""
    begun: dict[LotName, tuple[Product, list[Item]]] = {}
    number = None
    for item in event.items:
        if item.role != "output" and not (event.type == "ObjectEvent" and event.action == "ADD"):
            continue
        if (thing := own.get(item.key)) is None:
            continue
        if thing.serial is not None:
            number = number or facts_of(event).get("lotNumber") or ""
            code = number if isinstance(number, str) else ""
        else:
            code = thing.lot or ""
        if not code:
            continue
        _, items = begun.setdefault((thing.product.id, code), (thing.product, []))
        if item.is_class:
            items.append(item)
    return begun


def _read(session: Session, names: Iterable[LotName]) -> dict[LotName, Lot]:
    wanted = sorted(set(names))
    if not wanted:
        return {}
    products, codes = zip(*wanted, strict=True)
    ids = session.scalars(_LOTS, {"products": list(products), "codes": list(codes)}).all()
    # As they are now: who waited for another capture may have read them before its end.
    lots = session.scalars(
        select(Lot).where(Lot.id.in_(ids)).execution_options(populate_existing=True)
    )
    return {(lot.product_id, lot.code): lot for lot in lots}


def _register(
    session: Session,
    sequence: int,
    product: Product,
    code: str,
    items: Sequence[Item],
    facts: Mapping[str, Any],
) -> Lot | None:
    try:
        element(code)
    except InvalidIdentifierError:
        # Free text: no lot number of GS1.
        return None
    quantity, unit = _amount(items)
    days = lot_days(facts)
    return make_lot(
        session,
        product,
        code,
        [],
        quantity=quantity,
        unit=unit,
        harvested_on=days.harvested,
        produced_on=days.produced,
        expires_on=days.expires,
        attributes={_BEGUN_BY: sequence},
    )


def _reopen(lot: Lot, items: Sequence[Item], facts: Mapping[str, Any]) -> None:
    """All that had made a lot was declared an error: it begins anew."""
    lot.status = "active"
    if (amount := _in_unit_of(lot, items)) is not None:
        lot.quantity = amount
    else:
        lot.quantity, lot.unit = _amount(items)
    days = lot_days(facts)
    lot.harvested_on = days.harvested
    lot.produced_on = days.produced or lot.produced_on


def _add(lot: Lot, items: Sequence[Item]) -> None:
    if lot.quantity is None:
        lot.quantity, lot.unit = _amount(items)
    elif (more := _in_unit_of(lot, items)) is not None and lot.quantity + more < _MOST:
        lot.quantity += more


def _tells_again(event: ReadEvent, lot: Lot, is_made: bool) -> bool:
    """Whether an event tells of the beginning of a lot that was registered apart from events."""
    return (
        not is_made
        and event.biz_step != "creating_class_instance"
        and _BEGUN_BY not in lot.attributes
    )


def _amount(items: Sequence[Item]) -> tuple[Decimal, str] | tuple[None, None]:
    """How much of a new lot an event makes, in the unit it is said in first."""
    said = [as_said(item.quantity, item.uom) for item in items if item.quantity is not None]
    if not said:
        return None, None
    unit = said[0][1]
    amount = _kept(sum((one for one, name in said if name == unit), Decimal(0)))
    return (None, None) if amount is None else (amount, unit)


def _in_unit_of(lot: Lot, items: Sequence[Item]) -> Decimal | None:
    """How much an event makes, in a lot's unit, as far as it can be said in it."""
    if lot.unit is None:
        return None
    brought = [bring(i.quantity, i.uom, lot.unit) for i in items if i.quantity is not None]
    known = [amount for amount in brought if amount is not None]
    return _kept(sum(known, Decimal(0))) if known else None


def _kept(amount: Decimal) -> Decimal | None:
    """An amount as the tables keep it; None where they cannot."""
    rounded = amount.quantize(_LEAST) if amount < _MOST else _MOST
    return rounded if 0 < rounded < _MOST else None
