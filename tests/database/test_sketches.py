"""Small maps: what is drawn where, checkable with a ruler."""

from datetime import date

import pytest
from geoalchemy2.shape import from_shape
from shapely.geometry import MultiPolygon, Point, box

from gis.errors import NotFoundError
from gis.models import GrowingArea, Party
from gis.sketches import commune_bounds, sketch_overview, sketch_place, sketch_plot
from tests.applications import make_communes

DAY = date(2026, 11, 24)


@pytest.fixture
def communes(session):
    return make_communes(session)


def of_kind(sketch, kind):
    return [mark for mark in sketch.marks if mark.kind == kind]


def add_area(session, shape, households=1, kind="household"):
    party = Party(kind=kind, name="Ai đó")
    session.add(party)
    session.flush()
    area = GrowingArea(
        name="Vườn",
        party_id=party.id,
        household_count=households,
        boundary=from_shape(MultiPolygon([shape]), srid=4326),
    )
    session.add(area)
    session.flush()
    return area


def test_a_place_in_its_commune_lies_where_a_ruler_says(session, communes):
    sketch = sketch_place(session, [from_shape(Point(108.55, 11.85), srid=4326)], day=DAY)
    [commune] = of_kind(sketch, "commune")
    [neighbour] = of_kind(sketch, "neighbour")
    assert (commune.name, neighbour.name) == ("D'Ran", "Ka Đô")
    # Mercator makes 0.2 degrees 1/cos(11.8) = 1.0216 times as high as wide; with a margin of 3 %
    # of the height on each side, 400 units hold 376.9 of width, and 385.0 of height.
    [place] = of_kind(sketch, "feature")
    assert place.is_dot
    assert place.x == pytest.approx(200 - 376.9 / 4, abs=0.5)
    assert place.y == pytest.approx(sketch.height / 2 - 385.0 / 4, abs=0.8)
    assert (commune.x, commune.y) == pytest.approx((200, sketch.height / 2), abs=3)
    assert commune.path.startswith("M ")
    # 0.2 degrees at 11.8 N are 21.8 km; a quarter of the picture is 5.8 km, so the bar says 5.
    assert sketch.scale_label == "5 km"
    assert sketch.scale_units == pytest.approx(5 / 21.8 * 376.9, abs=1)


def test_the_communes_of_the_day_are_drawn(session, communes):
    before = sketch_overview(session, day=date(2020, 1, 1))
    assert [mark.name for mark in of_kind(before, "commune")] == ["Lạc Xuân"]
    assert len(of_kind(sketch_overview(session, day=DAY), "commune")) == 2
    assert [
        m.name for m in of_kind(sketch_overview(session, day=DAY, codes=["24943"]), "commune")
    ] == ["Ka Đô"]
    assert commune_bounds(session, DAY) == pytest.approx((108.5, 11.7, 108.9, 11.9))
    with pytest.raises(NotFoundError):
        sketch_overview(session, day=date(1990, 1, 1))


def test_a_households_plot_is_a_rounded_dot_unless_an_officer_looks(session, communes):
    own = from_shape(MultiPolygon([box(108.6000, 11.800, 108.601, 11.801)]), srid=4326)
    add_area(session, box(108.601, 11.800, 108.602, 11.801))
    many = add_area(session, box(108.599, 11.800, 108.600, 11.801), households=5)
    public = sketch_plot(session, own, day=DAY)
    assert [mark.id for mark in of_kind(public, "area")] == [many.id], "the other lies 500 m off"
    exact = sketch_plot(session, own, day=DAY, exact=True)
    assert len([mark for mark in of_kind(exact, "area") if not mark.is_dot]) == 2
    # One and a half times the square, centred: a hundred metres are two thirds of the width.
    [plot] = of_kind(exact, "feature")
    assert plot.extent == pytest.approx(400 / 1.06 * 2 / 3, rel=0.03)
    other = from_shape(MultiPolygon([box(108.6005, 11.800, 108.6015, 11.801)]), srid=4326)
    assert len(of_kind(sketch_plot(session, own, day=DAY, others=[other]), "other")) == 1
