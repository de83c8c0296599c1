"""Search: accents or none, units of today before former ones, and what people type by mistake."""

from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from gis.layer import View
from gis.models import AdministrativeSuccession, Parcel
from gis.search import search_places
from tests.map_factories import LAT, LON, add_area, add_unit, add_zone, square

DAY = date(2026, 11, 22)
OLD = {"valid_from": date(2009, 4, 1), "valid_to": date(2025, 6, 30)}


@pytest.fixture
def places(session: Session) -> Session:
    box = square(LON, LAT, 0.1)
    dran = add_unit(session, "24934", "D'Ran", box, full_name="Xã D'Ran")
    xuan = add_unit(session, "24934", "Lạc Xuân", box, full_name="Xã Lạc Xuân", **OLD)
    add_unit(session, "24931", "Đơn Dương", box, full_name="Xã Đơn Dương")
    add_unit(
        session, "677", "Đơn Dương", box, full_name="Huyện Đơn Dương", **OLD | {"level": "district"}
    )
    add_unit(session, "24853", "Đam Rông 4", box, full_name="Xã Đam Rông 4")
    session.add(AdministrativeSuccession(old_id=xuan.id, new_id=dran.id, share=1))
    add_zone(session, "Vùng công nghệ cao Lạc Xuân")
    add_area(session, "Ca Dong", "cooperative", code="VN-LDOR-9001")
    add_area(session, "Cà phê Cá Đồng", "cooperative", lon=LON + 0.01)
    session.flush()
    return session


def titles(session: Session, typed: str) -> list[str]:
    return [place.title for place in search_places(session, typed, view=View.PUBLIC, day=DAY)]


@pytest.mark.parametrize("typed", ["don duong", "ĐƠN DƯƠNG", "Đơn  Dương ", "đơn dương"])
def test_accents_and_case_do_not_matter_and_today_comes_first(places: Session, typed: str):
    assert titles(places, typed) == ["Xã Đơn Dương", "Huyện Đơn Dương"]


def test_exact_accents_rank_first(places: Session):
    assert titles(places, "cá đồng")[:2] == ["Cà phê Cá Đồng", "Ca Dong"]
    assert titles(places, "ca dong")[:2] == ["Ca Dong", "Cà phê Cá Đồng"]


@pytest.mark.parametrize("typed", ["D'Ran", "D’Ran", "dran", "xã d'ran"])
def test_apostrophes_do_not_matter(places: Session, typed: str):
    assert titles(places, typed) == ["Xã D'Ran"]


def test_a_former_unit_says_what_became_of_it(places: Session):
    found = search_places(places, "lac xuan", view=View.PUBLIC, day=DAY)
    unit = next(place for place in found if place.layer == "administrative-units")
    assert unit.valid_to == date(2025, 6, 30)
    assert unit.successors == ("Xã D'Ran",)
    assert "Vùng công nghệ cao Lạc Xuân" in [place.title for place in found]


def test_codes_of_units_and_areas(places: Session):
    assert titles(places, "24934") == ["Xã D'Ran", "Xã Lạc Xuân"]
    assert titles(places, "vn-ldor-9001") == ["Ca Dong"]


def test_a_slip_of_the_finger_still_finds(places: Session):
    assert titles(places, "đam rôg 4") == ["Xã Đam Rông 4"]


@pytest.mark.parametrize("typed", ["%", "_", "\\", "%%%", "' OR 1=1 --"])
def test_signs_of_sql_are_letters(places: Session, typed: str):
    assert titles(places, typed) == []


def test_bad_input(client: FlaskClient):
    for query in ("", "q=", "q=%20", "q=" + "a" * 101, "q=a&limit=0", "q=a&limit=x"):
        answer = client.get(f"/api/v1/search?{query}")
        assert answer.status_code == 400, query
        assert answer.json["parameter"] in ("q", "limit")


def test_crops_and_holders_lead_to_their_areas(places: Session):
    """`add_area` plants coffee and names the holder after the area; names rank before both."""
    assert titles(places, "chu cua ca dong") == ["Ca Dong"]
    assert set(titles(places, "ca phe")) == {"Cà phê Cá Đồng", "Ca Dong"}
    assert titles(places, "cà phê")[0] == "Cà phê Cá Đồng"


def test_a_household_is_not_found_by_its_name(places: Session):
    """Its name is a person's: not even a trusted reader finds its plot by it, without consent."""
    add_area(places, "Rẫy Bon Đưng", "household", lon=LON + 0.02)
    found = search_places(places, "chủ của rẫy bon đưng", view=View.EXACT, day=DAY)
    assert [place.title for place in found if place.rank < 7] == []


def test_parcels_are_for_readers_with_a_role(places: Session):
    places.add(Parcel(code="w7gxk2m9q4zp", name="Thửa Đạ Nghịt", boundary=square(LON, LAT, 0.001)))
    places.flush()
    for typed in ("w7gxk2", "da nghit"):
        (found,) = search_places(places, typed, view=View.EXACT, day=DAY)
        assert (found.layer, found.code) == ("parcels", "w7gxk2m9q4zp")
        assert titles(places, typed) == []


def test_one_layer_alone(places: Session, client: FlaskClient):
    found = search_places(places, "lac xuan", view=View.PUBLIC, day=DAY, only="high-tech-zones")
    assert {place.layer for place in found} == {"high-tech-zones"}
    answer = client.get("/api/v1/search?q=lac&layer=roads")
    assert answer.status_code == 400
    assert answer.json["parameter"] == "layer"
