import pyproj
import pytest

from etl.crs_guess import explain_guess, guess_crs
from gis.crs import name_crs, parse_crs, point_to_wgs84, recognise_vn2000
from gis.errors import CrsMismatchError


@pytest.mark.parametrize(
    ("crs", "x", "y", "longitude", "latitude"),
    [
        ("EPSG:5899", 583_345.851, 1_304_648.000, 108.5166, 11.7963),
        ("EPSG:9208", 557_743.884, 2_090_588.828, 105.3, 18.9),
    ],
)
def test_vn2000_reaches_wgs84_with_its_datum_shift(crs, x, y, longitude, latitude):
    # Test vectors of DOMAIN 7.1; 1e-8 degrees are about a millimetre.
    assert point_to_wgs84(x, y, crs) == pytest.approx((longitude, latitude), abs=2e-8)


def test_leaving_the_datum_out_would_cost_226_metres():
    there = point_to_wgs84(583_345.851, 1_304_648.0, "EPSG:5899")
    bare = "+proj=tmerc +lat_0=0 +lon_0=107.75 +k=0.9999 +x_0=500000 +y_0=0 +ellps=WGS84"
    wrong = point_to_wgs84(583_345.851, 1_304_648.0, bare)
    assert pyproj.Geod(ellps="WGS84").inv(*there, *wrong)[2] == pytest.approx(225.6, abs=0.5)


def test_a_vn2000_definition_is_recognised_although_its_datum_got_lost():
    lost = parse_crs("+proj=tmerc +lat_0=0 +lon_0=107.75 +k=0.9999 +x_0=500000 +y_0=0 +ellps=WGS84")
    assert recognise_vn2000(lost) == 5899
    assert recognise_vn2000(parse_crs("EPSG:3405")) == 3405
    assert recognise_vn2000(parse_crs("EPSG:32648")) is None  # honest UTM stays UTM
    assert recognise_vn2000(parse_crs("EPSG:4326")) is None


def test_names_and_nonsense():
    assert name_crs(parse_crs("OGC:CRS84")) == "OGC:CRS84"
    assert name_crs(parse_crs(pyproj.CRS("EPSG:5899").to_wkt())) == "EPSG:5899"
    with pytest.raises(CrsMismatchError, match="EPSG:5899"):
        parse_crs("EPSG:99999999")


@pytest.mark.parametrize(
    ("points", "codes", "crs", "reason"),
    [
        ([(108.5, 11.9)], (), "EPSG:4326", "degrees of longitude"),
        ([(-81.7, 12.57)], (), "EPSG:4326", "range"),
        ([(11.9, 108.5)], (), "EPSG:4326", "latitude stands before"),
        ([(583_345.8, 1_304_648.0)], (), "EPSG:5899", "province 68"),
        ([(557_743.9, 2_090_588.8)], (), "EPSG:9208", "province 40"),
        ([(557_743.9, 2_090_588.8)], ("40", "40"), "EPSG:9208", "province 40"),
        ([(583_345.8, 1_304_648.0)], ("67001",), "EPSG:9218", "province 67"),
    ],
)
def test_a_guess_names_its_reason(points, codes, crs, reason):
    guess = guess_crs(points, commune_codes=codes)
    assert guess is not None
    assert guess.crs == crs
    assert reason in guess.reason


def test_known_communes_decide_between_zones():
    def count_in_lac_duong(points):
        return sum(108.4 < x < 108.7 and 11.9 < y < 12.3 for x, y in points)

    inside = [pyproj.Transformer.from_crs(4326, 9218, always_xy=True).transform(108.55, 12.1)]
    guess = guess_crs(inside, count_known=count_in_lac_duong)
    assert guess is not None
    assert guess.crs == "EPSG:9218"


def test_the_refusal_shows_the_guess_and_the_command():
    points = [(583_345.8, 1_304_648.0)]
    sentence = explain_guess(guess_crs(points), points, "thua.shp", "python -m etl load parcels x")
    assert sentence.endswith("python -m etl load parcels x --crs EPSG:5899")
    assert "583345.8" in sentence
    assert "Nothing used" in explain_guess(None, [(1e9, 1e9)], "a", "b")
    assert guess_crs([(1e9, 1e9)]) is None
