"""What a producer offers: their products with pictures and listings, changed without surprises."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from gis.errors import StaleVersionError
from gis.models import AdministrativeUnit, Party
from traceability import products
from traceability.linking.links import LISTED
from traceability.models import Listing, Marketplace, Product
from traceability.selling.clicks import count_clicks
from traceability.selling.photos import Photo, photos_of

# What is neither coded for trade, nor graded, nor sold anywhere is a material of the workshop.
OFFERED = or_(
    Product.gtin.is_not(None),
    Product.ocop_group.is_not(None),
    exists().where(Listing.product_id == Product.id, LISTED),
)
# What its producer may say of a product; names, codes and sets are an officer's matter.
FIELDS = ("summary", "story", "net_content", "shelf_life", "standards")
CLICKS_SHOWN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class EditScope:
    """Whose products one may change: one organisation's, one commune's, else everybody's."""

    party_id: int | None = None
    commune_code: str | None = None


@dataclass(frozen=True, slots=True)
class OfferedProduct:
    """A product as its producer's desk shows it; listings hold dead and retired ones too.

    `clicks` counts buyers who followed a listing from here in the last thirty days, by listing.
    """

    product: Product
    organisation: Party | None
    photo: Photo | None
    listings: Sequence[tuple[Listing, Marketplace]]
    clicks: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many products there are, and how many of them are sold on marketplaces."""

    products: int
    listed: int
    by_marketplace: Mapping[str, int]


def list_offered(
    session: Session,
    scope: EditScope,
    today: date,
    *,
    text: str | None = None,
    limit: int,
    offset: int = 0,
) -> list[OfferedProduct]:
    """List the products of a scope by name, with all their listings."""
    rows = session.execute(
        select(Product, Party)
        .outerjoin(Party, Party.id == Product.producer_id)
        .where(*_within(scope), *_named(text))
        .order_by(Product.name, Product.id)
        .limit(limit)
        .offset(offset)
    )
    return _offered(session, [(product, party) for product, party in rows], today)


def offered_product(session: Session, product: Product, today: date) -> OfferedProduct:
    """Return one product as its producer's desk shows it."""
    party = session.get(Party, product.producer_id) if product.producer_id else None
    return _offered(session, [(product, party)], today)[0]


def count_offered(session: Session, scope: EditScope, *, text: str | None = None) -> int:
    """Count what `list_offered` would list in all."""
    query = select(func.count(Product.id)).where(*_within(scope), *_named(text))
    return session.scalar(query) or 0


def is_within(session: Session, scope: EditScope, product: Product) -> bool:
    """Whether a product is one of a scope's."""
    found = session.scalar(select(Product.id).where(Product.id == product.id, *_within(scope)))
    return found is not None


def revise_product(
    session: Session, product: Product, values: Mapping[str, Any], *, version: int
) -> bool:
    """Change what its producer says of a product, from the version that was seen; flushes.

    Args:
        session: The transaction.
        product: The product.
        values: Of `FIELDS`; blank texts become None.
        version: The version that was on the screen.

    Returns:
        Whether anything changed; then the version is one higher.

    Raises:
        StaleVersionError: Somebody changed it since; nothing is overwritten.
    """
    session.refresh(product, with_for_update={"key_share": True})
    wanted = {name: _tidy(values[name]) for name in FIELDS if name in values}
    if product.version != version:
        raise StaleVersionError(
            f"Product {product.id} was changed since you opened it (version {product.version}).",
            version=product.version,
        )
    return products.update_product(session, product, wanted)


def listed_products(session: Session, scope: EditScope | None = None) -> Coverage:
    """Count the products that are sold on marketplaces: `19/19 on Voso`, `26/35 in all`.

    A listing that is dead or retired does not count, one not checked yet does; materials of a
    workshop are no products here.
    """
    scope = scope or EditScope()
    listed = exists().where(Listing.product_id == Product.id, LISTED)
    rows = session.execute(
        select(Marketplace.code, func.count(func.distinct(Product.id)))
        .select_from(Product)
        .join(Listing, Listing.product_id == Product.id)
        .join(Marketplace, Marketplace.id == Listing.marketplace_id)
        .where(LISTED, *_within(scope))
        .group_by(Marketplace.code, Marketplace.position)
        .order_by(Marketplace.position)
    )
    everything = select(func.count(Product.id)).where(OFFERED, *_within(scope))
    return Coverage(
        session.scalar(everything) or 0,
        session.scalar(everything.where(listed)) or 0,
        {row[0]: row[1] for row in rows},
    )


def _offered(
    session: Session, rows: Sequence[tuple[Product, Party | None]], today: date
) -> list[OfferedProduct]:
    numbers = [product.id for product, _ in rows]
    photos = photos_of(session, numbers)
    listings: dict[int, list[tuple[Listing, Marketplace]]] = {}
    for listing, marketplace in session.execute(
        select(Listing, Marketplace)
        .join(Marketplace, Marketplace.id == Listing.marketplace_id)
        .where(Listing.product_id.in_(numbers))
        .order_by(Listing.retired_at.is_not(None), Marketplace.position, Listing.id)
    ):
        listings.setdefault(listing.product_id, []).append((listing, marketplace))
    everywhere = [listing.id for each in listings.values() for listing, _ in each]
    clicks = count_clicks(session, everywhere, since=today - CLICKS_SHOWN)
    return [
        OfferedProduct(
            product,
            party,
            photos.get(product.id),
            listings.get(product.id, ()),
            {
                listing.id: clicks[listing.id]
                for listing, _ in listings.get(product.id, ())
                if listing.id in clicks
            },
        )
        for product, party in rows
    ]


def _within(scope: EditScope) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if scope.party_id is not None:
        conditions.append(Product.producer_id == scope.party_id)
    if scope.commune_code is not None:
        communes = select(AdministrativeUnit.id).where(
            AdministrativeUnit.code == scope.commune_code, AdministrativeUnit.valid_to.is_(None)
        )
        conditions.append(Product.commune_id.in_(communes))
    return conditions


def _named(text: str | None) -> list[ColumnElement[bool]]:
    """Every word must be in the name, or be the beginning of a code; accents do not matter."""
    conditions: list[ColumnElement[bool]] = []
    for word in (text or "").split()[:8]:
        pattern = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        folded = func.public.f_unaccent(func.lower(Product.name))
        conditions.append(
            folded.like(
                func.concat("%", func.public.f_unaccent(func.lower(pattern)), "%"), escape="\\"
            )
            | Product.trace_code.ilike(f"{pattern}%", escape="\\")
            | Product.gtin.like(f"%{pattern}%", escape="\\")
        )
    return conditions


def _tidy(text: str | None) -> str | None:
    """A text as it is kept: paragraphs stay, blanks at the ends and carriage returns do not."""
    composed = unicodedata.normalize("NFC", text or "")
    lines = [line.rstrip() for line in composed.replace("\r\n", "\n").split("\n")]
    return "\n".join(lines).strip() or None
