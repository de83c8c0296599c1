"""Large batches, as a printer gets them: every label decodes, and memory does not grow."""

import csv
import json
import re
import subprocess
import sys

import pypdfium2
import pytest
from sqlalchemy import func, select

from tests.conftest import ROOT
from tests.label_reading import decoded
from tests.product_factories import GTIN, make_scene
from traceability.models import Serial, SerialBatch

BASE = "https://truyxuat.langbiang.example.vn"
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


@pytest.mark.long
def test_a_thousand_labels_decode_a_thousand_times(clone_sessions, run_command, tmp_path):
    with clone_sessions.begin() as session:
        make_scene(session)
    sheets, table = tmp_path / "labels.pdf", tmp_path / "codes.csv"
    done = run_command(
        *("traceability", "issue", "--gtin", GTIN, "--lot", "L2610", "--count", 1000),
        *("--out", sheets, "--csv", table),
        LANGBIANG_PUBLIC_URL=BASE,
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
            [sys.executable, script, clone, tmp_path / "files", str(product), str(count), BASE],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=600,
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
