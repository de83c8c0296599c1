"""Exports and snapshots of layers, and the worker that makes them."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import geopandas as gpd
import pyarrow.parquet as pq
import pytest
from geoalchemy2.shape import from_shape
from geopandas.testing import assert_geodataframe_equal
from shapely import MultiPolygon, Point, box
from sqlalchemy import select, text

from etl.models import Run, Snapshot
from etl.queries import request_snapshot
from etl.snapshots import take_snapshot
from etl.worker import make_app
from gis.errors import InvalidInputError, UnavailableError
from gis.exports import ENDINGS, export_layer
from gis.frames import read_layer
from gis.layer import View
from gis.models import GrowingArea, Party

ROOT = Path(__file__).parents[2]


@pytest.fixture
def areas(session):
    """A cooperative's drawn area and a household's point, which the public sees rounded."""
    return add_areas(session)


def add_areas(session):
    household = Party(kind="household", name="Nguyễn Thị Bí Mật")
    cooperative = Party(kind="cooperative", name="HTX Ka Đô")
    session.add_all([household, cooperative])
    session.flush()
    found = [
        GrowingArea(
            name="Cà phê Ka Đô",
            party_id=cooperative.id,
            household_count=40,
            boundary=from_shape(MultiPolygon([box(108.5, 11.7, 108.51, 11.71)]), srid=4326),
        ),
        GrowingArea(
            name="Vườn nhà bà Bí Mật",
            party_id=household.id,
            declared_area_ha=0.3,
            location=from_shape(Point(108.512345, 11.712345), srid=4326),
        ),
    ]
    session.add_all(found)
    session.flush()
    return found


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_format_holds_every_feature(session, areas, tmp_path, ending):
    path = tmp_path / f"areas{ending}"
    layer = "high-tech-zones" if ending == ".shp" else "growing-areas"
    count = export_layer(session, layer, path).features
    assert count == (0 if ending == ".shp" else len(areas))
    assert path.exists()
    assert not list(tmp_path.glob(".export-*"))
    if ending in (".gpkg", ".geojson", ".fgb", ".parquet"):
        back = gpd.read_parquet(path) if ending == ".parquet" else gpd.read_file(path)
        assert sorted(back["name"]) == ["Cà phê Ka Đô", "Vườn nhà bà Bí Mật"]
        assert back.crs == "EPSG:4326"
        assert back.geometry.iloc[0].bounds[0] == pytest.approx(108.5, abs=0.02)


def test_an_export_that_cannot_be_made_says_why(session, areas, tmp_path):
    with pytest.raises(InvalidInputError, match=r"\.gpkg"):
        export_layer(session, "growing-areas", tmp_path / "areas.shp")
    with pytest.raises(InvalidInputError, match="ending"):
        export_layer(session, "growing-areas", tmp_path / "areas.dwg")
    with pytest.raises(UnavailableError):
        export_layer(session, "growing-areas", tmp_path / "absent" / "areas.gpkg")
    assert len(areas) == 2


def test_no_cell_of_a_table_is_a_formula(session, areas, tmp_path):
    areas[0].name = '=HYPERLINK("http://x")'
    session.flush()
    export_layer(session, "growing-areas", tmp_path / "areas.csv")
    assert "'=HYPERLINK" in (tmp_path / "areas.csv").read_text("utf-8-sig")


def test_a_snapshot_is_read_back_equal_and_taken_once(session, areas, tmp_path):
    files, out = tmp_path / "files", tmp_path / "out"
    report = take_snapshot(
        session, "growing-areas", folder=files, out=out, today=date(2026, 11, 22)
    )
    assert (report.rows, report.is_known) == (2, False)
    path = out / f"growing-areas-2026-11-22-{report.sha256[:8]}.parquet"
    back = gpd.read_parquet(path).drop(columns="bbox", errors="ignore")
    wanted = read_layer(session, "growing-areas", View.PUBLIC).rename(columns={"area_ha": "area"})
    wanted["id"] = wanted["id"].astype("str")
    back = back.sort_values("id", ignore_index=True)
    assert_geodataframe_equal(
        back[["id", "name", "area", "geometry"]],
        wanted[["id", "name", "area", "geometry"]],
        check_dtype=False,
    )
    again = take_snapshot(session, "growing-areas", folder=files, today=date(2026, 12, 1))
    assert again.is_known
    assert again.taken_on == date(2026, 11, 22)
    areas[0].variety = "Catimor"
    session.flush()
    changed = take_snapshot(session, "growing-areas", folder=files, today=date(2026, 12, 1))
    assert not changed.is_known
    rows = session.execute(select(Snapshot).order_by(Snapshot.id)).scalars().all()
    assert [row.taken_on for row in rows] == [date(2026, 11, 22), date(2026, 12, 1)]
    assert all((files / row.path).is_file() for row in rows)


def test_a_snapshot_describes_itself_and_hides_the_household(session, areas, tmp_path):
    report = take_snapshot(session, "growing-areas", folder=tmp_path)
    file = tmp_path / report.path
    metadata = pq.read_schema(file).metadata
    geo = json.loads(metadata[b"geo"])
    assert geo["version"] == "1.1.0"
    column = geo["columns"]["geometry"]
    assert column["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    assert column["crs"]["id"] == {"authority": "EPSG", "code": 4326}
    words = {word["name"]: word for word in json.loads(metadata[b"dictionary"])}
    assert words["area"]["unit"] == "ha"
    assert words["crop_name"]["title"] == "Cây trồng"
    assert set(gpd.read_parquet(file)["determination_method"]) == {"unknown"}
    beside = json.loads(file.with_suffix(".json").read_text("utf-8"))
    assert beside["sha256"] == report.sha256
    assert report.sha256 in beside["citation"]
    assert "Bí Mật".encode() not in file.read_bytes()
    hidden = gpd.read_parquet(file).set_index("id").loc[str(areas[1].id)]
    assert hidden.geometry.distance(Point(108.512345, 11.712345)) > 1e-4
    assert "duckdb" not in sys.modules


def test_the_worker_takes_what_was_asked_for_and_leaves_cleanly(clone, clone_sessions, tmp_path):
    with clone_sessions.begin() as session:
        add_areas(session)
        first = request_snapshot(session, "growing-areas", "researcher")
        assert request_snapshot(session, "growing-areas", "officer") == first
        lost = Run(task="snapshot", subject="absent", state="waiting", started_by="test")
        session.add(lost)
    worker = subprocess.Popen(
        [ROOT / ".venv/bin/python", "-m", "etl", "worker"],
        cwd=ROOT,
        env={"DATABASE_URL": clone, "LANGBIANG_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with clone_sessions.begin() as session:
                run = session.get_one(Run, first)
            if run.state in ("done", "failed"):
                break
            time.sleep(0.2)
        assert (run.state, run.error) == ("done", None)
        with clone_sessions.begin() as session:
            snapshot = session.execute(select(Snapshot)).scalar_one()
        assert (tmp_path / "files" / snapshot.path).is_file()
    finally:
        worker.send_signal(signal.SIGTERM)
        _, errors = worker.communicate(timeout=60)
    assert worker.returncode == 0, errors


def test_a_request_that_fails_leaves_no_job(clone_sessions):
    with clone_sessions() as session:
        request_snapshot(session, "growing-areas", "researcher")
        session.rollback()
    with clone_sessions.begin() as session:
        assert session.execute(select(Run)).first() is None
        assert session.execute(text("SELECT count(*) FROM queue.procrastinate_jobs")).scalar() == 0


def test_what_a_killed_worker_left_is_done_by_the_next(clone, clone_sessions, tmp_path):
    with clone_sessions.begin() as session:
        asked = request_snapshot(session, "growing-areas", "researcher")
        for statement in (
            "INSERT INTO queue.procrastinate_workers (last_heartbeat)"
            " VALUES (now() - interval '1 hour')",
            "UPDATE queue.procrastinate_jobs SET status = 'doing',"
            " worker_id = (SELECT max(id) FROM queue.procrastinate_workers)",
            "UPDATE etl.run SET state = 'running'",
        ):
            session.execute(text(statement))
    app = make_app(clone, clone_sessions, tmp_path)

    async def work() -> None:
        async with app.open_async():
            await app.tasks["etl.retry_stalled"].defer_async(timestamp=0)
            for _ in range(2):
                await app.run_worker_async(wait=False, install_signal_handlers=False)

    # In a thread of its own: where this process has driven a browser, this one has a loop already.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work()).result()
    with clone_sessions.begin() as session:
        assert session.get_one(Run, asked).state == "done"


@pytest.mark.long
def test_the_command(run_command, tmp_path):
    out = tmp_path / "out"
    done = run_command("etl", "snapshot", "growing-areas", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "cite as" in done.stdout
    again = run_command("etl", "snapshot", "growing-areas", "--out", out)
    assert "unchanged since" in again.stdout
