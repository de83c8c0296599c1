"""Vector tiles: what is in them, read by GDAL; that none is lost; that no copy is ever stale."""

import gzip
from datetime import date
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient
from shapely.geometry import MultiPolygon, box
from sqlalchemy import text
from sqlalchemy.orm import Session

from gis.application_content import Applicant
from gis.layer import View
from gis.layers import LAYERS
from gis.tiles.drawing import TileAddress, draw_tile, tile_etag
from tests.applications import make_communes, submit
from tests.map_factories import (
    LAT,
    LON,
    add_area,
    add_facility,
    add_parcels,
    add_unit,
    add_zone,
    decode,
    square,
    tile_at,
)
from web import create_app
from web.ogc.tile_cache import TileCache

DAY = date(2026, 11, 22)


def draw(session: Session, layer: str, address: TileAddress, view: View, folder: Path):
    return decode(draw_tile(session, [(LAYERS[layer], view)], address, DAY), address, folder)


def test_parcel_keeps_its_place_and_id(session: Session, tmp_path: Path):
    """Tiles are cut in degrees from zoom 12 on: within half a tile unit of the true place."""
    parcel = add_parcels(session, 1)[0]
    for z in (12, 14, 18):
        address = tile_at(z, LON + 0.0002, LAT + 0.0002)
        frame = draw(session, "parcels", address, View.EXACT, tmp_path)["parcels"]
        assert list(frame["mvt_id"]) == [parcel.id]
        west, south, east, north = frame.total_bounds
        unit = 360 / 2**z / 4096
        box = address.box(64 / 4096)
        assert west == pytest.approx(max(LON, box[0]), abs=unit)
        assert south == pytest.approx(max(LAT, box[1]), abs=unit)
        assert east == pytest.approx(min(LON + 0.0005, box[2]), abs=unit)
        assert north == pytest.approx(min(LAT + 0.0005, box[3]), abs=unit)


@pytest.mark.parametrize("z", [0, 5, 9, 11])
def test_far_tiles_count_every_parcel(session: Session, tmp_path: Path, z: int):
    add_parcels(session, 300, side=0.003)
    first, last = tile_at(z), tile_at(z, LON + 0.9)
    counted, area_ha = 0, 0.0
    for column in range(first.column, last.column + 1):
        address = TileAddress(z, first.row, column)
        for frame in draw(session, "parcels", address, View.EXACT, tmp_path).values():
            counted += frame["count"].sum()
            area_ha += frame["area_ha"].sum()
    assert counted == 300
    total = session.execute(text("SELECT sum(area_ha) FROM gis.parcel")).scalar_one()
    assert area_ha == pytest.approx(total, rel=1e-3)


@pytest.mark.parametrize("z", [0, 8, 10, 11, 14])
def test_no_growing_area_or_zone_is_lost_at_any_zoom(session: Session, tmp_path: Path, z: int):
    """However small on the screen, each is drawn or counted."""
    add_area(session, "Nhỏ", "cooperative", side=0.0013)
    add_area(session, "Lớn", "enterprise", lon=LON + 0.0013, side=0.01)
    add_zone(session, "Vùng thử")
    add_facility(session, "Nhà đóng gói")
    counts = {"growing-areas": 0, "high-tech-zones": 0, "facilities": 0}
    for layer in counts:
        for name, frame in draw(session, layer, tile_at(z), View.PUBLIC, tmp_path).items():
            if name == f"{layer}-summary":
                counts[layer] += int(frame["count"].sum())
            elif name == layer:
                counts[layer] += frame["mvt_id"].nunique()
    assert counts == {"growing-areas": 2, "high-tech-zones": 1, "facilities": 1}


def test_summary_says_what_is_grown(session: Session, tmp_path: Path):
    add_area(session, "Một", "cooperative")
    summary = draw(session, "growing-areas", tile_at(8), View.PUBLIC, tmp_path)
    row = summary["growing-areas-summary"].iloc[0]
    assert row["count"] == 1
    assert row["crops"] == f"ca-phe:{row['area_ha']:.2f}"


def test_units_are_those_of_the_day(session: Session, tmp_path: Path):
    box = square(LON - 0.05, LAT - 0.05, 0.1)
    old = {"valid_from": date(2009, 4, 1), "valid_to": date(2025, 6, 30)}
    add_unit(session, "24848", "Đạ Nhim", box, **old)
    add_unit(session, "24848", "Lạc Dương", box)
    units = [(LAYERS["administrative-units"], View.PUBLIC)]
    for day, name in ((date(2025, 6, 30), "Đạ Nhim"), (date(2025, 7, 1), "Lạc Dương")):
        layers = decode(draw_tile(session, units, tile_at(12), day), tile_at(12), tmp_path)
        assert len(layers["administrative-units"]) == 1
        assert list(layers["administrative-units-labels"]["name"]) == [name]
    assert tile_etag(session, units, date(2025, 6, 30)) != tile_etag(
        session, units, date(2025, 7, 1)
    )


def test_one_tile_carries_several_layers(client: FlaskClient, session: Session, tmp_path: Path):
    add_area(session, "Một", "cooperative")
    add_zone(session, "Vùng thử")
    session.commit()
    address = tile_at(13)
    answer = client.get(
        f"/ogc/tiles/WebMercatorQuad/13/{address.row}/{address.column}"
        "?collections=growing-areas,high-tech-zones"
    )
    assert answer.status_code == 200
    assert answer.mimetype == "application/vnd.mapbox-vector-tile"
    layers = decode(answer.data, address, tmp_path)
    assert {"growing-areas", "growing-areas-labels", "high-tech-zones"} <= set(layers)


def test_a_copy_is_kept_until_an_edit_and_no_longer(settings, clone_sessions):
    """Real commits: a version counts transactions, and a copy asked for again is never stale."""
    client = create_app(settings, clone_sessions).test_client()
    with clone_sessions.begin() as session:
        area = add_area(session, "Một", "cooperative", code="VN-LDOR-9001")
    address = tile_at(14)
    url = f"/ogc/collections/growing-areas/tiles/WebMercatorQuad/14/{address.row}/{address.column}"
    first = client.get(url)
    etag = first.headers["ETag"]
    assert not etag.startswith("W/")
    assert first.headers["Cache-Control"] == "no-cache"
    again = client.get(url, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == etag
    # The edits come as psql or QGIS would make them; a code is no column of the layer.
    for edit in (
        "UPDATE gis.growing_area SET name = 'Hai' WHERE id = :id",
        "UPDATE gis.growing_area_code SET status = 'suspended' WHERE growing_area_id = :id",
        "DELETE FROM gis.growing_area_code WHERE growing_area_id = :id",
    ):
        with clone_sessions.begin() as session:
            session.execute(text(edit), {"id": area.id})
        answer = client.get(url, headers={"If-None-Match": etag})
        assert answer.status_code == 200, edit
        assert answer.headers["ETag"] != etag
        assert answer.data
        etag = answer.headers["ETag"]
    with clone_sessions.begin() as session:
        session.execute(text("DELETE FROM gis.growing_area WHERE id = :id"), {"id": area.id})
    gone = client.get(url, headers={"If-None-Match": etag})
    assert (gone.status_code, gone.data) == (200, b"")


def test_an_edit_that_began_before_a_copy_was_made_is_not_missed(settings, clone_sessions):
    """The race of caches: a writer works while a reader fills its copy, and commits after it."""
    client = create_app(settings, clone_sessions).test_client()
    with clone_sessions.begin() as session:
        area = add_area(session, "Một", "cooperative")
    address = tile_at(14)
    url = f"/ogc/collections/growing-areas/tiles/WebMercatorQuad/14/{address.row}/{address.column}"
    with clone_sessions.begin() as writer:
        writer.execute(
            text("UPDATE gis.growing_area SET name = 'Mới' WHERE id = :id"), {"id": area.id}
        )
        # Another writer commits meanwhile, then the reader comes.
        with clone_sessions.begin() as other:
            add_area(other, "Khác", "cooperative", lon=LON + 0.004)
        copy = client.get(url)
        assert "Mới".encode() not in copy.data
    answer = client.get(url, headers={"If-None-Match": copy.headers["ETag"]})
    assert answer.status_code == 200
    assert "Mới".encode() in answer.data


def test_an_edit_while_a_reader_fills_the_cache_is_shown(settings, clone_sessions, monkeypatch):
    """The reader draws, the edit commits, the reader keeps what it drew: nobody gets that."""
    client = create_app(settings, clone_sessions).test_client()
    with clone_sessions.begin() as session:
        area = add_area(session, "Một", "cooperative")
    address = tile_at(14)
    url = f"/ogc/collections/growing-areas/tiles/WebMercatorQuad/14/{address.row}/{address.column}"
    drawn = []

    def draw_and_be_overtaken(*given):
        drawn.append(draw_tile(*given))
        if len(drawn) == 1:
            with clone_sessions.begin() as writer:
                writer.execute(
                    text("UPDATE gis.growing_area SET name = 'Mới' WHERE id = :id"), {"id": area.id}
                )
        return drawn[-1]

    monkeypatch.setattr("web.ogc.tiles.draw_tile", draw_and_be_overtaken)
    assert "Mới".encode() not in client.get(url).data
    after = client.get(url)
    assert "Mới".encode() in after.data
    assert client.get(url).data == after.data
    assert len(drawn) == 2, "the third reader got what was kept"


def test_a_browser_gets_its_tile_packed_under_a_tag_of_its_own(client, session):
    add_area(session, "Một", "cooperative")
    address = tile_at(14)
    url = f"/ogc/collections/growing-areas/tiles/WebMercatorQuad/14/{address.row}/{address.column}"
    plain = client.get(url)
    for _ in ("drawn", "kept"):
        packed = client.get(url, headers={"Accept-Encoding": "gzip, br"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "accept-encoding" in plain.vary
    asked = {"Accept-Encoding": "gzip, br", "If-None-Match": packed.headers["ETag"]}
    assert client.get(url, headers=asked).status_code == 304


def test_the_cache_keeps_within_its_bytes():
    cache = TileCache(3_000)
    places = [TileAddress(14, 0, column) for column in range(3)]
    for place in places:
        cache.keep("a", place, bytes(800))
    assert [cache.find("a", place) is None for place in places] == [True, False, False]
    assert cache.find("b", places[1]) is None
    cache.keep("a", places[0], bytes(5_000))
    assert cache.find("a", places[0]) is None, "larger than everything together"


def test_unchanged_tile_costs_one_statement(settings, clone_sessions, monkeypatch):
    client = create_app(settings, clone_sessions).test_client()
    url = "/ogc/collections/high-tech-zones/tiles/WebMercatorQuad/9/238/410"
    etag = client.get(url).headers["ETag"]
    statements = []
    execute = psycopg.Cursor.execute

    def note(cursor, statement, *given, **options):
        statements.append(statement)
        return execute(cursor, statement, *given, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", note)
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 304
    assert len(statements) == 1


def test_an_officer_of_a_commune_sees_its_applications_alone(
    session: Session, sign_in, client: FlaskClient, tmp_path: Path
):
    make_communes(session)
    here = submit(session).application
    there = MultiPolygon([box(108.8, 11.8, 108.801, 11.801)])
    submit(session, boundary=there, applicant=Applicant("Người khác", "0912 000 111"))
    session.commit()
    address = tile_at(8, 108.7, 11.8)
    path = f"applications/tiles/WebMercatorQuad/{address.z}/{address.row}/{address.column}"

    def seen(caller: FlaskClient) -> tuple[set[str], str]:
        answer = caller.get(f"/ogc/collections/{path}", headers={"Accept-Encoding": "identity"})
        assert answer.status_code == 200
        layers = decode(answer.data, address, tmp_path)
        shown = set(layers["applications"]["receipt"]) if layers else set()
        return shown, answer.headers["ETag"]

    everything, etag = seen(sign_in("officer"))
    assert len(everything) == 2
    mine, own_etag = seen(sign_in("officer", commune="24934"))
    assert mine == {here.receipt}
    assert own_etag != etag, "a copy for one reader is none for the other"
    assert seen(sign_in("officer", commune="99999"))[0] == set()
    assert client.get(f"/ogc/collections/{path}").status_code == 401
    snapshot = sign_in("officer", commune="24934").post(
        "/du-lieu/ban-chup", data={"layer": "applications"}
    )
    assert snapshot.status_code == 403, "a file of the layer would hold all communes"


ADDRESSES = {
    "growing-areas/tiles/WebMercatorQuad/14/7639/13133": 200,
    "growing-areas/tiles/WebMercatorQuad/2/4/0": 404,
    "growing-areas/tiles/WebMercatorQuad/2/0/4": 404,
    "growing-areas/tiles/WebMercatorQuad/23/0/0": 404,
    "growing-areas/tiles/WebMercatorQuad/-1/0/0": 400,
    "growing-areas/tiles/WebMercatorQuad/a/0/0": 400,
    "growing-areas/tiles/WebMercatorQuad/2/1.5/0": 400,
    "growing-areas/tiles/WebMercatorQuad/2/0/٣": 400,
    "growing-areas/tiles/WebMercatorQuad/2/0/99999999999999999999": 400,
    "growing-areas/tiles/WebMercatorQuad/2/0/0?zoom=1": 400,
    "administrative-units/tiles/WebMercatorQuad/2/0/0?datetime=yesterday": 400,
    "growing-areas/tiles/WorldCRS84Quad/2/0/0": 404,
    "nothing/tiles/WebMercatorQuad/2/0/0": 404,
    "parcels/tiles/WebMercatorQuad/2/0/0": 401,
    "applications/tiles/WebMercatorQuad/2/0/0": 401,
}


def test_addresses(client: FlaskClient):
    for path, status in ADDRESSES.items():
        answer = client.get(f"/ogc/collections/{path}")
        assert answer.status_code == status, path
        if status != 200:
            assert answer.mimetype == "application/problem+json"
