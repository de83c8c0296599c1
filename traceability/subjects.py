"""What a code stands for, however a person writes it down: an address, a number, a trace code."""

from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.digital_link import DigitalLink
from traceability.errors import InvalidIdentifierError
from traceability.identifiers import gtin14, trace_code
from traceability.links import parse_code
from traceability.models import Lot, Product
from traceability.trace_link import Code, TraceLink

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
    parts = urlsplit(typed) if typed.lower().startswith(("http://", "https://")) else None
    path, _, query = (typed, "", "") if parts is None else (parts.path, "", parts.query)
    if parts is None:
        path, _, query = typed.partition("?")
    if path.startswith("/san-pham/"):
        return _of_page(session, typed, path, query)
    code = _read(path)
    if code is None:
        return Subject(typed, None)
    if isinstance(code, TraceLink):
        wanted, lot, serial = Product.trace_code == code.code, code.lot, code.serial
    else:
        wanted, lot, serial = Product.gtin == code.value, code.get("10"), code.get("21")
    return _with_lot(session, typed, session.scalar(select(Product).where(wanted)), lot, serial)


def _read(path: str) -> Code | None:
    for read in (parse_code, _bare_trace_code, _bare_gtin):
        try:
            code = read(path)
        except InvalidIdentifierError:
            continue
        if isinstance(code, TraceLink) or code.key == "01":
            return code
    return None


def _bare_trace_code(typed: str) -> Code:
    return TraceLink(trace_code(typed))


def _bare_gtin(typed: str) -> Code:
    return DigitalLink("01", gtin14(typed))


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
    found = None
    if lot is not None:
        found = session.scalar(select(Lot).where(Lot.product_id == product.id, Lot.code == lot))
    return Subject(typed, product, found, serial[:20] if serial else None)
