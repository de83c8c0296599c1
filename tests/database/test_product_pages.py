import io
import json
import re
from datetime import date
from urllib.parse import quote

import pytest
from markupsafe import escape
from PIL import Image

from tests.label_reading import decoded, rendered
from tests.product_factories import GTIN, SECRET_ADDRESS, SECRET_NAME, make_scene
from traceability import lots, ocop, products
from web import assets

BASE = "https://langbiang.example"
MOST_BYTES = 60_000


@pytest.fixture
def scene(session):
    made = make_scene(session)
    session.commit()
    return made


def test_consumer_page_is_light_and_runs_no_script(client, scene):
    for address in (f"/san-pham/{scene.product.id}", f"/san-pham/{scene.product.id}/lo/L2610"):
        answer = client.get(address)
        sheets = re.findall(r'rel="stylesheet" href="([^"]+)"', answer.text)
        assert len(sheets) == 1
        style = (assets.DIST.parent.parent / "frontend/css/consumer.css").stat().st_size
        tokens = (assets.DIST.parent.parent / "frontend/css/_tokens.css").stat().st_size
        assert len(answer.data) + style + tokens < MOST_BYTES
        assert re.findall(r"<script(?! type=\"application/ld\+json\")", answer.text) == []
        assert "<script src" not in answer.text
        assert " style=" not in answer.text
        assert re.findall(r"\son\w+=", answer.text) == []
        assert "<svg" in answer.text


def test_consumer_page_says_what_a_buyer_asks(client, scene):
    text = client.get(f"/san-pham/{scene.product.id}/lo/L2610").text
    for words in (
        "Cà phê Đưng K&#39;Nớ",
        "Xã Lạc Dương",
        "HTX Cà phê Thử Nghiệm",
        "OCOP 4 sao",
        "3981/QĐ-UBND",
        "05/08/2029",
        "Vùng cà phê Đạ Nghịt",
        "VN-LDOR-0007",
        "14/10/2026",
        "https://voso.vn/ca-phe-p123",
        "postmart.vn",
        scene.product.trace_code,
        GTIN,
        "dữ liệu minh hoạ",
        "langbiang.example",
    ):
        assert words in text, words
    data = json.loads(re.search(r"ld\+json\">(.*?)</script>", text, re.DOTALL)[1])
    assert data["gtin14"] == GTIN
    assert data["hasGS1DigitalLink"] == f"{BASE}/01/{GTIN}/10/L2610"
    english = client.get(f"/san-pham/{scene.product.id}?lang=en").text
    assert '<html lang="en">' in english
    assert "Where to buy" in english


def test_no_page_or_answer_names_a_person(client, session, scene):
    hidden = products.register_product(session, name="Hồng treo", producer_id=scene.household.id)
    lot = lots.make_lot(session, hidden, "H1", [lots.Source(scene.areas[1].id)])
    session.commit()
    for address in (
        "/san-pham",
        f"/san-pham/{hidden.id}",
        f"/san-pham/{hidden.id}/lo/H1",
        f"/san-pham/{hidden.id}/tem",
        f"/san-pham/{scene.product.id}/lo/L2610",
        "/api/v1/products",
        f"/api/v1/products/{hidden.id}",
        "/api/v1/lots",
        f"/api/v1/lots/{lot.id}",
        "/api/v1/links",
        f"/t/{hidden.trace_code}?linkType=linkset",
    ):
        answer = client.get(address)
        assert answer.status_code == 200, address
        text = answer.data.decode()
        assert SECRET_NAME not in text, address
        assert SECRET_ADDRESS not in text, address
        assert "108.60" not in text, address


def test_what_is_over_comes_first(client, session, scene):
    product = products.register_product(session, name="Trà cũ", is_demo=True)
    lots.make_lot(session, product, "OLD", [], expires_on=date(2020, 1, 1))
    ocop.certify(
        session,
        product,
        stars=3,
        decision="1/QĐ",
        issued_by="UBND",
        issued_on=date(2019, 1, 1),
    )
    session.commit()
    text = client.get(f"/san-pham/{product.id}/lo/OLD").text
    assert text.index("quá hạn sử dụng") < text.index("<h1>")
    assert text.index("đã hết hiệu lực") < text.index("<h1>")
    assert "OCOP 3 sao" not in text


def test_catalogue_filters_and_pages(client, session, scene):
    for number in range(30):
        products.register_product(session, name=f"Rau {number:02}", ocop_set=1)
    session.commit()
    first = client.get("/san-pham?q=rau")
    assert first.text.count("product-card") == 24
    following = re.search(r'rel="next" href="([^"]+)"', first.text)[1].replace("&amp;", "&")
    assert client.get(following).text.count("product-card") == 6
    assert "Cà phê Đưng" in client.get("/san-pham?q=ca+phe&sao=4&xa=24848").text
    assert client.get("/san-pham?sao=bốn").status_code == 400


def test_labels_decode_to_the_address_in_three_formats(client, scene):
    page = f"/san-pham/{scene.product.id}/tem"
    for query, uri in (("", f"/01/{GTIN}"), ("?lo=L2610", f"/01/{GTIN}/10/L2610")):
        expected = [BASE + uri]
        png = client.get(f"{page}.png{query}")
        assert decoded(Image.open(io.BytesIO(png.data))) == expected
        (image,) = rendered(client.get(f"{page}.pdf{query}").data)
        assert decoded(image) == expected
        svg = client.get(f"{page}.svg{query}")
        assert svg.mimetype == "image/svg+xml"
        assert decoded(drawn(svg.text)) == expected
        assert BASE + uri in client.get(page + query).text
    assert client.get(f"{page}.svg?lo=NONE").status_code == 404


def drawn(svg: str) -> Image.Image:
    """Draw the runs of our SVG (only M, h, v and z occur) at 6 pixels a unit."""
    units = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])
    image = Image.new("1", (units * 6,) * 2, 1)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1", svg):
        left, top = int(x) * 6, int(y) * 6
        image.paste(0, (left, top, left + int(width) * 6, top + 6))
    return image.convert("L")


def test_a_loopback_address_warns(app, scene):
    app.extensions["langbiang.settings"] = app.extensions["langbiang.settings"].model_copy(
        update={"public_url": None}
    )
    client = app.test_client()
    page = f"/san-pham/{scene.product.id}/tem"
    assert "Đừng in tem này" in client.get(page, base_url="http://127.0.0.1:8000").text
    assert "Đừng in tem này" not in client.get(page, base_url="http://192.168.1.5:8000").text
    # A name in the Host header is whatever the caller likes: no code leads there.
    assert "evil.example" not in client.get(f"{page}.svg", base_url="http://evil.example").text


def test_products_over_the_api(client, scene):
    listed = client.get(f"/api/v1/products?gtin={GTIN[1:]}").json
    assert [item["gtin"] for item in listed["items"]] == [GTIN]
    assert listed["next"] is None
    item = listed["items"][0]
    assert item["certificate"]["stars"] == 4
    assert item["uri"] == f"{BASE}/01/{GTIN}"
    one = client.get(f"/api/v1/products/{item['id']}")
    assert one.json["listings"][0]["marketplace"] == "voso"
    assert one.json["lot_count"] == 1
    etag = {"If-None-Match": one.headers["ETag"]}
    assert client.get(f"/api/v1/products/{item['id']}", headers=etag).status_code == 304
    lot = client.get(f"/api/v1/lots?product={item['id']}&code=L2610").json["items"][0]
    sources = client.get(f"/api/v1/lots/{lot['id']}").json["sources"]
    assert sorted(source["quantity"] for source in sources) == [120, 300]
    assert client.get("/api/v1/products?limit=0").status_code == 400
    assert client.get("/api/v1/products/999999999999999999999").status_code == 404


@pytest.mark.parametrize("code", ["/L2610", "A//B", "\"<b>'&%", "10/21"])
def test_an_odd_lot_is_found_from_its_label_to_its_page(client, session, scene, code):
    lots.make_lot(session, scene.product, code, [])
    session.commit()
    label = f"/01/{GTIN}/10/{quote(code, safe='')}"
    page = client.get(client.get(label).headers["Location"], headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert str(escape(code)) in page.text
    assert "<b>'" not in page.text
    linkset = client.get(page.request.path, headers={"Accept": "application/linkset+json"}).json
    assert linkset["linkset"][0]["anchor"].endswith(label)
