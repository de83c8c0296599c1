"""Prices, checks, clicks and pictures of the demo's products; all invented, nobody was asked.

One address is dead, one did not answer, one was taken down: what a desk must show is there to see.
"""

import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from etl.attachment_requests import keep_attachment
from etl.demo.pictures import draw_product
from etl.demo.tables import SOURCE
from traceability.models import ClickDay, Listing, Product, ProductPhoto
from traceability.selling.listing_checks import Answer, record_check
from traceability.selling.marketplaces import retire_listing
from traceability.selling.photos import add_photo

_ACTOR = "demo"
# What one costs, in thousands of đồng; products not named here state no price.
_PRICES = {
    "ca-phe-hat": 185,
    "ca-phe-bot": 120,
    "ca-phe-deo-gio": 320,
    "ca-phe-rung-dam": 165,
    "tra-atiso": 75,
    "cao-atiso": 240,
    "tra-o-long": 150,
    "dau-tay-tuoi": 180,
    "dau-tay-say": 95,
    "hong-treo-gio": 260,
    "ot-ngot": 55,
    "ca-chua-cherry": 48,
    "gao-st25": 42,
    "bo-034": 60,
    "vang-dau": 210,
    "khan-tho-cam": 450,
}
# What the last checks said, by part of the address; all else was found.
_ANSWERS = {
    "37nghean.com/san-pham/minh-hoa-hong": (Answer(404), Answer(410)),
    "lazada.vn/products/minh-hoa-hoa-cuc": (Answer(200), Answer(None, "timeout")),
}
_UNCHECKED = ("shopee.vn", "tiki.vn")
_RETIRED = "postmart.vn/p/minh-hoa-tra-o-long"
_SEEN = {
    "ca-phe-hat": "Hạt cà phê rang nâu trước triền đồi",
    "dau-tay-tuoi": "Dâu tây đỏ trước triền đồi",
    "khan-tho-cam": "Khăn thổ cẩm dệt hoa văn hình thoi",
}


def load_offers(session: Session, today: date) -> int:
    """Say prices of the demo's listings, what checks found, and how often buyers went; flushes.

    Returns:
        How many listings were told of; those that somebody changed stay as they are.
    """
    now = datetime.now(UTC)
    rows = session.execute(
        select(Listing, Product.source_id)
        .join(Product, Product.id == Listing.product_id)
        .where(
            Listing.is_demo,
            Product.source == SOURCE,
            Listing.price_vnd.is_(None),
            Listing.last_checked_at.is_(None),
            Listing.version == 1,
            Listing.id.not_in(select(ClickDay.listing_id)),
        )
        .order_by(Listing.id)
    ).all()
    for listing, key in rows:
        chance = Random(listing.url)  # noqa: S311  no secret
        if key in _PRICES:
            listing.price_vnd = (_PRICES[key] + chance.choice((-5, 0, 0, 5))) * 1000
            listing.price_updated_on = today - timedelta(days=chance.randrange(3, 60))
            listing.availability = chance.choice(("in_stock", "in_stock", "in_stock", None))
        session.flush()
        for back in range(1, 29):
            clicks = chance.choice((0, 0, 0, 1, 2, 5)) * chance.choice((0, 1, 1))
            if clicks:
                day = today - timedelta(days=back)
                session.add(ClickDay(listing_id=listing.id, day=day, clicks=clicks))
        if not any(host in listing.url for host in _UNCHECKED):
            said = next((each for part, each in _ANSWERS.items() if part in listing.url), None)
            for hours, answer in zip((30, 6), said or (Answer(200), Answer(200)), strict=True):
                record_check(session, listing, answer, now - timedelta(hours=hours))
        if _RETIRED in listing.url:
            retire_listing(session, listing, now - timedelta(days=4))
    session.flush()
    return len(rows)


def load_pictures(session: Session, folder: Path) -> int:
    """Draw a picture of each demo product that has none; the worker makes it small; flushes."""
    with_picture = select(ProductPhoto.product_id)
    products = session.scalars(
        select(Product)
        .where(Product.source == SOURCE, Product.is_demo, Product.id.not_in(with_picture))
        .order_by(Product.id)
    ).all()
    for product in products:
        key = str(product.source_id)
        attachment = keep_attachment(
            session,
            io.BytesIO(draw_product(key)),
            folder=folder,
            purpose="product-photo",
            file_name=f"{key}.png",
            created_by=_ACTOR,
        )
        add_photo(
            session,
            product,
            attachment_id=attachment.id,
            token=attachment.token,
            alt=_SEEN.get(key, f"Tranh vẽ minh hoạ: {product.name}"),
            actor=_ACTOR,
        )
    return len(products)
