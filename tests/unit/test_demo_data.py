"""The demo's tables: shapes that fit together, numbers that check, addresses that are allowed."""

import unicodedata
from importlib import resources
from itertools import combinations
from pathlib import Path

import geopandas
import pytest
import shapely
from pyproj import Geod

from etl.demo.areas import ZONES, Plan, lay_out
from etl.demo.schematic import compare_with_facts
from etl.demo.tables import read_json, read_table
from etl.demo.units import read_pieces
from traceability.gs1.identifiers import gtin14, trace_code
from traceability.ocop import group_of

GEOD = Geod(ellps="WGS84")
# Who borders whom among the communes of 2025 (true of the real boundaries, see the last test).
NEIGHBOURS = {
    ("24846", "24848"),
    ("24846", "24853"),
    ("24848", "24853"),
    ("24848", "24934"),
    ("24931", "24943"),
    ("24931", "24955"),
    ("24934", "24943"),
    ("24943", "24955"),
}


def communes() -> dict[str, shapely.Geometry]:
    pieces = read_pieces()
    made: dict[str, list[shapely.Polygon]] = {}
    for fact in read_table("unit_facts.csv"):
        made.setdefault(fact["new_code"], []).append(pieces[fact["code"]])
    return {code: shapely.coverage_union_all(parts) for code, parts in made.items()}


def hectares(shape: shapely.Geometry) -> float:
    return abs(GEOD.geometry_area_perimeter(shape)[0]) / 10_000


@pytest.fixture(scope="module")
def plan() -> Plan:
    return lay_out()


def test_units_are_a_coverage_with_the_declared_areas_and_centres() -> None:
    pieces = read_pieces()
    assert len(pieces) == 19
    assert shapely.coverage_is_valid(list(pieces.values()))
    assert all(shapely.is_valid(piece) for piece in pieces.values())
    for row in compare_with_facts(pieces):
        assert abs(row["area_pct"]) < 1.0, row
        assert row["centre_km"] < 0.2, row
        assert row["parts"] == 1, row


def test_communes_have_their_neighbours_and_no_others() -> None:
    made = communes()
    found = {tuple(sorted((a, b))) for a, b in combinations(made, 2) if made[a].intersects(made[b])}
    assert found == NEIGHBOURS


def test_fields_lie_inside_their_land_and_apart(plan: Plan) -> None:
    pieces = read_pieces()
    rows = read_table("growing_areas.csv")
    for row in rows:
        field = plan.areas[row["key"]]
        assert field.is_valid
        assert pieces[row["unit"]].covers(field), row["key"]
        assert hectares(field) == pytest.approx(float(row["area_ha"]), rel=0.001)
        if row["unit"] in ZONES:
            assert plan.zones[row["unit"]].covers(field), row["key"]
    for fields in (plan.areas.values(), (p for each in plan.parcels.values() for p in each)):
        shapes = [*fields, *(plan.applications.values() if fields is plan.areas else ())]
        left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        assert (left == right).all()
    for key, parcels in plan.parcels.items():
        assert all(plan.areas[key].covers(parcel) for parcel in parcels), key


def test_the_layout_is_the_same_each_time(plan: Plan) -> None:
    assert lay_out.__wrapped__() == plan


def test_zones_are_drawn_as_large_as_they_are_said_to_be(plan: Plan) -> None:
    assert {code: round(hectares(zone)) for code, zone in plan.zones.items()} == ZONES
    assert sum(ZONES.values()) < 300  # the two together are "nearly 300 ha"


def test_products_carry_good_numbers_of_the_demonstration_prefix() -> None:
    rows = read_json("products.json")
    gtins = [row["gtin"] for row in rows if row["gtin"]]
    assert len(rows) == 19
    assert len(set(gtins)) == len(gtins) >= 17
    for gtin in gtins:
        assert gtin14(gtin) == gtin
        assert gtin.startswith("0952")
        assert not gtin.startswith(("0952000010", "0952000019"))
    assert len({trace_code(row["own_code"]) for row in rows}) == 19
    assert {group_of(row["ocop_set"]) for row in rows} == {1, 2, 3, 4, 5, 6}
    stars = {row["certificate"]["stars"] for row in rows}
    assert stars == {3, 4, 5}


def test_all_text_is_in_composed_form() -> None:
    folder = resources.files("etl.demo") / "data"
    for file in folder.iterdir():
        text = file.read_text(encoding="utf-8")
        assert unicodedata.is_normalized("NFC", text), file.name


@pytest.mark.real_data
def test_schematic_communes_resemble_the_real_ones(shared: Path) -> None:
    """The same neighbours, areas within 1.2 %, centres within 1 km, most land shared."""
    real = geopandas.read_file(shared / "data/admin/ld2025_7communes_fullres.geojson")
    real = real.set_index("code").geometry
    drawn = geopandas.GeoSeries(communes(), crs=4326)
    touching = {
        tuple(sorted((a, b))) for a, b in combinations(real.index, 2) if real[a].intersects(real[b])
    }
    assert touching == NEIGHBOURS
    for code, shape in drawn.items():
        assert hectares(shape) == pytest.approx(hectares(real[code]), rel=0.012), code
    centres = drawn.to_crs(5899).centroid
    away = centres.distance(real.to_crs(5899).centroid.reindex(drawn.index))
    assert away.max() < 1000
    planes = drawn.to_crs(5899), real.to_crs(5899).reindex(drawn.index)
    shared_part = planes[0].intersection(planes[1]).area / planes[1].area
    assert shared_part.min() > 0.5
    # And no commune was traced: hardly any of its outline runs along the real one.
    along = planes[0].boundary.intersection(planes[1].boundary.buffer(10)).length
    assert (along / planes[0].length).max() < 0.1
