"""OGC API – Features: pages, boxes, roles, the definition, and GDAL as a client."""

import json
import subprocess
import sys
import threading
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from tests.map_factories import (
    LAT,
    LON,
    add_area,
    add_facility,
    add_parcels,
    add_unit,
    add_zone,
    square,
)
from web import create_app

PUBLIC = ["administrative-units", "growing-areas", "high-tech-zones", "facilities"]


def every_link(document) -> list[dict]:
    """The links anywhere in a document."""
    found = []
    if isinstance(document, dict):
        links = document.get("links")
        found += links if isinstance(links, list) else []
        found += [link for value in document.values() for link in every_link(value)]
    elif isinstance(document, list):
        found += [link for value in document for link in every_link(value)]
    return found


def test_landing_is_json_for_programs(client: FlaskClient):
    for path in ("/ogc", "/ogc/"):
        for headers in ({}, {"Accept": "*/*"}, {"Accept": "application/json"}):
            answer = client.get(path, headers=headers)
            assert (answer.status_code, answer.mimetype) == (200, "application/json")
            rels = {link["rel"] for link in answer.json["links"]}
            assert {"self", "service-desc", "conformance", "data"} <= rels


def test_every_link_has_a_type_and_leads_somewhere(client: FlaskClient, session: Session):
    add_area(session, "Một", "cooperative")
    add_area(session, "Hai", "cooperative", lon=LON + 0.01)
    session.commit()
    seen, waiting = set(), ["http://localhost/ogc", "http://localhost/ogc/collections"]
    waiting.append("http://localhost/ogc/collections/growing-areas/items?limit=1")
    waiting.append("http://localhost/ogc/collections/growing-areas/tiles")
    while waiting:
        address = waiting.pop()
        if address in seen or not address.startswith("http://localhost/") or "{" in address:
            continue
        seen.add(address)
        answer = client.get(address.removeprefix("http://localhost"))
        assert answer.status_code == 200, address
        if "json" in answer.mimetype:
            for link in every_link(answer.json):
                assert link["type"], (address, link)
                waiting.append(link["href"])
    assert len(seen) > 30


def test_collections_are_what_the_caller_may_read(client: FlaskClient, sign_in):
    def listed(caller: FlaskClient) -> list[str]:
        return [one["id"] for one in caller.get("/ogc/collections").json["collections"]]

    assert listed(client) == PUBLIC
    farmer = sign_in("farmer")
    assert listed(farmer) == PUBLIC
    assert listed(sign_in("researcher")) == [*PUBLIC, "parcels"]
    assert listed(sign_in("officer")) == [*PUBLIC, "parcels", "applications", "tracks"]
    of_one_commune = listed(sign_in("officer", commune="24848"))
    assert of_one_commune == [*PUBLIC, "parcels", "applications", "tracks"]
    for name in ("parcels", "applications", "tracks"):
        for path in (name, f"{name}/items", f"{name}/items/1"):
            assert client.get(f"/ogc/collections/{path}").status_code == 401
            assert farmer.get(f"/ogc/collections/{path}").status_code == 403


def test_pages_follow_each_other_and_stay_right_while_rows_change(sign_in, session: Session):
    parcels = add_parcels(session, 25)
    session.commit()
    officer = sign_in("officer")
    url, ids = "/ogc/collections/parcels/items?limit=10", []
    while url:
        page = officer.get(url).json
        assert page["numberMatched"] == 25 - (1 if ids else 0), "kept, not counted"
        assert page["numberReturned"] == len(page["features"])
        ids += [feature["id"] for feature in page["features"]]
        if len(ids) == 10:
            # Somebody deletes what was read already: no page may skip a feature for it.
            session.delete(parcels[3])
            session.commit()
        following = [link for link in page["links"] if link["rel"] == "next"]
        url = following[0]["href"].removeprefix("http://localhost") if following else None
    assert ids == [parcel.id for parcel in parcels]


def test_bbox_meets_shapes_not_boxes(client: FlaskClient, session: Session):
    # A triangle: its box covers the place asked for, its land does not.
    triangle = "SRID=4326;MULTIPOLYGON(((108 12, 108.1 12, 108 12.1, 108 12)))"
    add_unit(session, "1", "Tam giác", triangle)
    session.commit()
    items = "/ogc/collections/administrative-units/items"
    assert client.get(f"{items}?bbox=108.08,12.08,108.09,12.09").json["numberReturned"] == 0
    assert client.get(f"{items}?bbox=108.01,12.01,108.02,12.02").json["numberReturned"] == 1
    assert client.get(f"{items}?bbox=108.01,12.01,0,108.02,12.02,99").json["numberReturned"] == 1
    # West of east: over the 180th meridian.
    assert client.get(f"{items}?bbox=107,11,-179,13").json["numberReturned"] == 1
    # What fits on one page is counted by giving it; more would have to be counted apart.
    assert client.get(f"{items}?bbox=107,11,109,13").json["numberMatched"] == 1
    add_unit(session, "2", "Khác", square(108, 12, 0.01))
    session.commit()
    assert "numberMatched" not in client.get(f"{items}?bbox=107,11,109,13&limit=1").json


def test_datetime_picks_the_units_of_a_day(client: FlaskClient, session: Session):
    box = square(LON, LAT, 0.1)
    add_unit(session, "2", "Cũ", box, valid_from=date(2009, 4, 1), valid_to=date(2025, 6, 30))
    add_unit(session, "2", "Mới", box)
    session.commit()

    def names(moment: str) -> list[str]:
        answer = client.get(f"/ogc/collections/administrative-units/items?datetime={moment}")
        return [feature["properties"]["name"] for feature in answer.json["features"]]

    assert names("2025-06-30") == ["Cũ"]
    assert names("2025-07-01T00:00:00Z") == ["Mới"]
    assert names("2025-06-30/..") == ["Cũ", "Mới"]
    assert names("../2025-06-30") == ["Cũ"]


BAD = {
    "bbox=1,2,3": "bbox",
    "bbox=a,b,c,d": "bbox",
    "bbox=nan,1,2,3": "bbox",
    "bbox=1,2,inf,3": "bbox",
    "bbox=12,108,13,109": "bbox",
    "bbox=108,13,109,12": "bbox",
    "bbox=": "bbox",
    "limit=0": "limit",
    "limit=-1": "limit",
    "limit=ten": "limit",
    "limit=1.5": "limit",
    "after=-1": "after",
    "after=x": "after",
    "datetime=2025-13-01": "datetime",
    "datetime=..": "datetime",
    "datetime=2025-07-02/2025-07-01": "datetime",
    "f=xml": "f",
    "colour=red": "colour",
}


def test_bad_parameters_are_named(client: FlaskClient):
    for query, parameter in BAD.items():
        answer = client.get(f"/ogc/collections/growing-areas/items?{query}")
        assert answer.status_code == 400, query
        assert answer.mimetype == "application/problem+json"
        assert answer.json["parameter"] == parameter


def test_a_limit_beyond_the_most_is_the_most(client: FlaskClient):
    assert client.get("/ogc/collections/facilities/items?limit=999999999").status_code == 200


def test_one_feature_has_an_etag_that_changes_with_it(client: FlaskClient, session: Session):
    area = add_area(session, "Một", "cooperative", code="VN-LDOR-9001")
    session.commit()
    url = f"/ogc/collections/growing-areas/items/{area.id}"
    first = client.get(url)
    assert first.mimetype == "application/geo+json"
    assert first.json["properties"]["crop_name"] == "Cà phê"
    etag = first.headers["ETag"]
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 304
    area.variety = "Typica"
    session.commit()
    second = client.get(url, headers={"If-None-Match": etag})
    assert second.json["properties"]["variety"] == "Typica"
    session.execute(text("UPDATE gis.growing_area_code SET status = 'revoked'"))
    session.commit()
    third = client.get(url, headers={"If-None-Match": second.headers["ETag"]})
    assert (third.status_code, third.json["properties"]["codes"]) == (200, None)
    for missing in ("0", "999999999", "x", "1e3"):
        assert client.get(f"/ogc/collections/growing-areas/items/{missing}").status_code == 404


def test_browsers_get_pages(client: FlaskClient):
    for path in ("", "/", "/api", "/collections", "/collections/facilities"):
        answer = client.get(f"/ogc{path}", headers={"Accept": "text/html,*/*;q=0.8"})
        assert (answer.status_code, answer.mimetype) == (200, "text/html"), path


def test_pages_of_items(client: FlaskClient, session: Session):
    facility = add_facility(session, "Nhà đóng gói Thử")
    session.commit()
    items = client.get("/ogc/collections/facilities/items?f=html")
    assert "Nhà đóng gói Thử" in items.text
    page = client.get(f"/ogc/collections/facilities/items/{facility.id}?f=html")
    assert page.status_code == 200
    assert "Nhà đóng gói Thử" in page.text


def test_the_definition_is_whole_and_true(client: FlaskClient, sign_in, session: Session):
    add_zone(session, "Vùng")
    session.commit()
    answer = client.get("/ogc/api")
    assert answer.content_type == "application/vnd.oai.openapi+json;version=3.0"
    document = answer.json
    assert document["openapi"].startswith("3.0.")
    references = set()

    def walk(value) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                references.add(value["$ref"])
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(document)
    for reference in references:
        here = document
        for part in reference.removeprefix("#/").split("/"):
            here = here[part]
    assert not [path for path in document["paths"] if "parcels" in path]
    assert "/collections/parcels/items" in sign_in("officer").get("/ogc/api").json["paths"]
    feature = client.get("/ogc/collections/high-tech-zones/items").json["features"][0]
    schema = document["components"]["schemas"]["high-tech-zones"]["properties"]["properties"]
    assert set(feature["properties"]) == set(schema["properties"])


def test_every_collection_answers_each_of_its_readers(sign_in):
    for role in ("officer", "administrator"):
        caller = sign_in(role)
        for one in caller.get("/ogc/collections").json["collections"]:
            answer = caller.get(f"/ogc/collections/{one['id']}/items?bbox=100,5,118,24")
            assert answer.status_code == 200, answer.text
            json.loads(answer.data)


# GDAL holds Python's lock while it waits for an answer, so it reads in a process of its own.
READ = """
import json, sys, pyogrio
source, page_size, box = sys.argv[1], int(sys.argv[2]), tuple(map(float, sys.argv[3].split(",")))
every = pyogrio.read_dataframe(source, layer="growing-areas", PAGE_SIZE=page_size)
some = pyogrio.read_dataframe(source, layer="growing-areas", PAGE_SIZE=page_size, bbox=box)
print(json.dumps({
    "layers": [name for name, _ in pyogrio.list_layers(source)],
    "names": sorted(every["name"]),
    "crs": every.crs.to_epsg(),
    "bounds": list(every.total_bounds),
    "some": len(some),
}))
"""


def test_gdal_lists_filters_and_pages(settings, clone_sessions):
    """GDAL's own OAPIF driver over HTTP: all features, and those of a box."""
    with clone_sessions.begin() as session:
        for n in range(12):
            add_area(session, f"Vùng {n}", "cooperative", lon=LON + 0.01 * n)
    server = make_server("127.0.0.1", 0, create_app(settings, clone_sessions), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    box = f"{LON - 0.001},{LAT - 0.001},{LON + 0.0405},{LAT + 0.01}"
    source = f"OAPIF:http://127.0.0.1:{server.port}/ogc"
    try:
        done = subprocess.run(
            [sys.executable, "-c", READ, source, "5", box],
            capture_output=True,
            text=True,
            timeout=120,
        )
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert read["layers"] == PUBLIC
    assert read["names"] == sorted(f"Vùng {n}" for n in range(12))
    assert read["crs"] == 4326
    assert read["bounds"] == pytest.approx([LON, LAT, LON + 0.112, LAT + 0.002])
    assert read["some"] == 5
