"""What a load accepts, refuses, repairs and leaves alone; all or nothing."""

import json
from datetime import date

import pytest
import shapely
from geoalchemy2.shape import to_shape
from sqlalchemy import func, select, text

from etl.errors import UnknownCrsError, UnreadableFileError
from etl.loading import load_file
from etl.options import LoadOptions
from gis.errors import ConflictError, InvalidInputError
from gis.models import (
    AdministrativeUnit,
    Facility,
    GrowingArea,
    LayerChange,
    Parcel,
    Revision,
    Track,
)
from tests.load_factories import box, write_geojson


@pytest.fixture
def make(tmp_path):
    def write(shapes, file="thua.geojson", **columns):
        return write_geojson(tmp_path / file, shapes, **columns)

    return write


@pytest.fixture
def load(session):
    def run(layer, file, **options):
        return load_file(session, layer, str(file), LoadOptions(**options))

    return run


def count(session, model):
    return session.scalar(select(func.count()).select_from(model))


def test_the_same_file_twice_changes_nothing_and_a_changed_one_only_what_changed(
    load, session, make
):
    shapes = [box(108.5, 11.9), box(108.6, 11.9), box(108.7, 11.9)]
    first = load("parcels", make(shapes, ma_thua=["A", "B", None], chu=["x", "y", "z"]))
    assert (first.accepted, first.inserted) == (3, 3)
    revisions, changes = count(session, Revision), count(session, LayerChange)
    versions = session.scalars(select(Parcel.version)).all()
    again = load("parcels", make(shapes, ma_thua=["A", "B", None], chu=["x", "y", "z"]))
    assert (again.accepted, again.unchanged, again.updated) == (3, 3, 0)
    assert again.area_ha == pytest.approx(first.area_ha, abs=1e-9)
    assert (count(session, Revision), count(session, LayerChange)) == (revisions, changes)
    assert session.scalars(select(Parcel.version)).all() == versions
    moved = load(
        "parcels",
        make(
            [shapes[0], box(108.61, 11.9), shapes[2]],
            ma_thua=["A", "B", None],
            chu=["x", "y", "zz"],
        ),
    )
    assert (moved.accepted, moved.updated, moved.unchanged) == (3, 2, 1)
    assert count(session, Parcel) == 3
    stored = session.execute(
        select(Parcel.code, Parcel.attributes, Parcel.version).order_by(Parcel.id)
    )
    assert [tuple(row) for row in stored] == [
        ("A", {"chu": "x"}, 1),
        ("B", {"chu": "y"}, 2),
        (None, {"chu": "zz"}, 2),
    ]
    reason = session.scalar(select(Revision.reason).where(Revision.action == "update").limit(1))
    assert reason == "load thua.geojson"


def test_two_loads_into_a_layer_do_not_race(load, make, engine):
    with engine.begin() as other:
        other.execute(
            text("SELECT pg_advisory_xact_lock(hashtext('etl.load'), hashtext('parcels'))")
        )
        with pytest.raises(ConflictError, match="under way"):
            load("parcels", make([box(108.5, 11.9)]))


def test_a_natural_key_holds_across_files_and_a_source_key_within_one(load, session, make):
    load("parcels", make([box(108.5, 11.9)], code=["A"]))
    other = load("parcels", make([box(108.51, 11.9)], "khac.geojson", code=["A"]))
    assert (other.updated, count(session, Parcel)) == (1, 1)
    load("parcels", make([box(108.6, 11.9), box(108.7, 11.9)], "so.geojson", so=[7, 8]), key="so")
    swapped = make([box(108.7, 11.9), box(108.6, 11.9)], "so.geojson", so=[8, 7])
    assert load("parcels", swapped, key="so").unchanged == 2
    with pytest.raises(InvalidInputError, match=r"no field abc\. Its fields: so"):
        load("parcels", swapped, key="abc")


def test_an_empty_cell_keeps_what_officers_wrote(load, session, make):
    load("parcels", make([box(108.5, 11.9)], code=["A"], ten=["Ruộng trên"]))
    session.execute(text('UPDATE gis.parcel SET attributes = attributes || \'{"note": "đã đo"}\''))
    report = load("parcels", make([box(108.5, 11.9)], code=["A"], ten=[None]))
    assert report.unchanged == 1
    assert session.execute(select(Parcel.name, Parcel.attributes)).one() == (
        "Ruộng trên",
        {"note": "đã đo"},
    )


def test_rows_are_refused_each_with_its_reason_and_place(load, session, make):
    bow_tie = shapely.Polygon([(108.5, 11.9), (108.6, 12.0), (108.6, 11.9), (108.5, 12.0)])
    shapes = [
        box(108.5, 11.9),
        bow_tie,
        None,
        shapely.Point(108.5, 11.9),
        box(2.35, 48.85),
        shapely.box(11.9, 80.5, 11.901, 80.501),
        box(108.7, 11.9),
        shapely.Polygon(),
    ]
    codes = ["A", "B", "C", "D", "E", "F", "A", "H"]
    report = load("parcels", make(shapes, code=codes))
    assert (report.read, report.accepted, report.rejected) == (8, 1, 7)
    assert [(reject.row, reject.reason) for reject in report.rejects] == [
        (2, "invalid geometry"),
        (3, "no geometry"),
        (4, "wrong geometry"),
        (5, "outside Vietnam"),
        (6, "outside Vietnam"),
        (7, "duplicate key"),
        (8, "empty geometry"),
    ]
    assert report.rejects[0].detail == "Self-intersection at 108.550000 11.950000"
    assert "already the key of row 1" in report.rejects[5].detail
    assert count(session, Parcel) == 1
    kept = session.execute(text("SELECT row, reason FROM etl.reject ORDER BY row")).all()
    assert len(kept) == 7


def test_a_repair_says_the_area_before_and_after(load, session, make):
    bow_tie = shapely.Polygon([(108.5, 11.9), (108.6, 12.0), (108.6, 11.9), (108.5, 12.0)])
    dangling = shapely.GeometryCollection([box(108.7, 11.9), shapely.LineString([(1, 1), (2, 2)])])
    file = make([bow_tie, dangling], code=["A", "B"])
    report = load("parcels", file, repair=True)
    assert (report.accepted, report.repaired, report.rejected) == (1, 1, 1)
    assert report.repairs[0].row == 1
    assert "Self-intersection at 108.550000 11.950000: area" in report.repairs[0].what
    stored = to_shape(session.scalar(select(Parcel.boundary)))
    assert stored.is_valid
    assert report.area_ha == pytest.approx(6_031, rel=0.01)  # two triangles of 0.05° x 0.1° / 2


def test_heights_go_and_mixed_kinds_are_sorted(load, session, make):
    high = shapely.force_3d(box(108.5, 11.9), 7)
    parts = shapely.GeometryCollection(
        [box(108.6, 11.9), shapely.GeometryCollection([box(108.7, 11.9)])]
    )
    lines = shapely.GeometryCollection(
        [
            shapely.LineString([(108.5, 11.9), (108.6, 11.9)]),
            shapely.LineString([(108, 12), (109, 12)]),
        ]
    )
    areas = load("parcels", make([high, parts, lines]))
    assert [(reject.row, reject.reason) for reject in areas.rejects] == [(3, "wrong geometry")]
    shapes = session.execute(
        select(func.ST_NDims(Parcel.boundary), func.ST_NumGeometries(Parcel.boundary)).order_by(
            Parcel.id
        )
    ).all()
    assert [tuple(shape) for shape in shapes] == [(2, 1), (2, 2)]
    walks = load("tracks", make([high, parts, lines, shapely.Point(108.5, 11.9)]))
    assert (walks.accepted, walks.rejected) == (2, 2)
    kinds = session.scalars(select(func.GeometryType(Track.path)).order_by(Track.id)).all()
    assert kinds == ["MULTILINESTRING", "POINT"]


def test_an_unclosed_ring_is_refused_or_closed(load, session, tmp_path):
    file = tmp_path / "ho.geojson"
    ring = [[108.5, 11.9], [108.6, 11.9], [108.6, 12.0], [108.5, 12.0]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {}, "geometry": shape}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    report = load("parcels", file)
    assert [reject.reason for reject in report.rejects] == ["unreadable geometry"]
    assert "closed" in report.rejects[0].detail
    mended = load("parcels", file, repair=True)
    assert (mended.accepted, mended.repaired) == (1, 1)
    assert "the ring was closed" in mended.repairs[0].what
    assert to_shape(session.scalar(select(Parcel.boundary))).equals(
        shapely.box(108.5, 11.9, 108.6, 12)
    )


def test_a_dry_run_reports_the_same_and_writes_nothing(load, session, make):
    file = make([box(108.5, 11.9), box(1, 1)], code=["A", "B"])
    dry = load("parcels", file, dry_run=True)
    assert (count(session, Parcel), count(session, Revision)) == (0, 0)
    assert session.scalar(text("SELECT count(*) FROM etl.run")) == 0
    wet = load("parcels", file)
    same = ("read", "accepted", "updated", "unchanged", "rejected", "rejects", "warnings")
    assert [dry.as_json()[key] for key in same] == [wet.as_json()[key] for key in same]
    assert dry.area_ha == pytest.approx(wet.area_ha, abs=1e-9)


@pytest.mark.parametrize(
    ("table", "reasons"),
    [
        # Categories of the EUDR fixtures (UX 1.4): swapped columns, unclosed rings, no degrees.
        ("lon,lat\n11.9,108.5\n", ["outside Vietnam"]),
        ("lon,lat\n108.5,11.9\n", []),
        ("lon,lat\n,\n108.5,\n", ["no geometry"]),
        ('lon,lat\n"108,5","11,9"\n', []),
        ("x,y\n108.5,11.9\n", []),
        ('wkt\n"POINT (108.5 11.9)"\n', []),
        ('wkt\n"POINT (108.5 11.9)"\n"POINT (108.5"\n', ["unreadable geometry"]),
    ],
)
def test_tables_of_points(load, tmp_path, table, reasons):
    file = tmp_path / "diem.csv"
    file.write_text(table)
    report = load("facilities", file)
    assert [reject.reason for reject in report.rejects] == reasons
    assert report.crs == "EPSG:4326"


def test_any_columns_can_be_named_as_the_place(load, tmp_path):
    file = tmp_path / "diem.csv"
    file.write_text("ten;kd;vd\nA;108,5;11,9\n", encoding="utf-8")
    with pytest.raises(UnreadableFileError, match="--map FIELD=lon --map FIELD=lat"):
        load("facilities", file)
    report = load("facilities", file, mapping=("kd=lon", "vd=lat"))
    assert (report.accepted, report.crs) == (1, "EPSG:4326")
    with pytest.raises(InvalidInputError, match="no field nix"):
        load("facilities", file, mapping=("nix=lon", "vd=lat"))
    with pytest.raises(InvalidInputError, match="two columns to lon and lat"):
        load("facilities", file, mapping=("vd=lat",))
    file.write_text("x_5899,y_5899\n583345.851,1304648.000\n")
    assert load("facilities", file).crs == "EPSG:5899"


def test_swapped_degrees_are_named_as_such(load, tmp_path):
    file = tmp_path / "diem.csv"
    file.write_text("lon,lat\n11.9,108.5\n")
    report = load("facilities", file)
    assert "look swapped" in report.rejects[0].detail


def test_an_unclosed_ring_of_a_table_is_refused(load, tmp_path):
    file = tmp_path / "thua.csv"
    file.write_text('wkt\n"POLYGON ((108.5 11.9, 108.6 11.9, 108.6 12))"\n"POINT (108.5 11.9)"\n')
    report = load("parcels", file)
    assert [reject.reason for reject in report.rejects] == ["unreadable geometry", "wrong geometry"]


def test_vn2000_arrives_where_it_is(load, session, tmp_path):
    file = tmp_path / "diem.csv"
    file.write_text("ten,x,y\nMốc,583345.851,1304648.000\n")
    with pytest.raises(UnknownCrsError, match=r"Guess: EPSG:5899.*--crs EPSG:5899$"):
        load("facilities", file)
    # Surveyors write x for northing.
    file.write_text("ten,x,y\nMốc,1304648.000,583345.851\n")
    report = load("facilities", file, crs="EPSG:5899")
    place = to_shape(session.scalar(select(Facility.location)))
    assert (place.x, place.y) == pytest.approx((108.5166, 11.7963), abs=2e-8)
    assert any("northing" in warning for warning in report.warnings)


def test_a_known_commune_gives_the_zone_and_the_row_its_commune(load, session, make, tmp_path):
    commune = make(
        [shapely.box(108.4, 11.9, 108.7, 12.3)], "xa.geojson", code=["24848"], name=["Lạc Dương"]
    )
    load("administrative-units", commune, valid_from=date(2025, 7, 1))
    file = tmp_path / "diem.csv"
    file.write_text("x,y\n505000,1330000\n")  # 108°33′ E in zone 108°30′, 107°48′ in 107°45′
    with pytest.raises(UnknownCrsError, match="Guess: EPSG:9218, because 1 of 1"):
        load("facilities", file)
    report = load(
        "facilities", make([shapely.Point(108.5, 12), shapely.Point(107, 12)], "f.geojson")
    )
    assert "1 accepted rows lie in no known commune." in report.warnings
    unit = session.scalar(select(AdministrativeUnit.id))
    found = session.scalars(select(Facility.commune_id).order_by(Facility.id)).all()
    assert found == [unit, None]


def test_units_get_level_period_and_key(load, session, make):
    shapes = [box(108, 11.9), box(108.1, 11.9), box(108.2, 11.9), box(108.3, 11.9)]
    file = make(
        shapes, ma=["68", "675", "24848", "X-1"], ten=["Lâm Đồng", "Lạc Dương", "Đạ Nhim", "D’Ran"]
    )
    load("administrative-units", file, valid_from=date(2024, 1, 1))
    rows = session.execute(
        select(
            AdministrativeUnit.level, AdministrativeUnit.valid_to, AdministrativeUnit.name
        ).order_by(AdministrativeUnit.id)
    ).all()
    assert [row.level for row in rows] == ["province", "district", "commune", "commune"]
    assert {row.valid_to for row in rows} == {date(2025, 6, 30)}
    assert rows[3].name == "D'Ran"
    report = load("administrative-units", file)  # the same codes of 1 July 2025 are other units
    assert (report.inserted, count(session, AdministrativeUnit)) == (4, 8)
    assert any("Without --valid-from" in warning for warning in report.warnings)


def test_growing_areas_take_polygons_points_and_crops(load, session, make):
    file = make(
        [box(108.5, 11.9), shapely.Point(108.6, 12), shapely.Point(108.7, 12)],
        ten=["Vùng A", "Vùng B", "Vùng C"],
        cay_trong=["Cà phê", "DAU TAY", "cây lạ"],
        dien_tich_ha=[None, "1,5", None],
        so_ho=[3, "4", "x"],
    )
    report = load("growing-areas", file)
    assert [(reject.row, reject.reason) for reject in report.rejects] == [(3, "bad value")]
    rows = session.execute(
        select(
            GrowingArea.name, GrowingArea.area_ha, GrowingArea.household_count, GrowingArea.crop_id
        ).order_by(GrowingArea.id)
    ).all()
    assert [row.household_count for row in rows] == [3, 4]
    assert rows[1].area_ha == pytest.approx(1.5)
    assert all(row.crop_id is not None for row in rows)
    assert report.area_ha == pytest.approx(rows[0].area_ha)


def test_a_point_without_an_area_is_no_growing_area(load, make):
    report = load("growing-areas", make([shapely.Point(108.6, 12)], ten=["Vùng C"]))
    assert [(reject.row, reject.reason) for reject in report.rejects] == [(1, "missing value")]


def test_overlaps_are_told_with_whom_and_how_much(load, make):
    load("parcels", make([box(108.5, 11.9)], "cu.geojson", code=["CŨ"]))
    shapes = [box(108.5005, 11.9), box(108.501, 11.9), box(108.6, 11.9), box(108.601, 11.9)]
    report = load("parcels", make(shapes, "moi.geojson", code=["A", "B", "C", "D"]))
    told = [warning for warning in report.warnings if "overlaps" in warning]
    assert len(told) == 2  # C and D only touch
    assert told[0].startswith("Row 1 overlaps row 2 by 6,0")
    assert told[1].startswith("Row 1 overlaps parcels CŨ by 6,0")
    assert "(50.0 % of it)" in told[0]
    again = load("parcels", make(shapes, "moi.geojson", code=["A", "B", "C", "D"]))
    assert not any("overlaps" in warning for warning in again.warnings)


def test_what_the_editor_would_not_take_is_told_by_the_same_rules(load, make):
    strip = shapely.box(108.5, 12.1, 108.502, 12.100008)
    shapes = [box(108.5, 11.9), box(108.51, 11.9), box(108.52, 11.9, 0.2), strip]
    file = make(shapes, ten=list("ABCD"), dien_tich=[1.2, 3.0, None, None])
    report = load("growing-areas", file)
    assert report.accepted == 4, "a person decides"
    told = [warning for warning in report.warnings if "accepted rows" in warning]
    assert any(
        sentence.startswith("1 accepted rows are larger than any field, farm or zone: row 3:")
        for sentence in told
    )
    assert any("1 accepted rows are strips or run out into spikes: row 4" in t for t in told)
    [differs] = [sentence for sentence in told if "than declared" in sentence]
    assert differs.startswith("1 accepted rows are more than 20 % larger or smaller than declared:")
    assert "row 2: The shape encloses 1.2" in differs
    again = load("growing-areas", file)
    assert not any("than declared" in warning for warning in again.warnings), "nothing is new"


def test_mapping_is_checked_and_the_rest_kept(load, session, make):
    file = make([box(108.5, 11.9)], so_hieu=["A"], name=["x"], area=[1.5])
    with pytest.raises(InvalidInputError, match=r"no field nix\. Its fields: so_hieu, name, area"):
        load("parcels", file, mapping=("nix=code",))
    with pytest.raises(InvalidInputError, match="parcels has no field colour"):
        load("parcels", file, mapping=("so_hieu=colour",))
    with pytest.raises(InvalidInputError, match="file_field=field"):
        load("parcels", file, mapping=("so_hieu",))
    report = load("parcels", file, mapping=("so_hieu=code",))
    assert "Fields taken by their names: name=name. Change with --map." in report.warnings
    assert session.execute(select(Parcel.code, Parcel.name, Parcel.attributes)).one() == (
        "A",
        "x",
        {"area": 1.5},
    )
