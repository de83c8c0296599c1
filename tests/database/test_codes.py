"""Batches of serials: their states, their labels as a job, their desk and their API."""

import csv
import io
import re
import zipfile
from contextlib import nullcontext

import psycopg
import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from etl import code_changes, labels
from etl.code_requests import CHANGE_CODES
from etl.label_requests import PRINT_LABELS, LabelRequest, file_of, find_labels, request_labels
from etl.models import Run
from gis.errors import ConflictError, InvalidInputError, NotFoundError
from tests.label_reading import decoded, rendered
from tests.product_factories import GTIN, make_scene
from traceability import batches
from traceability.batches import LabelFiles, print_batch
from traceability.label_sheets import SHEETS
from traceability.models import EventItem, Lot, Serial, SerialBatch, SerialChange
from traceability.serials import (
    BEFORE,
    Chosen,
    change_states,
    find_serial,
    issue_serials,
    list_changes,
    open_batch,
    undo_states,
)
from web.models import Account

BASE = "https://langbiang.example"
STATES = ("issued", "active", "sold", "void", "recalled")
# From Decree and standard to paper: what may follow what.
LEGAL = {
    ("issued", "active"),
    ("issued", "void"),
    ("issued", "recalled"),
    ("active", "sold"),
    ("active", "void"),
    ("active", "recalled"),
    ("sold", "void"),
    ("sold", "recalled"),
    ("recalled", "void"),
}


@pytest.fixture
def scene(session):
    made = make_scene(session)
    session.commit()
    return made


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


def states_of(session, product_id) -> dict[str, int]:
    query = select(Serial.state, func.count()).where(Serial.product_id == product_id)
    return dict(session.execute(query.group_by(Serial.state)).all())


def test_the_database_holds_the_table_of_transitions(session, scene):
    """Each of the 20 changes, straight in SQL: nine are admitted."""
    list(issue_serials(session, scene.product, 1))
    session.execute(text("SELECT set_config('langbiang.correcting', 'on', true)"))
    for before in STATES:
        for after in STATES:
            if before == after:
                continue
            session.execute(text("SELECT set_config('langbiang.correcting', 'on', true)"))
            session.execute(update(Serial).values(state=before))
            session.execute(text("SELECT set_config('langbiang.correcting', '', true)"))
            refusal = pytest.raises(DBAPIError, match="it cannot become")
            with nullcontext() if (before, after) in LEGAL else refusal, session.begin_nested():
                session.execute(update(Serial).values(state=after))
    assert {(b, to) for to, before in BEFORE.items() for b in before} == LEGAL
    for changed in ({"serial": "X"}, {"position": 2}):
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(update(Serial).values(changed))


def test_states_change_once_and_history_names_ranges(session, scene):
    product = scene.product
    serials = list(issue_serials(session, product, 100, scene.lot))
    assert len(set(serials)) == 100
    batch = session.scalars(select(SerialBatch)).one()
    assert (batch.count, batch.lot_id) == (100, scene.lot.id)
    roll = Chosen(product.id, batch_id=batch.id, first=11, last=60)
    first = change_states(session, roll, "active")
    again = change_states(session, roll, "active")
    assert (first.changed, first.unchanged, again.changed, again.unchanged) == (50, 0, 0, 50)
    stolen = change_states(
        session, Chosen(product.id, batch_id=batch.id, first=51), "void", reason="mất cuộn"
    )
    assert (stolen.changed, stolen.refused) == (50, ())
    refused = change_states(session, Chosen(product.id, batch_id=batch.id), "active")
    assert (refused.changed, refused.unchanged, len(refused.refused)) == (10, 40, 5)
    assert refused.refused[0] == (serials[50], "void")
    assert states_of(session, product.id) == {"active": 50, "void": 50}
    lines = session.execute(
        select(
            SerialChange.from_state,
            SerialChange.to_state,
            SerialChange.count,
            SerialChange.reason,
            SerialChange.positions,
        ).order_by(SerialChange.id)
    ).all()
    told = {
        (a, b, n, why, tuple((r.lower, r.upper - 1) for r in ranges))
        for a, b, n, why, ranges in lines
    }
    assert told == {
        ("issued", "active", 50, None, ((11, 60),)),
        ("active", "void", 10, "mất cuộn", ((51, 60),)),
        ("issued", "void", 40, "mất cuộn", ((61, 100),)),
        ("issued", "active", 10, None, ((1, 10),)),
    }
    mine = list_changes(session, find_serial(session, product.id, serials[54]))
    assert [(one.from_state, one.to_state) for one in mine] == [
        ("issued", "active"),
        ("active", "void"),
    ]
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(update(SerialChange).values(reason="x"))


def test_a_mistake_is_undone_to_what_was_before(session, scene):
    product = scene.product.id
    one, two, three = issue_serials(session, scene.product, 3)
    change_states(session, Chosen(product, serials=(one, two)), "active")
    change_states(session, Chosen(product, serials=(one,)), "sold")
    everything = Chosen(product, serials=(one, two, three))
    assert change_states(session, everything, "recalled").changed == 3
    assert undo_states(session, everything, "recalled", reason="nhầm lô") == 3
    session.expire_all()
    told = [find_serial(session, product, serial).state for serial in (one, two, three)]
    assert told == ["sold", "active", "issued"]
    assert undo_states(session, everything, "sold") == 1
    assert undo_states(session, everything, "recalled") == 0
    session.expire_all()
    assert find_serial(session, product, one).sold_at is None
    # Correcting ends with the function: the database refuses again.
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(update(Serial).where(Serial.serial == one).values(state="issued"))


def test_who_numbers_items_himself_commissions_them(session, scene):
    chosen = Chosen(scene.product.id, serials=("OWN-1", "OWN-2"))
    for expected in ((2, 0), (0, 2)):
        changed = change_states(session, chosen, "active", lot_id=scene.lot.id, adopt=True)
        assert (changed.changed, changed.unchanged) == expected
    found = find_serial(session, scene.product.id, "OWN-1")
    assert (found.state, found.lot_id, found.batch_id) == ("active", scene.lot.id, None)
    change_states(session, chosen, "sold")
    assert [one.serials for one in list_changes(session, found)] == [["OWN-1", "OWN-2"]]


def test_two_people_at_one_roll_change_each_label_once(clone, clone_sessions):
    with clone_sessions.begin() as session:
        scene = make_scene(session)
        list(issue_serials(session, scene.product, 200))
        product = scene.product.id
    with clone_sessions() as first, clone_sessions() as second:
        second.execute(text("SET LOCAL lock_timeout = '200ms'"))
        assert change_states(first, Chosen(product), "active").changed == 200
        with pytest.raises(DBAPIError, match="lock"):
            change_states(second, Chosen(product), "void")
        second.rollback()
        first.commit()
        assert change_states(second, Chosen(product), "active").unchanged == 200
        assert change_states(second, Chosen(product), "void").changed == 200
        second.commit()
    with psycopg.connect(clone) as connection:
        lines = connection.execute("SELECT sum(count) FROM traceability.serial_change").fetchone()
        assert lines[0] == 400


@pytest.mark.parametrize("name", SHEETS)
def test_every_sheet_decodes_at_300_dpi(session, scene, name):
    file, table = io.BytesIO(), io.StringIO()
    count = min(SHEETS[name].count + 1, 25)
    batch = open_batch(session, scene.product, count, scene.lot, created_by="test")
    told = []
    files = LabelFiles(pdf=file, table=table, sheet=name)
    pages = print_batch(session, batch, scene.product, scene.lot, BASE, files, told.append)
    rows = list(csv.DictReader(io.StringIO(table.getvalue())))
    images = rendered(file.getvalue())
    assert len(images) == pages == -(-count // SHEETS[name].count)
    read = [uri for image in images for uri in decoded(image)]
    assert sorted(read) == sorted(row["uri"] for row in rows)
    assert sum(told) == count
    # GS1 General Specifications: modules of at least 0.396 mm for a phone.
    assert SHEETS[name].module_mm >= 0.396


def printed(session, sessions, settings, wish, actor="anna"):
    run = request_labels(session, wish, actor=actor)
    session.commit()
    labels.run_labels(sessions, settings.files_folder, run.id)
    session.expire_all()
    return session.get_one(Run, run.id)


def test_a_job_issues_and_prints_whole_files_for_its_owner(session, sessions, settings, scene):
    wish = LabelRequest(scene.product.id, "L2610", 30, "24", ("pdf", "csv", "svg"), BASE)
    run = printed(session, sessions, settings, wish)
    assert (run.state, run.error, run.report["pages"]) == ("done", None, 2)
    rows = list(
        csv.DictReader(file_of(settings.files_folder, run, "csv").read_text("utf-8").splitlines())
    )
    assert [tuple(row) for row in rows[:1]] == [("gtin", "lot", "serial", "uri")]
    with zipfile.ZipFile(file_of(settings.files_folder, run, "svg")) as archive:
        names = archive.namelist()
        assert names[0] == f"000001-{rows[0]['serial']}.svg"
        assert len(names) == 30
        assert rows[0]["uri"] in archive.read(names[0]).decode()
    batch = session.get_one(SerialBatch, run.report["batch"])
    assert (batch.run_id, batch.created_by, batch.count) == (run.id, "anna", 30)
    # The queue gives a job twice when a worker dies late: nothing is issued again.
    labels.run_labels(sessions, settings.files_folder, run.id)
    assert session.scalar(select(func.count()).select_from(Serial)) == 30
    with pytest.raises(NotFoundError):
        find_labels(session, run.id, actor="ben")
    with pytest.raises(NotFoundError):
        file_of(settings.files_folder, run, "png")


def test_a_crash_in_the_middle_leaves_no_file_and_no_serial(
    session, sessions, settings, scene, monkeypatch
):
    wish = LabelRequest(scene.product.id, None, 60, "24", ("pdf", "csv"), BASE)
    real = batches.labels.write_sheets

    def torn(file, made, **options):
        for number, _ in enumerate(made):
            file.write(b"x" * 1000)
            if number == 40:
                raise RuntimeError("power cut")

    monkeypatch.setattr(batches.labels, "write_sheets", torn)
    with pytest.raises(RuntimeError):
        printed(session, sessions, settings, wish)
    run = session.scalars(select(Run)).one()
    assert (run.state, run.error) == ("failed", "Unexpected error; see log.")
    assert session.scalar(select(func.count()).select_from(Serial)) == 0
    assert session.scalar(select(func.count()).select_from(SerialBatch)) == 0
    assert [path for path in settings.files_folder.rglob("*") if path.is_file()] == []
    # A worker that was killed leaves its run as running, and half a folder: begun again.
    monkeypatch.setattr(batches.labels, "write_sheets", real)
    run.state, run.error = "running", None
    folder = settings.files_folder / "labels" / f"{run.report['folder']}.part"
    folder.mkdir(parents=True)
    (folder / "tem.pdf").write_bytes(b"half")
    session.commit()
    labels.run_labels(sessions, settings.files_folder, run.id)
    session.expire_all()
    assert session.get_one(Run, run.id).state == "done"
    assert not folder.exists()
    assert session.scalar(select(func.count()).select_from(Serial)) == 60


@pytest.mark.parametrize(
    ("changed", "parameter"),
    [
        ({"count": 0}, "count"),
        ({"count": 100_001}, "count"),
        ({"sheet": "13"}, "sheet"),
        ({"kinds": ()}, "files"),
        ({"kinds": ("exe",)}, "files"),
        ({"kinds": ("png", "svg")}, "files"),
        ({"kinds": ("png",), "count": 20_001}, "count"),
    ],
)
def test_what_cannot_be_printed_is_said_before_the_worker_begins(changed, parameter):
    given = {
        "product_id": 1,
        "lot_code": None,
        "count": 10,
        "sheet": "24",
        "kinds": ("pdf",),
        "base": BASE,
    }
    with pytest.raises(InvalidInputError) as refused:
        LabelRequest(**given | changed)
    assert refused.value.context["parameter"] == parameter


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
    assert used.json == {"changed": 5, "unchanged": 0, "refused": []}
    by_serial = change(state="active", serials=serials[3:8], lot="L2610")
    assert by_serial.json == {"changed": 3, "unchanged": 2, "refused": []}
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
    for given in (
        serial,
        f"{serial[:4]} {serial[4:8]} {serial[8:]}",
        f"https://langbiang.example/01/{GTIN}/10/L2610/21/{serial}",
    ):
        page = producer.get("/tem/kich-hoat", query_string={"ma": given}).text
        assert "Kích hoạt tem này" in page, given
    done = producer.post("/tem/kich-hoat", data={"ma": serial})
    page = producer.get(done.location).text
    assert "Đã kích hoạt 1 tem" in page
    assert "Kích hoạt tem này" not in page
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


def test_a_lot_of_another_product_is_no_lot_for_a_batch(session, scene):
    lot = Lot(product_id=scene.product.id, code="X")
    lot.product_id = 0
    with pytest.raises(InvalidInputError, match="not a lot"):
        open_batch(session, scene.product, 1, lot, created_by="test")
    with pytest.raises(InvalidInputError, match="Serials become"):
        change_states(session, Chosen(scene.product.id), "genuine")
    assert ConflictError is not InvalidInputError
