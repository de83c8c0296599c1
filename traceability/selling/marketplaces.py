"""Marketplaces and listings: https only, known hosts only, addresses of the known forms only."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.calendar import today
from gis.errors import ConflictError, InvalidInputError, NotFoundError, StaleVersionError
from gis.models.columns import choices
from traceability.linking import links
from traceability.models import Listing, Marketplace, Product

MOST_VND = 10_000_000_000

# What the path of a product or shop looks like, where that is known; the others may lead anywhere
# on their host but to its front page. Query strings are left to the marketplace.
_FORMS: dict[str, tuple[str, str]] = {
    "postmart.vn": (r"/p/[^/]+-\d+\.html", "/p/<name>-<number>.html"),
    "voso.vn": (r"/[^/]+-[sp]\d+/?", "/<name>-p<number> or /<name>-s<number>"),
    "shopee.vn": (r"/[^/]+-i\.\d+\.\d+/?", "/<name>-i.<shop>.<item>"),
    "lazada.vn": (
        r"/products/[^/]+-i\d+(-s\d+)?\.html",
        "/products/<name>-i<id>-s<sku>.html",
    ),
    "tiki.vn": (r"/[^/]+-p\d+\.html", "/<name>-p<number>.html"),
    "sendo.vn": (r"/[^/]+-\d+\.html", "/<name>-<number>.html"),
    "shop.tiktok.com": (r"/view/product/\d+/?", "/view/product/<number>"),
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a producer says of an offer: a price in đồng, and whether it can be had."""

    price_vnd: int | None = None
    availability: str | None = None


def list_on_marketplace(
    session: Session,
    product: Product,
    marketplace_code: str | None,
    url: str,
    *,
    terms: Terms | None = None,
    on: date | None = None,
    is_demo: bool = False,
    renew_links: bool = True,
) -> Listing:
    """Record where a product is sold on a marketplace and renew its links; flushes.

    An address that was taken down before is taken up again.

    Args:
        session: The transaction.
        product: The product.
        marketplace_code: The marketplace; None: the one whose host it is.
        url: The address there.
        terms: Price and availability.
        on: The day on which the price is stated; today when absent.
        is_demo: Invented for the demonstration.
        renew_links: Else the caller does, once for many (`links.publish_product`).

    Raises:
        NotFoundError: When there is no such marketplace.
        InvalidInputError: Not https, another host, not the form of its addresses, an odd price.
        ConflictError: When the product is listed at this address already.
    """
    marketplace = (
        find_marketplace(session, url)
        if marketplace_code is None
        else get_marketplace(session, marketplace_code)
    )
    address = check_listing_url(marketplace.hosts, url)
    listing = session.scalar(
        select(Listing)
        .where(Listing.product_id == product.id, Listing.url == address)
        .with_for_update()
    )
    if listing is not None and listing.retired_at is None:
        raise ConflictError(f"Product {product.id} is listed at {address} already.", url=address)
    if listing is None:
        listing = Listing(
            product_id=product.id, marketplace_id=marketplace.id, url=address, is_demo=is_demo
        )
        session.add(listing)
    else:
        listing.retired_at = None
        listing.version += 1
        _forget_checks(listing)
    _state_terms(listing, terms or Terms(), on or today())
    session.flush()
    if renew_links:
        links.publish_product(session, product)
    return listing


def change_listing(
    session: Session,
    listing: Listing,
    *,
    url: str,
    terms: Terms,
    version: int,
    on: date | None = None,
    renew_links: bool = True,
) -> None:
    """Change where a product is sold or for how much, from the version that was seen; flushes.

    Another address is one that was never checked. `renew_links` as in `list_on_marketplace`.

    Raises:
        StaleVersionError: Somebody changed it since; nothing is overwritten.
        InvalidInputError: As `list_on_marketplace`.
        ConflictError: The product is, or was, listed at the new address.
    """
    session.refresh(listing, with_for_update=True)
    if listing.version != version:
        raise StaleVersionError(
            f"Listing {listing.id} was changed since you opened it (version {listing.version}).",
            version=listing.version,
        )
    marketplace = find_marketplace(session, url)
    address = check_listing_url(marketplace.hosts, url)
    if address != listing.url:
        same = select(Listing.id).where(
            Listing.product_id == listing.product_id, Listing.url == address
        )
        if session.scalar(same) is not None:
            raise ConflictError(f"There is a listing at {address} already.", url=address)
        listing.url, listing.marketplace_id = address, marketplace.id
        _forget_checks(listing)
    _state_terms(listing, terms, on or today())
    listing.version += 1
    session.flush()
    if renew_links:
        links.publish_product(session, session.get_one(Product, listing.product_id))


def retire_listing(session: Session, listing: Listing, at: datetime) -> None:
    """Take a listing down: shown to nobody, kept with its clicks; asked twice, done once; flushes.

    Adding its address again takes it up again.
    """
    session.refresh(listing, with_for_update=True)
    if listing.retired_at is not None:
        return
    listing.retired_at = at
    listing.version += 1
    session.flush()
    links.publish_product(session, session.get_one(Product, listing.product_id))


def get_listing(session: Session, listing_id: int, product_id: int) -> Listing:
    """Return a listing of a product by its number.

    Raises:
        NotFoundError: When the product has none of it.
    """
    listing = session.get(Listing, listing_id) if 0 < listing_id < 2**63 else None
    if listing is None or listing.product_id != product_id:
        raise NotFoundError(f"Product {product_id} has no listing {listing_id}.")
    return listing


def list_marketplaces(session: Session) -> list[Marketplace]:
    """List the marketplaces in their order."""
    return list(session.scalars(select(Marketplace).order_by(Marketplace.position)))


def get_marketplace(session: Session, code: str) -> Marketplace:
    """Return a marketplace by its code.

    Raises:
        NotFoundError: When there is none.
    """
    marketplace = session.scalar(select(Marketplace).where(Marketplace.code == code))
    if marketplace is None:
        raise NotFoundError(f"There is no marketplace {code!r}.")
    return marketplace


def find_marketplace(session: Session, url: str) -> Marketplace:
    """Say which marketplace an address belongs to, by its host.

    Raises:
        InvalidInputError: Not an address, or no marketplace known here.
    """
    return of_host(list_marketplaces(session), url)


def of_host(known: Sequence[Marketplace], url: str) -> Marketplace:
    """Say which of several marketplaces an address belongs to, by its host.

    Raises:
        InvalidInputError: Not an address, or none of them.
    """
    host = urlsplit(links.plain_address(url)).hostname or ""
    for marketplace in known:
        if any(links.is_within(host, domain) for domain in marketplace.hosts):
            return marketplace
    hosts = [domain for marketplace in known for domain in marketplace.hosts]
    raise InvalidInputError(
        f"{host} is not a marketplace known here: {', '.join(hosts)}.",
        hosts=hosts,
        rule="unknown-host",
    )


def read_price(text: str) -> int | None:
    """Read a price in đồng as people write it: `120000`, `120.000 đ`, `120,000 VND`.

    Raises:
        InvalidInputError: Anything else, or beyond what the column holds.
    """
    bare = re.sub(r"(?i)\s*(đồng|vn[dđ]|[dđ₫])\s*$", "", text.strip()).strip()
    if not bare:
        return None
    if not re.fullmatch(r"[0-9]{1,11}|[0-9]{1,3}([.,  ][0-9]{3}){1,3}", bare):
        raise InvalidInputError(
            f"{text[:40]!r} is no price: whole đồng, such as 120000 or 120.000.", rule="price"
        )
    price = int(re.sub(r"[^0-9]", "", bare))
    if not 1 <= price <= MOST_VND:
        raise InvalidInputError(f"A price is 1 to {MOST_VND} đồng.", rule="price")
    return price


def list_listings(session: Session, product_id: int) -> list[tuple[Listing, Marketplace]]:
    """List where a product is sold, dead addresses left out, in the marketplaces' order."""
    rows = session.execute(
        select(Listing, Marketplace)
        .join(Marketplace, Marketplace.id == Listing.marketplace_id)
        .where(Listing.product_id == product_id, links.LISTED)
        .order_by(Marketplace.position, Listing.id)
    )
    return [(listing, marketplace) for listing, marketplace in rows]


def check_listing_url(hosts: Iterable[str], url: str) -> str:
    """Check an address of a marketplace and return it, its host in lower case.

    Args:
        hosts: The marketplace's hosts; their subdomains count too.
        url: The address.

    Raises:
        InvalidInputError: Not https, a user or port in it, another host, an unknown form.
    """
    hosts = list(hosts)
    address = links.plain_address(url)
    parts = urlsplit(address)
    if parts.scheme != "https":
        raise InvalidInputError(f"{url!r} is not https: marketplaces are linked by https only.")
    host = parts.netloc
    if not any(links.is_within(host, known) for known in hosts):
        raise InvalidInputError(f"{url!r} is not on {' or '.join(hosts)}.", hosts=hosts)
    form = next((f for known, f in _FORMS.items() if links.is_within(host, known)), None)
    if form is not None and not re.fullmatch(form[0], parts.path):
        raise InvalidInputError(f"{url!r} is no product's address: on {host} it has {form[1]}.")
    if parts.path in {"", "/"}:
        raise InvalidInputError(f"{url!r} is the front page of {host}, not a product's address.")
    return address


def _state_terms(listing: Listing, terms: Terms, on: date) -> None:
    if terms.availability not in (None, *choices(Listing.availability)):
        raise InvalidInputError(f"There is no availability {terms.availability!r}.")
    if terms.price_vnd is not None and not 1 <= terms.price_vnd <= MOST_VND:
        raise InvalidInputError(f"A price is 1 to {MOST_VND} đồng.", rule="price")
    listing.price_vnd = terms.price_vnd
    listing.price_updated_on = None if terms.price_vnd is None else on
    listing.availability = terms.availability


def _forget_checks(listing: Listing) -> None:
    listing.http_status = listing.check_error = listing.last_checked_at = None
    listing.last_found_at = listing.dead_since = None
    listing.failures = listing.times_gone = 0
    listing.next_check_at = datetime.now(UTC)
