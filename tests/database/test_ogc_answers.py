"""How `/ogc` answers: systems, order, pages, properties, tables, schemas, tile sets."""

import csv
import io
import json

import geopandas as gpd
import pyogrio
import pyproj
import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from gis.published_crs import PUBLISHED
from tests.map_factories import LAT, LON, add_area, add_parcels, square

AREAS = "/ogc/collections/growing-areas/items"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


def follow(client: FlaskClient, url: str) -> list[dict]:
    """All features of a list, page by page."""
    found = []
    while url:
        page = client.get(url).json
        found += page["features"]
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    return found


def test_every_published_system_is_where_proj_has_it(client: FlaskClient, session: Session):
    area = add_area(session, "Một", "cooperative")
    session.commit()
    listed = client.get("/ogc/collections/growing-areas").json
    assert listed["crs"] == list(PUBLISHED)
    assert listed["storageCrs"] in listed["crs"]
    for uri, system in PUBLISHED.items():
        answer = client.get(f"{AREAS}/{area.id}", query_string={"crs": uri})
        assert answer.headers["Content-Crs"] == f"<{uri}>"
        first = answer.json["geometry"]["coordinates"][0][0][0]
        if uri.endswith("CRS84"):
            expected = (LON, LAT)
        else:
            # In the order of the authority: what a client finds in EPSG's register.
            code = f"EPSG:{system.srid}"
            expected = pyproj.Transformer.from_crs("EPSG:4326", code).transform(LAT, LON)
        corners = answer.json["geometry"]["coordinates"][0][0]
        near = min(abs(x - expected[0]) + abs(y - expected[1]) for x, y in corners)
        assert near < (0.002 if system.is_projected else 2e-7), (uri, first, expected)


def test_boxes_in_other_systems(client: FlaskClient, session: Session):
    add_area(session, "Một", "cooperative")
    session.commit()

    def count(box: str, crs: str) -> int:
        answer = client.get(AREAS, query_string={"bbox": box, "bbox-crs": crs})
        assert answer.status_code == 200, answer.text
        return answer.json["numberReturned"]

    assert count(f"{LAT},{LON},{LAT + 0.001},{LON + 0.001}", f"{EPSG}4326") == 1
    assert count(f"{LAT - 1},{LON - 1},{LAT - 0.1},{LON - 0.1}", f"{EPSG}4326") == 0
    to_vn2000 = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:5899", always_xy=True)
    x, y = to_vn2000.transform(LON, LAT)
    assert count(f"{x - 5},{y - 5},{x + 5},{y + 5}", f"{EPSG}5899") == 1
    # 226 m is what leaving the datum shift out would move it by; 5 m beside is not there.
    assert count(f"{x - 15},{y - 15},{x - 5},{y - 5}", f"{EPSG}5899") == 0
    for box, crs, parameter in (
        (f"{LON},{LAT},{LON},{LAT}", f"{EPSG}4326", "bbox"),
        ("0,0,1e163,1e163", f"{EPSG}5899", "bbox"),
        ("5,5,1,1", f"{EPSG}5899", "bbox"),
        ("1,2,3,4", f"{EPSG}32648", "bbox-crs"),
    ):
        answer = client.get(AREAS, query_string={"bbox": box, "bbox-crs": crs})
        assert (answer.status_code, answer.json["parameter"]) == (400, parameter)
    assert client.get(f"{AREAS}?crs=EPSG:1").json["parameter"] == "crs"


def test_a_shape_beyond_the_system_is_said(sign_in, session: Session):
    session.execute(
        text("INSERT INTO gis.parcel (code, boundary) VALUES ('far', :shape)"),
        {"shape": square(-72.0, 12.0, 0.001)},
    )
    session.commit()
    items = "/ogc/collections/parcels/items"
    answer = sign_in("officer").get(items, query_string={"crs": f"{EPSG}5899"})
    assert answer.status_code in (200, 400)
    assert sign_in("officer").get(items).status_code == 200


def test_sorted_pages_stay_right_while_rows_change(sign_in, session: Session):
    parcels = add_parcels(session, 12)
    for n, parcel in enumerate(parcels):
        parcel.name = None if n % 4 == 3 else f"Tên {n % 4}"
    session.commit()
    officer, items = sign_in("officer"), "/ogc/collections/parcels/items"
    for sort in ("name,-code", "-name,code", "-area_ha", "is_demo,name"):
        whole = officer.get(items, query_string={"sortby": sort, "limit": "100"}).json["features"]
        paged = follow(officer, f"{items}?sortby={sort.replace('+', '%2B')}&limit=5")
        assert [one["id"] for one in paged] == [one["id"] for one in whole], sort
    names = [one["properties"]["name"] for one in whole]
    assert names[-3:] == [None] * 3, "features without the value come last"
    first = officer.get(f"{items}?sortby=-name,code&limit=5").json
    last = first["features"][-1]["id"]
    session.execute(text("DELETE FROM gis.parcel WHERE id = :id"), {"id": last})
    session.commit()
    rest = follow(officer, next(link["href"] for link in first["links"] if link["rel"] == "next"))
    assert len(rest) == 7
    assert not {one["id"] for one in rest} & {one["id"] for one in first["features"]}
    for bad in ("codes", "", "name,name", "colour"):
        answer = officer.get(items, query_string={"sortby": bad})
        assert (answer.status_code, answer.json["parameter"]) == (400, "sortby")
    for bad in ("1", "x", "W10", "9" * 5000):
        answer = officer.get(items, query_string={"sortby": "name", "after": bad})
        assert (answer.status_code, answer.json["parameter"]) == (400, "after")


def test_only_the_properties_asked_for(client: FlaskClient, session: Session):
    area = add_area(session, "Một", "cooperative")
    session.commit()
    one = client.get(f"{AREAS}?properties=crop,name").json["features"][0]
    assert one["properties"] == {"crop": "ca-phe", "name": "Một"}
    assert client.get(f"{AREAS}?properties=").json["features"][0]["properties"] == {}
    alone = client.get(f"{AREAS}/{area.id}?properties=name")
    assert alone.json["properties"] == {"name": "Một"}
    tags = {
        client.get(f"{AREAS}/{area.id}{query}").headers["ETag"]
        for query in ("", "?properties=name", f"?crs={EPSG}5899")
    }
    assert len(tags) == 3, "answers that differ have tags that differ"
    for bad in ("colour", "name,name", "name,"):
        assert client.get(AREAS, query_string={"properties": bad}).json["parameter"] == "properties"


def test_tables(client: FlaskClient, session: Session):
    add_area(session, "=HYPERLINK(1)", "cooperative", code="VN-LDOR-1")
    add_area(session, "Đồi, hai", "cooperative", lon=LON + 0.1)
    session.commit()
    answer = client.get(f"{AREAS}?f=csv&limit=1&sortby=-name")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.data.startswith(b"\xef\xbb\xbf"), "spreadsheets need the mark"
    assert 'rel="next"' in answer.headers["Link"]
    rows = list(csv.DictReader(io.StringIO(client.get(f"{AREAS}?f=csv").data.decode("utf-8-sig"))))
    assert {row["name"] for row in rows} == {"'=HYPERLINK(1)", "Đồi, hai"}
    assert rows[0]["codes"] == "VN-LDOR-1"
    assert rows[0]["wkt"].startswith("MULTIPOLYGON (((108.4")
    assert client.get(AREAS, headers={"Accept": "text/csv"}).mimetype == "text/csv"
    answer = client.get(f"{AREAS}?f=parquet&crs={EPSG}4326")
    frame = gpd.read_parquet(io.BytesIO(answer.data))
    assert sorted(frame["name"]) == ["=HYPERLINK(1)", "Đồi, hai"]
    assert frame.crs.to_epsg() == 4326
    assert frame.total_bounds == pytest.approx([LON, LAT, LON + 0.102, LAT + 0.002])
    frame = gpd.read_parquet(io.BytesIO(client.get(f"{AREAS}?f=parquet&crs={EPSG}5899").data))
    assert frame.crs.to_epsg() == 5899
    assert frame.to_crs(4326).total_bounds == pytest.approx([LON, LAT, LON + 0.102, LAT + 0.002])


def test_schemas_say_what_there_is(client: FlaskClient, session: Session):
    add_area(session, "Một", "cooperative")
    session.commit()
    shown = client.get(AREAS).json["features"][0]["properties"]
    here = "/ogc/collections/growing-areas"
    queryables = client.get(f"{here}/queryables")
    assert queryables.mimetype == "application/schema+json"
    assert set(queryables.json["properties"]) == {*shown, "geometry"}
    assert set(client.get(f"{here}/sortables").json["properties"]) == {*shown} - {"codes"}
    schema = client.get(f"{here}/schema").json["properties"]
    assert set(schema) == {*shown, "geometry", "id"}
    assert schema["id"]["x-ogc-role"] == "id"
    assert schema["geometry"]["x-ogc-role"] == "primary-geometry"
    assert schema["area_ha"]["readOnly"] is True
    assert "readOnly" not in schema["name"]
    assert "active" in schema["status"]["enum"]
    # GDAL takes the types of fields from the encoding's schema, also while a layer is empty.
    encoding = client.get(f"{here}/schema?f=feature").json["properties"]
    assert set(encoding["properties"]["properties"]) == set(shown)
    units = client.get("/ogc/collections/administrative-units/schema").json["properties"]
    assert units["valid_from"]["x-ogc-role"] == "primary-interval-start"


def test_tile_sets(client: FlaskClient, session: Session):
    add_area(session, "Một", "cooperative")
    session.commit()
    here = "/ogc/collections/growing-areas/tiles/WebMercatorQuad"
    tilejson = client.get(f"{here}?f=tilejson").json
    assert tilejson["tilejson"] == "3.0.0"
    west, south, east, north = tilejson["bounds"]
    assert west <= LON < east
    assert south <= LAT < north
    address = tilejson["tiles"][0].format(z=14, y=7639, x=13127)
    assert client.get(address).mimetype == "application/vnd.mapbox-vector-tile"
    limits = client.get(here).json["tileMatrixSetLimits"][14]
    assert limits["minTileRow"] <= limits["maxTileRow"] < 2**14
    matrix = client.get("/ogc/tileMatrixSets/WebMercatorQuad").json["tileMatrices"][0]
    assert matrix["scaleDenominator"] == pytest.approx(559082264.028717)
    assert client.get("/ogc/tileMatrixSets/other").status_code == 404


def test_the_definition_lists_properties_as_parameters(client: FlaskClient, sign_in):
    document = client.get("/ogc/api").json
    listed = document["paths"]["/collections/growing-areas/items"]["get"]["parameters"]
    own = {one["name"]: one["schema"] for one in listed if "$ref" not in one}
    assert own["planted_year"] == {"type": "integer"}
    assert own["crop"]["type"] == "string"
    shared = {one["name"] for one in document["components"]["parameters"].values()}
    assert not shared & set(own), "a property must not be called like a parameter"
    assert {"filter", "filter-lang", "crs", "bbox-crs", "sortby", "properties"} <= shared
    assert "post" not in document["paths"]["/collections/growing-areas/items"]
    editable = sign_in("officer").get("/ogc/api").json["paths"]
    assert "post" in editable["/collections/growing-areas/items"]
    assert "post" not in editable["/collections/tracks/items"]
    assert json.dumps(document).count("$ref") == json.dumps(document).count("#/components/")


def test_gdal_reads_a_table_of_ours(client: FlaskClient, session: Session, tmp_path):
    add_area(session, "Một", "cooperative")
    session.commit()
    path = tmp_path / "areas.csv"
    path.write_bytes(client.get(f"{AREAS}?f=csv").data)
    frame = pyogrio.read_dataframe(path, GEOM_POSSIBLE_NAMES="wkt")
    assert frame["name"].tolist() == ["Một"]
    assert frame.geometry[0].area > 0
