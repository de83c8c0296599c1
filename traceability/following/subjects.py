"""What a code stands for, however a person writes it down: an address, a number, a trace code."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from traceability.errors import InvalidIdentifierError
from traceability.following.look_up import parts_of, product_of, read_code, read_page
from traceability.lots import find_lot
from traceability.models import Lot, Product

LONGEST = 300


@dataclass(frozen=True, slots=True)
class Subject:
    """What a code names here; `product` is None where it names nothing registered.

    `lot` is None where the code names none, or one that is not recorded.
    """

    typed: str
    product: Product | None
    lot: Lot | None = None
    serial: str | None = None


def find_subject(session: Session, typed: str) -> Subject:
    """Find what is meant by an address, a GTIN, a trace code or a page of this site."""
    typed = " ".join(typed.split())[:LONGEST]
    typed = typed.replace("\0", "")
    if (page := read_page(typed)) is not None:
        product = session.get(Product, page.product_id)
        return _with_lot(session, typed, product, page.lot, page.serial)
    try:
        code = read_code(typed)
    except InvalidIdentifierError:
        return Subject(typed, None)
    lot, serial = parts_of(code)
    return _with_lot(session, typed, product_of(session, code), lot, serial)


def _with_lot(
    session: Session, typed: str, product: Product | None, lot: str | None, serial: str | None
) -> Subject:
    if product is None:
        return Subject(typed, None)
    found = find_lot(session, product.id, lot) if lot is not None else None
    return Subject(typed, product, found, serial[:20] if serial else None)
