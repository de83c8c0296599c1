"""Lots: batches of a product made from growing areas, and the way back to their fields."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, defer

from gis.errors import ConflictError, InvalidInputError, NotFoundError
from gis.models import AdministrativeUnit, Crop, GrowingArea, GrowingAreaCode, Party
from traceability.errors import InvalidIdentifierError
from traceability.gs1.identifiers import element
from traceability.gs1.trace_link import TraceLink
from traceability.linking import links
from traceability.models import Lot, LotSource, Product


@dataclass(frozen=True, slots=True)
class Source:
    """How much of a lot came from which growing area, in the lot's unit where known."""

    growing_area_id: int
    quantity: Decimal | None = None
    harvested_on: date | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """One field a lot came from, with what an inspector asks about it."""

    growing_area: GrowingArea
    crop: Crop | None
    commune: AdministrativeUnit | None
    party: Party | None
    codes: list[str]
    quantity: Decimal | None
    harvested_on: date | None


def make_lot(
    session: Session,
    product: Product,
    code: str,
    sources: Sequence[Source],
    *,
    quantity: Decimal | None = None,
    unit: str | None = None,
    harvested_on: date | None = None,
    produced_on: date | None = None,
    expires_on: date | None = None,
    attributes: dict[str, Any] | None = None,
    is_demo: bool = False,
) -> Lot:
    """Make a lot of a product from growing areas and give it its resolver entry; flushes.

    Args:
        session: The transaction.
        product: What it is a batch of.
        code: Its number, AI (10): 1 to 20 characters of GS1's CSET 82, unique in the product.
        sources: The growing areas; none for what does not grow (crafts, tours).
        quantity: How much, in `unit`; both or none.
        unit: Such as `kg`.
        harvested_on: Day of harvest; default: the last of the sources' days.
        produced_on: Day of processing or packing.
        expires_on: Last day of its shelf life.
        attributes: Anything else, kept as it is.
        is_demo: Invented for the demonstration.

    Raises:
        InvalidInputError: A bad code, days in the wrong order, a growing area twice, or sources
            that add up to more than the lot.
        NotFoundError: When a growing area is not known.
        ConflictError: When the product has a lot of this code.
    """
    element(code)
    if (quantity is None) != (unit is None):
        raise InvalidInputError("A lot's quantity and unit are given together, or neither.")
    if quantity is not None and quantity <= 0:
        raise InvalidInputError("A lot's quantity is more than nothing.")
    days = [source.harvested_on for source in sources if source.harvested_on is not None]
    harvested_on = harvested_on or max(days, default=None)
    check_days(harvested_on, produced_on, expires_on)
    _check_sources(session, sources, quantity)
    if find_lot(session, product.id, code) is not None:
        raise ConflictError(f"Product {product.id} already has a lot {code}.")
    lot = Lot(
        product_id=product.id,
        code=code,
        harvested_on=harvested_on,
        produced_on=produced_on,
        expires_on=expires_on,
        quantity=quantity,
        unit=unit,
        attributes=attributes or {},
        is_demo=is_demo,
    )
    session.add(lot)
    session.flush()
    session.add_all(
        LotSource(
            lot_id=lot.id,
            growing_area_id=source.growing_area_id,
            quantity=source.quantity,
            harvested_on=source.harvested_on,
        )
        for source in sources
    )
    session.flush()
    links.publish_lot(session, product, lot)
    return lot


def find_lot(session: Session, product_id: int, code: str) -> Lot | None:
    """Return a product's lot by its code, or None."""
    return session.scalar(select(Lot).where(Lot.product_id == product_id, Lot.code == code))


def get_lot(session: Session, product_id: int, code: str) -> Lot:
    """Return a product's lot by its code.

    Raises:
        NotFoundError: When there is none.
    """
    lot = find_lot(session, product_id, code)
    if lot is None:
        raise NotFoundError(f"Product {product_id} has no lot {code}.")
    return lot


def browse_lots(
    session: Session,
    *,
    product_id: int | None = None,
    gtin: str | None = None,
    code: str | None = None,
    growing_area_id: int | None = None,
    limit: int,
    offset: int = 0,
) -> list[tuple[Lot, Product]]:
    """List lots of any product, newest first; None leaves a thing open.

    Args:
        session: Reads only.
        product_id: Of one product.
        gtin: Of the product with this GTIN, of 14 digits.
        code: With this number, AI (10).
        growing_area_id: Harvested there, on however many days: each lot comes once.
        limit: At most so many.
        offset: After so many.
    """
    query = select(Lot, Product).join(Product, Product.id == Lot.product_id)
    if product_id is not None:
        query = query.where(Lot.product_id == product_id)
    if gtin is not None:
        query = query.where(Product.gtin == gtin)
    if code is not None:
        query = query.where(Lot.code == code)
    if growing_area_id is not None:
        there = select(LotSource.lot_id).where(LotSource.growing_area_id == growing_area_id)
        query = query.where(Lot.id.in_(there))
    rows = session.execute(query.order_by(Lot.id.desc()).limit(limit).offset(offset))
    return [(lot, product) for lot, product in rows]


def count_lots(session: Session, product_id: int) -> int:
    """Count the lots of a product."""
    count = select(func.count()).select_from(Lot).where(Lot.product_id == product_id)
    return session.scalar(count) or 0


def find_lots(session: Session, keys: Iterable[str]) -> dict[str, tuple[Product, Lot]]:
    """Find the lots that canonical keys name, below a GTIN or an own trace code.

    Keys of anything else, and of lots that are not registered here, are left out.
    """
    wanted: dict[tuple[str, str], str] = {}
    for key in keys:
        try:
            code = links.parse_code(key)
        except InvalidIdentifierError:
            continue
        named = code.lot if isinstance(code, TraceLink) else code.get("10")
        if named is not None:
            wanted[code.code if isinstance(code, TraceLink) else code.value, named] = key
    if not wanted:
        return {}
    products = {product for product, _ in wanted}
    rows = session.execute(
        select(Product, Lot)
        .join(Lot, Lot.product_id == Product.id)
        .where(
            or_(Product.gtin.in_(products), Product.trace_code.in_(products)),
            Lot.code.in_({lot for _, lot in wanted}),
        )
    )
    found: dict[str, tuple[Product, Lot]] = {}
    for product, lot in rows:
        for name in (product.gtin, product.trace_code):
            if name is not None and (name, lot.code) in wanted:
                found[wanted[name, lot.code]] = (product, lot)
    return found


def list_lots(session: Session, product_id: int, *, limit: int = 50) -> list[Lot]:
    """List a product's lots, newest first."""
    newest = func.coalesce(Lot.produced_on, Lot.harvested_on).desc().nulls_last()
    query = select(Lot).where(Lot.product_id == product_id).order_by(newest, Lot.id.desc())
    return list(session.scalars(query.limit(limit)))


def trace_lot(session: Session, lot: Lot) -> list[Origin]:
    """Follow a lot back to its fields: largest share first."""
    codes = (
        select(func.array_agg(GrowingAreaCode.code))
        .where(
            GrowingAreaCode.growing_area_id == GrowingArea.id,
            GrowingAreaCode.status.in_(("active", "warned")),
        )
        .correlate(GrowingArea)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            GrowingArea,
            Crop,
            AdministrativeUnit,
            Party,
            codes,
            LotSource.quantity,
            LotSource.harvested_on,
        )
        .join_from(LotSource, GrowingArea, GrowingArea.id == LotSource.growing_area_id)
        .outerjoin(Crop, Crop.id == GrowingArea.crop_id)
        .outerjoin(AdministrativeUnit, AdministrativeUnit.id == GrowingArea.commune_id)
        .options(defer(AdministrativeUnit.boundary, raiseload=True))
        .outerjoin(Party, Party.id == GrowingArea.party_id)
        .where(LotSource.lot_id == lot.id)
        .order_by(LotSource.quantity.desc().nulls_last(), LotSource.id)
    )
    return [
        Origin(area, crop, commune, party, sorted(found or []), quantity, harvested_on)
        for area, crop, commune, party, found, quantity, harvested_on in rows
    ]


def check_days(harvested: date | None, produced: date | None, expires: date | None) -> None:
    """Refuse days of a lot that cannot follow each other.

    Raises:
        InvalidInputError: They are not in the order harvest, production, end of shelf life.
    """
    known = [day for day in (harvested, produced, expires) if day is not None]
    if known != sorted(known):
        raise InvalidInputError(
            "A lot's days come in this order: harvest, production, end of shelf life."
        )


def _check_sources(session: Session, sources: Sequence[Source], quantity: Decimal | None) -> None:
    if not sources:
        return
    wanted = {source.growing_area_id for source in sources}
    if len(wanted) != len(sources):
        raise InvalidInputError("A growing area is named twice among the sources of a lot.")
    known = set(session.scalars(select(GrowingArea.id).where(GrowingArea.id.in_(wanted))))
    if missing := wanted - known:
        raise NotFoundError(f"There is no growing area {min(missing)}.")
    total = sum((source.quantity or Decimal(0) for source in sources), Decimal(0))
    if quantity is not None and total > quantity:
        raise InvalidInputError(f"The sources add up to {total}, more than the lot's {quantity}.")
