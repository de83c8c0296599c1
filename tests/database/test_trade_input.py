"""What programs and hostile people send: never a 500, never somebody else's data."""

import json

import pytest
from sqlalchemy import func, select

from tests.trade_factories import days_ago, make_trade, sign_in_as, typed
from traceability.lots import find_lot
from traceability.models import Event

STRANGE = (
    "\x00", "'", '"><script>alert(1)</script>', "9" * 400, "-1", "1e400", "NaN", "0", "١٢٣",
    "../../etc/passwd", "%00", "{{7*7}}", "😀" * 200, "2026-02-30T25:61", "9999999999999999999",
    "(01)(10)", "urn:epc:id:sgtin:", "http://[", "=1+1", "\u202eabc",
)  # fmt: skip


@pytest.fixture
def trade(session):
    made = make_trade(session)
    session.commit()
    return made


@pytest.fixture
def client(app, session, trade):
    return sign_in_as(app, session, trade.scene.cooperative.id, "producer")


def test_strange_values_are_never_an_error_of_ours(client, session, trade):
    lot, area = trade.scene.lot.id, trade.scene.areas[0].id
    fields = (
        "product", "lot_code", "unit", "at", "expires_on", "store", f"area-{area}", f"lot-{lot}",
        "amount", "place", "codes", "box", "receiver", "receiver_gln", "paper", "lo", "verdict",
        "reason", "form", "result_number",
    )  # fmt: skip
    for step in ("thu-hoach", "che-bien", "dong-goi", "xuat-hang", "nhan-hang", "mo-thung",
                 "ban-le", "kiem-tra", "thu-hoi"):  # fmt: skip
        for value in STRANGE[:: 4 if step != "thu-hoach" else 1]:
            answer = client.post(f"/san-xuat/{step}", data=dict.fromkeys(fields, value))
            assert answer.status_code < 500, (step, value)
            assert "<script>alert(1)" not in answer.text
    for value in STRANGE:
        for address, name in (
            ("/truy-vet", "ma"),
            ("/truy-vet", "chieu"),
            ("/truy-vet/tai-ve.csv", "ma"),
            ("/san-xuat/lo", "q"),
            ("/san-xuat/lo", "trang"),
            ("/san-xuat/lo", "product"),
            ("/san-xuat/che-bien", "lo"),
        ):
            answer = client.get(address, query_string={name: value})
            assert answer.status_code < 500, (address, name, value)
            if answer.mimetype == "text/html":
                assert "<script>alert(1)" not in answer.text
        answer = client.get("/api/v1/trace", query_string={"code": value, "depth": value})
        assert answer.status_code in (400, 404)
    assert session.scalar(select(func.count()).select_from(Event)) == 0


def test_a_lot_by_the_api(client, session, trade):
    body = {
        "product": trade.raw.id, "code": "API-1", "unit": "kg",
        "harvests": [{"growing_area": "VN-LDOR-0007", "quantity": 12.5}],
        "at": days_ago(1).isoformat(),
    }  # fmt: skip
    answer = client.post("/api/v1/lots", json=body)
    assert answer.status_code == 201, answer.text
    made = answer.json
    assert (made["code"], made["quantity"], made["unit"]) == ("API-1", 12.5, "kg")
    assert len(made["events"]) == 1
    assert client.get(answer.headers["Location"]).json["sources"][0]["quantity"] == 12.5
    more = client.post("/api/v1/lots", json=body | {"at": days_ago(0.5).isoformat()})
    assert (more.status_code, more.json["quantity"]) == (200, 25)
    # The very same harvest again is the same harvest.
    assert client.post("/api/v1/lots", json=body).json["quantity"] == 25
    plain = {"product": trade.final.id, "code": "CRAFT", "quantity": 30, "unit": "chiếc"}
    assert client.post("/api/v1/lots", json=plain).status_code == 201
    assert client.post("/api/v1/lots", json=plain).status_code == 409


@pytest.mark.parametrize(
    "change",
    [
        {"product": -1},
        {"product": "x"},
        {"code": ""},
        {"code": "có dấu"},
        {"harvests": [{"growing_area": "VN-LDOR-0007", "quantity": 0}]},
        {"harvests": [{"growing_area": "VN-LDOR-0007", "quantity": "NaN"}]},
        {"harvests": [{"growing_area": "VN-LDOR-0007"}]},
        {"at": "2099-01-01T00:00:00+07:00"},
        {"at": "2026-01-01T00:00:00"},
        {"unknown": 1},
    ],
)
def test_lots_that_cannot_be(client, session, trade, change):
    body = {
        "product": trade.raw.id, "code": "BAD-1", "unit": "kg",
        "harvests": [{"growing_area": "VN-LDOR-0007", "quantity": 1}],
    }  # fmt: skip
    answer = client.post("/api/v1/lots", json=body | change)
    assert answer.status_code == 400, answer.text
    assert answer.content_type == "application/problem+json"
    assert find_lot(session, trade.raw.id, "BAD-1") is None


def test_somebody_elses_fields_and_products_by_the_api(app, client, session, trade):
    body = {"product": trade.raw.id, "code": "X-1", "harvests": []}
    stranger = sign_in_as(app, session, trade.scene.household.id, "producer")
    assert stranger.post("/api/v1/lots", json=body | {"quantity": 1}).status_code == 403
    foreign = [{"growing_area": str(trade.scene.areas[1].id), "quantity": 1}]
    assert client.post("/api/v1/lots", json=body | {"harvests": foreign}).status_code == 404
    assert client.post("/api/v1/lots", json=body | {"product": 2**40}).status_code == 404
    assert app.test_client().post("/api/v1/lots", json=body).status_code == 401


def test_trace_answers_json_and_lists_choices(client, session, trade):
    for product in (trade.raw, trade.middle):
        client.post("/api/v1/lots", json={"product": product.id, "code": "TWICE", "quantity": 5})
    answer = client.get("/api/v1/trace?code=TWICE")
    assert answer.status_code == 400
    choices = answer.json["choices"]
    assert len(choices) == 2
    found = client.get("/api/v1/trace", query_string={"code": choices[0]["key"]}).json
    assert found["asked"]["kind"] == "lot"
    listed = client.get("/truy-vet?ma=TWICE").text
    assert listed.count('class="lot-code"') == 2
    assert client.get("/api/v1/trace?code=TWICE&direction=up").status_code == 400
    unknown = client.get("/api/v1/trace?code=NOBODY")
    assert (unknown.status_code, unknown.json["type"]) == (404, "/problems/not-found")
    described = client.get("/api/openapi.json").json["paths"]
    assert "post" in described["/api/v1/lots"]
    assert "get" in described["/api/v1/trace"]


def test_the_diary_by_its_page(client, session, trade):
    area = trade.scene.areas[0].id
    fields = {"area": area, "done_on": typed(days_ago(2))[:10], "activity": "spraying"}
    wrong = client.post("/nhat-ky", data=fields)
    assert wrong.status_code == 400
    assert 'id="mistake-phi_days"' in wrong.text
    assert 'id="mistake-product_name"' in wrong.text
    right = client.post("/nhat-ky", data=fields | {"product_name": "Thuốc B", "phi_days": "14"})
    assert right.status_code == 303
    page = client.get("/nhat-ky").text
    assert "Chưa được thu hoạch" in page
    assert (
        "Còn trong thời gian cách ly Thuốc B"
        in client.get(f"/san-xuat/thu-hoach?product={trade.raw.id}").text
    )
    foreign = client.post(
        "/nhat-ky", data=fields | {"area": trade.scene.areas[1].id, "activity": "watering"}
    )
    assert foreign.status_code == 400
    number = page.split("/huy")[0].rpartition("/")[2]
    assert client.post(f"/nhat-ky/{number}/huy").status_code == 303
    assert "Chưa được thu hoạch" not in client.get("/nhat-ky").text


def test_downloads_hold_no_formula(client, session, trade):
    area = trade.scene.areas[0]
    area.name = "=cmd|calc"
    session.commit()
    client.post(
        "/api/v1/lots",
        json={"product": trade.raw.id, "code": "F1",
              "harvests": [{"growing_area": str(area.id), "quantity": 1}]},
    )  # fmt: skip
    text = client.get("/truy-vet/tai-ve.csv?ma=F1").text
    assert "'=cmd|calc" in text
    content = json.loads(client.get("/truy-vet/tai-ve.json?ma=F1").text)
    assert content["events"][0]["type"] == "ObjectEvent"
