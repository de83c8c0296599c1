"""Rasters registered, and statistics taken from them inside features."""

import csv
import json

import numpy as np
import pytest
import rasterio
from geoalchemy2.shape import from_shape, to_shape
from pyproj import Transformer
from rasterio import Affine
from shapely import MultiPolygon, box, transform
from sqlalchemy import select

from etl.scenes import register_scene
from etl.statistics import compute_statistics, write_table
from gis.database import report_overlaps
from gis.errors import ConflictError, CrsMismatchError, InvalidInputError, NotFoundError
from gis.models import Parcel, Scene, SceneStatistic
from gis.zonal import Rule

# 1..100 in a 10 × 10 grid of 30 m cells near Ka Đô, VN-2000 / TM-3 107-45.
WEST, NORTH, CELL = 580_000.0, 1_300_000.0, 30.0


def write_raster(path, cells=None, crs="EPSG:5899", nodata=-1, **profile):
    cells = np.arange(1, 101, dtype="float32").reshape(10, 10) if cells is None else cells
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=cells.shape[1],
        height=cells.shape[0],
        count=1,
        dtype=cells.dtype,
        crs=crs,
        transform=Affine(CELL, 0, WEST, 0, -CELL, NORTH),
        nodata=nodata,
        **profile,
    ) as file:
        file.write(cells, 1)
    return path


def add_parcel(session, cells_west, cells_south, cells_east, cells_north):
    """A parcel whose border follows cells, counted from the grid's lower left corner."""
    south = NORTH - 10 * CELL
    area = box(
        WEST + cells_west * CELL,
        south + cells_south * CELL,
        WEST + cells_east * CELL,
        south + cells_north * CELL,
    )
    to_lonlat = Transformer.from_crs(5899, 4326, always_xy=True)
    area = transform(area, lambda p: np.column_stack(to_lonlat.transform(p[:, 0], p[:, 1])))
    parcel = Parcel(boundary=from_shape(MultiPolygon([area]), srid=4326))
    session.add(parcel)
    session.flush()
    return parcel


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "files"


def test_a_scene_is_registered_once(session, tmp_path, folder):
    path = write_raster(tmp_path / "Ảnh vụ Đông.tif")
    report = register_scene(session, path, folder=folder, actor="test")
    assert report.scene == "anh-vu-dong"
    assert report.crs == "EPSG:5899"
    assert (report.bands[0].valid, report.bands[0].low, report.bands[0].high) == (100, 1, 100)
    scene = session.execute(select(Scene).where(Scene.code == "anh-vu-dong")).scalar_one()
    assert (folder / scene.path).read_bytes() == path.read_bytes()
    west, south, *_ = to_shape(scene.footprint).bounds
    assert (west, south) == pytest.approx((108.4831, 11.7504), abs=0.01)
    assert register_scene(session, path, folder=folder).is_known
    other = write_raster(tmp_path / "other.tif", np.ones((10, 10), "float32"))
    with pytest.raises(ConflictError):
        register_scene(session, other, folder=folder, code="anh-vu-dong")


def test_what_cannot_be_placed_or_read_is_refused(session, tmp_path, folder):
    nowhere = write_raster(tmp_path / "nowhere.tif", crs=None)
    with pytest.raises(CrsMismatchError, match="--crs"):
        register_scene(session, nowhere, folder=folder)
    assert register_scene(session, nowhere, folder=folder, crs="EPSG:5899").crs == "EPSG:5899"
    cut = tmp_path / "cut.tif"
    cut.write_bytes(nowhere.read_bytes()[:200])
    shorter = tmp_path / "shorter.tif"
    shorter.write_bytes(write_raster(tmp_path / "whole.tif").read_bytes()[:-100])
    text = tmp_path / "text.tif"
    text.write_text("not a raster")
    wrapper = tmp_path / "wrapper.vrt"
    wrapper.write_text("<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>")
    address = "/vsicurl/http://localhost/a.tif"
    bad_files = (cut, shorter, text, wrapper, address, tmp_path / "absent.tif")
    for bad in bad_files:
        with pytest.raises(InvalidInputError):
            register_scene(session, bad, folder=folder)
    with pytest.raises(InvalidInputError, match="cannot be a scene's id"):
        register_scene(session, nowhere, folder=folder, code="../up", crs="EPSG:5899")


def test_an_unnamed_coordinate_system_is_said(session, tmp_path, folder):
    path = write_raster(tmp_path / "odd.tif", crs="+proj=tmerc +lon_0=108.2 +ellps=krass +units=m")
    report = register_scene(session, path, folder=folder)
    assert "not a known one" in report.warnings[0]


def test_a_large_untiled_raster_is_kept_as_cog(session, tmp_path, folder, monkeypatch):
    monkeypatch.setattr("etl.scenes._COG_CELLS", 50)
    path = write_raster(tmp_path / "large.tif")
    report = register_scene(session, path, folder=folder)
    with rasterio.open(folder / report.path) as kept, rasterio.open(path) as given:
        assert kept.profile["tiled"]
        assert (kept.read(1) == given.read(1)).all()


def test_statistics_inside_features(session, tmp_path, folder):
    register_scene(session, write_raster(tmp_path / "grid.tif"), folder=folder)
    report_overlaps(session)
    corner = add_parcel(session, 0, 0, 2, 2)  # 81 82 / 91 92
    inner = add_parcel(session, 0.6, 0.6, 1.4, 1.4)  # no centre inside
    outside = add_parcel(session, 50, 50, 51, 51)
    report = compute_statistics(
        session, "grid", "parcels", folder=folder, statistics=["count", "mean", "max"]
    )
    assert (report.read, report.accepted, report.rejected) == (3, 2, 1)
    assert report.rejects[0]["row"] == outside.id
    assert report.rows[0] == {"id": corner.id, "count": 4, "mean": 86.5, "max": 92}
    assert report.rows[1] == {"id": inner.id, "count": 0, "mean": None, "max": None}
    assert report.written == 6
    again = compute_statistics(
        session, "grid", "parcels", folder=folder, statistics=["count", "mean", "max"]
    )
    assert again.written == 0
    exact = compute_statistics(
        session, "grid", "parcels", folder=folder, rule=Rule.EXACT, statistics=["count", "mean"]
    )
    assert exact.rows[1]["count"] == pytest.approx(0.64, abs=1e-3)
    kept = session.execute(
        select(SceneStatistic.rule, SceneStatistic.value).where(
            SceneStatistic.feature_id == corner.id, SceneStatistic.statistic == "mean"
        )
    ).all()
    assert dict(kept) == {"centre": 86.5, "exact": pytest.approx(86.5, abs=0.01)}
    out = tmp_path / "out.csv"
    write_table(report, out)
    with out.open(encoding="utf-8") as file:
        assert next(iter(csv.DictReader(file)))["count"] == "4"
    with pytest.raises(InvalidInputError, match=r"csv or \.parquet"):
        write_table(report, tmp_path / "out.doc")


def test_wrong_questions_have_clear_answers(session, tmp_path, folder):
    register_scene(session, write_raster(tmp_path / "grid.tif"), folder=folder)
    for arguments, error in (
        (("absent", "parcels"), NotFoundError),
        (("grid", "absent"), NotFoundError),
        (("grid", "facilities"), InvalidInputError),
    ):
        with pytest.raises(error):
            compute_statistics(session, *arguments, folder=folder)
    with pytest.raises(InvalidInputError, match="no band 2"):
        compute_statistics(session, "grid", "parcels", folder=folder, band=2)


@pytest.mark.long
def test_the_commands(run_command, tmp_path):
    path, report = write_raster(tmp_path / "grid.tif"), tmp_path / "report.json"
    done = run_command("etl", "scene", path, "--datetime", "2026-11-03", "--report", report)
    assert done.returncode == 0, done.stderr
    assert json.loads(report.read_text())["accepted"] == 1
    out = tmp_path / "out.parquet"
    done = run_command(
        "etl",
        "zonal",
        "--scene",
        "grid",
        "--layer",
        "parcels",
        "--stats",
        "mean,count",
        "--out",
        out,
        "--report",
        report,
    )
    assert done.returncode == 0, done.stderr
    assert out.exists()
    assert json.loads(report.read_text())["read"] == 0
    failed = run_command("etl", "zonal", "--scene", "absent", "--layer", "parcels")
    assert (failed.returncode, len(failed.stderr.strip().splitlines())) == (1, 1)
