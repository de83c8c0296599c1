"""Which of the things that an event names are of products registered here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from traceability.models import Product

_UNRESERVED = "-._~"
# Captures that speak of one product wait for each other; those of different products do not.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('traceability.epcis'), CAST(:id AS int))")


@dataclass(frozen=True, slots=True)
class OwnThing:
    """A product of ours, or a lot or an item of it."""

    product: Product
    lot: str | None = None
    serial: str | None = None

    @property
    def name(self) -> tuple[int, str | None, str | None]:
        """What is the same for both codes (GTIN, trace code) of one thing."""
        return self.product.id, self.lot, self.serial

    def journal_keys(self) -> list[str]:
        """The keys this thing may stand under in the journal."""
        lot = "" if self.lot is None else quote(self.lot, safe=_UNRESERVED)
        serial = "" if self.serial is None else quote(self.serial, safe=_UNRESERVED)
        gtin, code = self.product.gtin, self.product.trace_code
        found = [f"/t/{code}" + (lot and f"/lo/{lot}") + (serial and f"/tem/{serial}")]
        if gtin is not None:
            found.append(f"/01/{gtin}" + (lot and f"/10/{lot}") + (serial and f"/21/{serial}"))
        return found


def find_own(session: Session, keys: Iterable[str]) -> dict[str, OwnThing]:
    """Find the products that keys belong to; keys of others are left out."""
    parsed = {key: part for key in set(keys) if (part := _split(key)) is not None}
    if not parsed:
        return {}
    codes = sorted({code for code, _, _ in parsed.values()})
    rows = session.scalars(
        select(Product).where(
            or_(Product.gtin == func.any(codes), Product.trace_code == func.any(codes))
        )
    )
    products: dict[str, Product] = {}
    for product in rows:
        products[product.trace_code] = product
        if product.gtin is not None:
            products[product.gtin] = product
    return {
        key: OwnThing(products[code], lot, serial)
        for key, (code, lot, serial) in parsed.items()
        if code in products
    }


def lock_products(session: Session, products: Iterable[Product]) -> None:
    """Let captures that speak of the same products go one after the other, until they end.

    Called once for all products of a capture: locks taken in one order never wait in a ring.
    """
    for product_id in sorted({product.id for product in products}):
        session.execute(_LOCK, {"id": product_id % 2**31})


def _split(key: str) -> tuple[str, str | None, str | None] | None:
    parts = key.split("/")
    if len(parts) < 3 or parts[1] not in {"01", "t"}:
        return None
    below: Mapping[str, str] = dict(zip(parts[3::2], map(unquote, parts[4::2]), strict=False))
    if parts[1] == "t":
        return parts[2], below.get("lo"), below.get("tem")
    # A third party's serial (235) is none of ours.
    return None if "235" in below else (parts[2], below.get("10"), below.get("21"))
