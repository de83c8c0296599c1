"""Check, split, merge, the same values for many; revisions, changes and their undoing."""

import pytest
from sqlalchemy import text

from gis.editing.reverting import revert_change
from gis.editing.writing import Editor
from gis.errors import RuleViolationError
from gis.models import GrowingArea
from tests.editing_factories import (
    AREAS,
    THERE,
    add_communes,
    box,
    feature,
    make_writer,
    path_of,
)
from tests.map_factories import add_area
from web import create_app

API = "/api/v1/growing-areas"
LINE = {"type": "LineString", "coordinates": [[108.411, 12.0], [108.411, 12.02]]}


@pytest.fixture
def officer(app, session):
    add_communes(session)
    return make_writer(app, session)


def post(writer, path, body, **headers):
    return writer.send("POST", path, body, Content_Type="application/json", **headers)


def areas(session):
    return session.execute(
        text(
            "SELECT count(*), sum(area_ha), ST_Area(ST_Union(boundary)::geography) / 10000"
            " FROM gis.growing_area"
        )
    ).one()


def test_a_check_says_what_a_save_would_say_and_writes_nothing(officer, session):
    neighbour = officer.make(feature(name="Láng giềng"))
    own = officer.make(feature(box(east=0.03)))
    upon = feature(box(east=0.011))
    found = post(officer, f"{API}/check", upon)
    assert found.status_code == 200
    assert [one["rule"] for one in found.json["problems"]] == ["overlap"]
    assert found.json["problems"][0]["facts"]["with"] == neighbour.json["id"]
    assert post(officer, f"{API}/check", feature(box(east=0.05))).json == {"problems": []}
    assert post(officer, f"{API}/check", feature(box(east=0.03))).json["problems"]
    same = {**feature(box(east=0.03)), "id": own.json["id"]}
    assert post(officer, f"{API}/check", same).json == {"problems": []}, "not upon itself"
    assert areas(session)[0] == 2
    for wrong in ({}, {"type": "Feature", "id": "x", "geometry": box()}, {**same, "id": 2**70}):
        assert post(officer, f"{API}/check", wrong).status_code in (400, 404, 422)


def test_a_split_and_a_merge_keep_the_area_and_leave_no_gap(officer, session):
    made = officer.make(feature(box(side=0.004)))
    path, fid = f"{API}/{made.json['id']}", made.json["id"]
    whole = areas(session)
    assert post(officer, f"{path}/split", {"line": LINE}).status_code == 428
    assert post(officer, f"{path}/split", {"line": LINE}, If_Match='"x"').status_code == 412
    split = post(
        officer,
        f"{path}/split",
        {"line": LINE, "reason": "Bán một phần"},
        If_Match=made.headers["ETag"],
    )
    assert split.status_code == 200, split.text
    kept, other = split.json["features"]
    assert kept["id"] == fid
    # The line lies a quarter of the way: 1 to 3.
    ratio = kept["properties"]["area_ha"] / other["properties"]["area_ha"]
    assert ratio == pytest.approx(3, rel=1e-3)
    parts = areas(session)
    assert parts[0] == 2
    assert parts[1] == pytest.approx(whole[1], abs=1e-6)
    assert parts[2] == pytest.approx(whole[1], abs=1e-6), "no gap between them"
    targets = [{"id": one["id"], "version": one["properties"]["version"]} for one in (kept, other)]
    merged = post(officer, f"{API}/merge", {"features": targets})
    assert merged.status_code == 200, merged.text
    assert merged.json["id"] == fid
    assert merged.headers["ETag"] == officer.send("GET", f"{AREAS}/{fid}").headers["ETag"]
    assert areas(session)[:2] == (1, pytest.approx(whole[1], abs=1e-6))
    again = post(officer, f"{API}/merge", {"features": targets})
    assert again.status_code == 404, "the other one is gone"


def test_many_features_get_the_same_values_or_none_does(officer, session):
    made = [officer.make(feature(box(east=0.01 * n), name=f"Vùng {n}")).json for n in range(1, 6)]
    targets = [{"id": one["id"], "version": 1} for one in made]
    same = {"features": targets, "properties": {"variety": "Robusta"}, "reason": "Kiểm tra 2026"}
    done = post(officer, f"{API}/properties", same)
    assert done.status_code == 200, done.text
    assert done.json["items"] == [{"id": one["id"], "version": 2} for one in made]
    stale = {**same, "features": [{**targets[0], "version": 2}, targets[1]]}
    stale["properties"] = {"variety": "Catimor"}
    refused = post(officer, f"{API}/properties", stale)
    assert refused.status_code == 412
    assert refused.json["current"]["id"] == targets[1]["id"], "which one, and as it is"
    varieties = session.scalars(text("SELECT DISTINCT variety FROM gis.growing_area")).all()
    assert varieties == ["Robusta"]
    reasons = session.scalars(
        text("SELECT DISTINCT reason FROM gis.revision WHERE action = 'update'")
    ).all()
    assert reasons == ["Kiểm tra 2026"]


WRONG = (
    {},
    [],
    {"features": []},
    {"features": "all", "properties": {"variety": "x"}},
    {"features": [{"id": 1}], "properties": {"variety": "x"}},
    {"features": [{"id": "1", "version": 1}], "properties": {"variety": "x"}},
    {"features": [{"id": 1, "version": True}], "properties": {"variety": "x"}},
    {"features": [{"id": 2**64, "version": 1}], "properties": {"variety": "x"}},
    {"features": [{"id": 1.5, "version": 1}], "properties": {"variety": "x"}},
    {"features": [{"id": 1, "version": 1}] * 2, "properties": {"variety": "x"}},
    {"features": [{"id": 1, "version": 1}], "properties": {}},
    {"features": [{"id": 1, "version": 1}], "properties": {"variety": "x"}, "more": 1},
    {"features": [{"id": 1, "version": 1}], "properties": {"variety": "x"}, "reason": "x" * 5000},
    {"line": {"type": "LineString", "coordinates": [[[1]]]}},
    {"line": {"type": "LineString", "coordinates": [["a", "b"], [None, {}]]}},
    {"line": {"type": "Point", "coordinates": [1, 2]}},
    {"line": LINE, "version": "1"},
    {"revision": 0},
    {"revision": 2**70},
    {"revision": "1"},
)


def test_bodies_that_do_not_fit_are_refused_with_pointers(officer):
    fid = officer.make().json["id"]
    for body in WRONG:
        for action in ("merge", "properties", f"{fid}/split", f"{fid}/revert"):
            answer = post(officer, f"{API}/{action}", body, If_Match="*")
            assert answer.status_code in (400, 404, 422), (action, body, answer.text)
    named = post(officer, f"{API}/properties", WRONG[5]).json["errors"]
    assert named[0]["pointer"] == "/features/0/id"
    for layer in ("none", "tracks"):
        answer = post(officer, f"/api/v1/{layer}/merge", WRONG[0])
        assert answer.status_code == (404 if layer == "none" else 403)


def test_revisions_say_who_changed_what_in_words(app, client, session, officer):
    made = officer.make(feature(variety="Typica"))
    path, fid = path_of(made), made.json["id"]
    changes = {"geometry": box(side=0.003), "properties": {"crop": "che", "variety": None}}
    crops = session.scalars(text("SELECT code FROM gis.crop WHERE code <> 'ca-phe' LIMIT 1")).all()
    changes["properties"]["crop"] = crops[0]
    answer = officer.send("PATCH", path, changes, If_Match="*", Langbiang_Reason="L%C3%BD%20do")
    assert answer.status_code == 200, answer.text
    address = f"{API}/{fid}/revisions"
    listed = officer.send("GET", address).json["items"]
    assert [one["action"] for one in listed] == ["update", "insert"]
    newest = listed[0]
    assert newest["reason"] == "Lý do"
    assert newest["actor"].startswith("officer-")
    assert newest["is_shape_changed"]
    assert newest["before_shape"]["type"] == newest["after_shape"]["type"] == "MultiPolygon"
    told = {one["name"]: (one["before"], one["after"]) for one in newest["differences"]}
    assert told["crop"] == ("ca-phe", crops[0])
    assert told["variety"] == ("Typica", None)
    assert set(told) == {"crop", "variety", "area_ha"}
    first = officer.send("GET", f"{address}?limit=1")
    assert len(first.json["items"]) == 1
    following = first.json["next"].removeprefix("https://langbiang.example")
    rest = officer.send("GET", following).json
    assert ([one["action"] for one in rest["items"]], rest["next"]) == (["insert"], None)
    assert client.get(address).status_code == 401
    for role, status in (("farmer", 403), ("researcher", 403), ("leader", 200)):
        assert make_writer(app, session, role).send("GET", address).status_code == status
    for missing in ("growing-areas/999999", "tracks/1", "none/1", "growing-areas/" + "9" * 30):
        assert officer.send("GET", f"/api/v1/{missing}/revisions").status_code == 404
    for query in ("limit=0", "limit=x", "before=-1", "before=" + "9" * 30, "colour=red"):
        assert officer.send("GET", f"{address}?{query}").status_code == 400, query


def test_a_feature_goes_back_to_a_revision_and_comes_back_when_deleted(officer):
    made = officer.make(feature(name="Đầu tiên"))
    path, fid = path_of(made), made.json["id"]
    changed = officer.send("PATCH", path, {"properties": {"name": "Sau"}}, If_Match="*")
    address = f"{API}/{fid}"
    first = officer.send("GET", f"{address}/revisions").json["items"][-1]["id"]
    body = {"revision": first, "reason": "Sửa nhầm"}
    assert post(officer, f"{address}/revert", body).status_code == 428
    stale = post(officer, f"{address}/revert", body, If_Match=made.headers["ETag"])
    assert stale.status_code == 412
    back = post(officer, f"{address}/revert", body, If_Match=changed.headers["ETag"])
    assert (back.status_code, back.json["properties"]["name"]) == (200, "Đầu tiên")
    assert officer.send("DELETE", path, If_Match=back.headers["ETag"]).status_code == 204
    again = post(officer, f"{address}/revert", body)
    assert again.status_code in (200, 201), again.text
    assert again.json["id"] == fid
    assert officer.send("GET", path).json["properties"]["name"] == "Đầu tiên"
    other = officer.make(feature(box(east=0.03))).json["id"]
    foreign = post(officer, f"{API}/{other}/revert", body, If_Match="*")
    assert foreign.status_code == 404, "a revision of another feature"


def test_a_whole_change_is_undone_unless_somebody_changed_it_since(settings, clone_sessions):
    """A change is a transaction, so these commit."""
    app = create_app(settings, clone_sessions)
    with clone_sessions() as session:
        add_communes(session)
        officer, leader = (make_writer(app, session, role) for role in ("officer", "leader"))
        local = make_writer(app, session, commune=THERE)
    made = [officer.make(feature(box(east=0.01 * n), name=f"Vùng {n}")).json for n in (1, 2, 3)]
    targets = [{"id": one["id"], "version": 1} for one in made]
    same = {"features": targets, "properties": {"variety": "Robusta"}, "reason": "Nhầm"}
    assert post(officer, f"{API}/properties", same).status_code == 200
    listed = officer.send("GET", "/api/v1/changes?layer=growing-areas&limit=2").json
    newest = listed["items"][0]
    assert (newest["reason"], newest["counts"]) == ("Nhầm", {"growing-areas": {"update": 3}})
    following = officer.send("GET", listed["next"].removeprefix("https://langbiang.example")).json
    assert len(following["items"]) == 2
    by_them = officer.send("GET", f"/api/v1/changes?actor={newest['actor']}").json["items"]
    assert by_them[0] == newest
    assert officer.send("GET", "/api/v1/changes?actor=nobody").json == {"items": [], "next": None}
    address = f"/api/v1/changes/{newest['id']}/revert"
    assert leader.send("POST", address).status_code == 403
    assert local.send("POST", address).status_code == 403, "not their commune"
    undone = post(officer, address, {"reason": "Trả lại"})
    assert undone.status_code == 200, undone.text
    assert undone.json["reason"] == "Trả lại"
    for one in made:
        properties = officer.send("GET", f"{AREAS}/{one['id']}").json["properties"]
        assert (properties["variety"], properties["version"]) == (None, 3)
    assert officer.send("POST", address).status_code == 409, "changed since, by the undoing"
    assert officer.send("POST", "/api/v1/changes/999999999999/revert").status_code == 404
    for query in ("layer=none", "limit=0", "before=x", "colour=1"):
        assert officer.send("GET", f"/api/v1/changes?{query}").status_code == 400, query


def test_an_area_of_the_register_has_its_revisions_too(officer, session):
    area = add_area(session, "Vườn nhà", "household", lon=108.42, lat=12.02)
    session.commit()
    assert session.scalar(text("SELECT count(*) FROM gis.revision")) > 0
    assert officer.send("GET", f"{API}/{area.id}/revisions").json["items"][0]["action"] == "insert"
    shown = officer.send("GET", f"{API}/{area.id}/revisions").json["items"][0]
    holder = [one for one in shown["differences"] if one["name"] == "holder"]
    assert not holder or holder[0]["after"] is None, "a household's name needs its consent"


def test_an_undo_finds_itself_among_the_later_changes_of_others(clone_sessions):
    with clone_sessions() as session:
        add_communes(session)
        area = add_area(session, "Một", "cooperative")
        session.commit()
        change = session.scalar(text("SELECT max(transaction) FROM gis.revision"))
    editor = Editor("mai", None, frozenset({"officer", "provincial-officer"}))
    with clone_sessions() as slow, clone_sessions() as quick:
        slow.execute(text("SELECT txid_current()"))
        for n in range(8):
            add_area(quick, f"Vùng {n}", None, lon=108.42 + 0.003 * n)
            quick.commit()
        undone = revert_change(slow, editor, change)
        assert undone.counts["growing-areas"] == {"delete": 1}
        slow.commit()
    with clone_sessions() as session:
        assert session.get(GrowingArea, area.id) is None


def test_the_description_holds_to_openapi_3_0(client):
    """There, nothing is of type null, and a limit is exclusive by a flag."""

    def walk(value):
        if isinstance(value, dict):
            assert value.get("type") != "null"
            assert isinstance(value.get("exclusiveMaximum", True), bool | dict)
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    document = client.get("/api/openapi.json").json
    walk(document)
    split = document["paths"]["/api/v1/{name}/{fid}/split"]["post"]
    name = next(one for one in split["parameters"] if one["name"] == "name")
    assert "growing-areas" in name["schema"]["enum"]


def test_an_undo_sees_what_a_transaction_drew_that_began_before_the_change(clone_sessions):
    with clone_sessions() as session:
        add_communes(session)
        area = add_area(session, "Một", "cooperative")
        session.commit()
    editor = Editor("mai", None, frozenset({"officer", "provincial-officer"}))
    with clone_sessions() as slow, clone_sessions() as quick:
        slow.execute(text("SELECT now()"))
        quick.execute(text("DELETE FROM gis.growing_area"))
        quick.commit()
        change = quick.scalar(text("SELECT max(transaction) FROM gis.revision"))
        quick.rollback()
        add_area(slow, "Hai", None)
        slow.commit()
        with pytest.raises(RuleViolationError, match="Hai"):
            revert_change(quick, editor, change)
        quick.rollback()
        assert quick.get(GrowingArea, area.id) is None
