"""Products for people: the catalogue, and the page that a scanned label opens.

The consumer's page carries no script and, with its style sheet and map, at most 60 KB: it must
open at once on an old phone at the edge of a field.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request, url_for
from flask_babel import lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from gis.errors import InvalidInputError
from gis.models import AdministrativeUnit
from gis.sketches import Sketch
from traceability import lots, marketplaces, ocop, products, serials
from traceability.models import Listing, Lot, Marketplace, Product, Serial
from traceability.origin import (
    PublicOrigin,
    PublicProducer,
    origin_sketch,
    public_origins,
    public_producer,
)
from traceability.products import ProductCard, ProductFilter
from traceability.trace_link import label_code
from web import access
from web.context import public_url, transaction

blueprint = Blueprint("products", __name__)

PAGE = 24
GROUPS = {
    1: lazy_gettext("Thực phẩm"),
    2: lazy_gettext("Đồ uống"),
    3: lazy_gettext("Dược liệu"),
    4: lazy_gettext("Thủ công mỹ nghệ"),
    5: lazy_gettext("Sinh vật cảnh"),
    6: lazy_gettext("Du lịch"),
}
PRODUCER_KINDS = {
    "household": lazy_gettext("Hộ sản xuất"),
    "cooperative": lazy_gettext("Hợp tác xã"),
    "enterprise": lazy_gettext("Doanh nghiệp"),
    "agency": lazy_gettext("Cơ quan"),
    "university": lazy_gettext("Trường đại học"),
}


@dataclass(frozen=True, slots=True)
class ConsumerPage:
    """All that the page of a product or a lot shows."""

    card: ProductCard
    province: AdministrativeUnit | None
    producer: PublicProducer | None
    lot: Lot | None
    lots: list[Lot]
    origins: list[PublicOrigin]
    sketch: Sketch | None
    listings: list[tuple[Listing, Marketplace]]
    certificate_holds: bool
    serial_asked: str | None
    serial: Serial | None
    address: str
    today: date

    @property
    def product(self) -> Product:
        """The product itself."""
        return self.card.product

    @property
    def is_past_shelf_life(self) -> bool:
        """Whether the lot's last day is over."""
        return bool(self.lot and self.lot.expires_on and self.lot.expires_on < self.today)

    @property
    def is_demo(self) -> bool:
        """Whether anything shown was invented for the demonstration."""
        return self.product.is_demo or bool(self.lot and self.lot.is_demo)


@blueprint.get("/san-pham")
@access.roles("public")
def catalogue() -> str:
    """The catalogue, searched without accents and narrowed by group, stars and commune."""
    page = max(_number("trang") or 1, 1)
    wanted = ProductFilter(
        on=today(),
        text=request.args.get("q", "").strip()[:100] or None,
        group=_number("nhom"),
        stars=_number("sao"),
        commune_code=request.args.get("xa") or None,
    )
    with transaction() as session:
        cards = products.list_products(
            session, wanted, limit=PAGE + 1, offset=min((page - 1) * PAGE, 1_000_000)
        )
        kept = {name: value for name, value in request.args.items() if name != "lang" and value}
        return render_template(
            "products/catalogue.html",
            cards=cards[:PAGE],
            producers={
                card.product.id: public_producer(session, card.producer)
                for card in cards[:PAGE]
                if card.producer is not None
            },
            count=products.count_products(session, wanted),
            wanted=wanted,
            groups=GROUPS,
            kinds=PRODUCER_KINDS,
            communes=_communes_with_products(session),
            holds=ocop.holds,
            today=wanted.on,
            page=page,
            previous=_with(kept, page - 1) if page > 1 else None,
            following=_with(kept, page + 1) if len(cards) > PAGE else None,
        )


@blueprint.get("/san-pham/<int:product_id>")
@access.roles("public")
def product_page(product_id: int) -> str:
    """The page of a product."""
    with transaction() as session:
        card = products.get_card(session, product_id)
        return _render(_gather(session, card, None))


@blueprint.get("/san-pham/<int:product_id>/lo/<path:lot_code>")
@access.roles("public")
def lot_page(product_id: int, lot_code: str) -> str:
    """The page of a lot: the product's, with this lot's own fields and days."""
    with transaction() as session:
        card = products.get_card(session, product_id)
        lot = lots.get_lot(session, product_id, lot_code)
        return _render(_gather(session, card, lot))


def today() -> date:
    """The day in Vietnam."""
    return datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).date()


def _gather(session: Session, card: ProductCard, lot: Lot | None) -> ConsumerPage:
    product, day = card.product, today()
    origins = public_origins(session, product.id, lot.id if lot else None)
    if lot is not None:
        # A lot's journey is told from its first day on; a product's newest fields come first.
        origins.sort(key=lambda origin: origin.harvested_on or date.min)
    asked = request.args.get("tem") or None
    serial = serials.find_serial(session, product.id, asked) if asked else None
    if serial is not None and lot is not None and serial.lot_id not in (None, lot.id):
        serial = None
    code = label_code(product.gtin, product.trace_code, lot.code if lot else None)
    commune = card.commune
    return ConsumerPage(
        card=card,
        province=_unit(session, commune.parent_id) if commune is not None else None,
        producer=public_producer(session, card.producer) if card.producer else None,
        lot=lot,
        lots=[] if lot else lots.list_lots(session, product.id, limit=12),
        origins=origins,
        sketch=origin_sketch(session, product, origins, day),
        listings=marketplaces.list_listings(session, product.id),
        certificate_holds=card.certificate is not None and ocop.holds(card.certificate, day),
        serial_asked=asked[:20] if asked else None,
        serial=serial,
        address=code.uri(public_url()),
        today=day,
    )


def _render(page: ConsumerPage) -> str:
    return render_template(
        "products/product.html",
        page=page,
        groups=GROUPS,
        kinds=PRODUCER_KINDS,
        set_name=ocop.SETS[page.product.ocop_set][1] if page.product.ocop_set else None,
        described=describe(page),
    )


def describe(page: ConsumerPage) -> dict[str, Any]:
    """Describe a product for machines: schema.org JSON-LD, no person's data."""
    product = page.product
    described: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "@id": page.address,
        "name": product.name,
        "url": public_url() + url_for("products.product_page", product_id=product.id),
        "identifier": product.trace_code,
    }
    if product.gtin:
        described["gtin14"] = product.gtin
        described["hasGS1DigitalLink"] = page.address
    if product.brand:
        described["brand"] = {"@type": "Brand", "name": product.brand}
    if product.summary:
        described["description"] = product.summary
    if page.producer is not None and page.producer.name and page.producer.kind != "household":
        described["manufacturer"] = {"@type": "Organization", "name": page.producer.name}
    described["countryOfOrigin"] = {"@type": "Country", "name": "VN"}
    if page.card.certificate is not None and page.certificate_holds:
        described["award"] = f"OCOP {page.card.certificate.stars} sao"
    if page.lot is not None and page.lot.produced_on:
        described["productionDate"] = page.lot.produced_on.isoformat()
    offers = [
        {
            "@type": "Offer",
            "url": listing.url,
            "seller": {"@type": "Organization", "name": marketplace.name},
        }
        for listing, marketplace in page.listings
    ]
    if offers:
        described["offers"] = offers
    return described


def _unit(session: Session, unit_id: int | None) -> AdministrativeUnit | None:
    query = select(AdministrativeUnit).where(AdministrativeUnit.id == unit_id)
    return session.scalar(query.options(defer(AdministrativeUnit.boundary, raiseload=True)))


def _communes_with_products(session: Session) -> list[AdministrativeUnit]:
    with_products = select(Product.commune_id).where(Product.commune_id.is_not(None))
    return list(
        session.scalars(
            select(AdministrativeUnit)
            .where(AdministrativeUnit.id.in_(with_products), AdministrativeUnit.valid_to.is_(None))
            .order_by(AdministrativeUnit.name)
            .options(defer(AdministrativeUnit.boundary, raiseload=True))
        )
    )


def _with(kept: dict[str, str], page: int) -> str:
    return f"{url_for('.catalogue')}?{urlencode({**kept, 'trang': page})}"


def _number(name: str) -> int | None:
    given = request.args.get(name, "").strip()
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 7):
        raise InvalidInputError(f"{name} is a whole number, not {given[:20]!r}.")
    return int(given)
