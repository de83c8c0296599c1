"""Files brought in through the site: read by the worker, shown, accepted, loaded once, undone."""

import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
import shapely
from sqlalchemy import func, select, text

from etl.importing import clean_up, run_load, run_preview
from etl.models import ImportFile, Reject
from gis.models import GrowingArea, Parcel, Revision
from tests.import_factories import OTHER, OWN, Desk, add_communes, kml, legacy_shapefile
from tests.load_factories import box
from tests.map_factories import LAT, LON
from web import create_app
from web.accounts import add_account

BOW_TIE = shapely.Polygon(
    [(LON, LAT + 0.01), (LON + 0.001, LAT + 0.011), (LON + 0.001, LAT + 0.01), (LON, LAT + 0.011)]
)


@pytest.fixture
def desk(sign_in, session, sessions, settings):
    """An officer of Lạc Dương."""
    add_communes(session)
    return Desk(sign_in("officer", OWN), sessions, settings.files_folder)


def count(session, model):
    return session.scalar(select(func.count()).select_from(model))


def test_an_old_shapefile_is_read_shown_loaded_once_and_undone(clone_sessions, settings, tmp_path):
    """The whole way with real commits: one load is one change in the history."""
    with clone_sessions.begin() as session:
        add_communes(session)
        password = add_account(session, "lan", ["officer"], commune_code=OWN)
    app = create_app(settings, clone_sessions)
    app.config.update(WTF_CSRF_ENABLED=False)
    client = app.test_client()
    client.post("/dang-nhap", data={"username": "lan", "password": password})
    desk = Desk(client, clone_sessions, settings.files_folder)
    names = ["Vùng dâu Lạc Dương", "Cà phê Đưng K'Nớ", "Hình nơ", "Xã bên"]
    shapes = [box(LON, LAT), box(LON + 0.01, LAT), BOW_TIE, box(LON + 0.06, LAT)]
    path = legacy_shapefile(tmp_path, names, shapes)

    found = desk.bring((f"khao sat/{path.name}", path.read_bytes()))
    assert (found["state"], found["file"]) == ("ready", "vung.zip")
    shown = found["preview"]
    assert shown["crs"] == {
        "used": "EPSG:5899",
        "how": "guessed",
        "stated": None,
        "because": "4 of 4 sample points then lie in known communes",
    }
    assert shown["encoding"]["used"] == "tcvn3"
    assert {"tcvn3": "Vùng dâu Lạc Dương", "latin-1": "Vïng d©u L¹c D\u00ad¬ng"}.items() <= next(
        one for one in shown["encoding"]["texts"] if "Lạc" in one["tcvn3"]
    ).items()
    assert shown["mapping"] == {"name": "TEN_VUNG"}
    assert shown["communes"] == [["Lạc Dương", 2]]
    assert {"new": 2, "rejected": 2, "read": 4}.items() <= found["counts"].items()
    assert [(one["row"], one["reason"]) for one in shown["problems"]] == [
        (3, "invalid geometry"),
        (4, "outside your commune"),
    ]
    assert shown["problems"][1]["detail"] == "it lies in Đưng K'Nớ"
    sample = client.get(f"/api/v1/imports/{found['id']}/sample").json
    states = {one["id"]: one["properties"]["state"] for one in sample["features"]}
    assert states == {1: "new", 2: "new", 3: "rejected", 4: "rejected"}
    west = min(x for x, _ in sample["features"][-1]["geometry"]["coordinates"][0])
    assert west == pytest.approx(LON + 0.01, abs=1e-5)
    page = client.get(f"/nhap-du-lieu/{found['id']}").text
    assert "phỏng đoán" in page
    assert "nằm ở Đưng K&#39;Nớ" in page

    # What is doubtful needs a reason; nothing is written before.
    address = f"/api/v1/imports/{found['id']}/accept"
    assert client.post(address, json={}).json["rule"] == "reason-needed"
    with clone_sessions() as session:
        assert count(session, Revision) == 2  # the two communes
    done = desk.accept(found, reason="Đo lại tháng 11")
    assert (done["state"], done["counts"]["new"], done["counts"]["rejected"]) == ("done", 2, 2)

    # Again by an impatient person, and again by a worker that was given the job back.
    assert client.post(address, json={"reason": "x"}).json["state"] == "done"
    run_load(clone_sessions, settings.files_folder, found["id"])
    run_preview(clone_sessions, settings.files_folder, found["id"], 1)
    with clone_sessions() as session:
        change = session.execute(
            select(Revision.actor, Revision.reason, func.count())
            .where(Revision.transaction == done["change"])
            .group_by(Revision.actor, Revision.reason)
        ).one()
        assert tuple(change) == ("lan", "Đo lại tháng 11", 2)
        assert sorted(session.scalars(select(GrowingArea.name))) == sorted(names[:2])
        assert set(session.scalars(select(GrowingArea.source))) == {"vung.zip"}

    assert "Hoàn tác lần nhập này" in client.get(f"/nhap-du-lieu/{found['id']}").text
    answer = client.post(f"/nhap-du-lieu/{found['id']}/hoan-tac", follow_redirects=True)
    assert "đã được hoàn tác bởi lan" in answer.text
    with clone_sessions() as session:
        assert count(session, GrowingArea) == 0
    assert desk.look(found)["undone"]["by"] == "lan"


def test_a_commune_writes_neither_what_lies_nor_what_belongs_elsewhere(desk, session, sign_in):
    far = {"code": "B-1", "boundary": f"SRID=4326;{shapely.MultiPolygon([box(LON + 0.06, LAT)])}"}
    other = session.scalar(
        text("SELECT id FROM gis.administrative_unit WHERE code = :code"), {"code": OTHER}
    )
    session.add(Parcel(commune_id=other, **far))
    session.commit()
    table = "ma_thua;ma_xa;wkt\n" + "".join(
        f"{code};{said};{shape.wkt}\n"
        for code, said, shape in (
            ("A-1", "", box(LON, LAT)),
            ("A-2", OTHER, box(LON + 0.01, LAT)),
            ("A-3", "", box(LON + 0.07, LAT)),
            ("A-4", "", box(LON + 0.3, LAT)),
            ("B-1", "", box(LON + 0.02, LAT)),
        )
    )
    found = desk.bring(("thua.csv", table.encode()), layer="parcels", crs="EPSG:4326")
    told = {one["row"]: one["detail"] for one in found["preview"]["problems"]}
    assert told == {
        2: "it says Đưng K'Nớ",
        3: "it lies in Đưng K'Nớ",
        4: "it lies in no known commune",
        5: "the row it would change belongs to Đưng K'Nớ",
    }
    assert desk.accept(found, reason="x")["counts"]["accepted"] == 1
    assert sorted(session.scalars(select(Parcel.code))) == ["A-1", "B-1"]
    # The province brings in all of them.
    province = Desk(sign_in("officer"), desk.sessions, desk.files)
    whole = province.bring(("thua.csv", table.encode()), layer="parcels", crs="EPSG:4326")
    assert {"accepted": 5, "new": 3, "changed": 1}.items() <= whole["counts"].items()
    csv = province.client.get(f"/api/v1/imports/{found['id']}/rejects.csv")
    assert csv.status_code == 403, "somebody else's"
    listed = desk.client.get(f"/api/v1/imports/{found['id']}/rejects.csv").data.decode("utf-8-sig")
    assert listed.splitlines()[1] == "2,outside your commune,it says Đưng K'Nớ"


def test_another_reading_is_another_preview(desk, session):
    """A guess that was wrong is put right, and only what was seen last can be accepted."""
    table = f"so,nguoi,kd,vd,ha\n1,Lan,{LON},{LAT},2\n2,Ba,{LON + 0.01},{LAT},3\n"
    found = desk.bring(("diem.csv", table.encode()))
    assert found["state"] == "failed"
    assert found["preview"]["header"] == ["so", "nguoi", "kd", "vd", "ha"]
    page = desk.client.get(f"/nhap-du-lieu/{found['id']}").text
    assert "diem.csv không có vị trí" in page
    answer = desk.client.post(
        f"/nhap-du-lieu/{found['id']}/tuy-chon",
        data={"map-lon": "kd", "map-lat": "vd", "map-name": "nguoi", "map-declared_area_ha": "ha"},
    )
    assert answer.status_code == 303
    second = desk.read({**found, "attempt": 2})
    assert (second["state"], second["counts"]["new"]) == ("ready", 2)
    assert second["preview"]["mapping"] == {"name": "nguoi", "declared_area_ha": "ha"}
    old = desk.client.post(f"/api/v1/imports/{found['id']}/accept", json={"attempt": 1})
    assert (old.status_code, old.json["attempt"]) == (409, 2)
    # A preview of an earlier reading that comes late changes nothing.
    run_preview(desk.sessions, desk.files, found["id"], 1)
    assert desk.look(found)["attempt"] == 2
    assert desk.accept(second)["state"] == "done"
    assert desk.client.put(f"/api/v1/imports/{found['id']}/options", json={}).status_code == 409
    assert desk.client.delete(f"/api/v1/imports/{found['id']}").status_code == 409


def test_a_field_that_was_taken_away_is_not_guessed_again(desk):
    content = kml(("Vườn A", LON, LAT))
    found = desk.bring(("vung.kml", content), map=["variety="])
    assert found["state"] == "ready"
    assert "variety" not in found["preview"]["mapping"]
    answer = desk.client.put(
        f"/api/v1/imports/{found['id']}/options", json={"mapping": {"name": None}}
    )
    assert answer.status_code == 202
    again = desk.read(answer.json)
    assert again["state"] == "failed"
    assert "surely the name" in again["error"]


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


BAD_FILES = [
    ("vung.gpkg", b"not a database at all", "not a GeoPackage"),
    ("vung.kml", kml(("A", LON, LAT))[:-30], "whole XML"),
    (
        "vung.kml",
        b'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        b"<kml>&x;</kml>",
        "entities",
    ),
    ("vung.shp", b"\x00\x00\x27\x0a" + b"\x00" * 96, "lacks its .shx"),
    ("vung.zip", b"PK\x03\x04 torn", "whole ZIP"),
    ("vung.zip", zipped(bom__geojson=b"0" * 200_000_000), "ZIP bomb"),
    ("vung.zip", zipped(a__txt=b""), "cannot be read|no rows|no places"),
    ("vung.geojson", b'{"type":"FeatureCollection","gdal_streamed_alg":1}', "not GeoJSON"),
]


def test_a_bad_file_is_said_to_be_one_and_nothing_changes(desk, session):
    for name, content, words in BAD_FILES:
        found = desk.bring((name, content))
        assert found["state"] == "failed", (words, found["preview"])
        assert any(word in found["error"] for word in words.split("|")), found["error"]
        assert desk.client.get(f"/nhap-du-lieu/{found['id']}").status_code == 200
        assert desk.client.post(f"/api/v1/imports/{found['id']}/accept").status_code == 409
        assert desk.client.delete(f"/api/v1/imports/{found['id']}").status_code == 204
        assert list((desk.files / "imports").iterdir()) == []


def test_an_archive_of_several_offers_them(desk):
    both = zipped(mot__kml=kml(("Một", LON, LAT)), hai__kml=kml(("Hai", LON + 0.01, LAT)))
    found = desk.bring(("vung.zip", both))
    assert (found["state"], found["preview"]["layers"]) == ("ready", ["hai.kml", "mot.kml"])
    body = {"source_layer": "mot.kml"}
    changed = desk.client.put(f"/api/v1/imports/{found['id']}/options", json=body)
    second = desk.read(changed.json)
    assert "Một" in second["preview"]["rows"][0]


MISTAKES = [
    ([], {}, 400),
    ([("a.exe", b"MZ")], {}, 400),
    ([("a.kml", b"")], {}, 400),
    ([("a.kml", b"x"), ("b.kml", b"y")], {}, 400),
    ([("a.dbf", b"x"), ("a.shx", b"y")], {}, 400),
    ([("a.shp", b"x"), ("b.dbf", b"y")], {}, 400),
    ([("a.kml", b"x")], {"layer": "products"}, 400),
    ([("a.kml", b"x")], {"layer": "administrative-units"}, 403),
    ([("a.kml", b"x")], {"crs": "/vsicurl/http://x"}, 400),
    ([("a.kml", b"x")], {"crs": "EPSG:99999"}, 422),
    ([("a.kml", b"x")], {"encoding": "klingon"}, 400),
    ([("a.kml", b"x")], {"map": "colour=x"}, 400),
    ([("a.kml", b"x")], {"valid_from": "2026-01-01"}, 400),
]


def test_what_cannot_be_meant_is_refused_and_leaves_no_file(desk, session):
    folder = desk.files / "imports"
    for files, form, status in MISTAKES:
        answer = desk.send(*files, **form)
        assert answer.status_code == status, (files, form, answer.text)
        assert answer.content_type == "application/problem+json"
        assert not folder.exists() or list(folder.iterdir()) == []
    assert count(session, ImportFile) == 0


def test_a_file_bigger_than_the_limit_is_not_taken(desk, app):
    app.extensions["langbiang.settings"] = app.extensions["langbiang.settings"].model_copy(
        update={"upload_mb": 1}
    )
    assert desk.send(("a.kml", b"x" * 1_100_000)).status_code == 413


def test_only_officers_and_each_their_own(desk, client, sign_in):
    found = desk.bring(("vung.kml", kml(("Vườn A", LON, LAT))))
    for role, status in (("farmer", 403), ("researcher", 403), ("officer", 403)):
        other = sign_in(role)
        for address in (f"/api/v1/imports/{found['id']}", f"/nhap-du-lieu/{found['id']}"):
            assert other.get(address).status_code == status, (role, address)
    assert client.get("/api/v1/imports").status_code == 401
    assert sign_in("officer").get("/api/v1/imports").json["items"] == []
    listed = sign_in("administrator").get("/api/v1/imports").json["items"]
    assert [one["id"] for one in listed] == [found["id"]]


def test_who_moved_to_another_commune_loads_nothing_into_the_old_one(desk, session):
    found = desk.bring(("vung.kml", kml(("Vườn A", LON, LAT))))
    session.execute(text("UPDATE web.account SET commune_code = :code"), {"code": OTHER})
    session.commit()
    refused = desk.client.post(f"/api/v1/imports/{found['id']}/accept", json={"reason": "x"})
    assert refused.status_code == 403, refused.text
    desk.client.post(f"/nhap-du-lieu/{found['id']}/chap-nhan", data={"reason": "x"})
    assert desk.look(found)["state"] == "ready"


def test_a_file_over_which_the_worker_dies_is_not_tried_for_ever(desk, session):
    answer = desk.send(("vung.kml", kml(("Vườn A", LON, LAT))))
    number = answer.json["id"]
    # As three workers left it that were killed while they read.
    session.execute(text("UPDATE etl.import_file SET state = 'reading', tries = 3"))
    session.commit()
    run_preview(desk.sessions, desk.files, number, 1)
    session.expire_all()
    found = desk.look({"id": number})
    assert (found["state"], "3 times" in found["error"]) == ("failed", True)


def test_a_killed_load_is_done_by_the_next_worker(desk, session):
    found = desk.bring(("vung.kml", kml(("Vườn A", LON, LAT))))
    answer = desk.client.post(f"/api/v1/imports/{found['id']}/accept")
    assert (answer.status_code, answer.json["state"]) == (202, "loading")
    # The first worker took it up and died: nothing of its transaction is left but the try.
    session.execute(text("UPDATE etl.import_file SET tries = 1"))
    session.execute(text("UPDATE etl.run SET state = 'running' WHERE task = 'load'"))
    session.commit()
    for _ in range(2):
        run_load(desk.sessions, desk.files, found["id"])
    assert desk.look(found)["state"] == "done"
    assert count(session, GrowingArea) == 1
    assert count(session, Reject) == 0


def test_files_nobody_accepted_are_forgotten(desk, session):
    loaded = desk.accept(desk.bring(("a.kml", kml(("A", LON, LAT)))))
    left = desk.bring(("b.kml", kml(("B", LON + 0.01, LAT))))
    (desk.files / "imports" / "f").mkdir()
    now = datetime.now(UTC)
    clean_up(desk.sessions, desk.files, now + timedelta(days=6))
    assert desk.look(left)["state"] == "ready"
    clean_up(desk.sessions, desk.files, now + timedelta(days=8))
    assert desk.client.get(f"/api/v1/imports/{left['id']}").status_code == 404
    assert desk.look(loaded)["state"] == "done"
    # What is not named like an upload is not ours to remove.
    assert [one.name for one in (desk.files / "imports").iterdir()] == ["f"]
