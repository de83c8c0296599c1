"""Writing as an attacker would: no answer of the server's own fault, and nothing comes through."""

import json

import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from gis.models import GrowingArea
from tests.editing_factories import (
    AREAS,
    GEOJSON,
    HERE,
    MERGE_PATCH,
    add_communes,
    box,
    feature,
    make_writer,
    path_of,
)
from tests.map_factories import add_area
from web.accounts import add_account


@pytest.fixture
def officer(app, session):
    add_communes(session)
    return make_writer(app, session)


SQUARE = json.dumps(box())
DEEP = "[" * 900 + "]" * 900
BODIES = (
    "",
    "null",
    "[]",
    '"Feature"',
    "{",
    "{}",
    "\xff",
    "[" * 200_000,
    '{"type": "Feature"}',
    '{"type": "FeatureCollection", "features": []}',
    '{"type": ["Feature"]}',
    '{"type": "Feature", "geometry": [], "properties": {}}',
    '{"type": "Feature", "geometry": {}, "properties": {}}',
    '{"type": "Feature", "geometry": null, "properties": null}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": []}}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": {{"name": "a\\u0000b"}}}}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": {{"na\\u0000me": 1}}}}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": {{"name": "\\ud800"}}}}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": {{"name": {DEEP}}}}}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": {{"name": {{"a": 1}}}}}}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": {{"name": 7}}}}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": {{"planted_year": 1e300}}}}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": {{"planted_year": {10**40}}}}}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": {{"declared_area_ha": 3e95}}}}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": {{"declared_area_ha": 1e-99}}}}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": {{"planted_year": 99999999999}}}}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": {{"planted_year": "2020"}}}}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": {{"planted_year": true}}}}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": {{"household_count": -5}}}}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": {{"crop": ["ca-phe"]}}}}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": {{"commune_code": 24848}}}}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": {{"status": "wild"}}}}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": {{"id": 1, "boundary": "x"}}}}',
    f'{{"type": "Feature", "geometry": {SQUARE}, "properties": {{"party_id": 1}}}}',
)
SHAPES = (
    {"type": "Polygon"},
    {"type": "Polygon", "coordinates": None},
    {"type": "Polygon", "coordinates": []},
    {"type": "Polygon", "coordinates": [[]]},
    {"type": "Polygon", "coordinates": [[[108.45, 12.05]]]},
    {"type": "Polygon", "coordinates": [[[108.45, 12.05]] * 5]},
    {"type": "Polygon", "coordinates": [[[108.45, 12.05], [108.46, 12.05], [108.47, 12.05]]]},
    {"type": "Polygon", "coordinates": [[[108.45, "12"], [108.46, 12], [108.46, 12.1]]]},
    {"type": "Polygon", "coordinates": [[[108.45, None], [108.46, 12], [108.46, 12.1]]]},
    {"type": "Polygon", "coordinates": [[[True, False], [108.46, 12], [108.46, 12.1]]]},
    {"type": "Polygon", "coordinates": [[108.45, 12.05], [108.46, 12.05], [108.46, 12.1]]},
    {"type": "Polygon", "coordinates": [[[12.05, 108.45], [12.06, 108.45], [12.06, 108.46]]]},
    {"type": "Polygon", "coordinates": [[[10**400, 12], [108.46, 12], [108.46, 12.1]]]},
    {"type": "Polygon", "coordinates": {"0": 1}},
    {"type": "MultiPolygon", "coordinates": []},
    {"type": "MultiPolygon", "coordinates": [[], []]},
    {"type": "GeometryCollection", "geometries": []},
    {"type": "LineString", "coordinates": [[108.45, 12.05], [108.46, 12.05]]},
    {"type": "polygon", "coordinates": box()["coordinates"]},
    {"type": {"a": 1}, "coordinates": box()["coordinates"]},
    {"coordinates": box()["coordinates"]},
)


def test_no_body_brings_the_server_down_or_gets_in(officer, session):
    made = officer.make(feature(box(east=0.05)))
    path, etag = path_of(made), made.headers["ETag"]
    bodies = [*BODIES, *(json.dumps(feature() | {"geometry": shape}) for shape in SHAPES)]
    bodies.append(json.dumps(feature()).replace("12.01]", "NaN]", 1))
    bodies.append(json.dumps(feature()).replace("12.01]", "1e400]", 1))
    for body in bodies:
        for method, address in (("POST", AREAS), ("PUT", path), ("PATCH", path)):
            answer = officer.send(method, address, body.encode("latin-1"), If_Match=etag)
            if method == "PATCH" and answer.status_code == 200:
                # Part of a feature may be left out, and null is a value.
                assert json.loads(body).get("geometry") in ({}, None), body[:200]
                assert not json.loads(body).get("properties"), body[:200]
                etag = answer.headers["ETag"]
                continue
            assert answer.status_code in (400, 422), (method, body[:200], answer.text[:300])
            assert answer.mimetype == "application/problem+json"
            assert answer.json.get("detail"), body[:200]
    assert session.scalar(select(func.count()).select_from(GrowingArea)) == 1


def test_a_million_corners_are_refused_before_the_database_hears_of_them(officer, count_queries):
    before = count_queries()
    ring = ",".join(f"[108.{n % 9},12]" for n in range(150_000))
    shape = f'{{"type": "Polygon", "coordinates": [[{ring}]]}}'
    body = f'{{"type": "Feature", "geometry": {shape}, "properties": {{}}}}'
    many = officer.send("POST", AREAS, body)
    assert many.status_code == 422
    assert "150,000" in many.json["detail"]
    assert officer.send("POST", AREAS, body.replace("108.", "108.00000000")).status_code == 413
    huge = officer.send("POST", AREAS, " " * (20 * 1024 * 1024))
    assert huge.status_code == 413
    assert count_queries() - before < 16, "only who is calling"


def test_headers_beyond_reason(officer):
    path = path_of(officer.make())
    body = {"properties": {"name": "Tên"}}
    for name, value in (
        ("If_Match", '"' + "x" * 5000 + '"'),
        ("If_Match", '"' * 999),
        ("If_Match", ","),
        ("If_Match", ", ".join(f'"{n}-1-p"' for n in range(2000))),
        ("If_Match", ""),
        ("If_Match", '"9999999999999999999999-1-e"'),
        ("Langbiang_Reason", "%FF%FE"),
        ("Langbiang_Reason", "a%00b"),
        ("Langbiang_Reason", "x" * 5000),
        ("Content_Crs", "<" * 3000),
    ):
        headers = {"If_Match": "*", name: value}
        patch = {**body, "geometry": box()}
        answer = officer.send("PATCH", path, patch, **headers)
        assert answer.status_code in (400, 412), (name, value[:40], answer.text)
    assert officer.send("POST", f"{AREAS}?colour=red", feature()).status_code == 400


ROLES = (None, "farmer", "producer", "researcher", "leader", "officer", "administrator")
WRITERS = {"officer", "administrator"}


@pytest.mark.parametrize("role", ROLES)
def test_every_role_method_and_layer(app, client, session, role):
    """Who may not write is turned away whatever is sent, and learns nothing."""
    add_communes(session)
    area = add_area(session, "Vườn nhà", "household", lon=108.42, lat=12.02)
    session.commit()
    writer = make_writer(app, session, role) if role else None
    caller = client if writer is None else writer.client
    headers = {} if writer is None else writer.headers
    writable = ("growing-areas", "parcels", "facilities", "high-tech-zones", "administrative-units")
    for layer in (*writable, "tracks", "applications"):
        items = f"/ogc/collections/{layer}/items"
        api = f"/api/v1/{layer}"
        for method, address in (
            ("POST", items),
            ("PUT", f"{items}/{area.id}"),
            ("PATCH", f"{items}/{area.id}"),
            ("DELETE", f"{items}/{area.id}"),
            ("POST", f"{api}/check"),
            ("POST", f"{api}/{area.id}/split"),
            ("POST", f"{api}/merge"),
            ("POST", f"{api}/properties"),
            ("POST", f"{api}/{area.id}/revert"),
        ):
            answer = caller.open(address, method=method, headers=headers, json={"type": "Feature"})
            if role in WRITERS and layer in writable:
                assert answer.status_code in (400, 404, 415, 422, 428), (method, address)
            else:
                assert answer.status_code == (401 if role is None else 403), (method, address)
                assert "coordinates" not in answer.text
                assert "Vườn nhà" not in answer.text


def test_a_neighbour_household_is_told_to_officers_only(app, session, officer):
    add_area(session, "Vườn nhà ông An", "household", lon=108.41, lat=12.01)
    session.commit()
    told = officer.send("POST", AREAS, feature())
    assert "Vườn nhà ông An" in told.text
    for role in ("farmer", "researcher", "leader"):
        for address in (AREAS, "/api/v1/growing-areas/check"):
            assert (
                "Vườn" not in make_writer(app, session, role).send("POST", address, feature()).text
            )


def test_a_session_is_not_ridden_from_another_site(app, session):
    """A cookie alone writes only from this site's own pages."""
    add_communes(session)
    password = add_account(session, "mai", ["officer"], commune_code=HERE)
    session.commit()
    browser = app.test_client()
    signed = browser.post("/dang-nhap", data={"username": "mai", "password": password})
    assert signed.status_code == 302
    app.config["WTF_CSRF_ENABLED"] = True
    text = json.dumps(feature())
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = browser.post(AREAS, data=text, headers={"Content-Type": kind})
        assert answer.status_code in (400, 415), kind
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    for kind in (GEOJSON, "application/json"):
        answer = browser.post(AREAS, data=text, headers={"Content-Type": kind, **elsewhere})
        assert answer.status_code == 400
    here = {"Sec-Fetch-Site": "same-origin"}
    made = browser.post(AREAS, data=text, headers={"Content-Type": GEOJSON, **here})
    assert made.status_code == 201, made.text
    path, patch = path_of(made), json.dumps({"properties": {"name": "B"}})
    assert browser.delete(path, headers={"If-Match": "*", **elsewhere}).status_code == 400
    headers = {"Content-Type": MERGE_PATCH, "If-Match": "*", **here}
    assert browser.patch(path, data=patch, headers=headers).status_code == 200
    assert browser.delete(path, headers={"If-Match": "*", **here}).status_code == 204


def test_contention_is_tried_again_before_it_is_told(app, officer, monkeypatch):
    view, failures = app.view_functions["ogc_editing.create"], []

    def contended(kind, times):
        def run(**arguments):
            failures.append(kind)
            if len(failures) <= times:
                raise OperationalError("UPDATE", {}, kind("once more"))
            return view(**arguments)

        return run

    monkeypatch.setattr("web.context.sleep", lambda _: None)
    for at, kind in enumerate(
        (
            psycopg.errors.DeadlockDetected,
            psycopg.errors.SerializationFailure,
            psycopg.errors.LockNotAvailable,
        )
    ):
        failures.clear()
        app.view_functions["ogc_editing.create"] = contended(kind, 3)
        assert officer.make(feature(box(east=0.01 + 0.01 * at))).status_code == 201
        assert len(failures) == 4
    failures.clear()
    app.view_functions["ogc_editing.create"] = contended(psycopg.errors.DeadlockDetected, 99)
    answer = officer.send("POST", AREAS, feature())
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/unavailable")
    assert answer.headers["Retry-After"] == "2"
    assert "deadlock" not in answer.text.lower()
