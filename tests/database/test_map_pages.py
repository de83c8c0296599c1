"""The home page, the map's page and the pages of units, as the server writes them."""

import json
from datetime import date

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from gis.models import AdministrativeSuccession
from tests.map_factories import LAT, LON, add_area, add_unit, add_zone, square

BOX = square(LON - 0.05, LAT - 0.05, 0.2)


def test_an_empty_platform_has_a_home_and_a_map(client: FlaskClient):
    for path in ("/", "/ban-do"):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "dữ liệu minh hoạ" not in answer.text


def test_home_tells_what_is_true_today(client: FlaskClient, session: Session):
    unit = add_unit(session, "24848", "Lạc Dương", BOX)
    add_area(session, "Đồi chung", "cooperative", code="VN-LDOR-9001", commune_id=unit.id)
    add_area(session, "Vườn ông Năm", "household", lon=LON + 0.02)
    add_zone(session, "Vùng thử")
    session.commit()
    text = client.get("/").text
    for figure in ("<b>2</b><span>vùng trồng", "<b>1</b><span>mã số đang hiệu lực"):
        assert figure in text
    assert "Cà phê" in text
    assert "ông Năm" not in text
    assert "<svg" in text
    assert "<script" not in text


def test_map_page_hands_the_script_what_it_needs(client: FlaskClient, session: Session, sign_in):
    add_unit(session, "24848", "Lạc Dương", BOX)
    add_area(session, "Đồi chung", "cooperative")
    session.commit()

    def settings(caller: FlaskClient) -> dict:
        block = caller.get("/ban-do").text.partition('id="map-settings">')[2]
        return json.loads(block.partition("</script>")[0])

    public = settings(client)
    assert public["crops"] == [{"code": "ca-phe", "name": "Cà phê", "colour": "#7a4a21"}]
    west, south, east, north = public["extent"]
    assert west < LON < east
    assert south < LAT < north
    assert "parcels" not in public["layers"]
    assert {"parcels", "applications", "tracks"} <= set(settings(sign_in("officer"))["layers"])


def test_a_code_that_was_used_again_has_a_page_for_each_unit(client: FlaskClient, session: Session):
    new = add_unit(session, "24934", "D'Ran", BOX, full_name="Xã D'Ran")
    old = add_unit(
        session,
        "24934",
        "Lạc Xuân",
        BOX,
        full_name="Xã Lạc Xuân",
        valid_from=date(2009, 4, 1),
        valid_to=date(2025, 6, 30),
    )
    session.add(AdministrativeSuccession(old_id=old.id, new_id=new.id, share=1))
    add_area(session, "Đồi chung", "cooperative", commune_id=new.id)
    session.commit()
    today = client.get("/don-vi/24934").text
    assert "Xã D&#39;Ran" in today
    assert "/don-vi/24934/2009-04-01" in today
    assert "Cà phê" in today
    former = client.get("/don-vi/24934/2009-04-01").text
    assert "Xã Lạc Xuân" in former
    assert "30/06/2025" in former
    for missing in ("/don-vi/1", "/don-vi/24934/2001-01-01", "/don-vi/24934/yesterday"):
        assert client.get(missing).status_code == 404
