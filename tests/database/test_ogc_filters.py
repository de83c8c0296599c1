"""Filters of `/ogc`: CQL2 and properties as parameters; nobody learns by them what is not shown."""

import json
from datetime import date
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from gis.models import Application
from tests.map_factories import LAT, LON, add_area, add_facility, add_parcels, add_unit, square

AREAS = "/ogc/collections/growing-areas/items"
UNITS = "/ogc/collections/administrative-units/items"


def ask(client: FlaskClient, path: str, **parameters: str):
    dashed = {"filter_lang": "filter-lang", "filter_crs": "filter-crs"}
    given = {dashed.get(name, name): value for name, value in parameters.items()}
    return client.get(path, query_string={"limit": "1000", **given})


@pytest.fixture
def areas(session: Session) -> dict[str, int]:
    """Three areas in a row: A of 4.8 ha with two codes, B of 1.2 ha without, C planted in 2015."""
    made = {
        "Đồi A": add_area(session, "Đồi A", "cooperative", code="VN-LDOR-1"),
        "Đồi B": add_area(session, "Đồi B", "cooperative", lon=LON + 0.1, side=0.001),
        "Suối C": add_area(session, "Suối C", "enterprise", lon=LON + 0.2, planted_year=2015),
    }
    session.commit()
    return {name: area.id for name, area in made.items()}


# Coffee of 0.002° is about 4.8 ha there, of 0.001° a quarter of it.
HOLDS = {
    "name = 'Đồi A'": "A",
    "name <> 'Đồi A'": "BC",
    "area_ha < 2": "B",
    "area_ha * 4 > 4.7 AND area_ha * 4 < 5": "B",
    "area_ha BETWEEN 4 AND 5": "AC",
    "area_ha NOT BETWEEN 4 AND 5": "B",
    "name LIKE 'Đồi%'": "AB",
    "CASEI(name) LIKE CASEI('ĐỒI%')": "AB",
    "ACCENTI(CASEI(name)) = ACCENTI('suoi c')": "C",
    "name IN ('Đồi A', 'Suối C', 'x')": "AC",
    "NOT (name IN ('Đồi A', 'Suối C'))": "B",
    "planted_year IS NULL": "AB",
    "planted_year IS NOT NULL OR name = 'Đồi B'": "BC",
    "planted_year div 10 = 201 AND planted_year % 10 = 5": "C",
    "planted_year ^ 2 / planted_year = 2015": "C",
    "A_CONTAINS(codes, ('VN-LDOR-1'))": "A",
    "A_OVERLAPS(codes, ('VN-LDOR-1', 'other'))": "A",
    "A_EQUALS(codes, ('VN-LDOR-1'))": "A",
    "A_CONTAINEDBY(codes, ('other'))": "",
    "NOT is_demo AND TRUE": "ABC",
    "holder_kind = status": "",
    "geometry IS NULL": "",
    f"S_INTERSECTS(geometry, POINT({LON + 0.001} {LAT + 0.001}))": "A",
    f"S_INTERSECTS(geometry, BBOX({LON - 1}, {LAT - 1}, {LON + 0.05}, {LAT + 1}))": "A",
    f"S_WITHIN(geometry, BBOX({LON + 0.05}, {LAT - 1}, {LON + 1}, {LAT + 1}))": "BC",
    f"S_DISJOINT(geometry, BBOX({LON + 0.05}, {LAT - 1}, {LON + 1}, {LAT + 1}))": "A",
    f"S_CONTAINS(geometry, POINT({LON + 0.1005} {LAT + 0.0005}))": "B",
    f"S_OVERLAPS(geometry, BBOX({LON + 0.201}, {LAT - 1}, {LON + 1}, {LAT + 1}))": "C",
    f"S_CROSSES(geometry, LINESTRING({LON - 1} {LAT + 0.0015}, {LON + 0.05} {LAT + 0.0015}))": "A",
    f"S_TOUCHES(geometry, POINT({LON} {LAT}))": "A",
}


def test_filters_in_text(client: FlaskClient, areas: dict[str, int]):
    for condition, names in HOLDS.items():
        answer = ask(client, AREAS, filter=condition)
        assert answer.status_code == 200, (condition, answer.text)
        found = "".join(sorted(one["properties"]["name"][-1] for one in answer.json["features"]))
        assert found == names, condition
        assert answer.json["numberMatched"] == len(names)


def test_filters_in_json_and_other_systems(client: FlaskClient, areas: dict[str, int]):
    inside = {"type": "Point", "coordinates": [LAT + 0.001, LON + 0.001]}
    tree = {"op": "s_intersects", "args": [{"property": "geometry"}, inside]}
    answer = ask(
        client,
        AREAS,
        filter=json.dumps(tree),
        filter_lang="cql2-json",
        **{"filter_crs": "http://www.opengis.net/def/crs/EPSG/0/4326"},
    )
    assert [one["id"] for one in answer.json["features"]] == [areas["Đồi A"]]
    # The same place in VN-2000 of the province.
    easting_northing = ask(client, AREAS, crs="EPSG:5899").json["features"][0]["geometry"]
    x, y = easting_northing["coordinates"][0][0][0]
    near = f"S_INTERSECTS(geometry, BBOX({x - 1}, {y - 1}, {x + 1}, {y + 1}))"
    answer = ask(client, AREAS, filter=near, **{"filter_crs": "EPSG:5899"})
    assert [one["id"] for one in answer.json["features"]] == [areas["Đồi A"]]


def test_times(client: FlaskClient, session: Session):
    box = square(LON, LAT, 0.1)
    add_unit(session, "1", "Cũ", box, valid_from=date(2009, 4, 1), valid_to=date(2025, 6, 30))
    add_unit(session, "1", "Mới", box)
    session.commit()
    own = "INTERVAL(valid_from, valid_to)"
    for condition, names in {
        "valid_from = DATE('2025-07-01')": ["Mới"],
        "valid_from < '2025-07-01'": ["Cũ"],
        "T_AFTER(valid_from, DATE('2025-06-30'))": ["Mới"],
        "T_BEFORE(valid_to, TIMESTAMP('2025-07-01T00:00:00Z'))": ["Cũ"],
        f"T_INTERSECTS({own}, DATE('2025-06-30'))": ["Cũ"],
        f"T_INTERSECTS({own}, INTERVAL('2025-06-30', '..'))": ["Cũ", "Mới"],
        f"T_DURING({own}, INTERVAL('2000-01-01', '2026-01-01'))": ["Cũ"],
        f"T_CONTAINS({own}, TIMESTAMP('2030-01-01T12:00:00+07:00'))": ["Mới"],
        f"T_FINISHEDBY({own}, INTERVAL('2020-01-01', '2025-06-30'))": ["Cũ"],
        f"T_EQUALS({own}, INTERVAL('2025-07-01', '..'))": ["Mới"],
        f"T_DISJOINT({own}, INTERVAL('..', '2009-03-31'))": ["Cũ", "Mới"],
        f"T_MEETS({own}, INTERVAL('2025-06-30', '2025-12-31'))": ["Cũ"],
    }.items():
        answer = ask(client, UNITS, filter=condition)
        assert answer.status_code == 200, (condition, answer.text)
        found = sorted(one["properties"]["name"] for one in answer.json["features"])
        assert found == names, condition


REFUSED = [
    "pg_sleep(2) IS NULL",
    "name = pg_sleep(1)",
    "pg_sleep(1)",
    "EXISTS(name)",
    "colour = 'red'",
    "name = 5",
    "name",
    "area_ha > 1e400",
    "(0 - area_ha) ^ 0.5 > 0",
    "area_ha ^ 100000 > 1",
    "name LIKE 'a\\'",
    "geometry = 1",
    "codes = 'VN-LDOR-1'",
    "A_CONTAINS(name, ('a'))",
    "T_AFTER(name, DATE('2020-01-01'))",
    "planted_year = DATE('2020-13-45')",
    "S_INTERSECTS(name, POINT(1 2))",
    "S_INTERSECTS(geometry, geometry)",
    "S_INTERSECTS(geometry, POINT(12 108))",
    "S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))",
    "S_INTERSECTS(geometry, POLYGON((0 0, 1 1)))",
    "S_WITHIN(geometry, GEOMETRYCOLLECTION(POINT(1 2)))",
    "S_DWITHIN(geometry, POINT(1 2), 5, meters)",
    "name = 'a'; DROP TABLE gis.parcel",
    "name = 'a' OR",
]


def test_what_makes_no_sense_is_refused(client: FlaskClient, areas: dict[str, int]):
    for condition in REFUSED:
        answer = ask(client, AREAS, filter=condition)
        assert answer.status_code == 400, (condition, answer.text)
        assert answer.json["parameter"] == "filter"
    for parameters, named in (
        ({"filter": "TRUE", "filter_lang": "sql"}, "filter-lang"),
        ({"filter": "TRUE", "filter_crs": "EPSG:1"}, "filter-crs"),
    ):
        assert ask(client, AREAS, **parameters).json["parameter"] == named


def test_properties_as_parameters(client: FlaskClient, areas: dict[str, int]):
    for parameters, names in (
        ({"name": "Đồi A"}, "A"),
        ({"crop": "ca-phe", "is_demo": "false"}, "ABC"),
        ({"planted_year": "2015"}, "C"),
        ({"codes": "VN-LDOR-1"}, "A"),
        ({"holder_kind": "enterprise", "crop": "rau"}, ""),
    ):
        found = client.get(AREAS, query_string=parameters).json["features"]
        assert "".join(sorted(one["properties"]["name"][-1] for one in found)) == names
    for name, value in {
        "planted_year": "x",
        "area_ha": "nan",
        "is_demo": "maybe",
        "version": "9" * 30,
        "name": "\0",
    }.items():
        answer = client.get(AREAS, query_string={name: value})
        assert (answer.status_code, answer.json["parameter"]) == (400, name)


def test_a_hidden_household_cannot_be_found_by_filtering(
    client: FlaskClient, sign_in, session: Session
):
    """Stored values of what is generalised are in no public answer, and in no public filter."""
    hidden = add_area(session, "Vườn ông Năm", "household")
    add_facility(session, "Nhà lưới ông Năm", "household")
    session.commit()
    inside = f"POINT({LON + 0.001} {LAT + 0.001})"
    exact = f"BBOX({LON}, {LAT}, {LON + 0.002}, {LAT + 0.002})"
    officer = sign_in("officer")
    for condition in (
        "name LIKE '%Năm'",
        "name IS NOT NULL",
        "ACCENTI(CASEI(name)) LIKE '%nam%'",
        f"S_INTERSECTS(geometry, {inside})",
        f"S_WITHIN(geometry, {exact})",
        f"NOT S_DISJOINT(geometry, {exact})",
        f"area_ha > {hidden.area_ha - 1e-6} AND area_ha < {hidden.area_ha + 1e-6}",
    ):
        assert ask(client, AREAS, filter=condition).json["numberReturned"] == 0, condition
        assert ask(officer, AREAS, filter=condition).json["numberReturned"] == 1, condition
    assert ask(client, AREAS, filter="holder IS NOT NULL").json["numberReturned"] == 0
    assert ask(client, AREAS, name="Vườn ông Năm").json["numberReturned"] == 0
    assert ask(client, AREAS, area_ha=repr(hidden.area_ha)).json["numberReturned"] == 0
    facilities = "/ogc/collections/facilities/items"
    assert ask(client, facilities, filter="name LIKE 'Nhà%'").json["numberReturned"] == 0
    # What pages go on after is what was shown, too.
    add_area(session, "Sau", "cooperative", lon=LON + 0.3)
    session.commit()
    page = client.get(AREAS, query_string={"sortby": "-area_ha,name", "limit": "1"}).json
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    assert "after=" in following
    assert client.get(following).status_code == 200


def test_an_officer_reads_the_applications_of_the_own_commune_only(sign_in, session: Session):
    communes = [
        add_unit(session, code, code, square(LON + n, LAT, 0.1))
        for n, code in enumerate(("24848", "24853"))
    ]
    for n, commune in enumerate(communes):
        session.add(
            Application(
                uuid=uuid4(),
                receipt=f"R{n}",
                area_name=f"Vùng {n}",
                market="domestic",
                due_on=date(2026, 12, 1),
                commune_id=commune.id,
                boundary=square(LON + n, LAT, 0.01),
            )
        )
    session.commit()
    items = "/ogc/collections/applications/items"
    officer = sign_in("officer", commune="24848")
    page = officer.get(items).json
    assert [one["properties"]["area_name"] for one in page["features"]] == ["Vùng 0"]
    assert page["numberMatched"] == 1
    other = sign_in("administrator").get(items).json["features"]
    assert len(other) == 2
    assert officer.get(f"{items}/{other[1]['id']}").status_code == 404
    assert officer.get(f"{items}?filter=area_name='Vùng 1'").json["numberReturned"] == 0
    collection = officer.get("/ogc/collections/applications").json
    assert collection["itemCount"] == 1
    assert collection["extent"]["spatial"]["bbox"][0][2] < LON + 0.5


def test_parcels_filter_for_a_role(sign_in, session: Session):
    add_parcels(session, 5)
    session.commit()
    found = sign_in("researcher").get(
        "/ogc/collections/parcels/items?filter=code IN ('P00001','P00003')&sortby=-code"
    )
    assert [one["properties"]["code"] for one in found.json["features"]] == ["P00003", "P00001"]


def test_filters_as_gdal_writes_them(client: FlaskClient, areas: dict[str, int]):
    for condition, names in {
        "name ILIKE 'ĐỒI%'": "AB",
        "(name ILIKE '%a') AND (NOT ((planted_year IS NULL)))": "",
        "is_demo = 0": "ABC",
        "(area_ha > 2) OR (name = 'x ILIKE ''y')": "AC",
    }.items():
        found = ask(client, AREAS, filter=condition, filter_lang="cql-text")
        assert found.status_code == 200, (condition, found.text)
        names_found = sorted(one["properties"]["name"][-1] for one in found.json["features"])
        assert "".join(names_found) == names, condition
    assert ask(client, UNITS, filter="valid_from >= '2025-07-01T'").status_code == 200
