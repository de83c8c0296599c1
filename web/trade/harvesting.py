"""The form of a harvest."""

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from gis.calendar import today
from gis.diary import find_intervals
from gis.errors import InvalidInputError
from traceability.epcis.measures import OFFERED
from traceability.gs1.identifiers import element
from traceability.lots import find_lot, list_lots
from traceability.models import Product
from traceability.recording.harvests import Harvest, next_lot_code, record_harvest
from traceability.recording.keeping import Keeper
from traceability.recording.worklists import list_own_products
from web.trade.done import Done
from web.trade.entries import Entry
from web.trade.keepers import chosen_place, own_areas, own_facilities
from web.trade.words import tell_number


def fill(session: Session, by: Keeper, entry: Entry) -> dict[str, Any]:
    """What the form offers: own products, own growing areas with their intervals, a lot number."""
    products = list_own_products(session, by)
    product = _product(products, entry)
    areas = own_areas(session, by)
    if by.is_officer and product is not None and product.producer_id is not None:
        areas = [area for area in areas if area.party_id == product.producer_id] or areas
    day = today()
    intervals = find_intervals(session, {area.id: day for area in areas if area.id is not None})
    proposed = next_lot_code(session, product, day) if product else ""
    entry.values.setdefault("lot_code", proposed)
    entry.values.setdefault("unit", "kg")
    return {
        "products": products,
        "product": product,
        "areas": areas,
        "waiting": {
            area_id: interval for area_id, interval in intervals.items() if day < interval.ends_on
        },
        "facilities": own_facilities(session, by),
        "open_lots": [
            lot for lot in list_lots(session, product.id, limit=8) if lot.status == "active"
        ]
        if product
        else [],
        "units": OFFERED,
    }


def record(session: Session, by: Keeper, entry: Entry) -> Done | None:
    """Record the harvest, unless something is wrong with the form."""
    product = _product(list_own_products(session, by), entry)
    if product is None:
        entry.fail("product", "unknown")
    code = entry.lot_code()
    at = entry.moment()
    unit = entry.text("unit", required=True, longest=20)
    expires_on = entry.day("expires_on")
    harvests = []
    areas = {f"area-{area.id}": area for area in own_areas(session, by)}
    for name, area in areas.items():
        amount = entry.amount(name, required=False)
        if amount is not None:
            harvests.append(Harvest(area, amount))
    if any(name.startswith("area-") and entry[name] for name in entry.values if name not in areas):
        # An area that went to somebody else while the form was open.
        entry.fail("areas", "not-own")
    if not harvests and not any(name.startswith("area-") for name in entry.mistakes):
        entry.fail("areas", "missing")
    store = chosen_place(session, by, entry, "store")
    if code is not None:
        try:
            element(code)
        except InvalidInputError:
            entry.fail("lot_code", "lot")
    if expires_on is not None and at is not None and expires_on < at.date():
        entry.fail("expires_on", "order")
    if not entry.is_right or product is None or code is None or at is None or unit is None:
        return None
    is_new = find_lot(session, product.id, code) is None
    lot, _events = record_harvest(
        session,
        by,
        product,
        code,
        harvests,
        unit=unit,
        at=at,
        store=store,
        expires_on=expires_on,
    )
    total = tell_number(sum(each.amount for each in harvests) or None)
    words = (
        _(
            "Đã ghi thu hoạch %(total)s %(unit)s vào lô mới %(lot)s.",
            total=total,
            unit=unit,
            lot=lot.code,
        )
        if is_new
        else _(
            "Đã cộng thêm %(total)s %(unit)s vào lô %(lot)s.", total=total, unit=unit, lot=lot.code
        )
    )
    return Done(str(words), url_for("trade_lots.page", lot_id=lot.id))


def _product(products: list[Product], entry: Entry) -> Product | None:
    wanted = entry.number("product")
    found = next((each for each in products if each.id == wanted), None)
    # Whoever has one product only need not choose it.
    return found or (products[0] if len(products) == 1 else None)
