"""The page that a scan opens: what comes first, the items of the law, its freshness."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.product_factories import GTIN, make_scene
from traceability import ocop, products
from traceability.epcis.capture import Captor
from traceability.labelling.serials import issue_serials
from traceability.models import ProductPhoto
from traceability.recording.checks import record_inspection, record_recall
from traceability.recording.keeping import Keeper, Share
from traceability.scanning.scans import Scanned, record_scans
from web.products import pages

BASE = "https://langbiang.example"
KEEPER = Keeper(Captor("officer", None, frozenset({"administrator"})), BASE)


@pytest.fixture
def scene(session):
    made = make_scene(session)
    session.commit()
    return made


@pytest.fixture
def page(scene):
    return f"/san-pham/{scene.product.id}/lo/L2610"


def recall(session, scene, reason="Dư lượng thuốc vượt mức"):
    share = Share(scene.lot, scene.product)
    record_recall(session, KEEPER, share, at=datetime.now(UTC), reason=reason)
    session.commit()


def serial_in(session, scene, state):
    (serial,) = issue_serials(session, scene.product, 1, scene.lot)
    if state != "issued":
        session.execute(text("SELECT set_config('langbiang.reason', 'test', true)"))
        session.execute(
            text("UPDATE traceability.serial SET state = :state WHERE serial = :serial"),
            {"state": state, "serial": serial},
        )
    session.commit()
    return serial


def items_of(html):
    rows = re.findall(r'<div data-item="([a-z-]+)"( class="missing")?>.*?<dd>(.*?)</dd>', html)
    return {slug: (None if missing else value) for slug, missing, value in rows}


LAW = (
    "name",
    "image",
    "producer",
    "address",
    "origin",
    "brand",
    "lot",
    "expiry",
    "made",
    "stages",
    "trace-code",
    "standards",
)


def test_every_item_of_the_law_is_on_the_page_of_a_full_product(client, session, scene, page):
    """Decree 37/2026/NĐ-CP art. 23.7 (seven items) and Circular 02/2024 (ten): twelve together."""
    scene.product.standards = "TCVN 5250:2015"
    session.add(
        ProductPhoto(
            product_id=scene.product.id,
            attachment_id=1,
            token="abc",
            alt="Gói cà phê",
            state="ready",
            width=600,
            height=400,
            created_by="p",
        )
    )
    session.commit()
    html = client.get(page).text
    shown = items_of(html)
    assert tuple(shown) == LAW
    assert shown["name"] == "Cà phê Đưng K&#39;Nớ"
    assert shown["image"] is not None
    assert '<img class="photo" src="/anh/abc" width="600" height="400" alt="Gói cà phê"' in html
    assert shown["producer"] == "HTX Cà phê Thử Nghiệm"
    assert "Thôn 1" in shown["address"]
    assert "Xã Lạc Dương" in shown["address"]
    assert "Việt Nam" in shown["origin"]
    assert shown["brand"] == "K&#39;Nớ"
    assert "L2610" in shown["lot"]
    assert shown["expiry"] == "20/10/2036"
    assert "20/10/2026" in shown["made"]
    assert shown["stages"] is not None
    assert GTIN in shown["trace-code"]
    assert scene.product.trace_code in shown["trace-code"]
    assert shown["standards"] == "TCVN 5250:2015"
    # Each stage: product trace code, location trace code, time (Circular 02/2024, item 5).
    journey = html[html.index('id="hanh-trinh"') :]
    for words in (f"(01){GTIN}(10)L2610", "VN-LDOR-0007", '<time datetime="2026-10-12'):
        assert words in journey, words


def test_what_nobody_declared_is_said_openly(client, session):
    bare = products.register_product(session, name="Bánh")
    session.commit()
    shown = items_of(client.get(f"/san-pham/{bare.id}").text)
    assert tuple(shown) == LAW
    declared = {slug for slug, value in shown.items() if value is not None}
    assert declared == {"name", "trace-code"}


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("void", "Tem này đã bị huỷ"),
        ("issued", "Tem này chưa được kích hoạt"),
        ("recalled", "đã bị thu hồi"),
    ],
)
def test_a_stamp_that_no_item_should_bear_makes_the_page_red(
    client, session, scene, page, state, said
):
    html = client.get(f"{page}?tem={serial_in(session, scene, state)}").text
    assert '<body class="red">' in html
    assert html.index(said) < html.index("<h1>")


def test_an_unissued_serial_is_red_from_the_scan_on(client, scene):
    for path in (f"/01/{GTIN}/21/INVENTED0001", f"/01/{GTIN}/10/L2610/21/INVENTED0001"):
        html = client.get(path, follow_redirects=True).text
        assert '<body class="red">' in html
        assert html.index("không do chúng tôi phát hành") < html.index("<h1>")
        assert "INVENTED0001" in html
        assert 'href="tel:18006838"' in html
        assert "/bao-cao?ma=" in html
        # Nobody is sent shopping from a red page.
        assert "/ra/" not in html


@pytest.mark.parametrize(
    "written", ["%00", "a%20b", "%E2%82%AC", "A" * 3000, "%3Cscript%3Ealert(1)"]
)
def test_a_number_that_no_label_carries_is_red_too(client, scene, page, written):
    for address in (page, f"/san-pham/{scene.product.id}"):
        answer = client.get(f"{address}?tem={written}")
        assert answer.status_code == 200
        assert '<body class="red">' in answer.text
        assert "không do chúng tôi phát hành" in answer.text
        assert "<script>alert" not in answer.text


def test_a_recall_is_seen_at_once_also_by_who_kept_the_page(client, session, scene, page):
    before = client.get(page)
    assert before.headers["Cache-Control"] == "no-cache"
    assert "không bị thu hồi" in before.text
    assert "/ra/" in before.text
    etag = {"If-None-Match": before.headers["ETag"]}
    assert client.get(page, headers=etag).status_code == 304
    recall(session, scene)
    after = client.get(page, headers=etag)
    assert after.status_code == 200
    html = after.text
    assert html.index("Lô này đã bị thu hồi") < html.index("Dư lượng thuốc") < html.index("<h1>")
    assert "không bị thu hồi" not in html
    assert "/ra/" not in html
    serial = serial_in(session, scene, "active")
    scanned = client.get(f"/01/{GTIN}/21/{serial}", follow_redirects=True).text
    assert "Lô này đã bị thu hồi" in scanned
    # The product as a whole is not recalled: its page names the lot.
    whole = client.get(f"/san-pham/{scene.product.id}").text
    assert '<body class="red">' not in whole
    assert whole.index("Lô bị thu hồi: L2610") < whole.index("<h1>")


def test_a_withdrawn_certificate_and_a_failed_inspection_come_first(client, session, scene, page):
    certificate = ocop.latest_certificate(session, scene.product.id)
    certificate.status = "withdrawn"
    record_inspection(
        session,
        KEEPER,
        Share(scene.lot, scene.product),
        at=datetime.now(UTC) - timedelta(minutes=5),
        verdict="non_conformant",
    )
    session.commit()
    html = client.get(page).text
    top = html[: html.index("<h1>")]
    assert "Chứng nhận OCOP của sản phẩm này đã bị thu hồi" in top
    assert "kiểm tra không đạt" in top
    assert "OCOP 4 sao" not in html


def test_first_scan_and_count_are_shown(client, session, scene, page):
    serial = serial_in(session, scene, "active")
    assert "Chưa ai quét trước bạn" in client.get(f"{page}?tem={serial}").text
    seen = Scanned(date(2026, 11, 20), scene.product.id, scene.lot.id, serial)
    record_scans(session, uuid4(), 1, {seen: 3})
    session.commit()
    assert "Quét lần đầu 20/11/2026, đến nay 3 lần" in client.get(f"{page}?tem={serial}").text


def test_no_page_calls_a_thing_genuine(client, session, scene, page):
    forbidden = re.compile(
        r"hàng thật|sản phẩm thật|tem thật|chính hãng|xác thực|genuine|authentic|original product",
        re.IGNORECASE,
    )
    addresses = [page, f"/san-pham/{scene.product.id}", "/chung-nhan/3981/Q%C4%90-UBND", "/bao-cao"]
    addresses += [f"{page}?tem={serial_in(session, scene, state)}" for state in ("active", "void")]
    addresses.append(f"{page}?tem=INVENTED0001")
    for address in addresses:
        for language in ("vi", "en"):
            answer = client.get(f"{address}{'&' if '?' in address else '?'}lang={language}")
            assert answer.status_code == 200, address
            assert forbidden.findall(answer.text) == [], address


def test_one_address_answers_people_and_machines(client, scene, page):
    person = client.get(page, headers={"Accept": "text/html,*/*;q=0.8"})
    assert person.mimetype == "text/html"
    assert f'<{BASE}/01/{GTIN}/10/L2610>; rel="canonical"' in person.headers["Link"]
    assert 'rel="linkset"; type="application/linkset+json"' in person.headers["Link"]
    linked = client.get(page, headers={"Accept": "application/ld+json"})
    assert linked.mimetype == "application/ld+json"
    assert linked.json["@id"] == f"{BASE}/01/{GTIN}/10/L2610"
    embedded = re.search(r"ld\+json\">(.*?)</script>", person.text, re.DOTALL)[1]
    assert json.loads(embedded) == linked.json
    linkset = client.get(page, headers={"Accept": "application/linkset+json"})
    assert linkset.mimetype == "application/linkset+json"
    assert linkset.json["linkset"][0]["anchor"] == f"{BASE}/01/{GTIN}/10/L2610"
    # By the code as well: one redirect, the same answer.
    followed = client.get(
        f"/01/{GTIN}/10/L2610", headers={"Accept": "application/ld+json"}, follow_redirects=True
    )
    assert followed.json == linked.json
    assert "Accept" in followed.headers["Vary"]


def test_an_unknown_code_is_told_apart_from_a_broken_site(client, scene, monkeypatch):
    unknown = (
        "/01/09506000134352",
        "/san-pham/999999",
        f"/san-pham/{scene.product.id}/lo/NONE",
        "/san-pham/99999999999999999999",
    )
    for address in unknown:
        answer = client.get(address, headers={"Accept": "text/html"})
        assert answer.status_code == 404, address
        assert "Không có sản phẩm nào mang mã này" in answer.text
        assert "/bao-cao?ma=" in answer.text
    program = client.get("/01/09506000134352", headers={"Accept": "application/json"})
    assert program.json["type"] == "/problems/unknown-code"
    english = client.get("/san-pham/999999?lang=en", headers={"Accept": "text/html"}).text
    assert "trục trặc" not in english

    def away(*_):
        raise OperationalError("SELECT", {}, Exception("the server closed the connection"))

    monkeypatch.setattr(pages, "gather", away)
    broken = client.get(f"/san-pham/{scene.product.id}?lang=vi", headers={"Accept": "text/html"})
    assert broken.status_code == 503
    assert "chưa tra được mã" in broken.text
    assert "Không có sản phẩm nào mang mã này" not in broken.text


@pytest.mark.parametrize(
    "path",
    ["/t/TX-M9S3-46QX", "/01/09520009000013/10/A", "/01/9520001000001/10/A", "/9999/1", "/ehFF"],
)
def test_a_misread_code_is_told_apart_from_an_unknown_one(client, scene, path):
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 400
    assert "<h1>Mã này viết sai</h1>" in answer.text
    assert "Quét lại" in answer.text or "quét lại" in answer.text
    assert f"/bao-cao?ma={path}" in answer.text
    assert "Không có sản phẩm nào mang mã này" not in answer.text
    program = client.get(path, headers={"Accept": "application/json"})
    assert program.content_type == "application/problem+json"


def test_a_product_without_lots_sends_nobody_to_look_for_one(client, session):
    bare = products.register_product(session, name="Một ngày ở vườn dâu", ocop_group=6)
    session.commit()
    html = client.get(f"/san-pham/{bare.id}").text
    assert "Không có lệnh thu hồi nào" in html
    assert "lô in trên nhãn" not in html
    # Nobody said where it comes from.
    assert "countryOfOrigin" not in html


def test_a_certificate_is_checked_by_its_number(client, session, scene):
    certificate = ocop.latest_certificate(session, scene.product.id)
    certificate.number = "68-24848-012-2026"
    session.commit()
    for number in ("68-24848-012-2026", "3981/Q%C4%90-UBND", "3981%2Fq%C4%91-ubnd"):
        html = client.get(f"/chung-nhan/{number}").text
        assert "Còn hiệu lực" in html, number
        assert "OCOP 4 sao" in html
    certificate.expires_on = date(2026, 9, 1)
    session.commit()
    assert "Đã hết hiệu lực" in client.get("/chung-nhan/68-24848-012-2026").text
    certificate.status = "withdrawn"
    session.commit()
    assert "Đã bị thu hồi" in client.get("/chung-nhan/68-24848-012-2026").text
    missing = client.get("/chung-nhan/1/Q%C4%90-NONE")
    assert missing.status_code == 404
    assert "Không có chứng nhận nào mang số này" in missing.text
    assert client.get("/chung-nhan?so=3981/QĐ-UBND").status_code == 302


def test_a_producer_has_a_page_unless_it_is_a_household_nobody_may_name(
    client, session, scene, page
):
    """Events name parties by this address (source and destination of a shipping)."""
    address = f"/chu-the/{scene.cooperative.id}"
    assert f'href="{address}"' in client.get(page).text
    html = client.get(address).text
    assert "HTX Cà phê Thử Nghiệm" in html
    assert f'href="/san-pham/{scene.product.id}"' in html
    products.register_product(session, name="Hồng", producer_id=scene.household.id)
    session.commit()
    for number in (scene.household.id, 10**6, 2**63, 10**30):
        assert client.get(f"/chu-the/{number}").status_code == 404, number
