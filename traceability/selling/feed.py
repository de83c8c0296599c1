"""A product for machines: schema.org JSON-LD for its page, and one row of the feed for shops.

Both tell the same: what a shop needs to list a product, and nothing of a person. A household is
never named here, not even with consent, which it gave for a page and not for a list.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from gis.models import AdministrativeUnit, Party
from traceability import ocop
from traceability.gs1.trace_link import label_code
from traceability.linking.links import LISTED, product_page
from traceability.models import Certificate, Listing, Lot, Marketplace, Product
from traceability.selling.offering import OFFERED
from traceability.selling.photos import Photo, photos_of

# Columns of the feed, in this order; new ones come last. The first eleven are named as in the
# product feeds of shops and advertisers, so that most need no mapping.
COLUMNS = {
    "id": "The platform's own trace code: stable for ever",
    "title": "Name of the product",
    "description": "What it is, in the producer's words",
    "link": "Its public page",
    "image_link": "Its picture as JPEG, at most 60 kB; empty when it has none",
    "gtin": "GTIN as printed below a bar code: 8, 12, 13 or 14 digits; empty when it has none",
    "brand": "Brand, else the organisation that makes it; never a household's name",
    "price": "Lowest price its producer stated among the marketplaces, in whole units",
    "currency": "VND where there is a price",
    "availability": "in_stock, out_of_stock or preorder, as stated with that price; else empty",
    "origin": "ISO 3166 code of the country of origin: VN",
    "price_updated_on": "Day on which the price was stated",
    "place": "Commune or ward and province where it is made",
    "net_content": "Net content as on the label",
    "certificate": "OCOP stars of a certificate that holds today",
    "certificate_number": "Number of that certificate, else of its decision",
    "certificate_expires_on": "Its last day",
    "digital_link": "The address in its QR code (GS1 Digital Link where it has a GTIN)",
    "offers": "Addresses on marketplaces, separated by spaces; dead ones are left out",
}
CURRENCY = "VND"
COUNTRY = "VN"
_SCHEMA_AVAILABILITY = {
    "in_stock": "https://schema.org/InStock",
    "out_of_stock": "https://schema.org/OutOfStock",
    "preorder": "https://schema.org/PreOrder",
}
# What a spreadsheet would take for a formula (CWE-1236).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_BATCH = 500

Offers = Sequence[tuple[Listing, Marketplace]]


@dataclass(frozen=True, slots=True)
class FeedItem:
    """A product with all that the feed says of it; `certificate` only when it holds."""

    product: Product
    organisation: str | None
    place: str | None
    certificate: Certificate | None
    photo: Photo | None
    offers: Offers


def describe_product(
    product: Product,
    *,
    site: str,
    address: str,
    organisation: str | None = None,
    certificate: Certificate | None = None,
    photo: Photo | None = None,
    offers: Offers = (),
    lot: Lot | None = None,
) -> dict[str, Any]:
    """Describe a product, or a lot of it, as a schema.org `Product`.

    Args:
        product: The product.
        site: The site's public address, without a final slash.
        address: The address in the QR code of what is described.
        organisation: Who makes it; None for a household.
        certificate: An OCOP certificate that holds.
        photo: Its picture.
        offers: Where it is sold; dead listings left out.
        lot: The lot, if its page is described.
    """
    described: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "@id": address,
        "name": product.name,
        "url": site + product_page(product.id),
        "sku": product.trace_code,
        "identifier": product.trace_code,
    }
    if product.commune_id is not None:
        described["countryOfOrigin"] = {"@type": "Country", "name": COUNTRY}
    if product.gtin:
        shortest = printed_gtin(product.gtin)
        described["gtin"] = described["gtin14"] = product.gtin
        described[f"gtin{len(shortest)}"] = shortest
        described["hasGS1DigitalLink"] = address
    if product.brand:
        described["brand"] = {"@type": "Brand", "name": product.brand}
    if product.summary:
        described["description"] = product.summary
    if organisation:
        described["manufacturer"] = {"@type": "Organization", "name": organisation}
    if photo is not None:
        described["image"] = {
            "@type": "ImageObject",
            "url": site + photo.jpeg_path,
            "width": photo.width,
            "height": photo.height,
            "caption": photo.alt,
        }
    if certificate is not None:
        described["award"] = f"OCOP {certificate.stars} sao"
        described["hasCertification"] = _certification(certificate)
    if lot is not None and lot.produced_on:
        described["productionDate"] = lot.produced_on.isoformat()
    if offers:
        described["offers"] = [_offer(listing, marketplace) for listing, marketplace in offers]
    return described


def feed_items(session: Session, day: date) -> Iterator[FeedItem]:
    """Read all products that are offered, some hundred at a time: the feed may be of any length."""
    last = 0
    while True:
        rows = session.execute(
            select(Product, Party, AdministrativeUnit)
            .outerjoin(Party, Party.id == Product.producer_id)
            .outerjoin(AdministrativeUnit, AdministrativeUnit.id == Product.commune_id)
            .options(defer(AdministrativeUnit.boundary, raiseload=True))
            .where(Product.id > last, OFFERED)
            .order_by(Product.id)
            .limit(_BATCH)
        ).all()
        if not rows:
            return
        last = rows[-1][0].id
        numbers = [product.id for product, _, _ in rows]
        photos = photos_of(session, numbers)
        offers = offers_of(session, numbers)
        certificates = _certificates(session, numbers, day)
        # An outer join: a product may have no commune.
        units: list[AdministrativeUnit | None] = [unit for _, _, unit in rows]
        provinces = _names(session, {unit.parent_id for unit in units if unit is not None})
        for product, party, unit in rows:
            yield FeedItem(
                product,
                organisation_name(party),
                _place(unit, provinces),
                certificates.get(product.id),
                photos.get(product.id),
                offers.get(product.id, ()),
            )


def feed_row(item: FeedItem, site: str) -> list[str]:
    """Write one row of the feed; no cell can be taken for a formula.

    Args:
        item: The product.
        site: The site's public address, without a final slash.
    """
    product, certificate = item.product, item.certificate
    priced = min(
        (listing for listing, _ in item.offers if listing.price_vnd is not None),
        key=lambda listing: listing.price_vnd or 0,
        default=None,
    )
    cells: Mapping[str, object] = {
        "id": product.trace_code,
        "title": product.name,
        "description": product.summary,
        "link": site + product_page(product.id),
        "image_link": site + item.photo.jpeg_path if item.photo else None,
        "gtin": printed_gtin(product.gtin) if product.gtin else None,
        "brand": product.brand or item.organisation,
        "price": priced.price_vnd if priced else None,
        "currency": CURRENCY if priced else None,
        "availability": priced.availability if priced else None,
        "origin": COUNTRY,
        "price_updated_on": priced.price_updated_on if priced else None,
        "place": item.place,
        "net_content": product.net_content,
        "certificate": f"OCOP {certificate.stars} sao" if certificate else None,
        "certificate_number": certificate.number or certificate.decision if certificate else None,
        "certificate_expires_on": certificate.expires_on if certificate else None,
        "digital_link": label_code(product.gtin, product.trace_code).uri(site),
        "offers": " ".join(listing.url for listing, _ in item.offers),
    }
    return [_cell(cells[name]) for name in COLUMNS]


def printed_gtin(gtin: str) -> str:
    """Shorten a GTIN of 14 digits to what is printed below its bar code.

    GS1 General Specifications 3.3.2: GTIN-8, -12 and -13 are padded with zeros on the left. One
    that begins with 00 may be GTIN-12 or GTIN-13 with a leading zero; both name the same product,
    and shops in Vietnam scan 13 digits.
    """
    if gtin.startswith("000000"):
        return gtin[6:]
    return gtin.removeprefix("0")


def organisation_name(party: Party | None) -> str | None:
    """The name of a producer that is an organisation; a household's is a person's."""
    return party.name if party is not None and party.kind != "household" else None


def offers_of(session: Session, product_ids: Sequence[int]) -> dict[int, Offers]:
    """Find where several products are sold, dead and retired addresses left out."""
    found: dict[int, list[tuple[Listing, Marketplace]]] = {}
    for listing, marketplace in session.execute(
        select(Listing, Marketplace)
        .join(Marketplace, Marketplace.id == Listing.marketplace_id)
        .where(Listing.product_id.in_(product_ids), LISTED)
        .order_by(Marketplace.position, Listing.id)
    ):
        found.setdefault(listing.product_id, []).append((listing, marketplace))
    return dict(found)


def _offer(listing: Listing, marketplace: Marketplace) -> dict[str, Any]:
    offer: dict[str, Any] = {
        "@type": "Offer",
        "url": listing.url,
        "offeredBy": {"@type": "Organization", "name": marketplace.name},
    }
    if listing.price_vnd is not None:
        offer["price"] = str(listing.price_vnd)
        offer["priceCurrency"] = CURRENCY
    if listing.availability is not None:
        offer["availability"] = _SCHEMA_AVAILABILITY[listing.availability]
    return offer


def _certification(certificate: Certificate) -> dict[str, Any]:
    described: dict[str, Any] = {
        "@type": "Certification",
        "name": f"OCOP {certificate.stars} sao",
        "certificationStatus": "https://schema.org/CertificationActive",
        "certificationRating": {
            "@type": "Rating",
            "ratingValue": certificate.stars,
            "bestRating": 5,
        },
        "issuedBy": {"@type": "Organization", "name": certificate.issued_by},
        "validFrom": certificate.issued_on.isoformat(),
        "expires": certificate.expires_on.isoformat(),
        "certificationIdentification": certificate.number or certificate.decision,
    }
    return described


def _certificates(session: Session, numbers: Sequence[int], day: date) -> dict[int, Certificate]:
    newest: dict[int, Certificate] = {}
    for certificate in session.scalars(
        select(Certificate)
        .where(Certificate.product_id.in_(numbers))
        .order_by(Certificate.issued_on, Certificate.id)
    ):
        newest[certificate.product_id] = certificate
    return {number: held for number, held in newest.items() if ocop.holds(held, day)}


def _names(session: Session, unit_ids: set[int | None]) -> dict[int, str]:
    rows = session.execute(
        select(AdministrativeUnit.id, AdministrativeUnit.full_name, AdministrativeUnit.name).where(
            AdministrativeUnit.id.in_([number for number in unit_ids if number is not None])
        )
    )
    return {number: full or name for number, full, name in rows}


def _place(unit: AdministrativeUnit | None, provinces: Mapping[int, str]) -> str | None:
    if unit is None:
        return None
    province = provinces.get(unit.parent_id or 0)
    return ", ".join(name for name in (unit.full_name or unit.name, province) if name)


def _cell(value: object) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
