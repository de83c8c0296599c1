"""Products, lots and resolver entries for programs: `/api/v1/products`, `/lots`, `/links`.

Lists answer `{"items": […], "next": address or null}`, one thing answers itself with its ETag.
"""

import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, request, url_for
from sqlalchemy.orm import Session

from gis.calendar import today
from gis.errors import ForbiddenError, InvalidInputError, NotFoundError
from traceability import lots, ocop, products
from traceability.following.origin import public_origins, public_producer
from traceability.gs1.identifiers import gtin14
from traceability.gs1.trace_link import Code, TraceLink, label_code
from traceability.linking.link_documents import LinkDocument, register_document, written
from traceability.linking.links import (
    allowed_hosts,
    get_entry,
    list_entries,
    parse_code,
    product_page,
)
from traceability.models import Lot, Product
from traceability.products import ProductCard, ProductFilter
from traceability.selling import marketplaces
from traceability.selling.photos import photo_of
from web import access, api
from web.context import current_account, public_url, settings, transaction
from web.product_labels import is_loopback

blueprint = Blueprint("product_api", __name__, url_prefix="/api/v1")

_MOST = 1000
_USUAL = 100


@blueprint.get("/products")
@access.roles("public")
@api.parameters(
    q="Words of the name, brand or producer; accents and case do not matter",
    gtin="A GTIN of 8, 12, 13 or 14 digits",
    group="OCOP group, 1 to 6",
    stars="OCOP stars of a certificate that holds today, 3 to 5",
    commune="Code of a commune",
    limit="At most so many items; 1000 is the most",
    offset="Leave out so many items",
)
def list_products() -> Response:
    """List products; narrowed by `q`, `gtin`, `group`, `stars`, `commune`."""
    limit, offset = _page()
    gtin = request.args.get("gtin")
    wanted = ProductFilter(
        on=today(),
        # Every word is one more comparison of every product.
        text=request.args.get("q", "")[:100] or None,
        group=_number("group"),
        stars=_number("stars"),
        commune_code=request.args.get("commune"),
        gtin=gtin14(gtin) if gtin else None,
    )
    with transaction() as session:
        cards = products.list_products(session, wanted, limit=limit + 1, offset=offset)
        items = [_product(session, card) for card in cards[:limit]]
    return _list(items, more=len(cards) > limit, limit=limit, offset=offset)


@blueprint.get("/products/<int:product_id>")
@access.roles("public")
def get_product(product_id: int) -> Response:
    """One product, with its listings and the number of its lots."""
    with transaction() as session:
        card = products.get_card(session, product_id)
        item = _product(session, card)
        item["story"] = card.product.story
        item["image"] = _image(session, product_id)
        item["listings"] = [
            {
                "marketplace": marketplace.code,
                "name": marketplace.name,
                "url": listing.url,
                "price_vnd": listing.price_vnd,
                "price_updated_on": listing.price_updated_on,
                "availability": listing.availability,
                "http_status": listing.http_status,
                "last_checked_at": listing.last_checked_at,
            }
            for listing, marketplace in marketplaces.list_listings(session, product_id)
        ]
        item["lot_count"] = lots.count_lots(session, product_id)
        item["labels"] = {
            kind: public_url() + url_for(f"product_labels.label_{kind}", product_id=product_id)
            for kind in ("svg", "png", "pdf")
        }
        item["lots"] = url_for(".list_lots", product=product_id)
    return _one(item)


@blueprint.get("/lots")
@access.roles("public")
@api.parameters(
    product="Number of the product",
    gtin="The product's GTIN, of 8, 12, 13 or 14 digits",
    code="The lot's code, AI (10)",
    limit="At most so many items; 1000 is the most",
    offset="Leave out so many items",
)
def list_lots() -> Response:
    """List lots, newest first; narrowed by `product` or `gtin`, and by `code`."""
    limit, offset = _page()
    gtin = request.args.get("gtin")
    with transaction() as session:
        rows = lots.browse_lots(
            session,
            product_id=_number("product"),
            gtin=gtin14(gtin) if gtin else None,
            code=request.args.get("code") or None,
            limit=limit + 1,
            offset=offset,
        )
        items = [write_lot(lot, product) for lot, product in rows[:limit]]
    return _list(items, more=len(rows) > limit, limit=limit, offset=offset)


@blueprint.get("/lots/<int:lot_id>")
@access.roles("public")
def get_lot(lot_id: int) -> Response:
    """One lot, with the growing areas it came from as the public may see them."""
    with transaction() as session:
        lot = session.get(Lot, lot_id) if lot_id < 2**63 else None
        if lot is None:
            raise NotFoundError(f"There is no lot {lot_id}.")
        product = products.get_product(session, lot.product_id)
        item = write_lot(lot, product)
        item["sources"] = [
            {
                "growing_area_id": origin.growing_area_id,
                "name": origin.name,
                "crop": origin.crop.code if origin.crop else None,
                "commune_code": origin.commune.code if origin.commune else None,
                "codes": list(origin.codes),
                "area_ha": origin.area_ha,
                "harvested_on": origin.harvested_on,
                "quantity": origin.quantity,
            }
            for origin in public_origins(session, product.id, lot.id)
        ]
    return _one(item)


@blueprint.get("/links")
@access.roles("public")
@api.parameters(
    key="One key, percent-encoded as in its address, such as /01/09520000100025",
    limit="At most so many items; 1000 is the most",
    offset="Leave out so many items",
)
def list_links() -> Response:
    """List resolver entries in the form in which they are posted; `key` asks for one."""
    limit, offset = _page()
    with transaction() as session:
        if key := request.args.get("key"):
            level = get_entry(session, parse_code(key))
            return _one({"items": [written(level)], "next": None})
        levels = list_entries(session, limit=limit + 1, offset=offset)
        items = [written(level) for level in levels[:limit]]
    return _list(items, more=len(levels) > limit, limit=limit, offset=offset)


@blueprint.put("/links")
@access.roles("producer", "officer", "administrator")
@api.body(LinkDocument)
def put_links() -> Response:
    """Register resolver entries; each replaces the whole entry of its key.

    A producer may do so for the products of their own party only.
    """
    document = request.get_json(silent=True)
    if document is None:
        raise InvalidInputError("The body must be JSON: an object with the member entries.")
    options = settings()
    with transaction("registering links") as session:
        # The Host of a request is what its sender says: it admits nothing beyond this machine.
        own = options.public_url or (public_url() if is_loopback(public_url()) else None)
        allowed = allowed_hosts(session, options.link_hosts, own)
        registered = register_document(session, document, allowed, _owner_check(session))
        return _json({"entries": [written(level) for level in registered]})


def _owner_check(session: Session) -> Callable[[Code], None] | None:
    caller = current_account()
    if caller is None or caller.has("officer", "administrator"):
        return None

    def check(code: Code) -> None:
        owner = None
        if isinstance(code, TraceLink):
            owner = products.producer_of(session, trace_code=code.code)
        elif code.key == "01":
            owner = products.producer_of(session, gtin=code.value)
        if owner is None or owner != caller.party_id:
            raise ForbiddenError(f"{code.path} is not a product of your organisation.")

    return check


def _product(session: Session, card: ProductCard) -> dict[str, Any]:
    product, certificate = card.product, card.certificate
    producer = public_producer(session, card.producer) if card.producer else None
    item: dict[str, Any] = {
        "id": product.id,
        "trace_code": product.trace_code,
        "name": product.name,
        "brand": product.brand,
        "ocop_group": product.ocop_group,
        "ocop_set": product.ocop_set,
        "summary": product.summary,
        "net_content": product.net_content,
        "shelf_life": product.shelf_life,
        "standards": product.standards,
        "producer": {"kind": producer.kind, "name": producer.name} if producer else None,
        "commune_code": card.commune.code if card.commune else None,
        "commune_name": card.commune.name if card.commune else None,
        "certificate": None,
        "is_demo": product.is_demo,
        "version": product.version,
        "uri": label_code(product.gtin, product.trace_code).uri(public_url()),
        "page": public_url() + product_page(product.id),
    }
    if product.gtin:
        item["gtin"] = product.gtin
    if certificate is not None:
        item["certificate"] = {
            "stars": certificate.stars,
            "number": certificate.number,
            "decision": certificate.decision,
            "issued_by": certificate.issued_by,
            "issued_on": certificate.issued_on,
            "expires_on": certificate.expires_on,
            "is_valid": ocop.holds(certificate, today()),
        }
    return item


def write_lot(lot: Lot, product: Product) -> dict[str, Any]:
    """A lot as the API answers it."""
    item: dict[str, Any] = {
        "id": lot.id,
        "product_id": product.id,
        "code": lot.code,
        "harvested_on": lot.harvested_on,
        "produced_on": lot.produced_on,
        "expires_on": lot.expires_on,
        "quantity": lot.quantity,
        "unit": lot.unit,
        "status": lot.status,
        "is_demo": lot.is_demo,
        "version": lot.version,
        "uri": label_code(product.gtin, product.trace_code, lot.code).uri(public_url()),
        "page": public_url() + product_page(product.id, lot.code),
    }
    if product.gtin:
        item["gtin"] = product.gtin
    return item


def _image(session: Session, product_id: int) -> dict[str, Any] | None:
    """The picture, whose address answers AVIF, WebP or JPEG by `Accept`; null without one."""
    photo = photo_of(session, product_id)
    if photo is None:
        return None
    return {
        "url": public_url() + photo.path,
        "jpeg": public_url() + photo.jpeg_path,
        "width": photo.width,
        "height": photo.height,
        "alt": photo.alt,
    }


def _list(items: list[dict[str, Any]], *, more: bool, limit: int, offset: int) -> Response:
    following = None
    if more:
        kept = {**request.args.to_dict(), "limit": limit, "offset": offset + limit}
        following = f"{public_url()}{request.path}?{urlencode(kept)}"
    return _json({"items": items, "next": following})


def _one(item: dict[str, Any]) -> Response:
    response = _json(item)
    # The page's own addresses and the day's validity are part of it: the body decides.
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:24])
    response.cache_control.no_cache = True
    return response.make_conditional(request)  # type: ignore[return-value]


def _json(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content, default=_plain), content_type="application/json")


def _plain(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value)} is not JSON")


def _page() -> tuple[int, int]:
    limit, offset = _number("limit"), _number("offset")
    if limit == 0:
        raise InvalidInputError("limit is at least 1.")
    return min(limit or _USUAL, _MOST), offset or 0


def _number(name: str) -> int | None:
    given = request.args.get(name)
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise InvalidInputError(f"{name} is a whole number, not {given[:20]!r}.")
    return int(given)
