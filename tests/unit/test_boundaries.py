"""Boundaries as they are sent: what is refused, in which words, at which place."""

import pytest

from gis.boundaries import area_ha, read_boundary, read_point, read_position
from gis.errors import InvalidGeometryError

SQUARE = [[108.6, 11.8], [108.601, 11.8], [108.601, 11.801], [108.6, 11.801], [108.6, 11.8]]


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


def test_a_square_of_a_thousandth_of_a_degree_is_measured_on_the_ellipsoid():
    # 0.001 degrees at 11.8 N: 108.98 m of parallel, 110.63 m of meridian.
    assert area_ha(read_boundary(polygon(SQUARE))) == pytest.approx(1.2056, abs=0.0005)
    assert area_ha(read_boundary(polygon(SQUARE[::-1]))) == pytest.approx(1.2056, abs=0.0005)


def test_open_rings_are_closed_heights_dropped_features_opened_and_holes_kept():
    hole = [[108.6004, 11.8004], [108.6006, 11.8004], [108.6006, 11.8006], [108.6004, 11.8006]]
    lifted = [[*position, 1500.0] for position in SQUARE[:-1]]
    boundary = read_boundary({"type": "Feature", "geometry": polygon(lifted, hole)})
    assert boundary.is_valid
    assert not boundary.has_z
    assert area_ha(boundary) == pytest.approx(1.2056 * 0.96, abs=0.001)


def test_a_bow_tie_is_refused_with_the_place_where_it_crosses():
    bow = [[108.6, 11.8], [108.602, 11.802], [108.602, 11.8], [108.6, 11.802], [108.6, 11.8]]
    with pytest.raises(
        InvalidGeometryError, match=r"longitude 108\.601000, latitude 11\.801000"
    ) as e:
        read_boundary(polygon(bow))
    assert e.value.context["place"] == pytest.approx([108.601, 11.801])
    assert e.value.context["rule"] == "crosses-itself"


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ({}, "not-a-polygon"),
        ({"type": "Point", "coordinates": [108.6, 11.8]}, "not-a-polygon"),
        (polygon(), "not-a-polygon"),
        (polygon("abc"), "not-a-polygon"),
        (polygon([[108.6, 11.8], [108.7, 11.8], [108.6, 11.8]]), "too-few-corners"),
        ({"type": "MultiPolygon", "coordinates": []}, "too-few-corners"),
        (polygon([[108.6, "11.8"], [108.7, 11.8], [108.6, 11.9]]), "not-a-position"),
        (polygon([[108.6, float("nan")], [108.7, 11.8], [108.6, 11.9]]), "not-a-position"),
        (polygon([[108.6], [108.7, 11.8], [108.6, 11.9]]), "not-a-position"),
        (polygon([[0, 0], [1, 0], [1, 1]]), "outside-vietnam"),
        (polygon([[108, 11], [112, 11], [112, 15]]), "area"),
        (polygon([[108.6, 11.8], [108.6000001, 11.8], [108.6, 11.8000001]]), "area"),
        (polygon([[108.6 + i * 1e-6, 11.8] for i in range(10_001)]), "too-many-corners"),
    ],
)
def test_what_is_no_boundary_is_refused(value, rule):
    with pytest.raises(InvalidGeometryError) as error:
        read_boundary(value)
    assert error.value.context["rule"] == rule


def test_exchanged_coordinates_are_named_not_moved():
    with pytest.raises(InvalidGeometryError, match="Longitude comes first"):
        read_position([11.8, 108.6])
    assert read_point([108.6, 11.8, 1500]).coords[0] == (108.6, 11.8)
