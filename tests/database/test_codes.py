"""Codes for people and programs: the desk of labels, `/api/v1/codes`, what any code is."""

import io
import re
from datetime import date

import pytest
from sqlalchemy import func, select, text, update

from etl import code_changes, labels
from etl.code_requests import CHANGE_CODES
from etl.label_requests import PRINT_LABELS
from etl.models import Run
from tests.product_factories import GTIN, make_scene
from traceability.labelling.serials import (
    find_serial,
    issue_serials,
)
from traceability.models import EventItem, Serial, SerialBatch, SerialChange
from web.models import Account


@pytest.fixture
def scene(session):
    made = make_scene(session)
    session.commit()
    return made


def states_of(session, product_id) -> dict[str, int]:
    query = select(Serial.state, func.count()).where(Serial.product_id == product_id)
    return dict(session.execute(query.group_by(Serial.state)).all())


@pytest.fixture
def producer(sign_in, session, scene):
    """A client of the scene's cooperative."""
    client = sign_in("producer")
    session.execute(
        update(Account)
        .where(Account.username.like("producer-%"))
        .values(party_id=scene.cooperative.id)
    )
    session.commit()
    return client


def test_the_api_takes_an_order_and_keeps_it_for_its_owner(
    producer, sign_in, session, sessions, settings, scene
):
    order = {"gtin": GTIN, "lot": "L2610", "count": 5, "files": ["pdf", "csv"]}
    answer = producer.post("/api/v1/codes", json=order)
    assert answer.status_code == 202, answer.text
    job = answer.json
    assert answer.headers["Location"] == job["job"]
    queued = session.scalar(
        text("SELECT args FROM queue.procrastinate_jobs WHERE task_name = :task"),
        {"task": PRINT_LABELS},
    )
    assert queued == {"run_id": job["id"]}
    assert producer.get(job["files"]["pdf"]).status_code == 404, "not yet"
    labels.run_labels(sessions, settings.files_folder, job["id"])
    session.expire_all()
    done = producer.get(job["job"]).json
    assert (done["state"], done["report"]["pages"]) == ("done", 1)
    with producer.get(job["files"]["csv"]) as fetched:
        assert fetched.mimetype == "text/csv"
        assert fetched.text.count("\n") == 6
    with producer.get(job["files"]["pdf"]) as fetched:
        assert fetched.data.startswith(b"%PDF-1.7")
    for other in (sign_in("administrator"), sign_in("officer")):
        assert other.get(job["files"]["pdf"]).status_code == 404
    for wrong, status in (
        ({"gtin": GTIN, "count": 0}, 400),
        ({"count": 5}, 400),
        ({"gtin": GTIN, "product": 1, "count": 5}, 400),
        ({"gtin": "9520009000019", "count": 5}, 400),
        ({"product": 10**6, "count": 5}, 404),
        ({"gtin": GTIN, "lot": "NONE", "count": 5}, 404),
        ({"gtin": GTIN, "count": 5, "files": []}, 400),
        ({"gtin": GTIN, "count": True}, 400),
        ({"gtin": GTIN, "count": 5, "start": 25}, 400),
        ({"gtin": GTIN, "count": 5, "sheet": "13"}, 400),
    ):
        assert producer.post("/api/v1/codes", json=wrong).status_code == status, wrong
    stranger = sign_in("producer")
    assert stranger.post("/api/v1/codes", json=order).status_code == 403


def test_codes_are_put_to_use_with_events_and_made_void(producer, session, sessions, scene):
    serials = list(issue_serials(session, scene.product, 20))
    batch = session.scalars(select(SerialBatch)).one()
    session.commit()

    def change(**body):
        return producer.post("/api/v1/codes/state", json={"gtin": GTIN, **body})

    used = change(state="active", batch=batch.id, first=1, last=5, lot="L2610")
    assert used.json == {"changed": 5, "unchanged": 0, "unknown": 0, "refused": []}
    by_serial = change(state="active", serials=[*serials[3:8], "NONE"], lot="L2610")
    assert by_serial.json == {"changed": 3, "unchanged": 2, "unknown": 1, "refused": []}
    keys = session.scalars(select(EventItem.key).where(EventItem.role == "epc")).all()
    assert sorted(keys) == sorted(f"/01/{GTIN}/21/{serial}" for serial in serials[:8])
    session.expire_all()
    assert find_serial(session, scene.product.id, serials[0]).lot_id == scene.lot.id
    stolen = change(state="void", batch=batch.id, first=8, last=20, reason="mất cuộn")
    assert stolen.json["changed"] == 13
    again = change(state="active", batch=batch.id, first=19, last=20)
    assert again.json["refused"] == [
        {"serial": serial, "state": "void"} for serial in serials[18:20]
    ]
    for wrong in (
        {"state": "void", "batch": batch.id},
        {"state": "active"},
        {"state": "active", "serials": serials, "batch": batch.id},
        {"state": "active", "batch": batch.id, "first": 5, "last": 2},
        {"state": "sold", "batch": batch.id},
        {"state": "active", "serials": []},
    ):
        assert change(**wrong).status_code == 400, wrong
    assert change(state="active", serials=["NONE"]).status_code == 409
    assert states_of(session, scene.product.id) == {"active": 7, "void": 13}


def test_a_whole_roll_is_left_to_the_worker(producer, session, sessions, scene, monkeypatch):
    monkeypatch.setattr("web.codes.api.MOST_AT_HAND", 10)
    monkeypatch.setattr("etl.code_changes._PORTION", 12)
    list(issue_serials(session, scene.product, 30, scene.lot))
    batch = session.scalars(select(SerialBatch)).one()
    session.commit()
    answer = producer.post(
        "/api/v1/codes/state", json={"gtin": GTIN, "state": "active", "batch": batch.id}
    )
    assert answer.status_code == 202
    assert states_of(session, scene.product.id) == {"issued": 30}
    queued = session.scalar(
        text("SELECT args FROM queue.procrastinate_jobs WHERE task_name = :task"),
        {"task": CHANGE_CODES},
    )
    for _ in range(2):
        code_changes.run_change(sessions, queued["run_id"])
    session.expire_all()
    run = session.get_one(Run, queued["run_id"])
    assert (run.state, run.report["changed"]) == ("done", 30)
    assert run.report["progress"] == {"done": 30, "of": 30}
    numbers = session.scalars(select(SerialChange.count).order_by(SerialChange.id)).all()
    assert numbers == [12, 12, 6], "a portion is one change"
    assert states_of(session, scene.product.id) == {"active": 30}


def test_any_way_to_write_a_code_finds_it(client, session, scene):
    (serial,) = issue_serials(session, scene.product, 1, scene.lot)
    own = scene.product.trace_code
    session.commit()

    def asked(code, query=""):
        return client.get(f"/api/v1/codes/{code}{query}")

    whole = f"https://elsewhere.example/shop/01/{GTIN}/10/L2610/21/{serial}?a=1"
    encoded = whole.replace(":", "%3A").replace("/", "%2F").replace("?", "%3F")
    for code in (GTIN, GTIN[1:], own, own.lower().replace("-", ""), f"01/{GTIN}", f"(01){GTIN}"):
        found = asked(code)
        assert found.status_code == 200, (code, found.text)
        told = (found.json["kind"], found.json["gtin"], found.json["product"]["id"])
        assert told == ("product", GTIN, scene.product.id), code
        assert found.json["links"][0]["href"].startswith("https://langbiang.example/san-pham/")
    for code in (
        f"01/{GTIN}/10/L2610/21/{serial}",
        f"01%2F{GTIN}%2F21%2F{serial}",
        whole,
        encoded,
        f"(01){GTIN}(21){serial}",
        f"t/{own}/tem/{serial}",
        f"{serial}?product={scene.product.id}",
        f"{serial}?gtin={GTIN[1:]}",
    ):
        found = asked(code)
        assert found.status_code == 200, (code, found.text)
        told = (found.json["kind"], found.json["serial"], found.json["state"], found.json["lot"])
        assert told == ("serial", serial, "issued", "L2610"), code
        assert found.json["warnings"] == ["not-active"]
        assert found.json["page"].endswith(f"/san-pham/{scene.product.id}/lo/L2610?tem={serial}")
        assert "scans" not in found.json
    assert asked(f"01/{GTIN}/10/L2610").json["kind"] == "lot"
    assert asked(f"01/{GTIN}/21/NONE").json["state"] == "unissued"
    for code, status in (
        ("09520009000013", 400),
        ("123", 400),
        ("TX-0000-0000", 400),
        (serial, 400),
        (f"01/{GTIN}/21/" + "x" * 21, 400),
        ("09520000100018", 404),
        (f"01/{GTIN}/10/NONE", 404),
        ("00/095200090000000006", 400),
        (f"{serial}?product=x", 400),
    ):
        answer = asked(code)
        assert answer.status_code == status, (code, answer.text)
        assert answer.mimetype == "application/problem+json"
    first = asked(GTIN)
    same = client.get(f"/api/v1/codes/{GTIN}", headers={"If-None-Match": first.headers["ETag"]})
    assert same.status_code == 304


def test_scan_counts_are_for_those_who_answer_for_the_product(producer, sign_in, session, scene):
    (serial,) = issue_serials(session, scene.product, 1, scene.lot)
    session.commit()
    path = f"/api/v1/codes/01/{GTIN}/21/{serial}"
    assert producer.get(path).json["scans"] == 0
    assert sign_in("officer").get(path).json["scans"] == 0
    assert "scans" not in sign_in("producer").get(path).json


def test_the_desk_prints_activates_and_makes_void(producer, session, sessions, settings, scene):
    page = producer.get(f"/tem?san-pham={scene.product.id}")
    assert "L2610" in page.text
    scene.lot.expires_on = date(2026, 1, 1)
    session.commit()
    assert "L2610 – hết hạn" in producer.get(f"/tem?san-pham={scene.product.id}").text
    wrong = {"product": scene.product.id, "count": "12", "sheet": "24", "files": "pdf"}
    refused = producer.post("/tem", data={**wrong, "start": "25"})
    assert "không có vị trí đó" in producer.get(refused.location).text
    asked = producer.post(
        "/tem",
        data={"product": scene.product.id, "count": "12", "sheet": "24", "files": ["pdf", "csv"]},
    )
    assert asked.status_code == 303
    assert "Đang chờ" in producer.get(asked.location).text
    labels.run_labels(sessions, settings.files_folder, int(asked.location.rsplit("/", 1)[1]))
    session.expire_all()
    assert "Tem để in (PDF)" in producer.get(asked.location).text
    batch = session.scalars(select(SerialBatch)).one()
    roll = f"/tem/cuon/{batch.id}"
    serials = session.scalars(select(Serial.serial).order_by(Serial.position)).all()

    def act(act, **data):
        answer = producer.post(f"{roll}/{act}", data=data)
        assert answer.status_code == 303
        return producer.get(answer.location).text

    assert "Đã kích hoạt 4 tem" in act("kich-hoat", first="1", last="4", lot="L2610")
    pasted = f"https://langbiang.example/01/{GTIN}/21/{serials[4]}\n{serials[5].lower()}\nrác"
    assert "Đã kích hoạt 2 tem" in act("kich-hoat", serials=pasted)
    sent = (io.BytesIO(f"gtin,lot,serial,uri\n{GTIN},,{serials[6]},x\n".encode()), "ma.csv")
    assert "Đã kích hoạt 1 tem" in act("kich-hoat", file=sent)
    # As the label shows it; O and I are no digits of such numbers and mean 0 and 1.
    shown = serials[0].replace("0", "o").replace("1", "i")
    grouped = f"{shown[:4]} {shown[4:8]}-{shown[8:]}\nZZZZ ZZZZ ZZZZ"
    page = act("kich-hoat", serials=grouped)
    assert "được kích hoạt từ trước" in page
    assert "1 số không có trong cuộn này" in page
    assert "Không có tem nào như vậy" in act("kich-hoat", serials="ZZZZZZZZZZZZ")
    for ways in ({"first": "8", "last": "9"}, {"serials": serials[8]}):
        assert "Hãy chọn một cách" in act("huy", all="1", reason="mất", **ways)
    assert "Hãy ghi số tem đầu" in act("huy", first="1.5", last="9", reason="mất")
    assert "Hãy ghi lý do hủy" in act("huy", first="8", last="9")
    assert "Đã hủy 2 tem" in act("huy", first="8", last="9", reason="rách")
    assert "không cho phép" in act("kich-hoat", all="1")
    assert "Không có tem nào như vậy" in act("kich-hoat", first="1", last="13")
    assert "Hãy ghi số tem đầu" in act("kich-hoat")
    assert "Không đọc được số tem nào" in act("kich-hoat", serials="rác")
    assert states_of(session, scene.product.id) == {"active": 10, "void": 2}


def test_a_label_is_activated_by_its_scan(producer, sign_in, session, scene):
    serial, other = issue_serials(session, scene.product, 2, scene.lot)
    session.commit()
    # What a telephone's camera opens leads on, until the label is in use.
    opened = f"/san-pham/{scene.product.id}/lo/L2610?tem={serial}"
    on = f'href="/tem/kich-hoat?ma={serial}"'
    assert on in producer.get(opened).text
    for given in (
        serial,
        f"{serial[:4]} {serial[4:8]} {serial[8:]}".lower().replace("0", "o").replace("1", "l"),
        f"https://langbiang.example/01/{GTIN}/10/L2610/21/{serial}",
        f"https://langbiang.example/san-pham/{scene.product.id}/lo/L2610?tem={serial}",
    ):
        page = producer.get("/tem/kich-hoat", query_string={"ma": given}).text
        assert "Kích hoạt tem này" in page, given
    done = producer.post("/tem/kich-hoat", data={"ma": serial})
    page = producer.get(done.location).text
    assert "Đã kích hoạt 1 tem" in page
    assert "Kích hoạt tem này" not in page
    assert on not in producer.get(opened).text
    assert states_of(session, scene.product.id) == {"active": 1, "issued": 1}
    for wrong in ("7K3Q9MHD4T2X", "xin chào", f"/01/{GTIN}", "<script>"):
        answer = producer.get("/tem/kich-hoat", query_string={"ma": wrong})
        assert answer.status_code == 200
        assert "message-error" in answer.text, wrong
        assert "<script>" not in re.sub(r"<script type=[^>]+>", "", answer.text)
    stranger = sign_in("producer")
    assert "message-error" in stranger.get("/tem/kich-hoat", query_string={"ma": other}).text
    refused = stranger.post(
        "/tem/kich-hoat", data={"ma": f"https://langbiang.example/01/{GTIN}/21/{other}"}
    )
    assert "không" in stranger.get(refused.location).text.lower()
    assert states_of(session, scene.product.id) == {"active": 1, "issued": 1}
