"""OGC API – Features Part 4: what a program that writes can rely on."""

import pytest
from sqlalchemy import text

from gis.crs import transformer_to_wgs84
from tests.editing_factories import (
    AREAS,
    GEOJSON,
    HERE,
    THERE,
    add_communes,
    basic,
    box,
    feature,
    make_writer,
    path_of,
)
from tests.map_factories import add_area, add_facility


@pytest.fixture
def officer(app, session):
    add_communes(session)
    return make_writer(app, session)


def test_create_read_replace_update_delete(officer):
    made = officer.make(feature(variety="Typica"))
    assert made.mimetype == GEOJSON
    assert made.headers["Location"] == f"http://localhost{AREAS}/{made.json['id']}"
    assert made.json["properties"]["version"] == 1
    assert made.json["properties"]["commune_code"] == HERE, "the commune it lies in"
    path, etag = path_of(made), made.headers["ETag"]
    assert not etag.startswith("W/")
    read = officer.send("GET", path)
    assert (read.headers["ETag"], read.json["properties"]) == (etag, made.json["properties"])

    replaced = officer.send("PUT", path, feature(name="Đồi Gió"), If_Match=etag)
    assert replaced.status_code == 200
    assert replaced.json["properties"]["name"] == "Đồi Gió"
    assert replaced.json["properties"]["variety"] is None, "a replacement is whole"
    assert replaced.headers["ETag"] == officer.send("GET", path).headers["ETag"] != etag

    patch = {"properties": {"variety": "Bourbon"}}
    updated = officer.send("PATCH", path, patch, If_Match=replaced.headers["ETag"])
    assert updated.status_code == 200
    assert updated.json["properties"]["name"] == "Đồi Gió"
    assert updated.json["properties"]["variety"] == "Bourbon"
    assert updated.json["geometry"] == made.json["geometry"]

    gone = officer.send("DELETE", path, If_Match=updated.headers["ETag"])
    assert (gone.status_code, gone.data) == (204, b"")
    assert officer.send("GET", path).status_code == 404
    assert officer.send("DELETE", path, If_Match="*").status_code == 404


def test_a_change_says_what_it_was_made_from(officer):
    made = officer.make()
    path, etag = path_of(made), made.headers["ETag"]
    whole, patch = feature(name="B"), {"properties": {"name": "B"}}
    for method, body in (("PUT", whole), ("PATCH", patch), ("DELETE", None)):
        answer = officer.send(method, path, body)
        assert answer.status_code == 428, method
        assert answer.json["type"] == "/problems/version-needed"
        for stale in ('"1-0-e"', f"W/{etag}", '"x", "y"', '""', f'"{etag[1:-1]}0"'):
            assert officer.send(method, path, body, If_Match=stale).status_code == 412, stale
        assert officer.send(method, path, body, If_Match="no quotes").status_code == 400
    several = officer.send("PUT", path, whole, If_Match=f'"other", {etag}, W/"z"')
    assert several.status_code == 200
    stale = officer.send("PATCH", path, {"properties": {"name": "C"}}, If_Match=etag)
    assert stale.status_code == 412
    assert stale.json["type"] == "/problems/stale"
    assert stale.json["version"] == 2
    assert stale.json["updated_by"].startswith("officer-")
    assert {"updated_at", "reason"} <= set(stale.json)
    assert stale.json["current"]["properties"]["name"] == "B", "both versions side by side"
    assert stale.headers["ETag"] == several.headers["ETag"]
    assert (
        officer.send("PATCH", path, {"properties": {"name": "C"}}, If_Match="*").status_code == 200
    )


def test_the_property_version_serves_where_no_header_is_sent(officer):
    path = path_of(officer.make())
    same = officer.send("PUT", path, feature(version=1))
    assert same.json["properties"]["version"] == 1, "nothing changed"
    changed = officer.send("PUT", path, feature(name="B", version=1))
    assert changed.json["properties"]["version"] == 2
    assert officer.send("PUT", path, feature(name="C", version=1)).status_code == 412
    assert officer.send("PATCH", path, {"properties": {"version": 2}}).status_code == 200
    for wrong in ("2", 2.5, True, [2], {"a": 1}):
        answer = officer.send("PUT", path, feature(version=wrong))
        assert (answer.status_code, answer.json["pointer"]) == (400, "/properties/version")
    etag = officer.send("GET", path).headers["ETag"]
    both = officer.send("PUT", path, feature(version=1), If_Match=etag)
    assert both.status_code == 200, "the header counts"


def test_the_id_of_the_address_wins_and_nothing_is_created_at_an_address(officer, session):
    first = officer.make()
    second = officer.make(feature(box(east=0.03), name="Khác"))
    body = {**feature(name="Một"), "id": second.json["id"]}
    answer = officer.send("PUT", path_of(first), body, If_Match=first.headers["ETag"])
    assert (answer.status_code, answer.json["id"]) == (200, first.json["id"])
    assert officer.send("GET", path_of(second)).json["properties"]["name"] == "Khác"
    for missing in ("999999", "0", "-1", "x", "9" * 30, "1e3", "%00", "１"):
        for method in ("PUT", "PATCH", "DELETE"):
            payload = None if method == "DELETE" else feature(version=1)
            answer = officer.send(method, f"{AREAS}/{missing}", payload, If_Match="*")
            assert answer.status_code == 404, (method, missing)


def test_options_lists_what_the_caller_may_do(app, client, session, officer):
    path = path_of(officer.make())

    def allowed(caller, address, **headers):
        answer = caller.options(address, headers=headers)
        assert answer.status_code == 200, answer.text
        return set(answer.headers["Allow"].split(", ")) - {"GET", "HEAD", "OPTIONS"}

    writes = {"PUT", "PATCH", "DELETE"}
    assert allowed(client, AREAS) == allowed(client, path) == set()
    for headers in (officer.headers, basic(officer)):
        assert allowed(client, AREAS, **headers) == {"POST"}
        assert allowed(client, path, **headers) == writes
        assert allowed(client, f"{AREAS}/unknown_id", **headers) == writes
    researcher = make_writer(app, session, "researcher")
    assert allowed(client, path, **researcher.headers) == set()
    units = "/ogc/collections/administrative-units/items"
    assert allowed(client, units, **officer.headers) == {"POST"}
    local = make_writer(app, session, commune=HERE)
    assert allowed(client, units, **local.headers) == set()
    assert allowed(client, "/ogc/collections/tracks/items", **officer.headers) == set()
    assert client.options("/ogc/collections/parcels/items").status_code == 401
    # With PATCH, QGIS would send what changed without saying from what.
    agent = {"User-Agent": "Mozilla/5.0 QGIS/34407/Debian", **officer.headers}
    assert allowed(client, path, **agent) == {"PUT", "DELETE"}


def test_qgis_saves_twice_deletes_and_hides_nobody_elses_work(app, session, officer):
    """QGIS sends no If-Match, and the version it read before its own last save."""
    other = make_writer(app, session)
    agent = {"User_Agent": "Mozilla/5.0 QGIS/34407/Debian"}
    path = path_of(officer.make())
    for name in ("Hai", "Ba"):
        echoed = feature(name=name, version=1)
        assert officer.send("PUT", path, echoed, **agent).status_code == 200
    assert other.send("PUT", path, feature(name="Bốn", version=3)).status_code == 200
    assert officer.send("PUT", path, feature(name="Năm", version=3), **agent).status_code == 412
    assert officer.send("DELETE", path, **agent).status_code == 428
    assert other.send("DELETE", path, **agent).status_code == 204, "nobody changed it after them"


def test_an_officer_of_a_commune_writes_there_only(app, session, officer):
    local = make_writer(app, session, commune=HERE)
    theirs = officer.make(feature(box(east=0.11)))
    assert theirs.json["properties"]["commune_code"] == THERE
    match = {"If_Match": theirs.headers["ETag"]}
    for method, body in (
        ("PUT", feature(box(east=0.11))),
        ("PATCH", {"properties": {"name": "Của tôi"}}),
        ("DELETE", None),
    ):
        assert local.send(method, path_of(theirs), body, **match).status_code == 403
    assert local.send("POST", AREAS, feature(box(east=0.12))).status_code == 403
    own = local.make(feature(box(east=0.05)))
    moved = {"properties": {"commune_code": THERE}}
    answer = local.send("PATCH", path_of(own), moved, If_Match=own.headers["ETag"])
    assert answer.status_code == 403, "nor is it given away"


def test_rules_answer_with_problems_and_places(officer):
    officer.make(feature(name="Láng giềng"))
    upon = officer.send("POST", AREAS, feature(box(east=0.011, north=0.011)))
    assert upon.status_code == 422
    assert upon.json["type"] == "/problems/rule-violation"
    (overlap,) = [one for one in upon.json["problems"] if one["rule"] == "overlap"]
    assert overlap["severity"] == "error"
    assert overlap["facts"]["name"] == "Láng giềng"
    # A quarter of a square of 0.002° at 12°: 110.6 m × 108.9 m.
    assert overlap["facts"]["overlap_m2"] == pytest.approx(12_045, rel=0.01)
    assert overlap["facts"]["percent"] == pytest.approx(25, abs=0.1)
    assert overlap["place"]["type"] in ("Polygon", "MultiPolygon")
    bow_tie = {
        "type": "Polygon",
        "coordinates": [
            [[108.45, 12.05], [108.46, 12.06], [108.46, 12.05], [108.45, 12.06], [108.45, 12.05]]
        ],
    }
    crossed = officer.send("POST", AREAS, feature(bow_tie))
    assert crossed.status_code == 422
    places = [one["place"]["coordinates"] for one in crossed.json["problems"]]
    assert places[0] == pytest.approx([108.455, 12.055])


def test_warnings_ask_our_editor_for_a_reason_and_let_programs_pass(officer, session):
    # 4.8 ha drawn, a third of it over the border of the commune it is said to lie in.
    over = feature(box(east=0.0987), name="Vắt ranh", commune_code=HERE)
    strict = {"Prefer": "handling=strict; x=1, return=representation"}
    asked = officer.send("POST", AREAS, over, **strict)
    assert asked.status_code == 409
    assert asked.json["type"] == "/problems/reason-needed"
    assert [one["rule"] for one in asked.json["problems"]] == ["outside-commune"]
    said = officer.send(
        "POST", AREAS, over, **strict, Langbiang_Reason="S%C3%B4ng%20%C4%91%E1%BB%95i%20d%C3%B2ng"
    )
    assert said.status_code == 201
    assert said.headers["Preference-Applied"] == "handling=strict"
    program = officer.send("POST", AREAS, {**over, "geometry": box(east=0.0987, north=0.03)})
    assert program.status_code == 201
    assert [one["rule"] for one in program.json["warnings"]] == ["outside-commune"]
    reasons = session.scalars(
        text(
            "SELECT reason FROM gis.revision WHERE layer = 'growing-areas' ORDER BY id DESC LIMIT 2"
        )
    ).all()
    assert reasons[1] == "Sông đổi dòng"
    assert "lie outside Lạc Dương" in reasons[0], "what was let pass is kept"


def test_media_types_and_preferences(officer):
    made = officer.make()
    path, etag = path_of(made), made.headers["ETag"]
    for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded"):
        assert officer.send("POST", AREAS, "{}", Content_Type=kind).status_code == 415
        assert officer.send("PUT", path, "{}", Content_Type=kind, If_Match=etag).status_code == 415
    for kind in ("application/json-patch+json", "text/plain"):
        assert (
            officer.send("PATCH", path, "{}", Content_Type=kind, If_Match=etag).status_code == 415
        )
    minimal = officer.send("PUT", path, feature(), If_Match=etag, Prefer="return=minimal")
    assert (minimal.status_code, minimal.data) == (204, b"")
    assert minimal.headers["ETag"] == officer.send("GET", path).headers["ETag"]


def test_shapes_arrive_in_other_systems(officer):
    inverse = transformer_to_wgs84("EPSG:5899")
    places = [(108.45, 12.05), (108.452, 12.05), (108.452, 12.052), (108.45, 12.05)]
    metres = [list(inverse.transform(*place, direction="INVERSE")) for place in places]
    flipped = [[lat, lon] for lon, lat in places]
    root = "http://www.opengis.net/def/crs"
    for at, (crs, ring) in enumerate(
        (
            (f"<{root}/EPSG/0/5899>", metres),
            (f"{root}/EPSG/0/4326", flipped),
            (f"<{root}/OGC/1.3/CRS84>", [list(place) for place in places]),
        )
    ):
        drawn = {"type": "Polygon", "coordinates": [ring]}
        answer = officer.send("POST", AREAS, feature(drawn), Content_Crs=crs)
        assert answer.status_code == 201, answer.text
        first = answer.json["geometry"]["coordinates"][0][0]
        for place, stored in zip(places, first, strict=True):
            assert stored == pytest.approx(place, abs=2e-7), (at, crs)
        gone = officer.send("DELETE", path_of(answer), If_Match=answer.headers["ETag"])
        assert gone.status_code == 204
    for wrong in ("EPSG:27700", "<http://example.com/crs>", "5899", "[]"):
        assert officer.send("POST", AREAS, feature(), Content_Crs=wrong).status_code == 400
    far = {"type": "Polygon", "coordinates": [[[1e30, 1e30], [2e30, 0], [0, 0], [1e30, 1e30]]]}
    crs = f"<{root}/EPSG/0/5899>"
    assert officer.send("POST", AREAS, feature(far), Content_Crs=crs).status_code == 422


def test_what_is_read_may_be_sent_back_and_changes_nothing(officer, session):
    """QGIS echoes every attribute: read-only ones are ignored, and a hidden holder stays."""
    area = add_area(session, "Vườn nhà", "household", lon=108.42, lat=12.02, code="VN-LDOR-0007")
    session.commit()
    path = f"{AREAS}/{area.id}"
    read = officer.send("GET", path)
    assert read.json["properties"]["holder"] is None, "a household's name needs its consent"
    answer = officer.send("PUT", path, read.json, If_Match=read.headers["ETag"])
    assert answer.status_code == 200, answer.text
    session.expire_all()
    assert area.party_id is not None
    same = ("geometry", "id")
    assert {name: answer.json[name] for name in same} == {name: read.json[name] for name in same}
    kept = {**read.json["properties"], "version": None, "commune_code": None, "commune_name": None}
    after = {
        **answer.json["properties"],
        "version": None,
        "commune_code": None,
        "commune_name": None,
    }
    assert after == kept


def test_unknown_properties_are_named_and_read_only_ones_ignored(officer):
    made = officer.make(feature(area_ha=99, codes=["X"], crop_name="Chè"))
    assert made.json["properties"]["area_ha"] == pytest.approx(4.82, abs=0.01)
    assert made.json["properties"]["crop_name"] == "Cà phê"
    answer = officer.send("POST", AREAS, feature(box(east=0.03), colour="red"))
    assert answer.status_code == 400
    assert "colour" in answer.text
    assert officer.send("POST", AREAS, feature(box(east=0.03), crop="không-có")).status_code == 400


def test_every_layer_is_written_by_the_same_means(officer):
    point = {"type": "Point", "coordinates": [108.45, 12.05]}
    bodies = {
        "facilities": feature(point) | {"properties": {"name": "Kho", "kind": "store"}},
        "parcels": feature() | {"properties": {"code": "T-1", "crop": "ca-phe"}},
        "high-tech-zones": feature() | {"properties": {"name": "Khu A"}},
        "administrative-units": feature(box(0.2, 0.2, 0.05))
        | {
            "properties": {
                "code": "99999",
                "name": "Xã Mới",
                "level": "commune",
                "valid_from": "2026-07-01",
            }
        },
    }
    for layer, body in bodies.items():
        made = officer.make(body, layer)
        path = path_of(made)
        etag = made.headers["ETag"]
        patched = officer.send("PATCH", path, {"properties": {"name": "Tên khác"}}, If_Match=etag)
        assert patched.status_code == 200, patched.text
        assert patched.json["properties"]["name"] == "Tên khác"
        gone = officer.send("DELETE", path, If_Match=patched.headers["ETag"])
        assert gone.status_code == 204
    for layer in ("tracks", "applications"):
        assert officer.send("POST", f"/ogc/collections/{layer}/items", feature()).status_code == 403
    assert officer.send("POST", "/ogc/collections/none/items", feature()).status_code == 404


def test_a_generalised_feature_is_no_version_of_the_exact_one(client, officer, session):
    household = add_area(session, "Vườn nhà", "household", lon=108.42, lat=12.02)
    cooperative = add_area(session, "Đồi chung", "cooperative", lon=108.43, lat=12.02)
    facility = add_facility(session, "Kho")
    session.commit()

    def written(layer, fid):
        path = f"/ogc/collections/{layer}/items/{fid}"
        tag = client.get(path).headers["ETag"]
        assert tag.endswith('-p"')
        patch = {"properties": {"name": "Tên"}}
        return officer.send("PATCH", path, patch, If_Match=tag).status_code

    assert written("growing-areas", household.id) == 412
    assert written("growing-areas", cooperative.id) == 200
    assert written("facilities", facility.id) == 200
