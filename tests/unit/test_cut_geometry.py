"""Cutting and joining lose no ground, whatever the shape, the size and the line."""

from itertools import pairwise
from math import cos, hypot, pi, sin

import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Polygon

from gis.boundaries import area_ha
from gis.editing.geometry import cut, join, onto_geodesics
from gis.errors import InvalidGeometryError

LON, LAT = 108.45, 12.05
reach = st.floats(0.3, 1.0)


@st.composite
def stars(draw) -> MultiPolygon:
    """A star-shaped field of 8 corners, 20 m to 5 km wide."""
    size = draw(st.sampled_from([0.0002, 0.002, 0.01, 0.05])) / 2
    corners = [
        (LON + size * far * cos(n * pi / 4), LAT + size * far * sin(n * pi / 4))
        for n, far in enumerate(draw(st.lists(reach, min_size=8, max_size=8)))
    ]
    return MultiPolygon([Polygon(corners)])


@settings(max_examples=150)
@given(whole=stars(), turn=st.floats(0, pi), aside=st.floats(-0.2, 0.2))
def test_parts_add_up_and_leave_no_gap(whole: MultiPolygon, turn: float, aside: float):
    west, south, east, north = whole.bounds
    wide = hypot(east - west, north - south)
    lon, lat = LON + aside * wide * sin(turn), LAT - aside * wide * cos(turn)
    way = (2 * wide * cos(turn), 2 * wide * sin(turn))
    line = LineString([(lon - way[0], lat - way[1]), (lon + way[0], lat + way[1])])
    try:
        flat = cut(whole, line)
    except InvalidGeometryError:
        assume(False)
        return
    parts = onto_geodesics(whole, flat)
    assert sum(map(area_ha, parts)) == pytest.approx(area_ha(whole), abs=1e-6)
    assert area_ha(parts[0]) == max(map(area_ha, parts))
    assert all(part.is_valid for part in parts)
    union = shapely.union_all(parts)
    assert union.geom_type == "Polygon"
    assert not list(union.interiors), "no gap"
    # A new corner moved by a millimetre at most on a field, by centimetres on edges of kilometres.
    assert shapely.hausdorff_distance(union, whole) < 1e-8 * max(1.0, (wide / 0.003) ** 2)
    merged = join(parts)
    assert area_ha(merged) == pytest.approx(area_ha(whole), abs=1e-6)
    assert len(merged.geoms) == 1


@pytest.mark.parametrize("corners", [2000, 9999])
def test_a_scribble_is_refused_before_it_takes_the_memory(corners: int):
    """Its crossings are of the order of corners squared; a zigzag has few, and too many parts."""
    field = MultiPolygon([shapely.box(108.5, 12.0, 108.505, 12.005)])
    turns = [sin(corner * corner) for corner in range(corners)]
    scribble = LineString([(108.5025 + 0.003 * a, 12.0025 + 0.003 * b) for a, b in pairwise(turns)])
    zigzag = LineString([(108.49 + 0.02 * (k % 2), 12 + 0.005 * k / 999) for k in range(1000)])
    for line in (scribble, zigzag):
        with pytest.raises(InvalidGeometryError) as caught:
            cut(field, line)
        assert caught.value.context["rule"] == "too-many-parts"
