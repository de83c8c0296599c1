"""What a code stands for, however a person writes it down: an address, a number, a trace code."""

from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.errors import InvalidIdentifierError
from traceability.following.look_up import parts_of, read_code
from traceability.gs1.trace_link import TraceLink
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
    try:
        address = urlsplit(typed)
    except ValueError:
        return Subject(typed, None)
    if address.path.startswith("/san-pham/"):
        return _of_page(session, typed, address.path, address.query)
    try:
        code = read_code(typed)
    except InvalidIdentifierError:
        return Subject(typed, None)
    lot, serial = parts_of(code)
    if isinstance(code, TraceLink):
        wanted = Product.trace_code == code.code
    elif code.key == "01":
        wanted = Product.gtin == code.value
    else:
        return Subject(typed, None)
    return _with_lot(session, typed, session.scalar(select(Product).where(wanted)), lot, serial)


def _of_page(session: Session, typed: str, path: str, query: str) -> Subject:
    _, _, rest = path.partition("/san-pham/")
    number, _, below = rest.partition("/lo/")
    # Digits that no column holds are nobody's number.
    known = number.isascii() and number.isdigit() and len(number) < 19
    product = session.get(Product, int(number)) if known else None
    serial = parse_qs(query).get("tem", [None])[0]
    return _with_lot(session, typed, product, unquote(below) or None, serial)


def _with_lot(
    session: Session, typed: str, product: Product | None, lot: str | None, serial: str | None
) -> Subject:
    if product is None:
        return Subject(typed, None)
    found = find_lot(session, product.id, lot) if lot is not None else None
    return Subject(typed, product, found, serial[:20] if serial else None)
