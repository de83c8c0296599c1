"""Every Expected line of SOURCES.md for vector files, held over the real files."""

from datetime import date

import pyproj
import pytest
import shapely
from sqlalchemy import func, select, text

from etl.errors import UnknownCrsError, UnreadableFileError
from etl.loading import load_file
from etl.options import LoadOptions
from gis.errors import InvalidInputError
from gis.models import AdministrativeUnit, LayerChange, Parcel, Revision, Track
from traceability.models import Certificate, Product
from traceability.ocop import months_after

pytestmark = pytest.mark.real_data

ANYWHERE = LoadOptions(anywhere=True)


@pytest.fixture
def load(session, shared):
    def run(layer, file, **options):
        return load_file(session, layer, str(shared / "data" / file), LoadOptions(**options))

    return run


def projected_area_ha(session, source, crs):
    """Sum the stored parcels of one file in a plane system, to compare with a published figure."""
    wkb = session.scalars(
        select(func.ST_AsBinary(Parcel.boundary)).where(Parcel.source.like(f"{source}%"))
    ).all()
    there = pyproj.Transformer.from_crs(4326, crs, always_xy=True)
    shapes = shapely.from_wkb([bytes(shape) for shape in wkb])
    moved = shapely.transform(shapes, there.transform, interleaved=False)
    return shapely.area(moved).sum() / 10_000


@pytest.mark.parametrize(
    ("file", "valid_from", "count", "area_ha"),
    [
        ("ld2009_12districts_census.geojson", date(2009, 4, 1), 12, 977_867.9),
        ("ld2009_communes_census.gpkg", date(2009, 4, 1), 148, None),
        ("ld2025_124communes_simplified30m.geojson", date(2025, 7, 1), 124, 2_423_655.2),
        ("ld2025_7communes_fullres.geojson", date(2025, 7, 1), 7, 215_319.34),
        ("ld2025_province.geojson", date(2025, 7, 1), 1, 2_424_629.4),
    ],
)
def test_administrative_units(load, session, file, valid_from, count, area_ha):
    report = load("administrative-units", f"admin/{file}", valid_from=valid_from)
    assert (report.read, report.accepted, report.rejected) == (count, count, 0)
    assert report.crs == "EPSG:4326"
    if area_ha is not None:
        digits = 0.01 if file.startswith("ld2025_7") else 0.06  # as many as SOURCES.md states
        assert report.area_ha == pytest.approx(area_ha, abs=digits)
    again = load("administrative-units", f"admin/{file}", valid_from=valid_from)
    assert (again.accepted, again.unchanged, again.updated) == (count, count, 0)
    assert again.area_ha == pytest.approx(report.area_ha, abs=1e-6)


def test_communes_of_2009_keep_their_census(load, session):
    load(
        "administrative-units",
        "admin/ld2009_communes_census.gpkg",
        valid_from=date(2009, 4, 1),
        mapping=("area=declared_area_ha",),
    )
    for district, count, population, stated, area in (
        ("Huyện Lạc Dương", 6, 18_839, 127_106, 126_504.2),
        ("Huyện Đơn Dương", 10, 84_418, 61_226, 61_179.1),
    ):
        found = session.execute(
            select(
                func.count(),
                func.sum(AdministrativeUnit.population),
                func.sum(AdministrativeUnit.declared_area_ha),
                func.sum(AdministrativeUnit.area_ha),
            ).where(AdministrativeUnit.attributes["district_vn"].astext == district)
        ).one()
        assert found[:2] == (count, population)
        assert float(found[2]) == stated
        assert found[3] == pytest.approx(area, abs=0.06)


def test_both_reforms_live_side_by_side(load, session):
    load(
        "administrative-units",
        "admin/ld2009_communes_census.gpkg",
        valid_from=date(2009, 4, 1),
        mapping=("commune_id=code",),
    )
    load(
        "administrative-units",
        "admin/ld2025_124communes_simplified30m.geojson",
        valid_from=date(2025, 7, 1),
    )
    # The same codes once more as of another day are other units, not an update.
    load(
        "administrative-units",
        "admin/ld2025_7communes_fullres.geojson",
        valid_from=date(2024, 1, 1),
    )
    periods = session.execute(
        select(AdministrativeUnit.valid_from, AdministrativeUnit.valid_to, func.count())
        .group_by(AdministrativeUnit.valid_from, AdministrativeUnit.valid_to)
        .order_by(AdministrativeUnit.valid_from)
    ).all()
    assert [tuple(period) for period in periods] == [
        (date(2009, 4, 1), date(2025, 6, 30), 148),
        (date(2024, 1, 1), date(2025, 6, 30), 7),
        (date(2025, 7, 1), None, 124),
    ]
    declared = session.execute(
        select(AdministrativeUnit.code, AdministrativeUnit.declared_area_ha / 100)
        .where(
            AdministrativeUnit.code.in_(
                ("24846", "24848", "24853", "24931", "24934", "24943", "24955")
            ),
            AdministrativeUnit.valid_to.is_(None),
        )
        .order_by(AdministrativeUnit.code)
    ).all()
    assert [float(area) for _, area in declared] == [
        *(322.66, 828.01, 391.25, 127.81, 240.89, 108.08, 135.08)
    ]


def test_a_wrong_province_name_is_flagged(load):
    report = load(
        "administrative-units",
        "admin/ld2009_12districts_census.geojson",
        valid_from=date(2009, 4, 1),
    )
    assert any(
        "province_vn contradicts province in 12 rows" in warning and "Kon Tum" in warning
        for warning in report.warnings
    )
    assert not any("district_vn contradicts" in warning for warning in report.warnings)


def test_eight_invalid_wards_are_refused_with_their_place_or_repaired(load):
    file, mapping = "admin/vn_wards_raw_invalid_8.geojson", ("ma1=code",)
    refused = load("administrative-units", file, mapping=mapping)
    assert (refused.read, refused.accepted, refused.rejected) == (8, 0, 8)
    assert [reject.row for reject in refused.rejects] == list(range(1, 9))
    assert all("elf-intersection at 10" in reject.detail for reject in refused.rejects)
    mended = load("administrative-units", file, mapping=mapping, repair=True)
    assert (mended.accepted, mended.rejected, mended.repaired) == (8, 0, 8)
    assert all(
        "ha before" in repair.what and "ha after" in repair.what for repair in mended.repairs
    )
    with pytest.raises(InvalidInputError, match=r"ma1, matinhxa, _src.*--map ma1=code"):
        load("administrative-units", file)


@pytest.mark.parametrize(
    ("file", "options", "crs", "count", "plane_ha", "geodesic_ha"),
    [
        (
            "be_wal_inspire.gml",
            {"source_layer": "ExistingLandUseObject"},
            "EPSG:3035",
            10,
            None,
            None,
        ),
        ("ch_lwb_lv95.gpkg", {}, "EPSG:2056", 100, 213.904, None),
        ("dk_marker/Marker_2026.shp", {}, "EPSG:25832", 100, 264.010, None),
        ("es_cat_cultius_multilayer.gpkg", {}, "EPSG:25831", 100, 237.235, None),
        ("jecam_bf/BD_JECAM_CIRAD_2023_feb.shp", {}, "EPSG:4326", 100, None, 56.377),
        ("jp_fude_100.parquet", {}, "EPSG:6668", 100, None, 118.969),
        (
            "nz_irrigated/irrigated-land-area-raw-2020-update.shp",
            {},
            "EPSG:2193",
            100,
            906.136,
            None,
        ),
        ("us_ca_cropmap_z.gdb.zip", {}, "EPSG:4269", 100, None, 305.771),
        ("vn_ai4smallfarms_100.gpkg", {"anywhere": False}, "EPSG:32648", 100, 52.881, 52.903),
    ],
)
def test_parcels(load, session, file, options, crs, count, plane_ha, geodesic_ha):
    report = load("parcels", f"parcels/{file}", **{"anywhere": True, **options})
    assert (report.read, report.accepted, report.rejected, report.crs) == (count, count, 0, crs)
    if geodesic_ha is not None:
        assert report.area_ha == pytest.approx(geodesic_ha, abs=0.001)
    if plane_ha is not None:
        found = projected_area_ha(session, report.file, crs)
        assert found == pytest.approx(plane_ha, abs=0.001)
    dimensions = session.scalars(select(func.ST_NDims(Parcel.boundary)).distinct()).all()
    assert dimensions == [2]
    before = session.scalar(select(func.count()).select_from(Revision))
    versions = session.scalar(select(func.count()).select_from(LayerChange))
    again = load("parcels", f"parcels/{file}", **{"anywhere": True, **options})
    assert (again.unchanged, again.updated, again.inserted) == (count, 0, 0)
    assert session.scalar(select(func.count()).select_from(Revision)) == before
    assert session.scalar(select(func.count()).select_from(LayerChange)) == versions


def test_latin_1_text_arrives_intact(load, session):
    report = load("parcels", "parcels/dk_marker/Marker_2026.shp", anywhere=True)
    assert report.encoding == "latin-1"
    crop = Parcel.attributes["Afgroede"].astext
    found = select(func.count()).where(crop == "Permanent græs, normalt udbytte")
    assert session.scalar(found) == 20


def test_a_lookup_table_is_never_geometry(load):
    file = "parcels/es_cat_cultius_multilayer.gpkg"
    with pytest.raises(UnreadableFileError, match="table without geometry"):
        load("parcels", file, source_layer="Grups_DUN2023_CAT_CAS_ANG", anywhere=True)
    with pytest.raises(UnreadableFileError, match="no layer xyz"):
        load("parcels", file, source_layer="xyz", anywhere=True)


def test_the_first_layer_of_an_inspire_file_is_taken_and_the_other_named(load):
    report = load("parcels", "parcels/be_wal_inspire.gml", anywhere=True, dry_run=True)
    assert report.read == 1
    assert any("ExistingLandUseObject" in warning for warning in report.warnings)


def test_without_a_coordinate_system_a_file_is_refused_with_a_guess(load, session):
    file = "parcels/no_prj/points_wgs84_no_prj.shp"
    with pytest.raises(UnknownCrsError, match=r"Guess: EPSG:4326.*--crs EPSG:4326"):
        load("facilities", file, anywhere=True)
    report = load("facilities", file, anywhere=True, crs="EPSG:4326")
    assert (report.read, report.accepted) == (73, 73)


def test_rows_outside_vietnam_are_refused_and_not_moved(load, session):
    report = load("parcels", "parcels/us_ca_cropmap_z.gdb.zip")
    assert (report.accepted, report.rejected) == (0, 100)
    assert {reject.reason for reject in report.rejects} == {"outside Vietnam"}
    assert session.scalar(select(func.count()).select_from(Parcel)) == 0


@pytest.mark.parametrize(
    ("file", "layer", "read", "accepted", "points"),
    [
        ("Friday-Evening-Run.gpx", None, 1, 1, 17),
        ("apple_watch_route.gpx", None, 1, 1, 44),
        ("cerknicko-jezero.gpx", "tracks", 8, 8, 296),
        ("cerknicko-jezero.gpx", "waypoints", 7, 7, 7),
        ("cerknicko-jezero.gpx", "routes", 0, 0, 0),
        ("osm.gpx", None, 3, 2, 360),
        ("multitrack.kml", None, 3, 3, 18),
        ("multigeometry_sibling.kml", None, 1, 1, 74),
    ],
)
def test_tracks(load, session, file, layer, read, accepted, points):
    report = load("tracks", f"tracks/{file}", anywhere=True, source_layer=layer)
    assert (report.read, report.accepted, report.rejected) == (read, accepted, read - accepted)
    assert (session.scalar(select(func.sum(func.ST_NPoints(Track.path)))) or 0) == points


def test_tracks_keep_segments_lines_and_instants(load, session):
    load("tracks", "tracks/Friday-Evening-Run.gpx", anywhere=True)
    load("tracks", "tracks/multigeometry_sibling.kml", anywhere=True)
    segments = session.scalars(select(func.ST_NumGeometries(Track.path)).order_by(Track.id)).all()
    assert segments == [3, 23]
    started = session.scalar(select(Track.recorded_at).where(Track.name == "Friday Evening Run"))
    assert started is not None
    assert started.tzinfo is not None


def test_a_track_that_never_moved_is_refused_or_becomes_a_point(load, session):
    report = load("tracks", "tracks/osm.gpx", anywhere=True)
    assert [reject.row for reject in report.rejects] == [1]
    assert "Too few points" in report.rejects[0].detail
    mended = load("tracks", "tracks/osm.gpx", anywhere=True, repair=True)
    assert (mended.accepted, mended.unchanged, mended.repaired) == (3, 2, 1)


def test_polygons_of_kml_go_to_polygon_layers(load):
    hollow = load("parcels", "tracks/polygon.kml", anywhere=True)
    assert hollow.area_ha == pytest.approx(0.338, abs=0.001)  # the hole counts, 1.175 without it
    field = load("parcels", "tracks/schema.kml", anywhere=True)
    assert field.area_ha == pytest.approx(0.001, abs=0.001)
    assert load("tracks", "tracks/polygon.kml", anywhere=True).rejects[0].reason == "wrong geometry"


def test_a_kml_export_keeps_its_typed_columns(load, session):
    load("parcels", "tracks/schema.kml", anywhere=True)
    attributes = session.scalar(select(Parcel.attributes))
    assert len(attributes) == 22  # 23 columns, Name went to the name
    assert attributes["cn_cv_1109"] == "89%"


def test_a_run_is_recorded_with_its_refusals(load, session):
    load("tracks", "tracks/osm.gpx", anywhere=True)
    load("tracks", "tracks/osm.gpx", anywhere=True, dry_run=True)
    runs = session.execute(text("SELECT task, subject, state, report FROM etl.run")).all()
    assert [tuple(run[:3]) for run in runs] == [("load", "tracks", "done")]
    assert runs[0].report["rejected"] == 1
    assert session.scalar(text("SELECT count(*) FROM etl.reject")) == 1


def test_ocop_decisions_become_products_with_certificates(load, session):
    load(
        "administrative-units",
        "admin/ld2025_124communes_simplified30m.geojson",
        valid_from=date(2025, 7, 1),
    )
    file = "ocop/ocop_lamdong_decisions_24.csv"
    report = load("products", file, key="record_id")
    assert (report.read, report.accepted, report.rejected) == (24, 24, 0)
    stars = select(Certificate.stars, func.count()).group_by(Certificate.stars)
    assert dict(map(tuple, session.execute(stars))) == {3: 19, 4: 5}
    for certificate in session.scalars(select(Certificate)):
        assert certificate.expires_on == months_after(certificate.issued_on, 36)
    placed = select(func.count()).where(Product.commune_id.is_not(None))
    assert session.scalar(placed) == 24  # every commune of today is found by its name
    again = load("products", file, key="record_id")
    assert (again.accepted, again.unchanged) == (24, 24)
