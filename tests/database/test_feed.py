"""Products for machines: the feed for shops, JSON-LD, GTINs as they are printed."""

import csv
import io
from datetime import date

import pytest
from sqlalchemy import select

from tests.product_factories import GTIN, SECRET_ADDRESS, SECRET_NAME, make_scene
from traceability import ocop, products
from traceability.models import Listing
from traceability.selling import feed, marketplaces, photos


@pytest.fixture
def scene(session):
    made = make_scene(session)
    session.commit()
    return made


def rows_of(client):
    answer = client.get("/api/v1/feed/products.csv")
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith(b"\xef\xbb\xbf"), "Excel needs the mark"
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_the_feed_tells_what_a_shop_needs_and_nothing_of_a_person(session, scene, client):
    cheap, dear = session.scalars(select(Listing).order_by(Listing.id)).all()
    for listing, price in ((cheap, 185_000), (dear, 199_000)):
        marketplaces.change_listing(
            session, listing, url=listing.url, version=listing.version, on=date(2026, 11, 1),
            terms=marketplaces.Terms(price, "in_stock"),
        )  # fmt: skip
    products.register_product(
        session, name='=HYPERLINK("https://evil.example")', producer_id=scene.household.id,
        ocop_set=13, summary="+84 912 345 678\nxuống dòng", commune_id=scene.commune.id,
    )  # fmt: skip
    session.commit()
    first, second = rows_of(client)
    assert list(first) == list(feed.COLUMNS)
    assert first["gtin"] == "9520009000012"
    assert (first["price"], first["currency"], first["availability"]) == (
        "185000", "VND", "in_stock",
    )  # fmt: skip
    assert first["price_updated_on"] == "2026-11-01"
    assert (first["origin"], first["place"]) == ("VN", "Xã Lạc Dương")
    assert (first["certificate"], first["certificate_number"]) == ("OCOP 4 sao", "3981/QĐ-UBND")
    assert first["digital_link"] == f"https://langbiang.example/01/{GTIN}"
    assert first["offers"].split() == [cheap.url, dear.url]
    assert second["title"].startswith("'=")
    assert second["description"] == "'+84 912 345 678 xuống dòng"
    assert (second["gtin"], second["brand"], second["price"]) == ("", "", "")
    whole = client.get("/api/v1/feed/products.csv").text
    assert SECRET_NAME not in whole
    assert SECRET_ADDRESS not in whole


def test_a_feed_of_more_than_one_batch_is_whole(session, scene, client, monkeypatch):
    monkeypatch.setattr(feed, "_BATCH", 2)
    for number in range(4):
        products.register_product(session, name=f"Sản phẩm {number}", ocop_set=1)
    products.register_product(session, name="Quả tươi (nguyên liệu)")
    session.commit()
    assert len(rows_of(client)) == 5


def test_json_ld_has_picture_prices_and_certificate(session, scene):
    listing = session.scalars(select(Listing).order_by(Listing.id)).first()
    listing.price_vnd, listing.price_updated_on = 185_000, date(2026, 11, 1)
    listing.availability = "out_of_stock"
    certificate = ocop.latest_certificate(session, scene.product.id)
    described = feed.describe_product(
        scene.product,
        site="https://langbiang.example",
        address=f"https://langbiang.example/01/{GTIN}",
        organisation=feed.organisation_name(scene.household),
        certificate=certificate,
        photo=photos.Photo(scene.product.id, "ab" * 16, 720, 480, "Gói"),
        offers=marketplaces.list_listings(session, scene.product.id),
    )
    assert described["gtin13"] == "9520009000012"
    assert described["image"]["url"] == f"https://langbiang.example/anh/{'ab' * 16}.jpeg"
    priced, plain = described["offers"]
    assert (priced["price"], priced["priceCurrency"]) == ("185000", "VND")
    assert priced["availability"] == "https://schema.org/OutOfStock"
    assert "price" not in plain
    assert described["hasCertification"]["expires"] == "2029-08-05"
    assert "manufacturer" not in described, "a household is not named"


@pytest.mark.parametrize(
    ("gtin", "printed"),
    [
        ("09520009000012", "9520009000012"),
        ("19520009000019", "19520009000019"),
        ("00012345678905", "0012345678905"),
        ("00000096385074", "96385074"),
    ],
)
def test_gtins_as_they_are_printed(gtin, printed):
    assert feed.printed_gtin(gtin) == printed
