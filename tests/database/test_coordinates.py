"""Coordinates typed by hand, converted at `/api/v1/coordinates`."""

import pytest

# Test vectors of DOMAIN 7.1: system, easting, northing, longitude, latitude.
VECTORS = [
    ("EPSG:5899", 583_345.851, 1_304_648.000, 108.5166, 11.7963),
    ("EPSG:9208", 557_743.884, 2_090_588.828, 105.3, 18.9),
]


def ask(client, **query):
    return client.get("/api/v1/coordinates", query_string=query)


@pytest.mark.parametrize(("crs", "east", "north", "lon", "lat"), VECTORS)
def test_both_ways(client, crs, east, north, lon, lat):
    found = ask(client, x=east, y=north, crs=crs).get_json()
    assert (found["x"], found["y"]) == pytest.approx((lon, lat), abs=2e-8)
    back = ask(client, x=lon, y=lat, to=crs).get_json()
    assert (back["x"], back["y"]) == pytest.approx((east, north), abs=0.002)
    assert back["in_vietnam"] is True
    # Surveyors call the northing X: who types it so is told that it lies elsewhere.
    swapped = ask(client, x=north, y=east, crs=crs)
    assert swapped.status_code >= 400 or swapped.get_json()["in_vietnam"] is False


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"x": "a", "y": 1}, "x"),
        ({"x": 1}, "y"),
        ({"x": "nan", "y": 1}, "x"),
        ({"x": 1, "y": "inf"}, "y"),
        ({"x": 1, "y": 1, "crs": "EPSG:abc"}, "crs"),
        ({"x": 1, "y": 1, "to": "+proj=utm"}, "to"),
        ({"x": 1, "y": 1, "z": 1}, "z"),
    ],
)
def test_what_is_no_coordinate_is_refused(client, query, parameter):
    answer = ask(client, **query)
    assert answer.status_code == 400
    assert answer.get_json()["parameter"] == parameter


def test_an_unknown_system_and_an_unreachable_point_are_problems(client):
    for query in ({"x": 1, "y": 1, "crs": "EPSG:999999"}, {"x": 1e9, "y": 1e9, "crs": "EPSG:5899"}):
        answer = ask(client, **query)
        assert 400 <= answer.status_code < 500
        assert answer.mimetype == "application/problem+json"
