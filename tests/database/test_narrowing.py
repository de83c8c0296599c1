"""What narrows a table and a map: words and units of any period, as much as a reader sees."""

from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError
from gis.history import list_changed_features
from gis.layer import View
from gis.layers import GROWING_AREAS, PARCELS
from gis.matches import Matches, find_matches
from gis.models import Parcel, Revision
from gis.narrowing import find_unit
from gis.selection import Selection, parse_box
from tests.map_factories import LAT, LON, add_area, add_unit, square

DAY = date(2026, 11, 22)
OLD = {"valid_from": date(2009, 4, 1), "valid_to": date(2025, 6, 30)}


@pytest.fixture
def places(session: Session) -> Session:
    """One commune of today made of two; a cooperative in the western one, a household in the other.

    The code of the western one is used again for the whole (as 24934 was).
    """
    whole = add_unit(session, "24934", "D'Ran", square(LON, LAT, 0.2), full_name="Xã D'Ran")
    add_unit(session, "24934", "Lạc Xuân", square(LON, LAT, 0.1), **OLD)
    add_unit(session, "24931", "Ka Đô", square(LON + 0.1, LAT, 0.1), **OLD)
    near = {"commune_id": whole.id}
    add_area(session, "Rau Lạc Xuân", "cooperative", lon=LON + 0.05, lat=LAT + 0.05, **near)
    add_area(
        session,
        "Rẫy Bon Đưng",
        "household",
        code="VN-LDOR-9007",
        lon=LON + 0.15,
        lat=LAT + 0.05,
        side=0.0005,
        **near,
    )
    return session


def find(session: Session, view: View = View.EXACT, **asked) -> Matches:
    return find_matches(session, GROWING_AREAS, view, Selection(**asked), most=1000)


def test_a_unit_of_any_period(places: Session):
    """Today's commune has both areas; each former one has what lies in it."""
    assert find(places, unit="24934").count == 2
    assert find(places, unit="24934@2026-01-01").count == 2
    assert find(places, unit="24934@2020-01-01").count == 1
    assert find(places, unit="24931").count == 1
    assert find_unit(places, "24934", DAY).name == "Xã D'Ran"
    assert find_unit(places, "24931", DAY).is_former


def test_words_without_accents(places: Session):
    for words in ("rau lac", "RAU LẠC", "9007", "ca phe", "dran", "chu cua rau"):
        assert find(places, words=words).count in (1, 2), words
    assert find(places, words="không có gì như thế").count == 0
    assert find(places, words="%").count == 0


def test_the_public_finds_a_household_by_its_code_only(places: Session):
    """Its name is hidden from them, and their point of it is the rounded one."""
    assert find(places, View.EXACT, words="bon dung").count == 1
    assert find(places, View.PUBLIC, words="bon dung").count == 0
    found = find(places, View.PUBLIC, words="9007")
    assert found.places is not None
    ((_, lon, lat, crop),) = found.places
    assert crop == "ca-phe"
    # The middle of a cell of 0.01 degrees, not the plot 0.15 east of LON.
    assert lon == pytest.approx(108.605, abs=1e-6)
    assert lat == pytest.approx(12.105, abs=1e-6)


def test_places_are_inside_their_shapes_and_bounded(places: Session):
    places.add(Parcel(code="c-shape", boundary=square(LON, LAT, 0.001)))
    places.flush()
    found = find_matches(places, PARCELS, View.EXACT, Selection(words="c-shape"), most=10)
    assert found.box is not None
    assert found.places is not None
    assert (found.count, len(found.places)) == (1, 1)
    assert found.box.west <= found.places[0][1] <= found.box.east
    many = find_matches(places, GROWING_AREAS, View.EXACT, Selection(), most=1)
    assert (many.count, many.places) == (2, None)
    box = parse_box(f"{LON},{LAT},{LON + 0.1},{LAT + 0.1}")
    assert find(places, box=box).count == 1
    nothing = find(places, words="zzz")
    assert (nothing.count, nothing.box, nothing.places) == (0, None, [])


@pytest.mark.parametrize("unit", ["", "nowhere", "24934@2020-13-01", "24934@", "24934@1990-01-01"])
def test_units_that_are_none(places: Session, client: FlaskClient, unit: str):
    with pytest.raises(InvalidInputError):
        find_unit(places, unit, DAY)
    answer = client.get("/ogc/collections/growing-areas/items", query_string={"unit": unit})
    assert answer.status_code == 400
    assert answer.json["parameter"] == "unit"


def test_over_http(places: Session, client: FlaskClient):
    """The items, their count and their file have one filter; parcels and history need a role."""
    asked = {"q": "rau lac", "unit": "24934@2020-01-01", "crop": "ca-phe", "status": "active"}
    items = client.get("/ogc/collections/growing-areas/items", query_string=asked).json
    matches = client.get("/api/v1/growing-areas/matches", query_string=asked).json
    assert [one["id"] for one in items["features"]] == [one[0] for one in matches["items"]]
    assert matches["count"] == 1
    for bad in ("q=", "limit=x", "nothing=1", "bbox=1,2", "filter=area_ha>>1", "q=" + "a" * 101):
        assert client.get(f"/api/v1/growing-areas/matches?{bad}").status_code == 400, bad
    assert client.get("/api/v1/parcels/matches").status_code == 401
    assert client.get("/api/v1/roads/matches").status_code == 404
    assert client.get("/api/v1/changes/1/features").status_code == 401


def test_features_of_a_change(places: Session, sign_in):
    change = places.query(Revision.transaction).order_by(Revision.id.desc()).limit(1).scalar()
    names = {one.name for one in list_changed_features(places, change)}
    assert {"Rau Lạc Xuân", "Rẫy Bon Đưng", "D'Ran"} <= names
    officer = sign_in("officer")
    answer = officer.get(f"/api/v1/changes/{change}/features?limit=2").json
    assert len(answer["items"]) == 2
    assert officer.get(f"/api/v1/changes/{2**70}/features").status_code == 404
