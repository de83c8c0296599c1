"""The sheet on paper: scales, grid, ticks, names, and what may be asked for."""

import random

import pyproj
import pytest

from gis.errors import InvalidInputError
from gis.sheets.grid import (
    box_of,
    choose_zone,
    convergence,
    degree_text,
    grid_lines,
    grid_step,
    ticks,
    to_plane,
)
from gis.sheets.labels import Label, place_labels
from gis.sheets.layout import Rect, best_scale, make_layout, scale_text
from gis.sheets.request import read_request

LAC_DUONG = Rect(583_000, 1_304_000, 2000, 1400)


@pytest.mark.parametrize("orientation", ["portrait", "landscape"])
@pytest.mark.parametrize(("paper", "sides"), [("A4", {210.0, 297.0}), ("A3", {297.0, 420.0})])
def test_the_parts_of_a_sheet_lie_on_the_paper_and_apart(paper, sides, orientation):
    layout = make_layout(paper, orientation)
    assert {layout.width, layout.height} == sides
    assert (layout.width > layout.height) == (orientation == "landscape")
    parts = [layout.title, layout.map.grown(5), layout.legend, layout.facts, layout.stamp]
    for at, one in enumerate(parts):
        assert one.x >= 7.9
        assert one.y >= 7.9
        assert one.right <= layout.width - 7.9
        assert one.top <= layout.height - 7.9
        for other in parts[at + 1 :]:
            apart = (
                one.right <= other.x + 1e-6
                or other.right <= one.x + 1e-6
                or one.top <= other.y + 1e-6
                or other.top <= one.y + 1e-6
            )
            assert apart, (one, other)
    # Most of the paper is map.
    assert layout.map.width * layout.map.height > 0.45 * layout.width * layout.height


def test_scale_and_ground():
    layout = make_layout("A4", "landscape")
    # 208 mm at 1:10,000 are 2.08 km.
    assert layout.ground(10_000) == (layout.map.width * 10, layout.map.height * 10)
    assert best_scale(1900, 1000, Rect(0, 0, 200, 150), 250_000) == 10_000
    assert best_scale(1930, 1000, Rect(0, 0, 200, 150), 250_000) == 12_500
    assert best_scale(300_000, 1000, Rect(0, 0, 200, 150), 250_000) is None
    assert scale_text(10_000) == "1:10.000"


@pytest.mark.parametrize(
    ("scale", "step"),
    [(500, 20), (1000, 50), (2000, 100), (10_000, 500), (25_000, 1000), (250_000, 10_000)],
)
def test_grid_lines_stand_at_round_metres(scale, step):
    assert grid_step(scale) == step
    assert step * 1000 / scale >= 40
    assert grid_lines(583_001, 583_001 + 3 * step, step)[0] % step == 0


def test_the_zone_is_the_provinces():
    assert choose_zone("68", 108.4, 11.9) == 5899
    assert choose_zone("40", 105.3, 18.9) == 9208
    # Without a province in the database: by where it lies, else the nearest meridian.
    assert choose_zone(None, 108.5, 11.8) == 5899
    assert choose_zone(None, 106.02, 21.0) == 9211


def test_ticks_are_where_pyproj_has_them():
    back = pyproj.Transformer.from_crs("EPSG:5899", "EPSG:4326", always_xy=True)
    found = ticks(LAC_DUONG, 5899, 10_000)
    assert {tick.edge for tick in found} == {"bottom", "top", "left", "right"}
    for tick in found:
        x, y = {
            "bottom": (tick.at, LAC_DUONG.y),
            "top": (tick.at, LAC_DUONG.top),
            "left": (LAC_DUONG.x, tick.at),
            "right": (LAC_DUONG.right, tick.at),
        }[tick.edge]
        degrees = back.transform(x, y)[0 if tick.edge in ("bottom", "top") else 1]
        # A tenth of a millimetre of 1:10,000 is a metre, 0.03 seconds.
        assert degrees * 3600 == pytest.approx(tick.seconds, abs=0.005)


def test_the_way_to_the_plane_and_back():
    # The published test vector of QĐ 05/2007/QĐ-BTNMT: 226 m off where the datum is forgotten.
    assert to_plane(5899).transform(108.5166, 11.7963) == pytest.approx(
        (583_345.851, 1_304_648.0), abs=0.01
    )
    west, south, east, north = box_of(LAC_DUONG, 5899)
    assert west < 108.5166 < east
    assert south < 11.7963 < north
    # East of 107°45′ grid north points east of true north, by (λ - λ0) sin φ.
    assert convergence(LAC_DUONG, 5899) == pytest.approx(0.1570, abs=0.001)
    assert degree_text(108.5) == "108°30′00,0″"
    assert degree_text(11.99999) == "12°00′00,0″"


def test_no_two_names_overlap_and_the_important_ones_stay():
    chance = random.Random(7)
    labels = [
        Label((f"Vùng {n}",), chance.uniform(5, 195), chance.uniform(5, 145), 22, 3, n, "area", 1.0)
        for n in range(400)
    ]
    inside, sign = Rect(0, 0, 200, 150), Rect(95, 70, 10, 10)
    placed = place_labels(labels, inside, [sign])
    assert 80 < len(placed) < 400
    rects = [one.rect for one in placed] + [sign]
    for at, one in enumerate(rects):
        assert one.x >= 0
        assert one.right <= 200
        for other in rects[at + 1 :]:
            assert (
                one.right <= other.x
                or other.right <= one.x
                or one.top <= other.y
                or other.top <= one.y
            )
    assert labels[-1] in [one.label for one in placed]


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({}, "commune"),
        ({"commune": "24848", "bbox": [108, 11, 109, 12]}, "bbox"),
        ({"commune": "24848", "paper": "A0"}, "paper"),
        ({"commune": "24848", "orientation": "up"}, "orientation"),
        ({"commune": "24848", "scale": 499}, "scale"),
        ({"commune": "24848", "scale": 250_001}, "scale"),
        ({"commune": "24848", "scale": "10000"}, "scale"),
        ({"commune": "24848", "scale": True}, "scale"),
        ({"center": [108.5, 11.8]}, "scale"),
        ({"center": [11.8, 108.5], "scale": 1000}, "center"),
        ({"bbox": [108.5, 11.8, 108.4, 11.9]}, "bbox"),
        ({"bbox": [108.5, 11.8, float("nan"), 11.9]}, "bbox"),
        ({"bbox": "108,11,109,12"}, "bbox"),
        ({"commune": 24848}, "commune"),
        ({"commune": "24848", "layers": ["applications"]}, "layers"),
        ({"commune": "24848", "layers": "facilities"}, "layers"),
        ({"commune": "24848", "title": "x" * 121}, "title"),
        ({"commune": "24848", "colour": "red"}, "colour"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_name(body, parameter):
    with pytest.raises(InvalidInputError) as refused:
        read_request(body)
    assert refused.value.context["parameter"] == parameter


def test_a_wish_survives_the_way_through_the_queue():
    wish = read_request(
        {"bbox": [108.4, 11.8, 108.5, 11.9], "scale": 5000, "title": "Bản  đồ\u202e\nxã"}
    )
    assert wish.title == "Bản đồ xã"
    assert read_request(wish.to_json()) == wish
    with pytest.raises(InvalidInputError):
        read_request(["commune"])
