"""One test a rule: what it says, of whom, how much, where, and what it lets pass.

0.001° at latitude 12.05 is 108.85 m eastwards and 110.63 m northwards, so a square of 0.002° is
4.818 ha.
"""

from collections.abc import Callable

import pytest
from sqlalchemy import BigInteger, Float, cast, func, literal, select, text
from sqlalchemy.orm import Session

from gis.database import report_overlaps
from gis.editing.rules import RULES, Problem, find_problems
from gis.layers import LAYERS
from gis.models import AdministrativeUnit
from tests.edit_factories import GROWING_AREAS, PARCELS, add_communes
from tests.map_factories import LAT, LON, add_area, add_zone, square

Ask = Callable[..., list[Problem]]


@pytest.fixture
def ask(session: Session) -> Ask:
    """Ask one rule about one shape (EWKT)."""

    def ask_one(
        rule: str, shape: str, *, layer=GROWING_AREAS, fid=None, commune=None, declared=None
    ) -> list[Problem]:
        candidates = select(
            literal(7, BigInteger).label("row_no"),
            cast(fid, BigInteger).label("feature_id"),
            func.ST_GeomFromEWKT(shape).label("shape"),
            cast(commune, BigInteger).label("commune_id"),
            cast(declared, Float).label("declared_area_ha"),
        ).cte("candidate")
        found = find_problems(session, layer, candidates, only={rule})
        assert all(problem.row == 7 and problem.rule == rule for problem in found)
        return found

    return ask_one


def wkt(*corners: tuple[float, float]) -> str:
    """A ring of corners as an EWKT MultiPolygon."""
    places = ",".join(f"{lon} {lat}" for lon, lat in (*corners, corners[0]))
    return f"SRID=4326;MULTIPOLYGON((({places})))"


def test_every_rule_has_its_test():
    names = {name.removeprefix("test_").replace("_", "-") for name in globals()}
    assert set(RULES) <= names


def test_not_valid(ask: Ask):
    bow_tie = wkt((108.45, 12.05), (108.46, 12.06), (108.46, 12.05), (108.45, 12.06))
    [problem] = ask("not-valid", bow_tie)
    assert problem.severity == "error"
    assert problem.place == {"type": "Point", "coordinates": [108.455, 12.055]}
    assert "Self-intersection at longitude 108.455000, latitude 12.055000" in problem.detail
    assert ask("not-valid", square(LON, LAT, 0.002)) == []


def test_outside_vietnam(ask: Ask):
    [problem] = ask("outside-vietnam", square(LAT, LON, 0.002))
    assert problem.severity == "error"
    assert problem.detail.endswith("Longitude comes first.")
    assert problem.facts == {"lon": LAT, "lat": LON, "swapped": True}
    [problem] = ask("outside-vietnam", square(101.0, 12.0, 0.002))
    assert problem.facts["swapped"] is False
    assert "Longitude 101, latitude 12 lies outside Vietnam" in problem.detail
    assert ask("outside-vietnam", square(LON, LAT, 0.002)) == []


def test_too_many_vertices(ask: Ask, session: Session):
    def circle(quarter: int) -> str:
        place = f"ST_Multi(ST_Buffer(ST_Point({LON}, {LAT}, 4326), 0.01, {quarter}))"
        return str(session.scalar(text(f"SELECT ST_AsEWKT({place})")))

    [problem] = ask("too-many-vertices", circle(2500))  # four quarters and the corner that closes
    assert problem.severity == "error"
    assert problem.facts == {"vertices": 10_001, "most": 10_000}
    assert ask("too-many-vertices", circle(2499)) == []
    assert ask("too-many-vertices", circle(2500), layer=LAYERS["administrative-units"]) == []


def test_too_small(ask: Ask):
    [problem] = ask("too-small", square(LON, LAT, 0.000009))  # 0.98 m × 1.0 m
    assert problem.severity == "error"
    assert problem.facts["area_m2"] == pytest.approx(0.9756, abs=0.001)
    assert ask("too-small", square(LON, LAT, 0.00001)) == []
    assert ask("too-small", f"SRID=4326;POINT({LON} {LAT})") == []


def test_too_large(ask: Ask):
    [problem] = ask("too-large", square(LON, LAT, 0.1))
    assert problem.severity == "error"
    assert problem.facts["area_ha"] == pytest.approx(12_043, abs=2)
    assert ask("too-large", square(LON, LAT, 0.09)) == []
    assert ask("too-large", square(LON, LAT, 0.1), layer=LAYERS["administrative-units"]) == []


def test_outside_commune(ask: Ask, session: Session):
    add_communes(session)
    units = select(AdministrativeUnit.id).where(AdministrativeUnit.code == "24848")
    commune = session.scalar(units)
    [problem] = ask("outside-commune", square(108.4985, 12.05, 0.002), commune=commune)
    assert problem.severity == "warning"
    assert problem.facts["commune"] == "Lạc Dương"
    assert problem.facts["percent"] == pytest.approx(25.0, abs=0.01)
    assert problem.facts["outside_m2"] == pytest.approx(12_045, abs=2)
    assert problem.place is not None
    assert {place[0] for place in problem.place["coordinates"][0]} == {108.5, 108.5005}
    [problem] = ask("outside-commune", square(108.4995, 12.05, 0.002), commune=commune)
    assert problem.severity == "error", "three quarters lie outside"
    [problem] = ask("outside-commune", "SRID=4326;POINT(108.51 12.05)", commune=commune)
    assert (problem.severity, problem.detail) == ("error", "The point lies outside Lạc Dương.")
    assert ask("outside-commune", square(108.498, 12.05, 0.002), commune=commune) == []
    assert ask("outside-commune", "SRID=4326;POINT(108.49 12.05)", commune=commune) == []


def test_overlap(ask: Ask, session: Session):
    stored = add_area(session, "Đồi chè", "cooperative")
    [problem] = ask("overlap", square(LON + 0.0015, LAT, 0.002))
    assert problem.severity == "error"
    assert problem.facts["with"] == stored.id
    assert problem.facts["name"] == "Đồi chè"
    assert problem.facts["percent"] == pytest.approx(25.0, abs=0.01)
    assert problem.facts["overlap_m2"] == pytest.approx(12_045, abs=2)
    assert problem.place is not None
    assert {place[0] for place in problem.place["coordinates"][0]} == {108.4547, 108.4552}
    # Inside it, around it, and beside it: a shared border is no overlap.
    assert ask("overlap", square(LON + 0.0005, LAT + 0.0005, 0.0005))
    assert ask("overlap", square(LON - 0.001, LAT - 0.001, 0.01))
    assert ask("overlap", square(LON + 0.002, LAT, 0.002)) == []
    # A square metre is the noise of drawing: 4 mm are 0.96 m² here, 6 mm are 1.4 m².
    assert ask("overlap", square(LON + 0.002 - 4e-8, LAT, 0.002)) == []
    assert ask("overlap", square(LON + 0.002 - 6e-8, LAT, 0.002))
    # Another layer is no neighbour, and what is closed takes up no room.
    assert ask("overlap", square(LON, LAT, 0.002), layer=PARCELS) == []
    stored.status = "closed"
    session.flush()
    assert ask("overlap", square(LON, LAT, 0.002)) == []


def test_an_overlap_that_was_there_may_stay_but_not_grow(ask: Ask, session: Session):
    report_overlaps(session)
    first = add_area(session, "A", "cooperative")
    add_area(session, "B", "cooperative", lon=LON + 0.0015)
    assert ask("overlap", square(LON, LAT, 0.002), fid=first.id) == []
    assert ask("overlap", square(LON, LAT, 0.0019), fid=first.id) == []
    [problem] = ask("overlap", square(LON, LAT, 0.0021), fid=first.id)
    assert problem.facts["name"] == "B"


def test_overlap_of_zones_and_parcels(ask: Ask, session: Session):
    add_zone(session, "Khu 1")
    session.execute(
        text("INSERT INTO gis.parcel (code, boundary) VALUES ('W3GV', ST_GeomFromEWKT(:shape))"),
        {"shape": square(LON, LAT, 0.001)},
    )
    shape = square(LON, LAT, 0.001)
    assert ask("overlap", shape, layer=LAYERS["high-tech-zones"])[0].facts["name"] == "Khu 1"
    assert ask("overlap", shape, layer=PARCELS)[0].facts["name"] == "W3GV"
    assert ask("overlap", shape, layer=LAYERS["administrative-units"]) == []


def test_sliver(ask: Ask):
    east, north = LON + 0.002, LAT + 0.000008  # 218 m by 0.885 m
    [problem] = ask("sliver", wkt((LON, LAT), (east, LAT), (east, north), (LON, north)))
    assert (problem.severity, problem.facts["kind"]) == ("warning", "strip")
    assert problem.facts["width_m"] == pytest.approx(0.881, abs=0.002)
    side = LON + 0.002
    tip = (side + 0.001, LAT + 0.001)
    spike = [(LON, LAT), (side, LAT), (side, LAT + 0.00099), tip, (side, LAT + 0.00101)]
    [problem] = ask("sliver", wkt(*spike, (side, LAT + 0.002), (LON, LAT + 0.002)))
    assert (problem.severity, problem.facts) == ("warning", {"kind": "spike", "count": 1})
    assert problem.place == {"type": "MultiPoint", "coordinates": [[108.4562, 12.0527]]}
    # The same where the ring begins.
    ring = [*spike[3:], (side, LAT + 0.002), (LON, LAT + 0.002), *spike[:3]]
    [problem] = ask("sliver", wkt(*ring))
    assert problem.facts == {"kind": "spike", "count": 1}
    assert ask("sliver", square(LON, LAT, 0.002)) == []
    assert ask("sliver", f"SRID=4326;POINT({LON} {LAT})") == []


def test_area_differs(ask: Ask):
    shape = square(LON, LAT, 0.002)
    [problem] = ask("area-differs", shape, declared=4.0)
    assert problem.severity == "warning"
    assert problem.facts["area_ha"] == pytest.approx(4.8179, abs=0.0001)
    assert problem.facts["percent"] == pytest.approx(20.4, abs=0.1)
    assert ask("area-differs", shape, declared=6.03)
    assert ask("area-differs", shape, declared=4.1) == []
    assert ask("area-differs", shape, declared=6.0) == []
    assert ask("area-differs", shape) == []


def test_what_is_broken_is_not_cut(ask: Ask, session: Session):
    """A shape that is not valid is named as such, and no rule stumbles over it."""
    add_area(session, "A", "cooperative")
    bow_tie = wkt((LON, LAT), (LON + 0.001, LAT + 0.001), (LON + 0.001, LAT), (LON, LAT + 0.001))
    candidates = select(
        func.generate_series(1, 2).label("row_no"),
        func.ST_GeomFromEWKT(bow_tie).label("shape"),
        cast(None, BigInteger).label("feature_id"),
        cast(None, BigInteger).label("commune_id"),
        cast(None, Float).label("declared_area_ha"),
    ).cte("candidate")
    found = find_problems(session, GROWING_AREAS, candidates)
    assert [(problem.row, problem.rule) for problem in found] == [
        (1, "not-valid"),
        (2, "not-valid"),
    ]
