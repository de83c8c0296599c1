"""The form of a processing."""

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from gis.calendar import today
from gis.errors import InvalidInputError
from traceability.epcis.measures import OFFERED
from traceability.gs1.identifiers import element
from traceability.recording.harvests import next_lot_code
from traceability.recording.keeping import Keeper, Share
from traceability.recording.processing import record_processing
from traceability.recording.worklists import LotCard, get_own_lot, list_own_lots, list_own_products
from web.trade.done import Done
from web.trade.entries import Entry
from web.trade.keepers import chosen_place, own_facilities
from web.trade.words import tell_number, write_number

_OFFERED_LOTS = 40


def fill(session: Session, by: Keeper, entry: Entry) -> dict[str, Any]:
    """What the form offers: lots of which something is left, and own products."""
    products = list_own_products(session, by)
    wanted = entry.number("product")
    product = next((each for each in products if each.id == wanted), None)
    if product is not None:
        entry.values.setdefault("lot_code", next_lot_code(session, product, today()))
    else:
        entry.values.setdefault("lot_code", f"L{today():%y%m%d}")
    entry.values.setdefault("unit", "kg")
    return {
        "products": products,
        "product": product,
        "cards": offered_lots(session, by, entry),
        "facilities": own_facilities(session, by),
        "units": OFFERED,
    }


def offered_lots(session: Session, by: Keeper, entry: Entry) -> list[LotCard]:
    """The lots that something is left of; the one that the address names comes first."""
    cards = [
        card
        for card in list_own_lots(session, by, only_active=True, limit=_OFFERED_LOTS)
        if card.left is None or card.left > 0
    ]
    if (named := entry.number("lo")) is not None:
        first = next((card for card in cards if card.lot.id == named), None)
        first = first or get_own_lot(session, by, named)
        if first.left is not None:
            entry.values.setdefault(f"lot-{first.lot.id}", write_number(first.left))
        cards = [first, *(card for card in cards if card.lot.id != named)]
    return cards


def read_shares(session: Session, by: Keeper, entry: Entry) -> list[Share]:
    """The amounts that were filled in beside lots."""
    shares = []
    for name in entry.values:
        number = name.removeprefix("lot-")
        if name == number or not (number.isascii() and number.isdigit() and len(number) < 19):
            continue
        amount = entry.amount(name, required=False)
        if amount is not None:
            card = get_own_lot(session, by, int(number))
            if card.left is not None and amount > card.left:
                facts = {"code": card.lot.code, "left": card.left, "unit": card.lot.unit}
                entry.fail(name, "left", **facts)
            shares.append(Share(card.lot, card.product, amount, card.lot.unit or "kg"))
    return shares


def record(session: Session, by: Keeper, entry: Entry) -> Done | None:
    """Record the processing, unless something is wrong with the form."""
    products = list_own_products(session, by)
    wanted = entry.number("product")
    product = next((each for each in products if each.id == wanted), None)
    if product is None:
        entry.fail("product", "unknown" if wanted else "missing")
    shares = read_shares(session, by, entry)
    if not shares and not any(name.startswith("lot-") for name in entry.mistakes):
        entry.fail("inputs", "missing")
    code = entry.lot_code()
    amount = entry.amount("amount")
    unit = entry.text("unit", required=True, longest=20)
    at = entry.moment()
    expires_on = entry.day("expires_on")
    place = chosen_place(session, by, entry)
    if code is not None:
        try:
            element(code)
        except InvalidInputError:
            entry.fail("lot_code", "lot")
    if expires_on is not None and at is not None and expires_on < at.date():
        entry.fail("expires_on", "order")
    if (
        not entry.is_right
        or product is None
        or code is None
        or amount is None
        or unit is None
        or at is None
    ):
        return None
    lot, _event = record_processing(
        session,
        by,
        shares,
        product,
        code,
        amount=amount,
        unit=unit,
        at=at,
        place=place,
        expires_on=expires_on,
    )
    words = _(
        "Đã ghi lô %(lot)s: %(amount)s %(unit)s %(product)s.",
        lot=lot.code,
        amount=tell_number(amount),
        unit=unit,
        product=product.name,
    )
    return Done(str(words), url_for("trade_lots.page", lot_id=lot.id))
