"""Fifty writers on ten areas over HTTP: what was accepted is in the history, nothing is lost."""

import json
import random
import threading
from collections import Counter
from http.client import HTTPConnection

import pytest
from sqlalchemy import text
from werkzeug.serving import make_server

from tests.editing_factories import AREAS, GEOJSON, MERGE_PATCH, add_communes, box, feature
from web import create_app
from web.accounts import add_account, issue_token

WRITERS, FEATURES, EDITS = 50, 10, 8


@pytest.mark.long
def test_fifty_writers_on_ten_areas(settings, clone_sessions):
    with clone_sessions.begin() as session:
        add_account(session, "mai", ["officer"])
        token = issue_token(session, "mai")
    with clone_sessions() as session:
        add_communes(session)
    app = create_app(settings, clone_sessions)
    app.extensions["langbiang.limiter"].enabled = False
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def send(connection, method, path, body=None, **headers):
        kind = MERGE_PATCH if method == "PATCH" else GEOJSON
        sent = {"Authorization": f"Bearer {token}", "Content-Type": kind, **headers}
        connection.request(method, path, json.dumps(body) if body else None, sent)
        answer = connection.getresponse()
        return answer.status, answer.headers, json.loads(answer.read() or "null")

    # A row of neighbours that share their borders: each edit locks places that others lock, too.
    first = HTTPConnection("127.0.0.1", server.port, timeout=120)
    paths = []
    for n in range(FEATURES):
        drawn = feature(box(east=0.01 + 0.002 * n), name=f"Vùng {n}")
        status, _, body = send(first, "POST", AREAS, drawn)
        assert status == 201, body
        paths.append(f"{AREAS}/{body['id']}")
    accepted, answers, failures = [], Counter(), []
    barrier = threading.Barrier(WRITERS)

    def write(writer):
        chance = random.Random(writer)
        connection = HTTPConnection("127.0.0.1", server.port, timeout=120)
        barrier.wait()
        try:
            done = 0
            while done < EDITS:
                path = chance.choice(paths)
                status, headers, body = send(connection, "GET", path)
                assert status == 200, body
                note = f"{writer}/{done}"
                patch = {"properties": {"variety": note}}
                if chance.random() < 0.5:
                    # The border moves half a metre in or out, so neighbours are looked at.
                    ring = body["geometry"]["coordinates"][0][0]
                    north = round(12.012 + chance.choice((0, 5e-6, -5e-6)), 7)
                    moved = [[x, north if y > 12.0115 else y] for x, y in ring]
                    patch["geometry"] = {"type": "Polygon", "coordinates": [moved]}
                status, _, body = send(
                    connection, "PATCH", path, patch, **{"If-Match": headers["ETag"]}
                )
                answers[status] += 1
                if status == 200:
                    accepted.append((body["id"], body["properties"]["version"], note))
                    done += 1
                elif status not in (412, 503):
                    raise AssertionError((status, body))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.shutdown()
    server.server_close()
    assert not failures, failures[:3]
    assert len(accepted) == WRITERS * EDITS
    assert answers[503] == 0, answers
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
        overlaps = session.scalar(
            text(
                "SELECT count(*) FROM gis.growing_area AS a JOIN gis.growing_area AS b"
                " ON a.id < b.id AND a.boundary && b.boundary WHERE"
                " ST_Area(ST_Intersection(a.boundary, b.boundary)::geography) > 1"
            )
        )
    assert sorted(recorded) == sorted(accepted), "every accepted edit, and no other"
    assert sum(version - 1 for version in versions) == len(accepted), "none hid another"
    assert overlaps == 0
