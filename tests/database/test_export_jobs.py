"""Layers as files over the API: as the asker sees them, filtered as `/ogc` does, for a day."""

import json
import zipfile
from datetime import timedelta

import geopandas
import pyogrio
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select, text, update

from etl.export_requests import KEPT, MOST_KEPT_BYTES
from etl.exporting import run_export
from etl.importing import clean_up
from etl.models import ExportFile
from tests.map_factories import LAT, LON, add_area, add_facility, add_parcels
from web.accounts import add_account, issue_token


@pytest.fixture
def ask(sessions, session, settings):
    """Ask for an export as a client, let the worker write it, give the job's document."""

    def run(client, layer="growing-areas", format_="geojson", **asked):
        answer = client.post(
            "/api/v1/exports", json={"layer": layer, "format": format_, "filter": asked}
        )
        assert answer.status_code == 202, answer.text
        export = session.scalars(select(ExportFile).order_by(ExportFile.id.desc()).limit(1)).one()
        run_export(sessions, settings.files_folder, export.id)
        session.expire_all()
        return client.get(answer.headers["Location"].removeprefix("https://langbiang.example")).json

    return run


def fetch(client, job, tmp_path):
    answer = client.get(job["result"]["href"].removeprefix("https://langbiang.example"))
    assert answer.status_code == 200, answer.text
    path = tmp_path / job["result"]["name"]
    path.write_bytes(answer.data)
    answer.close()
    return path


@pytest.fixture
def areas(session):
    """A company's area, a household's, and one whose name a spreadsheet would run."""
    return [
        add_area(session, "Vùng hoa Đưng K'Nớ", "enterprise", code="VN-LDOR-0001"),
        add_area(session, "Vườn ông Năm", "household", lon=LON + 0.02),
        add_area(session, "=1+1", "cooperative", lon=LON + 0.04, household_count=20),
    ]


def test_every_program_reads_the_same_features(ask, sign_in, areas, tmp_path):
    client = sign_in("officer")
    for format_ in ("gpkg", "geojson", "kml", "shp", "parquet"):
        job = ask(client, format_=format_)
        assert (job["state"], job["result"]["features"]) == ("done", 3)
        path = fetch(client, job, tmp_path)
        if format_ == "shp":
            with zipfile.ZipFile(path) as archive:
                archive.extractall(tmp_path / "out")
                assert b"household_count" in archive.read("fields.csv")
            [path] = (tmp_path / "out").glob("*.shp")
        if format_ == "parquet":
            frame = geopandas.read_parquet(path).sort_values("id")
        else:
            frame = pyogrio.read_dataframe(path)
        name = "Name" if format_ == "kml" else "name"
        assert list(frame[name]) == ["Vùng hoa Đưng K'Nớ", "Vườn ông Năm", "=1+1"], format_
        assert frame.crs.equals("EPSG:4326", ignore_axis_order=True), format_
        bounds = [LON, LAT, LON + 0.042, LAT + 0.002]
        assert frame.total_bounds == pytest.approx(bounds, abs=1e-7), format_


def test_no_cell_of_a_table_is_a_formula(ask, sign_in, areas, tmp_path):
    client = sign_in("officer")
    written = fetch(client, ask(client, format_="csv"), tmp_path).read_bytes().decode("utf-8-sig")
    assert "Vùng hoa Đưng K'Nớ" in written
    assert ",'=1+1," in written
    path = fetch(client, ask(client, format_="xlsx"), tmp_path)
    rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    column = rows[0].index("name")
    assert [row[column] for row in rows[1:]] == ["Vùng hoa Đưng K'Nớ", "Vườn ông Năm", "'=1+1"]
    with zipfile.ZipFile(path) as book:
        assert b"<f>" not in b"".join(book.read(name) for name in book.namelist())


def test_a_stranger_gets_what_the_public_map_shows(ask, client, app, areas, tmp_path):
    job = ask(client)
    frame = pyogrio.read_dataframe(fetch(client, job, tmp_path))
    household = frame[frame["is_generalised"]].iloc[0]
    assert household["name"] is None or household["name"] != household["name"]
    assert household.geometry.geom_type == "Point"
    assert "Vườn ông Năm" not in (tmp_path / job["result"]["name"]).read_text()
    # Another browser does not see it; whoever has the address does.
    other = app.test_client()
    assert other.get(f"/api/v1/jobs/{job['id']}").status_code == 401
    assert other.get(f"/api/v1/jobs/{job['id']}?token=x").status_code == 401
    assert client.get(f"/api/v1/jobs/{job['id']}").json["result"]["href"]
    address = job["result"]["href"].removeprefix("https://langbiang.example")
    with other.get(address) as answer:
        assert answer.status_code == 200
    # The name is found by nobody who does not see it.
    assert ask(client, q="ông năm")["result"]["features"] == 0
    assert ask(client, filter="name LIKE 'V%năm'")["result"]["features"] == 0


def test_an_export_is_for_who_asked(ask, sign_in, client, session, tmp_path):
    add_parcels(session, 3)
    mine, other = sign_in("officer"), sign_in("officer")
    job = ask(mine, layer="parcels", format_="csv")
    address = job["result"]["href"].removeprefix("https://langbiang.example")
    assert client.get(address).status_code == 401
    assert other.get(address).status_code == 403
    assert other.get(f"/api/v1/jobs/{job['id']}").status_code == 403
    assert len(fetch(mine, job, tmp_path).read_text("utf-8-sig").splitlines()) == 4
    # A role that was taken away takes its files along.
    session.execute(text("UPDATE web.account_role SET role_code = 'farmer'"))
    session.commit()
    assert mine.get(address).status_code == 403
    body = {"layer": "parcels", "format": "csv"}
    assert client.post("/api/v1/exports", json=body).status_code == 401
    assert sign_in("farmer").post("/api/v1/exports", json=body).status_code == 403


def test_the_filter_is_that_of_ogc(ask, sign_in, areas, tmp_path):
    client = sign_in("officer")
    near = f"{LON - 0.001},{LAT - 0.001},{LON + 0.003},{LAT + 0.003}"
    asked = [
        {"bbox": near},
        {"name": "Vùng hoa Đưng K'Nớ"},
        {"q": "dung k'no"},
        {"filter": "holder_kind = 'enterprise'"},
        {
            "filter": {"op": "=", "args": [{"property": "holder_kind"}, "enterprise"]},
            "filter-lang": "cql2-json",
        },
        {"codes": "VN-LDOR-0001"},
    ]
    for one in asked:
        job = ask(client, **one)
        listed = client.get(
            "/ogc/collections/growing-areas/items",
            query_string={
                name: value if isinstance(value, str) else json.dumps(value)
                for name, value in one.items()
            },
        ).json
        assert (job["result"]["features"], listed["numberReturned"]) == (1, 1), one


def test_a_mistake_is_said_before_anything_waits(client, session):
    deep: dict = {"op": "not", "args": [True]}
    for _ in range(400):
        deep = {"op": "not", "args": [deep]}
    mistakes = [
        ({"filter": {"filter": deep, "filter-lang": "cql2-json"}}, "filter"),
        ({"format": "dwg"}, "format"),
        ({"filter": {"colour": "red"}}, "colour"),
        ({"filter": {"bbox": "1,2,3"}}, "bbox"),
        ({"filter": {"filter": "secret = 1"}}, "filter"),
        ({"filter": {"filter": "pg_sleep(9) = 1"}}, "filter"),
    ]
    for wrong, parameter in mistakes:
        body = {"layer": "growing-areas", "format": "csv", **wrong}
        answer = client.post("/api/v1/exports", json=body)
        assert (answer.status_code, answer.json["parameter"]) == (400, parameter), answer.text
    for body in (b"", b"[]", b"{", b'{"layer":"nope","format":"csv"}'):
        answer = client.post("/api/v1/exports", data=body, content_type="application/json")
        assert answer.status_code in (400, 404)
        assert answer.content_type == "application/problem+json"
    assert session.scalar(select(ExportFile.id)) is None


def test_files_are_gone_after_a_day(ask, client, areas, sessions, session, settings):
    job = ask(client)
    address = job["result"]["href"].removeprefix("https://langbiang.example")
    export = session.scalars(select(ExportFile)).one()
    kept = settings.files_folder / export.path
    assert kept.is_file()
    clean_up(sessions, settings.files_folder, export.expires_at + timedelta(minutes=1))
    assert not kept.exists()
    assert client.get(address).status_code == 404
    assert timedelta(days=1) == KEPT


def test_only_so_many_wait(client, session, sign_in):
    add_facility(session, "Kho")
    officer = sign_in("officer")
    body = {"layer": "facilities", "format": "csv"}
    answers = [officer.post("/api/v1/exports", json=body).status_code for _ in range(11)]
    assert answers == [202] * 10 + [409]
    name = "mai"
    add_account(session, name, ["researcher"])
    token = issue_token(session, name)
    session.commit()
    headers = {"Authorization": f"Bearer {token}"}
    assert client.post("/api/v1/exports", json=body, headers=headers).status_code == 202
    waiting = "SELECT count(*) FROM queue.procrastinate_jobs WHERE task_name = 'etl.write_export'"
    assert session.scalar(text(waiting)) == 11


def test_only_so_much_is_kept(client, session, sign_in):
    body = {"layer": "facilities", "format": "csv"}
    assert client.post("/api/v1/exports", json=body).status_code == 202
    session.execute(update(ExportFile).values(bytes=MOST_KEPT_BYTES))
    session.commit()
    assert client.post("/api/v1/exports", json=body).status_code == 409
    assert sign_in("officer").post("/api/v1/exports", json=body).status_code == 202
    session.execute(update(ExportFile).values(expires_at=func.now()))
    session.commit()
    assert client.post("/api/v1/exports", json=body).status_code == 202
