"""Batches on paper: every label decodes, a job is whole or nothing, memory does not grow."""

import csv
import io
import json
import re
import subprocess
import sys
import zipfile
from decimal import Decimal

import pypdfium2
import pytest
from sqlalchemy import func, select, text

from etl import labels
from etl.label_requests import LabelRequest, file_of, find_labels, request_labels
from etl.models import Run
from gis.errors import InvalidInputError, NotFoundError
from tests.conftest import ROOT
from tests.label_reading import decoded, rendered
from tests.product_factories import GTIN, make_scene
from tests.trade_factories import days_ago, harvest, make_trade
from traceability.labelling import batches
from traceability.labelling.batches import LabelFiles, print_batch
from traceability.labelling.label_sheets import SHEETS
from traceability.labelling.serials import issue_batch, open_batch
from traceability.models import Lot, Product, Serial, SerialBatch
from traceability.recording.keeping import Share
from traceability.recording.processing import record_processing
from traceability.selling.offering import revise_product

LONG_BASE = "https://truyxuat.langbiang.example.vn"
# Run in a process of its own, so that what it takes at most is its own.
MEASURE = """
import json, resource, sys
from pathlib import Path
from etl import labels
from etl.label_requests import LabelRequest, request_labels
from etl.models import Run
from gis.database import connect, make_sessions
sessions = make_sessions(connect(sys.argv[1], statement_timeout_s=0))
wish = LabelRequest(int(sys.argv[3]), None, int(sys.argv[4]), "24", ("pdf", "csv"), sys.argv[5])
with sessions.begin() as session:
    run = request_labels(session, wish, actor="anna")
labels.run_labels(sessions, Path(sys.argv[2]), run.id)
with sessions() as session:
    run = session.get_one(Run, run.id)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"state": run.state, "bytes": run.report["bytes"], "peak_kb": peak}))
"""
BASE = "https://langbiang.example"


@pytest.fixture
def scene(session):
    made = make_scene(session)
    session.commit()
    return made


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
    wish = LabelRequest(scene.product.id, "L2610", 30, "24", ("pdf", "csv", "svg"), BASE, 20)
    run = printed(session, sessions, settings, wish)
    # Five on what was left of the first sheet.
    assert (run.state, run.error, run.report["pages"]) == ("done", None, 3)
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


def test_a_batch_in_print_stops_nobody_who_works_on_its_product_and_lot(clone_sessions):
    with clone_sessions.begin() as session:
        trade = make_trade(session)
        lot, _ = harvest(session, trade, "H1", 100, 3)
    with clone_sessions() as printing, clone_sessions.begin() as other:
        # A hundred thousand labels hold their transaction for minutes.
        product = printing.get_one(Product, trade.raw.id)
        held = open_batch(printing, product, 10, printing.get_one(Lot, lot.id), created_by="anna")
        assert len(list(issue_batch(printing, held))) == 10
        other.execute(text("SET LOCAL lock_timeout = '2s'"))
        raw, middle = (other.get_one(Product, each.id) for each in (trade.raw, trade.middle))
        assert revise_product(other, raw, {"summary": "Hái tay"}, version=raw.version)
        harvest(other, trade, "H1", 50, 2)
        share = Share(other.get_one(Lot, lot.id), raw, Decimal(30), "kg")
        record_processing(
            *(other, trade.keeper, [share], middle, "N1"),
            amount=Decimal(10),
            unit="kg",
            at=days_ago(1),
        )


@pytest.mark.parametrize(
    ("changed", "parameter"),
    [
        ({"count": 0}, "count"),
        ({"count": 100_001}, "count"),
        ({"sheet": "13"}, "sheet"),
        ({"start": 25}, "start"),
        ({"start": 0}, "start"),
        ({"sheet": "round-40", "start": 2}, "start"),
        ({"kinds": ()}, "files"),
        ({"kinds": ("exe",)}, "files"),
        ({"kinds": ("png", "svg")}, "files"),
        ({"kinds": ("png",), "count": 20_001}, "files"),
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


@pytest.mark.long
def test_a_thousand_labels_decode_a_thousand_times(clone_sessions, run_command, tmp_path):
    with clone_sessions.begin() as session:
        make_scene(session)
    sheets, table = tmp_path / "labels.pdf", tmp_path / "codes.csv"
    done = run_command(
        *("traceability", "issue", "--gtin", GTIN, "--lot", "L2610", "--count", 1000),
        *("--out", sheets, "--csv", table),
        LANGBIANG_PUBLIC_URL=LONG_BASE,
    )
    assert done.returncode == 0, done.stderr
    wanted = [row["uri"] for row in csv.DictReader(table.read_text("utf-8").splitlines())]
    assert len(set(wanted)) == 1000
    document = pypdfium2.PdfDocument(sheets)
    read: list[str] = []
    for page in document:
        read += decoded(page.render(scale=300 / 72).to_pil())
        # The pictures are never needed again: a document keeps its pages open.
        page.close()
    document.close()
    assert sorted(read) == sorted(wanted)


@pytest.mark.long
def test_a_hundred_thousand_labels_take_no_more_memory_than_a_thousand(
    clone, clone_sessions, run_command, tmp_path
):
    with clone_sessions.begin() as session:
        product = make_scene(session).product.id
    script = tmp_path / "measure.py"
    script.write_text(MEASURE)
    told = {}
    for count in (1_000, 100_000):
        done = subprocess.run(
            [
                sys.executable,
                script,
                clone,
                tmp_path / "files",
                str(product),
                str(count),
                LONG_BASE,
            ],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=1200,
        )
        assert done.returncode == 0, done.stderr
        told[count] = json.loads(done.stdout)
        assert told[count]["state"] == "done"
    with clone_sessions() as session:
        assert session.scalar(select(func.count()).select_from(Serial)) == 101_000
        assert session.scalar(select(func.sum(SerialBatch.count))) == 101_000
    (folder,) = [
        path
        for path in (tmp_path / "files/labels").iterdir()
        if (path / "ma.csv").stat().st_size > 5e6
    ]
    with (folder / "tem.pdf").open("rb") as file:
        file.seek(-40, 2)
        assert re.search(rb"startxref\n\d+\n%%EOF", file.read())
    more = told[100_000]["peak_kb"] - told[1_000]["peak_kb"]
    assert more < 64_000, f"{more} kB more for a hundred times as many labels"
