"""A buyer's report from the form to the answer; who may read what of it."""

import io
import re
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from etl.models import Attachment
from gis.models import AdministrativeUnit, Party
from tests.product_factories import GTIN, make_scene, square
from traceability import products
from traceability.models import Report, ReportPrivate
from traceability.reporting import reports
from traceability.scanning import scans
from web.models import PrivateRead
from web.reports import form as form_module

WORDS = "Mua ở chợ Riêng, hỏi ông Kín. Gọi 0912 345 678 nhé."
CONTACT = "kin@example.vn"


@pytest.fixture
def scene(session):
    made = make_scene(session)
    session.commit()
    return made


def form(**changed):
    values = {
        "ma": f"/01/{GTIN}/10/L2610",
        "loai": "fake",
        "chuyen": WORDS,
        "lien-he": CONTACT,
        "dong-y": "1",
        "noi": "24848",
    }
    return {name: value for name, value in {**values, **changed}.items() if value is not None}


def send(client, **changed):
    answer = client.post("/bao-cao", data=form(**changed))
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].rsplit("/", 1)[1]


def test_a_report_gets_a_ticket_that_tells_nobody_s_data(client, session, scene):
    page = client.get(f"/bao-cao?ma=/01/{GTIN}/10/L2610").text
    assert "Cà phê Đưng" in page
    assert "<script" not in page
    assert "checked" not in page  # nothing is agreed to beforehand
    ticket = send(client)
    report = session.scalar(select(Report).where(Report.ticket == ticket))
    assert (report.product_id, report.lot_id) == (scene.product.id, scene.lot.id)
    assert report.commune_id == scene.commune.id
    assert session.get(ReportPrivate, report.id).contact == CONTACT
    shown = client.get(f"/bao-cao/{ticket.lower()}", follow_redirects=True)
    assert ticket in shown.text
    assert "Chưa ai xem" in shown.text
    program = client.get(f"/api/v1/reports/{ticket}")
    for answer in (shown, program):
        assert (
            "no-cache" in answer.headers["Cache-Control"]
            or "no-store" in (answer.headers["Cache-Control"])
        )
        for secret in ("Riêng", "Kín", CONTACT, "0912"):
            assert secret not in answer.data.decode()
    assert program.json["due_on"] == report.due_on.isoformat()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"loai": "nonsense"}, "Chọn một loại vấn đề"),
        ({"chuyen": "   "}, "Kể ngắn gọn"),
        ({"dong-y": None}, "đánh dấu đồng ý"),
        ({"ma": ""}, "Ghi mã in trên tem"),
        ({"noi": "99999"}, "Chọn xã, phường trong danh sách"),
        ({"website": "http://spam.example"}, "Bấm gửi lần nữa"),
    ],
)
def test_what_is_missing_is_said_and_nothing_typed_is_lost(client, session, scene, changed, said):
    answer = client.post("/bao-cao", data=form(**changed))
    assert answer.status_code == 400
    assert said in answer.text
    if "chuyen" not in changed:
        assert "chợ Riêng" in answer.text
    assert session.scalars(select(Report)).all() == []


def test_a_button_tapped_twice_is_one_report(client, session, scene):
    assert send(client) == send(client)
    others = {send(client, chuyen="Khác"), send(client, noi=""), send(client, **{"lien-he": None})}
    assert len(others) == 3
    count = select(func.count()).select_from(Report)
    assert session.scalar(count) == 4
    # Later, the same words are another buyer's.
    session.execute(text("UPDATE traceability.report SET created_at = now() - interval '1 hour'"))
    session.commit()
    send(client)
    assert session.scalar(count) == 5


def test_a_lost_cookie_and_a_crowded_network_lose_nothing_typed(app, client, scene, monkeypatch):
    app.config.update(WTF_CSRF_ENABLED=True)
    strange = client.post("/bao-cao", data=form())
    assert strange.status_code == 400
    app.config.update(WTF_CSRF_ENABLED=False)
    limiter = app.extensions["langbiang.limiter"]
    limiter.enabled = True
    try:
        for number in range(20):
            crowded = client.post("/bao-cao", data=form(chuyen=f"{WORDS} {number}"))
            if crowded.status_code == 429:
                break
    finally:
        limiter.enabled = False
        limiter.reset()
    assert crowded.status_code == 429
    for answer in (strange, crowded):
        assert "Mua ở chợ Riêng" in answer.text
        assert CONTACT in answer.text
        assert re.search(r'name="dong-y" value="1" checked', answer.text)
        assert "lần nữa" in answer.text

    def away(*_):
        raise OperationalError("SELECT", {}, Exception("the server closed the connection"))

    # Without the database there is no form to show, but no error of ours either.
    monkeypatch.setattr(form_module, "list_units", away)
    app.config.update(WTF_CSRF_ENABLED=True)
    assert client.post("/bao-cao", data=form()).status_code == 400


def test_a_code_that_is_nothing_here_may_be_reported_too(client, session, scene):
    send(client, ma="https://giả.example/01/08936000000011?x=<b>", loai="unknown-code")
    report = session.scalars(select(Report)).one()
    assert report.product_id is None
    assert report.code.startswith("https://giả.example/01/")


@pytest.mark.parametrize(
    "typed",
    [
        GTIN,
        GTIN[1:],
        "https://langbiang.example/01/{gtin}/21/S1",
        "/san-pham/{id}/lo/L2610?tem=S1",
        "{trace}",
        "/t/{trace}/lo/L2610",
    ],
)
def test_a_product_is_found_however_its_code_is_written(client, session, scene, typed):
    code = typed.format(gtin=GTIN, id=scene.product.id, trace=scene.product.trace_code)
    send(client, ma=code)
    report = session.scalars(select(Report)).one()
    assert report.product_id == scene.product.id
    assert (report.lot_id is not None) == ("L2610" in typed)
    assert (report.serial == "S1") == ("S1" in typed)


@pytest.mark.parametrize("typed", ["https://[::1", "(01)", "x" * 400, "/san-pham/9" + "9" * 30])
def test_odd_codes_are_taken_as_words(client, session, scene, typed):
    assert client.get("/bao-cao", query_string={"ma": typed}).status_code == 200
    send(client, ma=typed, loai="unknown-code")
    assert session.scalars(select(Report.product_id)).one() is None


def test_a_photo_waits_for_the_worker(client, session, scene):
    photo = (io.BytesIO(b"not looked at here"), "tem.jpg")
    ticket = send(client, anh=photo)
    report = session.scalar(select(Report).where(Report.ticket == ticket))
    kept = session.get(Attachment, report.photo_id)
    assert (kept.purpose, kept.state, kept.created_by) == ("report-photo", "waiting", "public")


def test_over_the_api(client, session, scene):
    body = {"code": f"/01/{GTIN}", "kind": "label", "text": "Tem rách.", "commune": "24848"}
    answer = client.post("/api/v1/reports", json=body)
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/reports/{answer.json['ticket']}"
    assert answer.json["status"] == "new"
    for wrong, pointer in (
        ({"kind": "x"}, "/kind"),
        ({"text": ""}, "/text"),
        ({"contact": "a@b.vn"}, "/consent"),
        ({"commune": "1"}, "/commune"),
        ({"extra": 1}, "/extra"),
        ({"text": 5}, "/text"),
    ):
        refused = client.post("/api/v1/reports", json={**body, **wrong})
        assert refused.status_code == 400, wrong
        assert refused.json["errors"][0]["pointer"] == pointer
    assert client.get("/api/v1/reports").status_code == 401
    assert client.get("/api/v1/reports/BC-0000-0000").status_code in (400, 404)


def test_officers_see_their_commune_and_producers_their_products(client, session, sign_in, scene):
    ticket = send(client)
    elsewhere = AdministrativeUnit(
        code="24943",
        name="Ka Đô",
        level="commune",
        valid_from=scene.commune.valid_from,
        boundary=square(109.0, 11.5, 0.1),
    )
    session.add(elsewhere)
    session.commit()
    officer, other = sign_in("officer", "24848"), sign_in("officer", "24943")
    assert ticket in officer.get("/canh-bao").text
    assert ticket in officer.get("/canh-bao?loai=fake&tu=buyer&cua=").text
    assert ticket not in officer.get("/canh-bao?loai=label").text
    assert ticket not in other.get("/canh-bao").text
    assert other.get(f"/canh-bao/{ticket}").status_code == 403
    assert other.post(f"/canh-bao/{ticket}/nhan").status_code == 403
    case = officer.get(f"/canh-bao/{ticket}").text
    assert "chợ Riêng" in case
    assert CONTACT not in case
    assert "/truy-vet?ma=" in case
    assert session.scalars(select(PrivateRead)).all() == []
    assert CONTACT in officer.post(f"/canh-bao/{ticket}/lien-he").text
    read = session.scalars(select(PrivateRead)).one()
    assert read.subject == "report"

    producer, foreign = sign_in("producer"), sign_in("producer")
    stranger = Party(kind="cooperative", name="HTX Khác")
    session.add(stranger)
    session.flush()
    accounts = session.scalars(
        text("SELECT id FROM web.account WHERE username LIKE 'producer-%' ORDER BY id")
    ).all()
    for account, party in zip(accounts, (scene.cooperative.id, stranger.id), strict=True):
        session.execute(
            text("UPDATE web.account SET party_id = :party WHERE id = :id"),
            {"party": party, "id": account},
        )
    officer.post(f"/canh-bao/{ticket}/ghi-chu", data={"note": "Chỉ cán bộ đọc"})
    session.commit()
    own = producer.get(f"/canh-bao/{ticket}").text
    assert "chợ Riêng" in own
    for secret in (CONTACT, "0912", "Chỉ cán bộ đọc", "officer-"):
        assert secret not in own
    assert foreign.get(f"/canh-bao/{ticket}").status_code == 403
    assert ticket not in foreign.get("/canh-bao").text
    for step in ("nhan", "khep", "lien-he"):
        assert producer.post(f"/canh-bao/{ticket}/{step}").status_code == 403
    assert [item["ticket"] for item in producer.get("/api/v1/reports").json["items"]] == [ticket]
    assert foreign.get("/api/v1/reports").json["items"] == []


def test_a_case_is_closed_with_an_answer_that_the_reporter_reads(client, session, sign_in, scene):
    ticket = send(client)
    first, second = sign_in("officer", "24848"), sign_in("officer")
    first.post(f"/canh-bao/{ticket}/nhan")
    assert "Đang xử lý" in client.get(f"/bao-cao/{ticket}").text
    unanswered = first.post(f"/canh-bao/{ticket}/khep", data={"ly-do": "solved"})
    assert "Viết câu trả lời" in first.get(unanswered.headers["Location"]).text
    closing = {"ly-do": "solved", "tra-loi": "Đã thu hồi cuộn tem bị mất."}
    first.post(f"/canh-bao/{ticket}/khep", data=closing)
    late = second.post(f"/canh-bao/{ticket}/khep", data=closing)
    assert "Người khác vừa khép" in second.get(late.headers["Location"]).text
    told = client.get(f"/bao-cao/{ticket}").text
    assert "Đã thu hồi cuộn tem bị mất." in told
    assert client.get(f"/api/v1/reports/{ticket}").json["close_reason"] == "solved"
    assert ticket not in first.get("/canh-bao").text
    assert ticket in first.get("/canh-bao?trang-thai=closed").text


def test_scans_links_and_buyers_are_in_one_inbox(client, session, sign_in, scene):
    product = scene.product.id
    send(client)
    reports.open_case(session, kind="unissued", product_id=product, serial="GUESS", facts={})
    reports.open_case(session, kind="dead-link", product_id=product, facts={"status": 404})
    hidden = products.register_product(session, name="Chè")
    reports.open_case(session, kind="void", product_id=hidden.id, serial="V", facts={})
    session.commit()
    html = sign_in("officer").get("/canh-bao").text
    assert len(re.findall(r'<li class="case case-(buyer|scan|link)', html)) == 4
    html = sign_in("officer", "24848").get("/canh-bao").text
    assert len(re.findall(r'<li class="case case-', html)) == 3
    # Nobody holds the ticket of what the platform opened.
    own = session.scalars(select(Report.ticket).where(Report.origin == "scan")).first()
    assert client.get(f"/bao-cao/{own}").status_code == 404


def test_a_case_shows_where_its_stamp_was_scanned_and_what_was_found_before(
    client, session, sign_in, scene
):
    product = scene.product.id
    scans.record_scans(
        session,
        uuid4(),
        1,
        {
            scans.Scanned(date(2026, 11, 20), product, None, "GUESS", scene.commune.id): 2,
            scans.Scanned(date(2026, 11, 21), product, None, "GUESS"): 3,
        },
    )
    first = reports.open_case(
        session, kind="unissued", product_id=product, serial="GUESS", facts={}
    )
    reports.close_report(session, first, "unfounded", "Gõ nhầm số", actor="anna")
    # Closed is closed: what is seen later is a new case that names the one before.
    again = reports.open_case(
        session, kind="unissued", product_id=product, serial="GUESS", facts={}
    )
    assert (again.id, again.state) != (first.id, first.state)
    session.commit()
    officer = sign_in("officer")
    assert "tem GUESS" in officer.get("/canh-bao").text
    page = re.sub(r"<[^>]+>|\s+", " ", officer.get(f"/canh-bao/{again.ticket}").text)
    page = " ".join(page.split())
    assert f"21/11/2026 không rõ 3 20/11/2026 {scene.commune.name} 2" in page
    assert f"{first.ticket} · Không có căn cứ" in page
