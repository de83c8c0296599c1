"""Fifty writers over HTTP: what was accepted is in the history, nothing is lost or overlaps."""

import random
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest
from sqlalchemy import text

from tests.editing_factories import AREAS, add_communes, box, feature
from tests.remote import Remote, at_once, serving
from web import create_app
from web.accounts import add_account, issue_token

WRITERS, FEATURES, EDITS = 50, 10, 8
WAYS = (
    *("create", "patch", "move", "bulk", "bulk"),
    *("split", "merge", "delete", "undo", "revert"),
)
API = "/api/v1/growing-areas"
OVERLAPS = text(
    "SELECT count(*) FROM gis.growing_area AS a JOIN gis.growing_area AS b"
    " ON a.id < b.id AND a.boundary && b.boundary WHERE"
    " ST_Area(ST_Intersection(a.boundary, b.boundary)::geography) > 1"
)


@pytest.fixture
def connect(settings, clone_sessions) -> Iterator[partial[Remote]]:
    """Make connections of an officer to a server over the test's own database."""
    with clone_sessions() as session:
        add_communes(session)
        add_account(session, "mai", ["officer"])
        token = issue_token(session, "mai")
        session.commit()
    with serving(create_app(settings, clone_sessions)) as port:
        yield partial(Remote, port, token)


@pytest.mark.long
def test_fifty_writers_on_ten_areas(connect, clone_sessions):
    first, paths = connect(), []
    # A row of neighbours that share their borders: each edit locks places that others lock, too.
    for n in range(FEATURES):
        drawn = feature(box(east=0.01 + 0.002 * n), name=f"Vùng {n}")
        status, _, body = first.send("POST", AREAS, drawn)
        assert status == 201, body
        paths.append(f"{AREAS}/{body['id']}")
    accepted, answers = [], Counter()

    def write(writer):
        chance, remote, done = random.Random(writer), connect(), 0
        while done < EDITS:
            path = chance.choice(paths)
            status, headers, body = remote.send("GET", path)
            assert status == 200, body
            note = f"{writer}/{done}"
            patch = {"properties": {"variety": note}}
            if chance.random() < 0.5:
                # The border moves half a metre in or out, so neighbours are looked at.
                ring = body["geometry"]["coordinates"][0][0]
                north = round(12.012 + chance.choice((0, 5e-6, -5e-6)), 7)
                moved = [[x, north if y > 12.0115 else y] for x, y in ring]
                patch["geometry"] = {"type": "Polygon", "coordinates": [moved]}
            status, _, body = remote.send("PATCH", path, patch, If_Match=headers["ETag"])
            answers[status] += 1
            assert status in (200, 412), body
            if status == 200:
                accepted.append((body["id"], body["properties"]["version"], note))
                done += 1

    at_once([partial(write, n) for n in range(WRITERS)])
    assert len(accepted) == WRITERS * EDITS
    assert answers[412] > 0, "they did meet"
    with clone_sessions() as session:
        rows = session.execute(
            text(
                "SELECT feature_id, (after->>'version')::bigint, after->>'variety'"
                " FROM gis.revision WHERE layer = 'growing-areas' AND action = 'update'"
            )
        )
        recorded = [tuple(row) for row in rows]
        versions = session.scalars(text("SELECT version FROM gis.growing_area")).all()
        overlaps = session.scalar(OVERLAPS)
    assert sorted(recorded) == sorted(accepted), "every accepted edit, and no other"
    assert sum(version - 1 for version in versions) == len(accepted), "none hid another"
    assert overlaps == 0


@pytest.mark.long
def test_all_ways_to_write_at_once(connect, clone_sessions):
    """Drawing, cutting, merging, bulk edits, deleting and undoing on one square kilometre."""
    bounds = "108.4600,12.0200,108.4720,12.0320"
    answers = Counter()

    def seen(one):
        return {"id": one["id"], "version": one["properties"]["version"]}

    def act(remote, chance, features):
        way = chance.choice(WAYS) if len(features) > 3 else "create"
        if way == "create":
            place = box(0.06 + 0.002 * chance.randrange(6), 0.02 + 0.002 * chance.randrange(6))
            return way, remote.send("POST", AREAS, feature(place))
        one, other, *more = chance.sample(features, min(len(features), 6))
        path = f"{AREAS}/{one['id']}"
        version = one["properties"]["version"]
        ring = [list(place) for place in one["geometry"]["coordinates"][0][0][:-1]]
        if way == "patch":
            patch = {"properties": {"variety": str(chance.random()), "version": version}}
            return way, remote.send("PATCH", path, patch)
        if way == "move":
            ring[chance.randrange(len(ring))][0] += chance.choice((1e-4, -1e-4))
            moved = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
            patch = {"geometry": moved, "properties": {"version": version}}
            return way, remote.send("PATCH", path, patch)
        if way == "bulk":
            same = {"properties": {"variety": str(chance.random())}}
            same["features"] = [seen(each) for each in (one, other, *more)]
            return way, remote.send("POST", f"{API}/properties", same)
        if way == "split":
            (west, east), (south, north) = (
                (min(axis), max(axis)) for axis in zip(*ring, strict=True)
            )
            middle = (west + east) / 2
            ends = [[middle, south - 1e-3], [middle, north + 1e-3]]
            cut = {"line": {"type": "LineString", "coordinates": ends}, "version": version}
            return way, remote.send("POST", f"{API}/{one['id']}/split", cut)
        if way == "merge":
            return way, remote.send("POST", f"{API}/merge", {"features": [seen(one), seen(other)]})
        if way == "delete":
            return way, remote.send("DELETE", path, If_Match="*")
        if way == "undo":
            _, _, changes = remote.send("GET", "/api/v1/changes?limit=10")
            change = chance.choice(changes["items"])["id"]
            return way, remote.send("POST", f"/api/v1/changes/{change}/revert", {})
        _, _, history = remote.send("GET", f"{API}/{one['id']}/revisions")
        kept = [each["id"] for each in history.get("items", []) if each["action"] != "delete"]
        back = {"revision": chance.choice(kept or [1]), "version": version}
        return way, remote.send("POST", f"{API}/{one['id']}/revert", back)

    def work(writer):
        chance, remote = random.Random(writer), connect()
        for _ in range(25):
            _, _, found = remote.send("GET", f"{AREAS}?limit=100&bbox={bounds}")
            way, (status, _, body) = act(remote, chance, found["features"])
            answers[way, status < 300] += 1
            # Not found, changed since, refused by a rule: said, and never the server's own fault.
            assert status in (200, 201, 204, 404, 409, 412, 422), (way, status, body)

    at_once([partial(work, n) for n in range(12)])
    done = {way for way, succeeded in answers if succeeded}
    assert done >= {"create", "patch", "move", "bulk", "split", "delete", "undo", "revert"}
    with clone_sessions() as session:
        assert session.scalar(OVERLAPS) == 0
        jumps = session.scalar(
            text(
                "SELECT count(*) FROM gis.revision WHERE action = 'update' AND"
                " (after->>'version')::bigint <> (before->>'version')::bigint + 1"
            )
        )
    assert jumps == 0, "no version hides another"
