"""The shop window: who may change what, listings, words, pictures, clicks."""

import io
import threading
from datetime import date

import pytest
from PIL import Image
from sqlalchemy import func, select, text

from etl import attachments
from etl.models import Attachment
from gis.errors import StaleVersionError
from tests.product_factories import GTIN, make_scene
from traceability import products
from traceability.gs1.digital_link import parse_path
from traceability.linking import links
from traceability.models import ClickDay, Listing, ProductPhoto
from traceability.selling import marketplaces, offering, photos
from traceability.selling.clicks import count_click
from web.models import Account

BROWSER = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari/537.36"}
ADDRESS = "https://voso.vn/ca-phe-moi-p777"


@pytest.fixture
def scene(session):
    made = make_scene(session)
    session.commit()
    return made


@pytest.fixture
def producer(session, scene, sign_in):
    """A client of the cooperative's own producer."""
    client = sign_in("producer")
    account = session.scalars(select(Account).order_by(Account.id.desc())).first()
    account.party_id = scene.cooperative.id
    session.commit()
    return client


def picture(colour="darkgreen", kind="PNG"):
    out = io.BytesIO()
    Image.new("RGB", (900, 600), colour).save(out, kind)
    return out.getvalue()


def work(sessions, session, folder, settings):
    for (number,) in session.execute(select(Attachment.id).order_by(Attachment.id)).all():
        attachments.run_check(sessions, settings.files_folder, number)
    session.expire_all()


def test_only_who_makes_it_or_the_communes_officer_may_change_a_product(
    session, scene, producer, sign_in, client
):
    other = products.register_product(session, name="Của người khác")
    session.commit()
    page, listing = f"/gian-hang/{scene.product.id}", session.scalars(select(Listing)).first()
    assert producer.get(page).status_code == 200
    assert producer.get(f"/gian-hang/{other.id}").status_code == 403
    assert producer.post(f"/san-pham/{other.id}/sua", data={"version": 1}).status_code == 403
    assert producer.post(f"/gian-hang/{other.id}/{listing.id}/go").status_code == 403
    assert producer.get(f"/gian-hang/{scene.product.id}/999999").status_code == 405
    assert producer.post(f"/gian-hang/{scene.product.id}/999999/go").status_code == 404
    assert sign_in("officer", "24848").get(page).status_code == 200
    assert sign_in("officer", "24955").get(page).status_code == 403
    assert sign_in("officer").get(f"/gian-hang/{other.id}").status_code == 200
    assert sign_in("producer").get(page).status_code == 403, "of no organisation"
    for role in ("farmer", "leader", "researcher"):
        assert sign_in(role).get(page).status_code == 403
    assert client.get(page).status_code == 401
    # One's own desk shows one's own.
    assert "Của người khác" not in producer.get("/gian-hang").text
    assert "Của người khác" in sign_in("administrator").get("/gian-hang").text


def test_a_listing_is_added_changed_taken_down_and_taken_up_again(session, scene, producer):
    base = f"/gian-hang/{scene.product.id}"
    said = {"url": ADDRESS, "price": "185.000 đ", "availability": "in_stock"}
    assert producer.post(base, data=said).status_code == 303
    listing = session.scalars(select(Listing).where(Listing.url == ADDRESS)).one()
    assert (listing.price_vnd, listing.availability, listing.version) == (185_000, "in_stock", 1)
    answer = producer.post(base, data=said)
    assert answer.status_code == 422
    assert "Sản phẩm đã có địa chỉ này." in answer.text
    assert answer.text.count(ADDRESS) >= 2, "what was typed stays in the form"
    changed = {"url": ADDRESS + "/", "price": "190000", "version": "1"}
    assert producer.post(f"{base}/{listing.id}", data=changed).status_code == 303
    stale = producer.post(f"{base}/{listing.id}", data={**changed, "price": "1"})
    assert stale.status_code == 412
    session.expire_all()
    assert (listing.price_vnd, listing.availability, listing.version) == (190_000, None, 2)
    producer.post(f"{base}/{listing.id}/go")
    session.expire_all()
    assert listing.retired_at is not None
    hrefs = [link.href for link in links.get_entry(session, parse_path(f"/01/{GTIN}")).links]
    assert listing.url not in hrefs
    assert "Địa chỉ đã gỡ (1)" in producer.get(base).text
    producer.post(f"{base}/{listing.id}/mo-lai")
    session.expire_all()
    assert (listing.retired_at, listing.price_vnd) == (None, 190_000)
    assert listing.url in [
        link.href for link in links.get_entry(session, parse_path(f"/01/{GTIN}")).links
    ]


@pytest.mark.parametrize(
    ("url", "price"),
    [
        ("http://voso.vn/ca-phe-p1", ""),
        ("https://voso.vn.evil.example/ca-phe-p1", ""),
        ("https://evil.example/ca-phe-p1", ""),
        ("https://user@voso.vn/ca-phe-p1", ""),
        ("https://voso.vn\\@evil.example/x-p1", ""),
        ("https://voso.vn/", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
        (ADDRESS, "-5"),
        (ADDRESS, "0"),
        (ADDRESS, "12,5"),
        (ADDRESS, "99999999999"),
        (ADDRESS, "rẻ lắm"),
    ],
)
def test_what_is_no_listing_is_refused(session, scene, producer, url, price):
    answer = producer.post(f"/gian-hang/{scene.product.id}", data={"url": url, "price": price})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert session.scalar(select(func.count(Listing.id))) == 2


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("120000", 120_000),
        ("120.000", 120_000),
        ("1.250.000 đồng", 1_250_000),
        ("120,000 VND", 120_000),
        ("95 000₫", 95_000),
        ("  ", None),
    ],
)
def test_prices_as_people_write_them(said, expected):
    assert marketplaces.read_price(said) == expected


def test_coverage_counts_products_that_are_really_sold(session, scene):
    products.register_product(
        session, name="Chưa bán", producer_id=scene.cooperative.id, ocop_set=1
    )
    products.register_product(session, name="Quả tươi (nguyên liệu)")
    scope = offering.EditScope(party_id=scene.cooperative.id)
    assert offering.listed_products(session, scope) == offering.Coverage(
        2, 1, {"voso": 1, "postmart": 1}
    )
    for listing in session.scalars(select(Listing)):
        marketplaces.retire_listing(session, listing, listing.created_at)
    assert offering.listed_products(session).listed == 0


def test_two_people_edit_and_neither_overwrites_the_other_unseen(session, scene, producer):
    address = f"/san-pham/{scene.product.id}/sua"
    version = scene.product.version
    first = {"version": version, "summary": "Một", "story": "Đoạn một.\r\n\r\nĐoạn hai.  \r\n"}
    assert producer.post(address, data=first).status_code == 303
    session.expire_all()
    assert scene.product.story == "Đoạn một.\n\nĐoạn hai."
    assert scene.product.version == version + 1
    answer = producer.post(address, data={**first, "summary": "Hai"})
    assert answer.status_code == 412
    assert "Đang lưu:" in answer.text
    assert ">Hai</textarea>" in answer.text
    session.expire_all()
    assert scene.product.summary == "Một"
    again = producer.post(address, data={**first, "summary": "Hai", "version": version + 1})
    assert again.status_code == 303
    same = {**first, "summary": "Hai", "version": version + 2}
    assert producer.post(address, data=same).status_code == 303
    session.expire_all()
    assert (scene.product.summary, scene.product.version) == ("Hai", version + 2)
    long = producer.post(address, data={"version": version + 2, "summary": "x" * 301})
    assert long.status_code == 422
    assert producer.post(address, data={"version": "x"}).status_code == 400
    # Names and codes are no matter of this form.
    producer.post(address, data={"version": version + 2, "name": "Khác", "gtin": "123"})
    session.expire_all()
    assert scene.product.name == "Cà phê Đưng K'Nớ"


def send_photo(producer, scene, data, name="a.png", alt="Gói cà phê"):
    return producer.post(
        f"/san-pham/{scene.product.id}/anh",
        data={"photo": (io.BytesIO(data), name), "alt": alt},
        content_type="multipart/form-data",
    )


def test_a_picture_is_sent_looked_at_served_by_accept_replaced_and_removed(
    session, sessions, scene, producer, client, settings
):
    send_photo(producer, scene, picture())
    assert photos.photo_of(session, scene.product.id) is None, "nobody sees it before the worker"
    assert "Máy đang kiểm tra" in producer.get(f"/san-pham/{scene.product.id}/anh").text
    work(sessions, session, None, settings)
    photo = photos.photo_of(session, scene.product.id)
    assert (photo.width, photo.height, photo.alt) == (720, 480, "Gói cà phê")
    for accept, kind in (
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "image/avif"),
        ("image/webp,image/png,image/*;q=0.8,*/*;q=0.5", "image/webp"),
        ("image/avif;q=0.2,image/jpeg", "image/jpeg"),
        ("*/*", "image/jpeg"),
        ("", "image/jpeg"),
        ("image/avif;q=0,image/webp;q=0", "image/jpeg"),
    ):
        answer = client.get(photo.path, headers={"Accept": accept})
        assert (answer.status_code, answer.mimetype) == (200, kind), accept
        assert len(answer.data) <= 60_000
        assert "Accept" in answer.headers["Vary"]
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        again = client.get(
            photo.path, headers={"Accept": accept, "If-None-Match": answer.headers["ETag"]}
        )
        assert again.status_code == 304
    assert client.get(f"/anh/{photo.token}.webp").mimetype == "image/webp"
    for wrong in ("/anh/x", f"/anh/{photo.token}.png", "/anh/../../keys", f"/anh/{'0' * 32}"):
        assert client.get(wrong).status_code == 404
    # Replaced: the old one is shown until the new one is good, then it is gone.
    send_photo(producer, scene, b"no picture at all")
    work(sessions, session, None, settings)
    assert photos.photo_of(session, scene.product.id).token == photo.token
    assert "Loại tệp này không nhận." in producer.get(f"/san-pham/{scene.product.id}/anh").text
    send_photo(producer, scene, picture("maroon"))
    send_photo(producer, scene, picture("navy"), alt="")
    work(sessions, session, None, settings)
    newer = photos.photo_of(session, scene.product.id)
    assert newer.token != photo.token
    assert newer.alt == scene.product.name
    assert client.get(photo.path).status_code == 404
    states = session.execute(select(ProductPhoto.state, func.count()).group_by(ProductPhoto.state))
    assert dict(tuple(row) for row in states) == {"ready": 1, "replaced": 3}
    producer.post(f"/san-pham/{scene.product.id}/anh/bo")
    assert photos.photo_of(session, scene.product.id) is None
    session.expire_all()
    assert client.get(newer.path).status_code == 404
    kept = select(func.count()).where(Attachment.state == "ready")
    assert session.scalar(kept) == 0, "nothing is kept that nobody wants"


def test_a_form_without_a_file_or_with_too_big_a_one_says_so(session, scene, producer):
    assert send_photo(producer, scene, b"", name="").status_code == 303
    assert "Chưa chọn tệp." in producer.get(f"/san-pham/{scene.product.id}/anh").text
    send_photo(producer, scene, b"x" * (12 * 2**20 + 1))
    assert "Tệp quá lớn." in producer.get(f"/san-pham/{scene.product.id}/anh").text
    assert session.scalar(select(func.count(Attachment.id))) == 0


def test_clicks_are_counted_by_day_and_lead_nowhere_else(session, scene, client):
    listing = session.scalars(select(Listing)).first()
    for _ in range(3):
        answer = client.get(f"/ra/{listing.id}?url=https://evil.example", headers=BROWSER)
        assert (answer.status_code, answer.headers["Location"]) == (302, listing.url)
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Cache-Control"] == "no-store"
    for agent in ("Googlebot/2.1", "facebookexternalhit/1.1", "Zalo-Preview/1.0"):
        client.get(f"/ra/{listing.id}", headers={"User-Agent": agent})
    client.get(f"/ra/{listing.id}", headers={**BROWSER, "Sec-Purpose": "prefetch;prerender"})
    client.head(f"/ra/{listing.id}", headers=BROWSER)
    rows = session.execute(select(ClickDay.listing_id, ClickDay.clicks)).all()
    assert rows == [(listing.id, 3)]
    columns = session.scalars(
        text("SELECT column_name FROM information_schema.columns WHERE table_name = 'click_day'")
    )
    assert set(columns) == {"listing_id", "day", "clicks"}, "nothing about who went"
    marketplaces.retire_listing(session, listing, listing.created_at)
    session.commit()
    for gone in (listing.id, 10**12, 10**30):
        assert client.get(f"/ra/{gone}", headers=BROWSER).status_code == 404


def test_two_at_once_lose_no_click_and_overwrite_no_price(clone_sessions):
    with clone_sessions.begin() as session:
        scene = make_scene(session)
        number = session.scalars(select(Listing.id).order_by(Listing.id)).first()
        product_id = scene.product.id
    told = []

    def click():
        for _ in range(40):
            with clone_sessions.begin() as session:
                count_click(session, number, date(2026, 11, 22))

    def change(price):
        try:
            with clone_sessions.begin() as session:
                listing = marketplaces.get_listing(session, number, product_id)
                together.wait()
                marketplaces.change_listing(
                    session,
                    listing,
                    url=listing.url,
                    terms=marketplaces.Terms(price),
                    version=1,
                )
            told.append(price)
        except StaleVersionError:
            told.append(None)

    together = threading.Barrier(2, timeout=120)
    threads = [threading.Thread(target=click) for _ in range(2)]
    threads += [threading.Thread(target=change, args=(price,)) for price in (1000, 2000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with clone_sessions() as session:
        assert session.scalars(select(ClickDay.clicks)).all() == [80]
        [won] = [price for price in told if price is not None]
        assert told.count(None) == 1
        assert session.get(Listing, number).price_vnd == won
