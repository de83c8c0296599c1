"""The real series, trials and rasters, with the results that are known of them."""

import numpy as np
import pytest

from etl.descriptions import Description
from etl.loading import LoadOptions, load_file
from etl.observations import load_observations
from etl.scenes import register_scene
from etl.statistics import compute_statistics
from gis.indices import ndvi
from gis.rasters import read_band
from gis.zonal import Rule

pytestmark = pytest.mark.real_data


def load(session, shared, file, **options):
    report = load_observations(session, "real", shared / "data" / file, **options).to_json()
    assert report["read"] == report["accepted"] + report["rejected"]
    return report


@pytest.mark.long
def test_outside_weather(session, shared):
    """13,825 × 11, 310 nulls: ten variables (the eleventh column is the time) of 31 each."""
    report = load(session, shared, "sensors/AGC2022_weather.csv")
    assert (report["accepted"], report["columns"], report["missing"]) == (13_825, 11, 310)
    assert report["values"] == 138_250
    assert next(iter(report["variables"])) == "Tout"  # its header ends in a space
    assert {figures["missing"] for figures in report["variables"].values()} == {31}
    assert report["last"] == "2022-03-21T00:00:00+07:00"


@pytest.mark.long
def test_greenhouse_climate(session, shared):
    """12,384 × 20; 5,165 cells are empty and one holds a blank: 5,166 missing values."""
    report = load(session, shared, "sensors/AGC2022_ref_GreenhouseClimate.csv")
    assert (report["accepted"], report["columns"], report["missing"]) == (12_384, 20, 5_166)
    air, humidity = report["variables"]["Tair"], report["variables"]["Rhair"]
    assert (round(air["mean"], 2), air["min"], air["max"]) == (17.89, 12.0, 29.2)
    assert round(humidity["mean"], 2) == 74.49


def test_coffee_trees_with_a_column_per_year(session, shared):
    path = "trials/paez.coffee.uniformity.xlsx"
    report = load(session, shared, path)
    assert (report["read"], report["values"], report["missing"]) == (838, 4_190, 129)
    assert report["sum"] == 194_935
    assert (report["subjects"], report["rejected"]) == (838, 0)
    assert load(session, shared, path)["unchanged"] == 838


@pytest.mark.parametrize(
    ("file", "rows", "columns", "missing"),
    [
        ("sensors/US-AR1_daily_qcflags.csv", 1_461, 18, 463),
        ("trials/minnesota.barley.weather.txt", 719, 8, 0),
        ("trials/lasrosas.corn.txt", 3_443, 8, 0),  # lat and long are one place
    ],
)
def test_other_series(session, shared, file, rows, columns, missing):
    report = load(session, shared, file)
    assert (report["accepted"], report["columns"], report["missing"]) == (rows, columns, missing)


@pytest.mark.long
def test_days_written_as_numbers(session, shared):
    report = load(session, shared, "sensors/FLX_US-AR1_daily.xlsx")
    assert (report["accepted"], report["columns"]) == (1_461, 75)
    assert (report["first"][:10], report["last"][:10]) == ("2009-01-01", "2012-12-31")
    assert report["layout"]["read_as_missing"] == [-9999.0]


def test_yield_monitor_mean(session, shared):
    report = load(session, shared, "trials/lasrosas.corn.txt")
    assert round(report["variables"]["yield"]["mean"], 3) == 69.828


def test_a_trial_without_time_needs_its_day(session, shared):
    about = Description.model_validate({"time": {"value": "2022-03-21"}})
    report = load(session, shared, "trials/AGC2022_lettuce_crop.csv", about=about)
    assert report["accepted"] + report["rejected"] == 72


def zonal(session, shared, folder, raster, vector, **options):
    load_file(session, "parcels", str(shared / "data/rasters" / vector), LoadOptions(anywhere=True))
    register_scene(session, shared / "data/rasters" / raster, folder=folder, code="real")
    return compute_statistics(session, "real", "parcels", folder=folder, **options).rows


def test_slope(session, shared, tmp_path):
    rows = zonal(session, shared, tmp_path, "slope.tif", "slope_polygons.shp")
    found = sorted((row["count"], round(row["mean"], 4)) for row in rows)
    assert found == [(50, 56.6058), (75, 14.6601)]


def test_national_park(session, shared, tmp_path):
    wanted = ("count", "mean", "min", "max")
    (row,) = zonal(session, shared, tmp_path, "rmnp-dem.tif", "rmnp.shp", statistics=wanted)
    assert (row["count"], round(row["mean"], 2)) == (19_696, 3_206.19)
    assert (row["min"], row["max"]) == (2_331, 4_261)


def test_exact_cover_of_slope(session, shared, tmp_path):
    rows = zonal(session, shared, tmp_path, "slope.tif", "slope_polygons.shp", rule=Rule.EXACT)
    assert sorted(round(row["count"], 2) for row in rows) == [52.17, 77.12]


def test_vegetation_of_olinda(shared):
    path = shared / "data/rasters/L7_ETMs_olinda_6band.tif"
    index = ndvi(read_band(path, 3), read_band(path, 4))
    figures = (np.nanmean(index), np.nanmin(index), np.nanmax(index))
    assert figures == pytest.approx((-0.06432, -0.7534, 0.5867), abs=5e-5)


def test_land_cover_of_the_communes(session, shared, tmp_path):
    path = shared / "data/admin/ld2025_7communes_fullres.geojson"
    load_file(session, "administrative-units", str(path))
    raster = shared / "data/rasters/ld_mcd12c1_igbp_2019.tif"
    report = register_scene(session, raster, folder=tmp_path, code="cover")
    assert "Clarke 1866" in report.warnings[0]
    rows = compute_statistics(
        session, "cover", "administrative-units", folder=tmp_path, statistics=["classes"]
    ).rows
    found = [{name: count for name, count in row.items() if name != "id"} for row in rows]
    for expected in (
        {"class_2": 26, "class_9": 2},  # Lạc Dương
        {"class_2": 2, "class_8": 1, "class_14": 1},  # Đơn Dương
        {"class_2": 5, "class_9": 1, "class_14": 1},  # D'Ran
        {"class_2": 6, "class_9": 5},  # Lang Biang - Đà Lạt
    ):
        assert expected in found


def test_a_misread_authority_is_not_believed(session, shared, tmp_path):
    """GDAL guesses EPSG:32000 for a UTM 25S without a datum: the raster lies near Recife."""
    path = shared / "data/rasters/olinda_dem_utm25s.tif"
    report = register_scene(session, path, folder=tmp_path)
    assert report.crs == "UTM Zone 25, Southern Hemisphere"
    assert report.bounds == pytest.approx((-34.917, -8.041, -34.826, -7.950), abs=0.001)
    assert (report.bands[0].low, report.bands[0].high) == (-1, 88)
