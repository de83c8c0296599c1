"""From harvest to recall by the forms, as a cooperative's accountant fills them in."""

import csv
import io
import re

import orjson
import pytest
from sqlalchemy import func, select

from tests.trade_factories import days_ago, make_trade, sign_in_as, typed
from traceability.following.recalls import recall_of
from traceability.labelling import serials
from traceability.lots import get_lot
from traceability.models import Event, LotSource


@pytest.fixture
def trade(session):
    made = make_trade(session)
    session.commit()
    return made


@pytest.fixture
def client(app, session, trade):
    return sign_in_as(app, session, trade.scene.cooperative.id, "producer")


def send(client, step, expected=303, **fields):
    answer = client.post(f"/san-xuat/{step}", data={"at": typed(days_ago(0)), **fields})
    assert answer.status_code == expected, re.findall(r'class="mistake"[^>]*>([^<]+)', answer.text)
    return answer


def test_the_whole_way_from_harvest_to_recall(client, session, trade):
    area = trade.scene.areas[0].id
    send(
        client, "thu-hoach", product=trade.raw.id, lot_code="H1", unit="kg",
        at=typed(days_ago(9)), **{f"area-{area}": "1.000"},
    )  # fmt: skip
    raw = get_lot(session, trade.raw.id, "H1")
    assert (raw.quantity, raw.unit) == (1000, "kg")
    send(client, "kiem-tra", lo=raw.id, verdict="conformant", at=typed(days_ago(8)))
    send(
        client, "che-bien", product=trade.middle.id, lot_code="N1", amount="240,5", unit="kg",
        at=typed(days_ago(7)), **{f"lot-{raw.id}": "0,8 "},
        expected=400,
    )  # fmt: skip
    send(
        client, "che-bien", product=trade.middle.id, lot_code="N1", amount="240,5", unit="kg",
        at=typed(days_ago(7)), **{f"lot-{raw.id}": "800"},
    )  # fmt: skip
    middle = get_lot(session, trade.middle.id, "N1")
    send(
        client, "che-bien", product=trade.final.id, lot_code="P1", amount="180", unit="kg",
        at=typed(days_ago(6)), expires_on="2036-01-01", **{f"lot-{middle.id}": "200"},
    )  # fmt: skip
    final = get_lot(session, trade.final.id, "P1")
    tems = list(serials.issue_serials(session, trade.final, 3, final))
    session.commit()
    packed = send(client, "dong-goi", at=typed(days_ago(5)), **{f"lot-{final.id}": "20"})
    box = packed.location.rpartition("=")[2]
    send(client, "xuat-hang", codes=box, paper="PX-1", at=typed(days_ago(4)))
    send(client, "nhan-hang", codes=f"https://langbiang.example/t/{box}/tem/THUNG",
         at=typed(days_ago(3)))  # fmt: skip
    send(client, "mo-thung", box=box, at=typed(days_ago(2)))
    send(client, "ban-le", at=typed(days_ago(1)), **{f"lot-{final.id}": "5"})
    page = client.get(f"/san-xuat/lo/{final.id}").text
    assert "Được mang nhãn an toàn" in page
    assert "175</b> kg còn lại" in page
    assert "Vùng cà phê Đạ Nghịt" in page

    asked = send(
        client, "thu-hoi", 200, lo=raw.id, reason="Dư lượng vượt mức", at=typed(days_ago(0))
    )
    assert "2 lô khác" in asked.text
    assert "3 tem" in asked.text
    assert recall_of(session, trade.final, final) is None
    send(client, "thu-hoi", lo=raw.id, reason="Dư lượng vượt mức", confirmed="yes")
    for tem in tems:
        notice = recall_of(session, trade.final, None, tem)
        assert notice is not None
        assert (notice.reason, notice.lot_codes, notice.direct) == (
            "Dư lượng vượt mức", ("H1",), False,
        )  # fmt: skip
        public = client.get(f"/san-pham/{trade.final.id}/lo/P1?tem={tem}").text
        assert "Dư lượng vượt mức" in public
        assert public.index("Dư lượng vượt mức") < public.index("<h1")
    # Another lot of the product is untouched.
    assert recall_of(session, trade.final, trade.scene.lot) is None

    traced = client.get(f"/truy-vet?ma={tems[0]}")
    assert traced.status_code == 200
    for words in ("H1", "N1", "P1", "Vùng cà phê Đạ Nghịt", "THU HỒI", "bản ghi gốc"):
        assert words in traced.text, words
    rows = list(csv.reader(io.StringIO(client.get("/truy-vet/tai-ve.csv?ma=P1").text[1:])))
    assert rows[0][0] == "time"
    assert any("recalled" in row[4] or row[1] == "Thu hồi" for row in rows)
    answer = client.get(f"/api/v1/trace?code=(01){trade.final.gtin}(10)P1&direction=back").json
    assert {node["name"] for node in answer["nodes"]} >= {"H1", "N1", "P1"}


def test_what_is_sent_twice_is_recorded_once(client, session, trade):
    area = trade.scene.areas[0].id
    form = client.get(f"/san-xuat/thu-hoach?product={trade.raw.id}").text
    number = re.search(r'name="form" value="([^"]+)"', form)[1]
    fields = {
        "form": number, "product": trade.raw.id, "lot_code": "H2", "unit": "kg",
        f"area-{area}": "70", "at": typed(days_ago(1)),
    }  # fmt: skip
    for _ in range(2):
        assert client.post("/san-xuat/thu-hoach", data=fields).status_code == 303
    assert get_lot(session, trade.raw.id, "H2").quantity == 70
    assert session.scalar(select(func.count()).select_from(Event)) == 1


def test_mistakes_stand_beside_their_fields(client, session, trade):
    area = trade.scene.areas[0].id
    answer = client.post(
        "/san-xuat/thu-hoach",
        data={"product": trade.raw.id, "lot_code": "Lô có dấu", "unit": "kg",
              "at": "2099-01-01T00:00", f"area-{area}": "mười", "expires_on": "hôm nay"},
    )  # fmt: skip
    assert answer.status_code == 400
    for field in ("lot_code", "at", f"area-{area}", "expires_on"):
        assert f'id="mistake-{field}"' in answer.text, field
    assert 'value="mười"' in answer.text
    assert session.scalar(select(func.count()).select_from(Event)) == 0
    empty = client.post("/san-xuat/che-bien", data={})
    assert empty.status_code == 400
    assert empty.text.count('class="mistake"') >= 4
    assert client.get("/san-xuat/nowhere").status_code == 404


def test_corrections_put_right_and_take_back(client, session, trade):
    area = trade.scene.areas[0].id
    for amount, days in (("100", 3), ("40", 2)):
        send(
            client, "thu-hoach", product=trade.raw.id, lot_code="H3", unit="kg",
            at=typed(days_ago(days)), **{f"area-{area}": amount},
        )  # fmt: skip
    lot = get_lot(session, trade.raw.id, "H3")
    first, second = session.scalars(select(Event).order_by(Event.sequence)).all()
    assert (first.biz_step, second.biz_step) == ("commissioning", "creating_class_instance")
    shown = client.get(f"/san-xuat/dinh-chinh/{first.sequence}").text
    assert 'value="100"' in shown
    at = re.search(r'name="at" type="datetime-local" value="([^"]+)"', shown)[1]
    answer = client.post(
        f"/san-xuat/dinh-chinh/{first.sequence}",
        data={"what": "wrong", "at": at, "quantityList-0": "90,5", "why": "Cân lại"},
    )
    assert answer.status_code == 303, answer.text
    session.expire_all()
    assert lot.quantity == 130.5
    sums = session.scalars(select(LotSource.quantity).where(LotSource.lot_id == lot.id)).all()
    assert sorted(map(float, sums)) == [40, 90.5]
    page = client.get(f"/san-xuat/lo/{lot.id}").text
    assert "đã huỷ bằng đính chính" in page
    # A revoked event is not corrected once more; one that holds may be taken back altogether.
    assert client.get(f"/san-xuat/dinh-chinh/{first.sequence}").status_code == 409
    answer = client.post(
        f"/san-xuat/dinh-chinh/{second.sequence}", data={"what": "never", "why": "Nhầm lô"}
    )
    assert answer.status_code == 303
    session.expire_all()
    assert lot.quantity == 90.5
    declarations = session.scalars(select(Event).where(Event.corrects.is_not(None))).all()
    assert len(declarations) == 2
    named = orjson.loads(declarations[0].body)["errorDeclaration"]["correctiveEventIDs"]
    assert session.scalar(select(Event).where(Event.event_id == named[0])) is not None


def test_who_may_what(app, client, session, trade, sign_in):
    area = trade.scene.areas[0].id
    send(
        client, "thu-hoach", product=trade.raw.id, lot_code="RIENG-H4", unit="kg",
        **{f"area-{area}": "100"},
    )  # fmt: skip
    lot = get_lot(session, trade.raw.id, "RIENG-H4")
    event = session.scalar(select(Event.sequence))
    other = sign_in_as(app, session, trade.scene.household.id, "producer")
    nobody = sign_in_as(app, session, None, "producer")
    for stranger in (other, nobody):
        assert stranger.get(f"/san-xuat/lo/{lot.id}").status_code == 403
        assert stranger.get(f"/san-xuat/dinh-chinh/{event}").status_code == 403
        refused = stranger.post(
            "/san-xuat/kiem-tra",
            data={"lo": lot.id, "verdict": "conformant", "at": typed(days_ago(0))},
        )
        assert refused.status_code == 403
        refused = stranger.post(
            "/san-xuat/thu-hoi", data={"lo": lot.id, "reason": "x", "confirmed": "yes",
                                       "at": typed(days_ago(0))},
        )  # fmt: skip
        assert refused.status_code == 403
        assert "RIENG-H4" not in stranger.get("/san-xuat").text
        seen = stranger.get("/api/v1/trace?code=RIENG-H4").json
        assert seen["events"] == []
        assert [node["kind"] for node in seen["nodes"]].count("lot") == 1
    assert "chưa gắn với" in nobody.get("/san-xuat").text
    here, elsewhere = sign_in("officer", "24848"), sign_in("officer", "24931")
    assert here.get(f"/san-xuat/lo/{lot.id}").status_code == 200
    assert elsewhere.get(f"/san-xuat/lo/{lot.id}").status_code == 403
    assert app.test_client().get("/san-xuat").status_code == 401
    assert sign_in("leader").get("/truy-vet?ma=RIENG-H4").status_code == 200
    assert sign_in("farmer").get("/truy-vet?ma=RIENG-H4").status_code == 403
