"""Zonal statistics and indices over rasters that can be computed on paper."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import affinity

from gis.errors import CrsMismatchError, InvalidInputError
from gis.indices import ndmi, ndvi, ndwi
from gis.zonal import STATISTICS, Rule, Window, cells_inside, zonal_statistics

UTM = "EPSG:32648"


class Grid:
    """A raster in memory: cells of one unit, the upper left corner at (0, rows)."""

    def __init__(self, cells, nodata=None, crs=UTM):
        self.cells = np.ma.masked_equal(cells, nodata) if nodata is not None else cells
        self.cells = np.ma.asarray(self.cells)
        self.crs = crs
        self.shape = self.cells.shape
        self.transform = (1.0, 0.0, 0.0, 0.0, -1.0, float(self.shape[0]))
        self.windows: list[Window] = []

    def read(self, window):
        self.windows.append(window)
        return self.cells[
            window.row : window.row + window.rows, window.col : window.col + window.cols
        ]


# 1 2 3 / 4 5 6 / 7 8 9
NINE = np.arange(1.0, 10.0).reshape(3, 3)


def one(raster, area, rule=Rule.CENTRE, statistics=STATISTICS[:-1], crs=UTM):
    (result,) = zonal_statistics(raster, [area], crs=crs, rule=rule, statistics=statistics)
    return result


def test_centre_counts_whole_cells():
    # The square 0.4 to 2.6 holds the centres at 0.5, 1.5 and 2.5: all nine.
    values = one(Grid(NINE), shapely.box(0.4, 0.4, 2.6, 2.6)).values
    assert values == {
        "count": 9,
        "mean": 5,
        "min": 1,
        "max": 9,
        "sum": 45,
        "std": pytest.approx((60 / 9) ** 0.5),
        "median": 5,
    }
    # From 0.6 on only the centre of the middle cell is left.
    assert one(Grid(NINE), shapely.box(0.6, 0.6, 2.4, 2.4)).values["sum"] == 5


def test_exact_weighs_by_cover():
    # exactextract's own example: coverage .25 .5 .25 / .5 1 .5 / .25 .5 .25, mean 5.
    values = one(Grid(NINE), shapely.box(0.5, 0.5, 2.5, 2.5), Rule.EXACT).values
    assert values["count"] == pytest.approx(4)
    assert values["mean"] == pytest.approx(5)
    assert values["sum"] == pytest.approx(20)


@pytest.mark.parametrize("rule", Rule)
def test_nodata_and_nan_are_left_out(rule):
    for raster in (Grid(np.where(NINE == 5, -1.0, NINE), nodata=-1.0), Grid(NINE.copy())):
        if raster.cells.mask.any() == np.False_:
            raster.cells[1, 1] = np.nan
        values = one(raster, shapely.box(0, 0, 3, 3), rule).values
        assert values["count"] == 8
        assert values["sum"] == 40
        empty = one(raster, shapely.box(1.1, 1.1, 1.9, 1.9), rule).values
        assert empty["count"] == 0
        assert empty["mean"] is None


@pytest.mark.parametrize("rule", Rule)
def test_outside_and_partly_outside_are_told_apart(rule):
    outside = one(Grid(NINE), shapely.box(10, 10, 12, 12), rule)
    assert outside.is_outside
    assert outside.values["count"] == 0
    partly = one(Grid(NINE), shapely.box(2, 0, 9, 3), rule)
    assert partly.is_partly_outside
    assert partly.values["count"] == 3
    whole = one(Grid(NINE), shapely.box(0, 0, 3, 3), rule)
    assert not whole.is_outside
    assert not whole.is_partly_outside


@pytest.mark.parametrize("rule", Rule)
def test_holes_parts_and_overlaps(rule):
    ring = shapely.box(0, 0, 3, 3) - shapely.box(1, 1, 2, 2)
    assert one(Grid(NINE), ring, rule).values["sum"] == pytest.approx(40)
    corners = shapely.union_all([shapely.box(0, 0, 1, 1), shapely.box(2, 2, 3, 3)])
    assert one(Grid(NINE), corners, rule).values["sum"] == pytest.approx(7 + 3)
    # Each area has a window of its own, so one on top of another loses nothing.
    areas = [shapely.box(0, 0, 3, 3), shapely.box(0, 0, 3, 3), shapely.box(1, 1, 2, 2)]
    results = zonal_statistics(Grid(NINE), areas, crs=UTM, rule=rule, statistics=["sum"])
    assert [result.values["sum"] for result in results] == pytest.approx([45, 45, 5])


def test_neighbours_share_no_cell_even_when_centres_lie_on_the_border():
    left, right = shapely.box(0, 0, 1.5, 3), shapely.box(1.5, 0, 3, 3)
    transform, shape = (1, 0, 0, 0, -1, 3), (3, 3)
    a, b = cells_inside(left, transform, shape), cells_inside(right, transform, shape)
    assert not (a & b).any()
    assert (a | b).all()


@given(
    st.lists(st.tuples(st.floats(0, 20), st.floats(0, 20)), min_size=3, max_size=12, unique=True),
    st.floats(-180, 180),
)
def test_centres_inside_are_those_that_shapely_finds(points, angle):
    area = shapely.convex_hull(shapely.MultiPoint(points))
    if area.geom_type != "Polygon" or area.area < 1e-3:
        return
    area = affinity.rotate(area, angle)
    found = cells_inside(area, (1, 0, 0, 0, -1, 20), (20, 20))
    row, col = np.mgrid[0:20, 0:20]
    x, y = col + 0.5, 19.5 - row
    # Centres within rounding of the border may fall on either side.
    near = shapely.dwithin(shapely.boundary(area), shapely.points(x, y), 1e-9)
    assert (found == shapely.contains_xy(area, x, y))[~near].all()


def test_a_rotated_raster_works_by_centres_and_is_refused_by_cover():
    turned = Grid(NINE)
    turned.transform = (0.0, -1.0, 3.0, -1.0, 0.0, 3.0)
    values = one(turned, shapely.box(0, 0, 3, 3)).values
    assert values["sum"] == 45
    with pytest.raises(InvalidInputError, match="north up"):
        one(turned, shapely.box(0, 0, 3, 3), Rule.EXACT)


def test_memory_is_bounded_for_a_large_area(monkeypatch):
    monkeypatch.setattr("gis.zonal._BLOCK_CELLS", 100)
    cells = np.random.default_rng(1).normal(3000, 50, (60, 40))
    raster = Grid(cells)
    values = one(raster, shapely.box(0, 0, 40, 60)).values
    assert max(window.rows * window.cols for window in raster.windows) <= 100
    assert values["mean"] == pytest.approx(cells.mean())
    assert values["std"] == pytest.approx(cells.std())
    assert values["median"] == pytest.approx(np.median(cells))


def test_classes_are_counted():
    cells = np.array([[2, 2, 9], [2, 9, 255], [8, 8, 8]], dtype=np.uint8)
    result = one(Grid(cells, nodata=255), shapely.box(0, 0, 3, 3), statistics=["classes"])
    assert result.values == {"class_2": 3, "class_8": 3, "class_9": 2}
    with pytest.raises(InvalidInputError, match="rule centre"):
        one(Grid(cells), shapely.box(0, 0, 3, 3), Rule.EXACT, ["classes"])


def test_another_coordinate_system_is_an_error():
    with pytest.raises(CrsMismatchError, match="UTM zone 49N"):
        one(Grid(NINE), shapely.box(0, 0, 1, 1), crs="EPSG:32649")


def test_an_unknown_statistic_is_named():
    with pytest.raises(InvalidInputError, match="mode is no statistic"):
        one(Grid(NINE), shapely.box(0, 0, 1, 1), statistics=["mode"])


def test_indices():
    red = np.ma.masked_equal(np.array([[50, 100, 0, 255]], dtype=np.uint8), 255)
    near = np.array([[150, 100, 0, 10]], dtype=np.uint8)
    # (150 - 50) / 200 would overflow in uint8.
    np.testing.assert_array_equal(ndvi(red, near), [[0.5, 0.0, np.nan, np.nan]])
    np.testing.assert_array_equal(ndwi(near, red), [[0.5, 0.0, np.nan, np.nan]])
    np.testing.assert_array_equal(ndmi(near, red), [[0.5, 0.0, np.nan, np.nan]])
