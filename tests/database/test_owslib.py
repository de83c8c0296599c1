"""OWSLib, another program's idea of OGC API – Features, reads and writes over HTTP."""

import json
import threading
from collections.abc import Iterator

import pytest
from owslib.ogcapi.features import Features
from werkzeug.serving import make_server

from tests.editing_factories import add_communes, box, feature
from web import create_app
from web.accounts import add_account, issue_token


@pytest.fixture
def served(settings, clone_sessions) -> Iterator[tuple[str, str]]:
    """The address of `/ogc` and the token of an officer."""
    with clone_sessions() as session:
        add_communes(session)
        add_account(session, "mai", ["officer"])
        token = issue_token(session, "mai")
        session.commit()
    server = make_server("127.0.0.1", 0, create_app(settings, clone_sessions), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}/ogc", token
    server.shutdown()
    server.server_close()


def test_owslib_creates_replaces_and_deletes(served):
    address, token = served
    # It keeps headers of all its clients in one place, so they are handed over and taken back.
    headers = {"Authorization": f"Bearer {token}"}
    api = Features(address, headers=headers)
    assert {"growing-areas", "parcels"} <= set(api.feature_collections())
    schema = api.collection_schema("growing-areas")["properties"]
    assert schema["area_ha"]["readOnly"]
    assert "readOnly" not in schema["name"]

    assert api.collection_item_create("growing-areas", feature(name="Một"))
    made = api.response_headers["Location"]
    fid = made.rpartition("/")[2]
    assert made == f"{address}/collections/growing-areas/items/{fid}"
    # A text of JSON it calls text/xml, unless told otherwise before.
    api.headers.pop("Content-Type", None)
    assert api.collection_item_create("growing-areas", json.dumps(feature(box(east=0.03))))
    assert api.collection_items("growing-areas", limit=10)["numberMatched"] == 2

    read = api.collection_item("growing-areas", fid)
    read["properties"]["name"] = "Hai"
    # Without If-Match: the version that it read is among the properties it sends back.
    assert api.collection_item_update("growing-areas", fid, read)
    with pytest.raises(RuntimeError, match="stale"):
        api.collection_item_update("growing-areas", fid, read | {"geometry": box(side=0.003)})
    assert api.collection_item("growing-areas", fid)["properties"]["name"] == "Hai"

    with pytest.raises(RuntimeError, match="version-needed"):
        api.collection_item_delete("growing-areas", fid)
    api.collection_item("growing-areas", fid)
    api.headers["If-Match"] = api.response_headers["ETag"]
    assert api.collection_item_delete("growing-areas", fid)
    api.headers.pop("If-Match")
    left = api.collection_items("growing-areas")["features"]
    assert [one["properties"]["name"] for one in left] == ["Đồi Chè"]
    api.headers.pop("Authorization")
