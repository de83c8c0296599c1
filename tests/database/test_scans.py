"""Scans: counted once each, by day and commune; what contradicts itself is told and filed."""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from gis.calendar import local_day, today
from gis.models import AdministrativeUnit
from tests.conftest import ROOT
from tests.ports import choose_port
from tests.product_factories import GTIN, make_scene, square
from traceability.epcis.capture import Captor, capture_events
from traceability.labelling.serials import Chosen, change_states, issue_serials
from traceability.models import Report, ScanDay
from traceability.recording.activation import activate
from traceability.recording.keeping import Keeper
from traceability.scanning.scans import (
    MOST_PLACES,
    MOST_UNISSUED,
    Scanned,
    find_commune,
    record_scans,
    standing_of,
)
from traceability.scanning.suspicions import examine
from web.codes import scanning
from web.codes.scanning import ScanCounter

DAY = date(2026, 11, 20)
PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 Chrome/120.0 Mobile"}


@pytest.fixture
def scene(session):
    made = make_scene(session)
    session.flush()
    return made


@pytest.fixture
def serial(session, scene):
    (issued,) = issue_serials(session, scene.product, 1, scene.lot)
    change_states(session, Chosen(scene.product.id, serials=(issued,)), "active")
    return issued


def commune(session, code: str, lon: float, lat: float) -> int:
    unit = AdministrativeUnit(
        code=code,
        name=code,
        full_name=code,
        level="commune",
        valid_from=date(2025, 7, 1),
        boundary=square(lon, lat, 0.1),
    )
    session.add(unit)
    session.flush()
    return unit.id


def record(session, scans, number=1, writer=None):
    return record_scans(session, writer or uuid.uuid4(), number, scans)


def test_a_flush_counts_once_however_often_it_arrives(session, scene, serial):
    product, writer = scene.product.id, uuid.uuid4()
    scans = {
        Scanned(DAY, product, scene.lot.id, serial): 2,
        Scanned(DAY, product, scene.lot.id, serial, scene.commune.id): 3,
        Scanned(DAY, product): 5,
        Scanned(DAY, product + 99): 7,
    }
    assert [record(session, scans, number, writer) for number in (1, 1, 2, 1)] == [10, 0, 10, 0]
    assert record(session, scans, 1) == 10, "another process has its own numbers"
    rows = session.execute(select(ScanDay.serial, ScanDay.commune_id, ScanDay.scans)).all()
    assert set(rows) == {
        (serial, None, 6),
        (serial, scene.commune.id, 9),
        (None, None, 15),
    }
    standing = standing_of(session, product, serial)
    assert (standing.state, standing.scan_count, standing.first_scanned_on) == ("active", 15, DAY)
    assert standing.warnings == ()


def test_invented_serials_do_not_fill_the_table(session, scene):
    product = scene.product.id
    for number in (1, 2):
        scans = {Scanned(DAY, product, None, f"FAKE{number}{n}"): 1 for n in range(300)}
        assert record(session, scans) == 300
    rows, scanned = session.execute(select(func.count(), func.sum(ScanDay.scans))).one()
    assert (rows, scanned) == (MOST_UNISSUED + 1, 600), "the rest counts for the product"
    known = session.scalar(select(ScanDay.serial).where(~ScanDay.is_issued).limit(1))
    assert record(session, {Scanned(DAY, product, None, known): 1}) == 1
    assert standing_of(session, product, known).scan_count == 2, "one that is known counts on"


def test_each_state_is_told_and_never_called_genuine(session, scene):
    product = scene.product.id
    serials = list(issue_serials(session, scene.product, 5, scene.lot))
    for state, serial in zip(("active", "recalled", "void"), serials, strict=False):
        change_states(session, Chosen(product, serials=(serial,)), state)
    change_states(session, Chosen(product, serials=(serials[3],)), "active")
    change_states(session, Chosen(product, serials=(serials[3],)), "sold")
    told = [standing_of(session, product, serial) for serial in serials]
    assert [(one.state, one.warnings) for one in told] == [
        ("active", ()),
        ("recalled", ("recalled",)),
        ("void", ("void",)),
        ("sold", ()),
        ("issued", ("not-active",)),
    ]
    for unknown in ("0" * 12, "", "x" * 21, "a\x00b", "é", serials[0].lower()):
        standing = standing_of(session, product, unknown)
        assert (standing.state, standing.warnings) == ("unissued", ("unissued",))
    other = standing_of(session, product, serials[0], scene.lot.id + 1)
    assert other.warnings == ("unissued",), "a serial of another lot"


def test_distant_communes_on_one_day_and_too_many_places(session, scene, serial):
    product = scene.product.id
    near = commune(session, "10001", 108.9, 11.9)
    # Nghệ An lies some 800 km from Lạc Dương.
    far = commune(session, "10002", 105.2, 18.8)

    def scans(day, *places):
        return {Scanned(day, product, None, serial, place): 1 for place in places}

    record(session, scans(DAY, scene.commune.id, near))
    record(session, scans(DAY - timedelta(1), far))
    assert standing_of(session, product, serial).warnings == (), "on another day it may be there"
    record(session, scans(DAY, far))
    assert standing_of(session, product, serial).warnings == ("distant",)
    more = [commune(session, f"2000{n}", 108.0 + n / 10, 13.0) for n in range(MOST_PLACES - 3)]
    record(session, {Scanned(DAY - timedelta(2), product, None, serial, one): 1 for one in more})
    assert "many-places" not in standing_of(session, product, serial).warnings
    record(session, scans(DAY - timedelta(3), commune(session, "30001", 107.0, 12.0)))
    assert standing_of(session, product, serial).warnings == ("distant", "many-places")


def test_doubtful_scans_open_one_case_each(session, scene, serial):
    product = scene.product.id
    (unused,) = issue_serials(session, scene.product, 1, scene.lot)
    record(session, {Scanned(DAY, product, None, one): 1 for one in (serial, "FAKE", unused)})
    assert [examine(session), examine(session)] == [3, 0], "each is looked at once"
    for _ in range(2):
        record(session, {Scanned(DAY, product, None, one): 1 for one in ("FAKE", unused)})
        examine(session)
    cases = session.scalars(select(Report).order_by(Report.kind)).all()
    assert [(case.kind, case.serial) for case in cases] == [
        ("not-active", unused),
        ("unissued", "FAKE"),
    ], "a packer's one trial of a label is no case, three scans are"


def test_the_place_is_todays_commune(session, scene):
    assert find_commune(session, "24848") == scene.commune.id
    assert find_commune(session, (108.5, 12.0)) == scene.commune.id
    assert find_commune(session, "99999") is None
    assert find_commune(session, (0.0, 0.0)) is None


def test_a_scan_is_counted_by_the_resolver_and_a_preview_is_not(client, app, session, scene):
    (serial,) = issue_serials(session, scene.product, 1, scene.lot)
    path = f"/01/{GTIN}/10/L2610/21/{serial}"
    counter = scanning.counter(app)
    for headers in (PHONE, PHONE, {"User-Agent": "facebookexternalhit/1.1"}):
        assert client.get(path, headers=headers).status_code == 307
    assert client.get(path, headers={**PHONE, "Purpose": "prefetch"}).status_code == 307
    assert client.head(path, headers=PHONE).status_code == 307
    assert client.get(f"{path}?linkType=linkset", headers=PHONE).status_code == 200
    assert client.get(f"/01/{GTIN}/10/NONE", headers=PHONE).status_code == 307
    assert counter.waiting == 3
    assert (counter.flush(), counter.waiting, counter.lost) == (3, 0, 0)
    rows = session.execute(select(ScanDay.lot_id, ScanDay.serial, ScanDay.scans)).all()
    assert set(rows) == {(scene.lot.id, serial, 2), (None, None, 1)}
    standing = standing_of(session, scene.product.id, serial)
    assert standing.first_scanned_on == today()


def test_a_flush_that_fails_is_sent_again_and_nothing_is_lost(session, sessions, scene):
    product = scene.product.id
    counter = ScanCounter(sessions, in_background=False)
    for _ in range(3):
        counter.note(product, None, "A")

    def away():
        raise OperationalError("", {}, Exception("away"))

    class Away:
        begin = staticmethod(away)

    counter._sessions = Away()
    with pytest.raises(OperationalError):
        counter.flush()
    counter.note(product, None, "B")
    assert counter.waiting == 4
    counter._sessions = sessions
    counter.close(patience_s=5)
    assert session.scalar(select(func.sum(ScanDay.scans))) == 4
    assert (counter.waiting, counter.lost) == (0, 0)


def test_many_threads_count_exactly_while_flushes_run(clone_sessions):
    with clone_sessions.begin() as session:
        product = make_scene(session).product.id
    counter = ScanCounter(clone_sessions, in_background=False)
    over = threading.Event()

    def flush():
        while not over.is_set():
            counter.flush()

    flusher = threading.Thread(target=flush)
    flusher.start()

    def scan(worker):
        for n in range(500):
            counter.note(product, None, f"S{(worker + n) % 7}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(scan, range(8)))
    over.set()
    flusher.join()
    counter.close()
    with clone_sessions() as session:
        assert session.scalar(select(func.sum(ScanDay.scans))) == 4000


def test_memory_is_bounded_and_the_product_still_counts(session, sessions, scene, monkeypatch):
    monkeypatch.setattr(scanning, "MOST_KEYS", 10)
    product = scene.product.id
    counter = ScanCounter(sessions, in_background=False)
    for n in range(50):
        counter.note(product, None, f"S{n}")
    assert len(counter._counts) == 11
    counter.close()
    assert session.scalar(select(func.sum(ScanDay.scans))) == 50


def test_a_child_process_counts_its_own_only(session, sessions, scene):
    product = scene.product.id
    counter = ScanCounter(sessions, in_background=False)
    counter.note(product)
    child = os.fork()
    if child == 0:
        os._exit(0 if counter.waiting == 0 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert counter.flush() == 1


@pytest.mark.long
def test_a_server_that_is_told_to_stop_has_written_every_scan(clone, clone_sessions, tmp_path):
    """N answers, SIGTERM at once, N scans: also when the database was away in between."""
    with clone_sessions.begin() as session:
        scene = make_scene(session)
        serials = list(issue_serials(session, scene.product, 20, scene.lot))
    port = choose_port()
    address = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "DATABASE_URL": clone, "LANGBIANG_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "gunicorn", "web:create_app()", "-b", f"127.0.0.1:{port}"]
    command += ["--worker-class", "gthread", "--threads", "8", "--workers", "2"]
    server = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_arguments):
            return None

    opener = urllib.request.build_opener(NoRedirect)

    def scan(number: int) -> int:
        path = f"{address}/01/{GTIN}/10/L2610/21/{serials[number % 20]}"
        try:
            opener.open(urllib.request.Request(path, headers=PHONE), timeout=60)
        except urllib.error.HTTPError as answer:
            answer.close()
            return answer.code == 307
        return 0

    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.2)
        with ThreadPoolExecutor(8) as pool:
            answered = sum(pool.map(scan, range(300)))
            # All its connections die, as when the database is started anew.
            with clone_sessions() as session:
                session.execute(
                    text(
                        "SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND application_name = 'web'"
                    )
                )
            answered += sum(pool.map(scan, range(300)))
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
    finally:
        server.kill()
        server.wait()
    assert answered >= 590
    with clone_sessions() as session:
        assert session.scalar(select(func.sum(ScanDay.scans))) == answered


def test_scans_before_the_item_was_shipped_also_in_its_box(session, scene):
    loose, boxed, tried = issue_serials(session, scene.product, 3, scene.lot)
    now = datetime.now(UTC).replace(hour=5, minute=0, second=0, microsecond=0)
    days = {ago: now - timedelta(days=ago) for ago in range(1, 6)}
    keeper = Keeper(
        Captor("anna", scene.cooperative.id, frozenset({"producer"})), "https://langbiang.example"
    )
    activate(session, keeper, scene.product, Chosen(scene.product.id), at=days[5])
    box = "https://id.gs1.org/00/095200090000000005"
    uri = f"https://langbiang.example/01/{GTIN}/21/"

    def event(kind, at, step, **more):
        return {
            "type": kind,
            "eventTime": at.isoformat(),
            "eventTimeZoneOffset": "+07:00",
            "bizStep": step,
            **more,
        }

    packed = {"action": "ADD", "parentID": box, "childEPCs": [uri + boxed]}
    shipped = {"action": "OBSERVE", "disposition": "in_transit"}
    capture_events(
        session,
        [
            event("AggregationEvent", days[4], "packing", **packed),
            event("ObjectEvent", days[2], "shipping", epcList=[uri + loose], **shipped),
            event("ObjectEvent", days[2], "shipping", epcList=[uri + tried], **shipped),
            event("ObjectEvent", days[2], "shipping", epcList=[box], **shipped),
        ],
        by=keeper.captor,
    )
    product = scene.product.id
    before, same = local_day(days[3]), local_day(days[2])
    record(session, {Scanned(before, product, None, one): 2 for one in (loose, boxed)})
    trial = {Scanned(before, product, None, tried): 1, Scanned(same, product, None, tried): 9}
    record(session, trial)
    told = [standing_of(session, product, one).warnings for one in (loose, boxed, tried)]
    assert told == [("before-shipping",), ("before-shipping",), ()]
