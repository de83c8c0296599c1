"""The door of loading: exit codes, one line, all or nothing even when something dies."""

import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psycopg
import pyogrio
import pytest
import shapely
from click.testing import CliRunner
from sqlalchemy import func, select, text

from etl.__main__ import cli
from gis.models import Parcel
from tests.load_factories import box, write_geojson

ROOT = Path(__file__).parent.parent.parent


def test_the_door_writes_the_report_and_exits_as_agreed(run_command, clone_sessions, tmp_path):
    file = write_geojson(tmp_path / "thua.geojson", [box(108.5, 11.9), box(1, 1)], code=["A", "B"])
    report = tmp_path / "report.json"
    done = run_command("etl", "load", "parcels", file, "--report", report)
    assert done.returncode == 0, done.stderr
    assert "accepted 1" in done.stdout
    assert "read: 2 of 2" in done.stderr  # progress in plain lines, not on stdout
    keys = "file layer crs encoding read accepted updated unchanged rejected repaired area_ha"
    said = json.loads(report.read_text())
    assert [*keys.split(), "rejects", "repairs", "warnings"] == list(said)[:14]
    assert said["rejects"][0]["row"] == 2
    with clone_sessions() as session:
        assert session.scalar(select(func.count()).select_from(Parcel)) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["parcels", "/vsicurl/http://127.0.0.1:1/a.gpkg"], 1, "plain file"),
        (["parcels", "nowhere.gpkg"], 1, "No such file"),
        (["parcels", "FILE", "--crs", "EPSG:1"], 1, "EPSG:1 is not"),
        (["parcels", "FILE", "--report", "/no/where.json"], 1, "folder is not there"),
        (["parcels", "FILE", "--key", "abc"], 1, "no field abc"),
        (["growing-areas", "FILE"], 1, "--map code=name"),
        (["parcels", "FILE", "--encoding", "klingon"], 2, "klingon"),
        (["no-layer", "FILE"], 2, "no-layer"),
        (["parcels"], 2, "FILE"),
    ],
)
def test_refusals_are_one_line(engine, tmp_path, monkeypatch, arguments, code, words):
    file = write_geojson(tmp_path / "thua.geojson", [box(108.5, 11.9)], code=["A"])
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    given = [str(file) if argument == "FILE" else argument for argument in arguments]
    answer = CliRunner().invoke(cli, ["load", *given])
    assert answer.exit_code == code, answer.output
    assert words in answer.stderr
    if code == 1:
        assert len(answer.stderr.strip().splitlines()) == 1
        assert answer.stdout == ""


def write_many(folder: Path) -> Path:
    shapes = [box(108 + n % 300 / 300, 11 + n // 300 / 300, 0.003) for n in range(60_000)]
    file = folder / "nhieu.gpkg"
    pyogrio.raw.write(
        file,
        geometry=shapely.to_wkb(np.array(shapes)),
        field_data=[np.arange(len(shapes))],
        fields=["so"],
        geometry_type="Polygon",
        crs="EPSG:4326",
    )
    return file


@contextmanager
def start_load(clone: str, folder: Path, file: Path, step: str):
    """Start a load and come back when it has begun a step."""
    # A shell's background makes tests, and what they start, deaf to Ctrl-C.
    hearing = ["env", "--default-signal=INT"]
    process = subprocess.Popen(
        [*hearing, ROOT / ".venv/bin/python", "-m", "etl", "load", "parcels", file],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": clone, "LANGBIANG_HOME": str(folder)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        for line in process.stderr:
            if line.startswith(step):
                break
        time.sleep(0.3)
        yield process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.long
@pytest.mark.parametrize("strike", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_load_that_dies_leaves_no_trace(clone, clone_sessions, tmp_path, strike):
    file = write_many(tmp_path)
    for step in ("read:", "check:", "write:"):
        with start_load(clone, tmp_path, file, step) as process:
            process.send_signal(strike)
            assert process.wait(timeout=120) != 0
        with clone_sessions() as session:
            # Waits until the server has ended the orphan's transaction, however long that works on.
            session.execute(text("SET LOCAL lock_timeout = 0"))
            session.execute(text("SET LOCAL statement_timeout = 0"))
            session.execute(text("LOCK TABLE gis.parcel IN SHARE MODE"))
            for table in ("gis.parcel", "gis.revision", "gis.layer_change", "etl.run"):
                assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0


@pytest.mark.long
def test_a_database_that_dies_during_a_load_is_told_in_one_line(clone, tmp_path):
    file = write_many(tmp_path)
    with start_load(clone, tmp_path, file, "write:") as process:
        with psycopg.connect(clone, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'etl'"
            )
        rest = process.stderr.read()
        assert process.wait(timeout=120) == 1
    assert "nothing changed" in rest
    assert "Traceback" not in rest
    with psycopg.connect(clone) as connection:
        assert connection.execute("SELECT count(*) FROM gis.parcel").fetchone() == (0,)
