"""Finding what somebody typed or scanned: any code of a product, a lot, an item or a box.

Understood are: a GTIN of 8 to 14 digits, an SSCC, own trace codes, a serial, a lot's number, what
stands in a GS1 barcode as text (`(01)…(10)…`), an EPC URN, any address whose path holds a code, and
that of the page which a scan opens.
"""

import re
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError, NotFoundError
from traceability.epcis import epcs
from traceability.errors import InvalidIdentifierError
from traceability.following.look_up import read_code, read_page
from traceability.gs1.trace_link import TraceLink
from traceability.linking.links import parse_code, product_codes
from traceability.models import EventItem, Lot, Product, Serial

# Stands where an item's serial stands: the box as a whole.
BOX = "THUNG"
_MOST_CHOICES = 20

Kind = Literal["product", "lot", "item", "box", "other"]


@dataclass(frozen=True, slots=True)
class Thing:
    """What a code names; `keys` are its canonical keys, under which events know it.

    `lot` of an item is the lot it was issued for.
    """

    kind: Kind
    keys: tuple[str, ...]
    code: str
    product: Product | None = None
    lot: Lot | None = None
    serial: str | None = None


def find_things(session: Session, text: str) -> list[Thing]:
    """Find what a typed or scanned text may mean; several only where a bare number is ambiguous.

    Raises:
        InvalidInputError: Nothing was typed, or a code with a wrong check digit.
        NotFoundError: Nothing here is called so.
    """
    typed = " ".join(text.split())
    if not typed:
        raise InvalidInputError("No code was given.")
    if len(typed) > 2000:
        raise InvalidInputError("This is too long to be a code.")
    page = _of_page(session, typed)
    if page is not None:
        return [page]
    key = _as_key(typed)
    if key is not None:
        return [thing_of(session, key)]
    found = _by_number(session, typed)
    if not found:
        raise NotFoundError(f"Nothing here is called {typed[:60]}.", code=typed[:60])
    return found


def _as_key(typed: str) -> str | None:
    """The canonical key of what says itself what it is; None for a bare number or word.

    Raises:
        InvalidIdentifierError: It is a code, but a wrong one.
    """
    if ":" in typed and not typed.startswith("("):
        return epcs.canonical(typed.replace(" ", "%20"))
    if typed.startswith("/"):
        return _of_path(typed)
    try:
        return _of_path(read_code(typed).path)
    except InvalidIdentifierError:
        compact = re.sub(r"[\s\-]", "", typed)
        is_number = compact.isascii() and compact.isdigit()
        # Of eight or twelve digits it may be a lot's number as well.
        if (
            typed.startswith("(")
            or (compact[:2].upper() == "TX" and len(compact) == 10)
            or (is_number and len(compact) in (13, 14, 18))
        ):
            raise
        return None


def _of_path(path: str) -> str:
    """The key of a raw path, which is a code or a mistake: it is nobody else's address."""
    key = epcs.canonical("https://here.invalid" + path.replace(" ", "%20"))
    if not key.startswith("/"):
        raise InvalidIdentifierError(f"{path!r} holds no code.")
    return key


def _of_page(session: Session, typed: str) -> Thing | None:
    """What the page that a scan opens is about."""
    page = read_page(typed)
    product = session.get(Product, page.product_id) if page is not None else None
    if page is None or product is None:
        return None
    codes = product_codes(product, None if page.serial else page.lot, page.serial)
    return thing_of(session, codes[0].path)


def _by_number(session: Session, typed: str) -> list[Thing]:
    """Lots and items whose own number it is, whatever their product."""
    serial = re.sub(r"[\s\-]", "", typed).upper()
    # One probe of the index for each product, instead of reading a million serials.
    one = (
        select(Serial)
        .where(Serial.product_id == Product.id, Serial.serial.in_({typed, serial}))
        .lateral()
    )
    things: list[Thing] = []
    items = session.execute(
        select(Product, one.c.serial, one.c.lot_id)
        .join(one, one.c.product_id == Product.id)
        .limit(_MOST_CHOICES)
    )
    for product, number, lot_id in items:
        lot = session.get(Lot, lot_id) if lot_id is not None else None
        things.append(_item(product, number, lot))
    lots = session.execute(
        select(Product, Lot)
        .join(Lot, Lot.product_id == Product.id)
        .where(Lot.code.in_({typed, typed.upper()}))
        .order_by(Lot.id.desc())
        .limit(_MOST_CHOICES)
    )
    things += [_lot(product, lot) for product, lot in lots]
    return things


def thing_of(session: Session, key: str) -> Thing:
    """Say what a canonical key names."""
    try:
        code = parse_code(key)
    except InvalidIdentifierError:
        return Thing("other", (key,), key)
    if isinstance(code, TraceLink):
        same, lot_code, serial = Product.trace_code == code.code, code.lot, code.serial
        shown = code.code
    else:
        same, lot_code, serial = Product.gtin == code.value, code.get("10"), code.get("21")
        shown = code.value
        if code.key == "00":
            return Thing("box", (key,), shown)
        if code.key != "01":
            return Thing("other", (key,), key)
    product = session.scalar(select(Product).where(same))
    if product is None:
        if isinstance(code, TraceLink):
            box = TraceLink(code.code, None, BOX).path
            known = select(EventItem.key).where(EventItem.key == box).limit(1)
            if serial == BOX or session.scalar(known) is not None:
                return Thing("box", (box,), code.code)
        kind: Kind = "item" if serial else "lot" if lot_code else "product"
        return Thing(kind, (key,), serial or lot_code or shown, serial=serial)
    if serial is not None:
        held = session.scalar(
            select(Serial).where(Serial.product_id == product.id, Serial.serial == serial)
        )
        lot = session.get(Lot, held.lot_id) if held and held.lot_id is not None else None
        return _item(product, serial, lot)
    if lot_code is not None:
        lot = session.scalar(select(Lot).where(Lot.product_id == product.id, Lot.code == lot_code))
        if lot is None:
            keys = tuple(each.path for each in product_codes(product, lot_code))
            return Thing("lot", keys, lot_code, product)
        return _lot(product, lot)
    return Thing("product", tuple(each.path for each in product_codes(product)), shown, product)


def _lot(product: Product, lot: Lot) -> Thing:
    keys = tuple(code.path for code in product_codes(product, lot.code))
    return Thing("lot", keys, lot.code, product, lot)


def _item(product: Product, serial: str, lot: Lot | None) -> Thing:
    keys = [code.path for code in product_codes(product, None, serial)]
    return Thing("item", tuple(keys), serial, product, lot, serial)
