import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pypdfium2
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from sqlalchemy import func, select, update

from tests.conftest import ROOT
from tests.label_reading import decoded, rendered
from tests.product_factories import GTIN, make_scene
from traceability.__main__ import main
from traceability.models import Lot, SerialBatch

BASE = "https://langbiang.example"
Run = Callable[..., Result]


@pytest.fixture
def run(clone, tmp_path) -> Run:
    """Run a command in this process, over the test's own database."""

    def invoke(*arguments: object, **environment: str) -> Result:
        runner = CliRunner(
            env={"DATABASE_URL": clone, "LANGBIANG_HOME": str(tmp_path), **environment}
        )
        result = runner.invoke(main, [str(argument) for argument in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return invoke


def test_issue_prints_labels_that_all_decode(clone_sessions, run, tmp_path):
    with clone_sessions.begin() as session:
        make_scene(session)
    sheets, table = tmp_path / "labels.pdf", tmp_path / "codes.csv"
    command = ("issue", "--gtin", GTIN[1:], "--lot", "L2610", "--out", sheets)
    archive = tmp_path / "codes.zip"
    more = ("--csv", table, "--pictures", archive, "--as", "png")
    done = run(*command, "--count", 70, *more, LANGBIANG_PUBLIC_URL=BASE)
    assert done.exit_code == 0, done.stderr
    assert "Warning" not in done.stderr
    assert "70 of 70 labels" in done.stderr
    rows = list(csv.DictReader(io.StringIO(table.read_text("utf-8"))))
    assert list(rows[0]) == ["gtin", "lot", "serial", "uri"]
    wanted = [f"{BASE}/01/{GTIN}/10/L2610/21/{row['serial']}" for row in rows]
    assert [row["uri"] for row in rows] == wanted
    with zipfile.ZipFile(archive) as pictures:
        assert len(pictures.namelist()) == 70
        (uri,) = decoded(Image.open(pictures.open(pictures.namelist()[69])))
        assert uri == wanted[69]
    pages = rendered(sheets.read_bytes())
    assert len(pages) == 3
    assert sorted(uri for page in pages for uri in decoded(page)) == sorted(wanted)
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(sheets))
    assert "Cà phê Đưng K'Nớ" in text
    assert "langbiang.example" in text

    with clone_sessions.begin() as session:
        session.execute(update(Lot).values(expires_on=date(2026, 1, 1)))
    old = run(*command, "--count", 1, "--start-at", 24, LANGBIANG_PUBLIC_URL=BASE)
    assert (old.exit_code, "expired on 2026-01-01" in old.stderr) == (0, True)
    assert run(*command, "--count", 1, "--start-at", 25).exit_code == 2
    loopback = run(*command, "--count", 1)
    assert loopback.exit_code == 0
    assert "Warning" in loopback.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--gtin", GTIN, "--product", "1", "--count", "1", "--out", "x.pdf"], 2, "either"),
        (["--count", "1", "--out", "x.pdf"], 2, "either"),
        (["--gtin", GTIN, "--count", "0", "--out", "x.pdf"], 2, "range"),
        (["--gtin", GTIN, "--count", "100001", "--out", "x.pdf"], 2, "range"),
        (["--gtin", GTIN, "--count", "1"], 2, "--out"),
        (["--gtin", "12", "--count", "1", "--out", "x.pdf"], 1, "GTIN"),
        (["--gtin", GTIN, "--count", "1", "--out", "x.pdf"], 1, "registered"),
        (["--product", "99", "--count", "1", "--out", "x.pdf"], 1, "no product 99"),
        (["--product", "1", "--count", "1", "--out", "none/x.pdf"], 1, "no folder"),
    ],
)
def test_issue_refuses_clearly_and_leaves_no_file(
    run, tmp_path, monkeypatch, arguments, code, words
):
    monkeypatch.chdir(tmp_path)
    before = set(Path().iterdir())
    result = run("issue", *arguments)
    assert (result.exit_code, words in result.stderr) == (code, True), result.stderr
    assert set(Path().iterdir()) == before
    if code == 1:
        assert result.stderr.count("\n") == 1


def test_issue_that_is_ended_leaves_no_file_and_no_serial(clone, clone_sessions, tmp_path):
    with clone_sessions.begin() as session:
        make_scene(session)
    folder = tmp_path / "out"
    folder.mkdir()
    command = [sys.executable, "-m", "traceability", "issue", "--gtin", GTIN, "--count", "100000"]
    issuing = subprocess.Popen(
        [*command, "--out", folder / "labels.pdf", "--csv", folder / "codes.csv"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": clone, "LANGBIANG_HOME": str(tmp_path)},
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not any(part.stat().st_size for part in folder.iterdir()):
        assert issuing.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    issuing.terminate()
    assert issuing.wait(30) == 128 + signal.SIGTERM
    assert list(folder.iterdir()) == []
    with clone_sessions() as session:
        assert session.scalar(select(func.count()).select_from(SerialBatch)) == 0


def test_what_is_no_file_is_written_to_and_not_replaced(clone_sessions, run, tmp_path):
    with clone_sessions.begin() as session:
        make_scene(session)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    came: list[bytes] = []
    reader = threading.Thread(target=lambda: came.append(pipe.read_bytes()), daemon=True)
    reader.start()
    command = ("issue", "--gtin", GTIN, "--count", 2, "--out", tmp_path / "labels.pdf")
    assert run(*command, "--csv", pipe).exit_code == 0
    reader.join(10)
    assert came[0].startswith(b"gtin,lot,serial,uri\n")
    assert pipe.is_fifo()


def test_links_lead_only_where_the_operator_allows(run, run_command, tmp_path):
    file = tmp_path / "links.json"
    entry = {"key": f"/01/{GTIN}", "default": {"href": "https://a.example/", "title": "A"}}
    file.write_text(json.dumps({"entries": [entry]}))
    refused = run("links", file)
    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
    assert "--allow-host a.example" in refused.stderr
    assert run("links", file, "--allow-host", "a.example").exit_code == 0
    assert run("links", file, LANGBIANG_LINK_HOSTS="b.example, a.example").exit_code == 0
    assert run("links", tmp_path / "none.json").exit_code == 1
    assert run("links").exit_code == 2
    file.write_bytes(b"\xff\xfe")
    assert "JSON" in run("links", file).stderr
    # The door itself, once.
    door = run_command("traceability", "links", file)
    assert (door.returncode, door.stderr.count("\n")) == (1, 1)
