"""What a code is: a number somebody reads to you, types, or copies from an address.

A GTIN of 8 to 14 digits, an own trace code, an SSCC, an element string `(01)…(21)…`, a Digital Link
of any host, percent-encoded or not, or a serial beside the product that it belongs to.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.errors import NotFoundError
from traceability.errors import InvalidIdentifierError, UnknownCodeError
from traceability.gs1.digital_link import DigitalLink, parse_element_link, parse_uri, product_link
from traceability.gs1.identifiers import element, gtin14, sscc, trace_code
from traceability.gs1.trace_link import Code, TraceLink, label_code, parse_trace_path
from traceability.linking.links import Level, get_entry, parse_code
from traceability.lots import find_lot
from traceability.models import Lot, Product
from traceability.scanning.scans import SerialStanding, standing_of

# Digits that no column holds are nobody's number.
_PAGE = re.compile(r"/san-pham/([0-9]{1,18})(?:/lo/([^/]+))?/?$")
_KINDS = {
    "01": "product",
    "00": "logistic-unit",
    "414": "location",
    "417": "party",
    "8004": "asset",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A code and what it stands for; `lot` and `standing` where the code names them.

    `kind` is product, lot, serial, or what else GS1 identifies: location, party, logistic-unit …
    """

    code: Code
    kind: str
    product: Product | None
    lot: Lot | None
    standing: SerialStanding | None
    levels: list[Level]


@dataclass(frozen=True, slots=True)
class PageAddress:
    """What the address of a product's page says; nothing of it is known to exist."""

    product_id: int
    lot: str | None
    serial: str | None


def read_code(given: str, *, product: Product | None = None) -> Code:
    """Read a code in any of its forms.

    Args:
        given: As it stands in the raw address, still percent-encoded.
        product: Of the serial, where only a serial is given.

    Raises:
        InvalidIdentifierError: It is none, or its check digit is wrong.
    """
    raw = given.strip()
    plain = unquote(raw)
    if plain.lower().startswith(("http://", "https://")):
        return _of_address(raw if raw.lower().startswith(("http://", "https://")) else plain)
    if "/" in plain and "(" not in plain:
        path = raw if "/" in raw else plain
        return parse_code("/" + path.strip("/"))
    if product is not None:
        return label_code(product.gtin, product.trace_code, None, element(plain))
    if plain.startswith("("):
        # No value of GS1 holds a blank; people write them between elements.
        return parse_element_link("".join(plain.split()))
    compact = "".join(plain.split()).replace("-", "")
    if compact[:2].upper() == "TX":
        return TraceLink(trace_code(plain))
    if compact.isascii() and compact.isdigit():
        return (
            DigitalLink("00", sscc(compact)) if len(compact) == 18 else product_link(gtin14(plain))
        )
    raise InvalidIdentifierError(
        f"{plain[:60]!r} is neither a GTIN, a trace code nor a Digital Link. A serial is asked for"
        " beside its product: ?product=… or ?gtin=…"
    )


def read_page(typed: str) -> PageAddress | None:
    """Read the address of the page that a scan opens: `/san-pham/<id>/lo/<lot>?tem=<serial>`."""
    try:
        parts = urlsplit(typed)
    except ValueError:
        return None
    matched = _PAGE.search(parts.path)
    if matched is None:
        return None
    lot = unquote(matched[2]) if matched[2] else None
    return PageAddress(int(matched[1]), lot, dict(parse_qsl(parts.query)).get("tem"))


def look_up(session: Session, code: Code) -> Found:
    """Find what a code stands for.

    Raises:
        UnknownCodeError: Nothing here has this code.
    """
    levels = _levels(session, code)
    product = product_of(session, code)
    if product is None:
        if not levels:
            raise UnknownCodeError(
                f"{code.path} is of good form, but nothing here has it.", code=code.path
            )
        kind = _KINDS.get(code.key, "other") if isinstance(code, DigitalLink) else "product"
        return Found(code, kind, None, None, None, levels)
    lot_code, serial = parts_of(code)
    lot = find_lot(session, product.id, lot_code) if lot_code is not None else None
    if lot_code is not None and lot is None and serial is None:
        raise UnknownCodeError(f"{product.name} has no lot {lot_code}.", code=code.path)
    standing = None
    if serial is not None:
        standing = standing_of(session, product.id, serial, lot.id if lot else None)
        if standing.lot_id is not None:
            lot = session.get(Lot, standing.lot_id)
    kind = "serial" if serial is not None else "lot" if lot is not None else "product"
    return Found(code, kind, product, lot, standing, levels)


def parts_of(code: Code) -> tuple[str | None, str | None]:
    """The lot and the serial that a code names."""
    if isinstance(code, TraceLink):
        return code.lot, code.serial
    return code.get("10"), code.get("21")


def _of_address(address: str) -> Code:
    _, _, rest = address.partition("://")
    _, slash, path = rest.partition("/")
    path = slash + path.partition("?")[0].partition("#")[0]
    if path.startswith("/t/"):
        return parse_trace_path(path)
    return parse_uri(address)


def product_of(session: Session, code: Code) -> Product | None:
    """The product that a code is of, if it is registered here."""
    if isinstance(code, TraceLink):
        return session.scalar(select(Product).where(Product.trace_code == code.code))
    if code.key != "01":
        return None
    return session.scalar(select(Product).where(Product.gtin == code.value))


def _levels(session: Session, code: Code) -> list[Level]:
    found = []
    for each in code.levels():
        try:
            found.append(get_entry(session, each))
        except NotFoundError:
            continue
    return found
