"""A household cannot be singled out by any way a public reader has: items, tiles, search, boxes."""

import json
from datetime import date
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from gis.layer import View
from gis.layers import LAYERS
from gis.tiles.drawing import draw_tile
from tests.map_factories import LAT, LON, add_area, add_facility, decode, tile_at

ITEMS = "/ogc/collections/growing-areas/items"
# The middle of the cell of 0.01° that holds the area's own point.
ROUNDED = [108.455, 12.055]


RULE = [
    # kind of holder, households, hectares, whether the area is singled out
    ("household", None, 5, True),
    ("household", 4, 500, True),
    ("household", 5, 5, False),
    ("cooperative", None, 0.99, True),
    ("cooperative", None, 1, False),
    ("cooperative", 5, 0.5, False),
    (None, None, 0.5, True),
    (None, None, 1, False),
    (None, None, None, False),
    ("enterprise", None, 0.1, False),
    ("university", 1, 0.1, False),
]


def test_the_rule(session: Session):
    rule = text("SELECT gis.is_singled_out(:kind, CAST(:households AS int), CAST(:area AS float8))")
    for kind, households, area_ha, singled_out in RULE:
        given = {"kind": kind, "households": households, "area": area_ha}
        assert session.execute(rule, given).scalar_one() is singled_out, given


def test_items_show_a_rounded_point_and_no_name(client: FlaskClient, session: Session):
    hidden = add_area(session, "Vườn ông Năm", "household", code="VN-LDOR-9001")
    shown = add_area(session, "Đồi chung", "cooperative", lon=LON + 0.1)
    session.commit()
    features = {feature["id"]: feature for feature in client.get(ITEMS).json["features"]}
    assert features[hidden.id]["geometry"] == {"type": "Point", "coordinates": ROUNDED}
    facts = features[hidden.id]["properties"]
    assert facts["name"] is None
    assert facts["holder"] is None
    assert facts["is_generalised"] is True
    assert facts["area_ha"] == pytest.approx(hidden.area_ha, abs=0.05)
    assert facts["area_ha"] != hidden.area_ha
    assert facts["codes"] == ["VN-LDOR-9001"]
    assert features[shown.id]["geometry"]["type"] == "MultiPolygon"
    assert features[shown.id]["properties"]["holder"] == "Chủ của Đồi chung"
    alone = client.get(f"{ITEMS}/{hidden.id}")
    assert alone.json["geometry"]["coordinates"] == ROUNDED
    assert "ông Năm" not in alone.text


def test_a_consent_publishes_the_name_and_its_withdrawal_hides_it(
    client: FlaskClient, session: Session
):
    area = add_area(session, "Vườn", "household")
    session.execute(
        text(
            "INSERT INTO gis.consent (party_id, purpose, fields, text_version, method)"
            " VALUES (:party, 'publish', '{name}', '1', 'form')"
        ),
        {"party": area.party_id},
    )
    session.commit()
    assert client.get(f"{ITEMS}/{area.id}").json["properties"]["holder"] == "Chủ của Vườn"
    session.execute(text("UPDATE gis.consent SET withdrawn_at = now()"))
    session.commit()
    assert client.get(f"{ITEMS}/{area.id}").json["properties"]["holder"] is None


def test_a_box_cannot_find_out_where_it_is(client: FlaskClient, session: Session):
    """Boxes go by the shape that is shown, not by the one that is stored."""
    add_area(session, "Vườn", "household")
    session.commit()

    def count(west: float, south: float, east: float, north: float) -> int:
        answer = client.get(f"{ITEMS}?bbox={west},{south},{east},{north}")
        return answer.json["numberReturned"]

    assert count(LON, LAT, LON + 0.0015, LAT + 0.0015) == 0
    assert count(ROUNDED[0] - 1e-6, ROUNDED[1] - 1e-6, ROUNDED[0] + 1e-6, ROUNDED[1] + 1e-6) == 1


def test_roles_see_the_place_itself_and_privately(sign_in, session: Session):
    area = add_area(session, "Vườn ông Năm", "household")
    session.commit()
    answer = sign_in("officer").get(f"{ITEMS}/{area.id}")
    assert answer.json["geometry"]["type"] == "MultiPolygon"
    assert answer.json["properties"]["name"] == "Vườn ông Năm"
    assert "private" in answer.headers["Cache-Control"]
    public = sign_in("farmer").get(f"{ITEMS}/{area.id}")
    assert public.json["geometry"]["type"] == "Point"
    assert public.headers["ETag"] != answer.headers["ETag"]


@pytest.mark.parametrize("z", [6, 11, 12, 14, 16])
def test_tiles_show_the_rounded_place_only(session: Session, tmp_path: Path, z: int):
    add_area(session, "Vườn ông Năm", "household")
    facility = add_facility(session, "Nhà lưới ông Năm", "household")
    assert facility.id
    for layer in ("growing-areas", "facilities"):
        seen = []
        places = {tile_at(z), tile_at(z, *ROUNDED)}
        for address in places:
            tile = draw_tile(session, [(LAYERS[layer], View.PUBLIC)], address, date(2026, 11, 22))
            assert "Năm".encode() not in tile
            for frame in decode(tile, address, tmp_path).values():
                seen += [(address, point) for point in frame.geometry]
        assert {point.geom_type for _, point in seen} == {"Point"}
        unit = 360 / 2**z / 4096
        nearest = min(abs(point.x - ROUNDED[0]) + abs(point.y - ROUNDED[1]) for _, point in seen)
        assert nearest < 3 * unit
        for _, point in seen:
            assert abs(point.x - ROUNDED[0]) < 3 * unit


def test_search_finds_it_by_its_code_only(client: FlaskClient, session: Session):
    add_area(session, "Vườn ông Năm", "household", code="VN-LDOR-9001")
    session.commit()
    assert client.get("/api/v1/search?q=ông Năm").json["items"] == []
    found = client.get("/api/v1/search?q=ldor-9001").json["items"]
    assert [item["title"] for item in found] == ["VN-LDOR-9001"]
    assert found[0]["bbox"] == pytest.approx([*ROUNDED, *ROUNDED])
    assert "Năm" not in json.dumps(found, ensure_ascii=False)
