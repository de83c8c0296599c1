"""Marketplaces and listings: https only, known hosts only, addresses of the known forms only."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.errors import ConflictError, InvalidInputError, NotFoundError
from traceability import links
from traceability.models import Listing, Marketplace, Product

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


def list_on_marketplace(
    session: Session,
    product: Product,
    marketplace_code: str,
    url: str,
    *,
    is_demo: bool = False,
) -> Listing:
    """Record where a product is sold on a marketplace and renew its links; flushes.

    Raises:
        NotFoundError: When there is no such marketplace.
        InvalidInputError: Not https, another host, or not the form of its addresses.
        ConflictError: When the product is listed at this address already.
    """
    marketplace = session.scalar(select(Marketplace).where(Marketplace.code == marketplace_code))
    if marketplace is None:
        raise NotFoundError(f"There is no marketplace {marketplace_code!r}.")
    address = check_listing_url(marketplace.hosts, url)
    same = select(Listing.id).where(Listing.product_id == product.id, Listing.url == address)
    if session.scalar(same) is not None:
        raise ConflictError(f"Product {product.id} is listed at {address} already.")
    listing = Listing(
        product_id=product.id,
        marketplace_id=marketplace.id,
        url=address,
        is_demo=is_demo,
    )
    session.add(listing)
    session.flush()
    links.publish_product(session, product)
    return listing


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
