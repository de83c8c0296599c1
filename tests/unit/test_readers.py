"""Files as they come, and files made to harm: what is read, and the one line of a refusal."""

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from etl.errors import UnreadableFileError
from etl.readers import open_source
from etl.readers.gdal import MAX_VERTICES
from gis.errors import InvalidInputError

SQUARE = shapely.box(108.5, 11.9, 108.501, 11.901)


def write(path: Path, shapes, crs="EPSG:4326", **columns) -> Path:
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(np.array(shapes, dtype=object)),
        field_data=[np.array(column, dtype=object) for column in columns.values()],
        fields=list(columns),
        geometry_type="Unknown" if path.suffix != ".shp" else "Polygon",
        crs=crs,
        driver="LIBKML" if path.suffix == ".kml" else None,
    )
    return path


def read(path: Path | str, **options):
    with open_source(str(path), **options) as source:
        batches = list(source.batches())
        columns = {
            name: [cell for batch in batches for cell in batch.columns[name]]
            for name in source.fields
        }
    return source, batches, columns


def refuse(path: Path | str, words: str, **options) -> None:
    with pytest.raises(UnreadableFileError, match=words) as caught:
        read(path, **options)
    assert "\n" not in caught.value.detail


@pytest.fixture
def parcel(tmp_path) -> Path:
    return write(tmp_path / "thua.gpkg", [SQUARE], ten=["Lạc Xuân"])


@pytest.mark.parametrize(
    "path",
    [
        "/vsicurl/http://127.0.0.1/a.gpkg",
        "/vsizip//tmp/a.zip/a.shp",
        "https://example.org/a.geojson",
        "PG:dbname=x",
        "/dev/zero",
        "/tmp",
        "/nowhere/a.gpkg",
    ],
)
def test_only_plain_files_of_this_machine_are_opened(path):
    refuse(path, "plain file|cannot be read|not a file")


@pytest.mark.parametrize(
    "suffix",
    [".gpkg", ".shp", ".geojson", ".gpx", ".kml", ".gml", ".parquet", ".xlsx", ".csv", ".zip"],
)
def test_empty_and_meaningless_files_are_refused(tmp_path, suffix):
    empty = tmp_path / f"empty{suffix}"
    empty.touch()
    refuse(empty, "is empty")
    noise = tmp_path / f"noise{suffix}"
    noise.write_bytes(np.random.default_rng(1).bytes(5000))  # what an encrypted file looks like
    refuse(noise, "noise")


@pytest.mark.parametrize("kept", [0.3, 0.8, 0.99])
def test_truncated_files_are_refused(tmp_path, parcel, kept):
    shapes = [shapely.box(108 + i / 1000, 11, 108.0005 + i / 1000, 12) for i in range(300)]
    names = [f"Thửa {i}" for i in range(300)]
    files = [
        write(tmp_path / f"whole{suffix}", shapes, ten=names)
        for suffix in (".gpkg", ".shp", ".geojson", ".fgb", ".gml", ".kml")
    ]
    packed = tmp_path / "whole.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(files[0], "whole.gpkg")
    for file in (*files, packed):
        whole = file.read_bytes()
        file.write_bytes(whole[: int(len(whole) * kept)])
        refuse(file, "whole")


def test_a_shapefile_without_its_parts_is_refused(tmp_path):
    shape = write(tmp_path / "a.shp", [SQUARE], ten=["x"])
    table = (tmp_path / "a.dbf").read_bytes()
    (tmp_path / "a.dbf").write_bytes(table[:-40])
    refuse(shape, "a.dbf is truncated")
    (tmp_path / "a.dbf").unlink()
    refuse(shape, "lacks its .dbf")


def test_xml_entities_are_refused_before_gdal_sees_them(tmp_path):
    for name, root in (("a.gpx", "gpx"), ("a.kml", "kml"), ("a.gml", "FeatureCollection")):
        bomb = tmp_path / name
        bomb.write_text(
            '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">'
            f'<!ENTITY f SYSTEM "file:///etc/passwd">]><{root}>&b;&f;</{root}>'
        )
        refuse(bomb, "entities")


def test_zip_bombs_protected_and_leading_archives_are_refused(tmp_path):
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.geojson", bytes(200 * 1024**2))
    refuse(bomb, "ZIP bomb")
    leading = tmp_path / "leading.zip"
    with zipfile.ZipFile(leading, "w") as archive:
        archive.writestr("../../a.geojson", "{}")
    refuse(leading, "leads outside")
    nested = tmp_path / "nested.zip"
    with zipfile.ZipFile(nested, "w") as archive:
        archive.writestr("b.zip", leading.read_bytes())
    refuse(nested, "another archive")
    protected = tmp_path / "protected.zip"
    with zipfile.ZipFile(protected, "w") as archive:
        archive.writestr("a.geojson", "{}")
    raw = bytearray(protected.read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1  # the flag "encrypted" of the central directory
    protected.write_bytes(raw)
    refuse(protected, "password")


def test_an_archive_that_lies_about_its_sizes_is_refused(tmp_path):
    liar = tmp_path / "liar.zip"
    with zipfile.ZipFile(liar, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.geojson", bytes(3_000_000))
    raw = bytearray(liar.read_bytes())
    place = raw.index(b"PK\x01\x02") + 24
    raw[place : place + 4] = struct.pack("<I", 10)
    liar.write_bytes(raw)
    refuse(liar, "liar")


def test_a_workbook_with_a_password_or_a_far_cell_is_refused(tmp_path):
    protected = tmp_path / "mat_khau.xlsx"
    protected.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    )
    refuse(protected, "protected by a password")
    far = tmp_path / "far.xlsx"
    for place, cell in (
        ("xl/worksheets/sheet1.xml", '<c r="XFD1048576"/>'),
        ("xl/worksheets/sheet1.xml", f"{' ' * 1_048_570}<c s='0' r='XFD1048576'/>"),
        ("xl/elsewhere.xml", '<c s="0" r = "XFD1048576"/>'),
    ):
        with zipfile.ZipFile(far, "w") as archive:
            archive.writestr(place, f"<sheetData>{cell}</sheetData>")
        refuse(far, "1,048,576 rows")


def test_a_polygon_of_a_million_vertices_is_refused(tmp_path):
    angle = np.linspace(0, 2 * np.pi, 1_000_000)
    ring = np.column_stack([108.5 + np.cos(angle) / 10, 11.9 + np.sin(angle) / 10])
    refuse(
        write(tmp_path / "a.gpkg", [SQUARE, shapely.polygons(ring)], x=["a", "b"]),
        "Row 2 .*vertices",
    )
    just = np.column_stack([ring[::3, 0], ring[::3, 1]])
    assert len(just) < MAX_VERTICES
    read(write(tmp_path / "b.gpkg", [shapely.polygons(just)], x=["a"]))


def test_json_that_runs_pipelines_is_refused(tmp_path):
    file = tmp_path / "a.json"
    file.write_text('{"type": "gdal_streamed_alg", "command_line": "gdal vector read /vsicurl/x"}')
    refuse(file, "not GeoJSON")
    link = tmp_path / "a.gpkg"
    link.write_text("<OGRVRTDataSource><OGRVRTLayer/></OGRVRTDataSource>")
    refuse(link, "not a GeoPackage")


def test_legacy_text_of_a_shapefile_is_converted_per_column(tmp_path):
    names = ["L¹c Xu©n", "§¬n D\u00ad¬ng", "Ka"]
    pyogrio.raw.write(
        tmp_path / "cu.shp",
        geometry=shapely.to_wkb(np.array([SQUARE] * 3)),
        field_data=[np.array(names, dtype=object), np.array(["a", "b", "c"], dtype=object)],
        fields=["ten", "ma"],
        geometry_type="Polygon",
        crs="EPSG:5899",
        encoding="ISO-8859-1",
    )
    source, _, columns = read(tmp_path / "cu.shp")
    assert columns["ten"] == ["Lạc Xuân", "Đơn Dương", "Ka"]
    assert (source.encoding, source.crs) == ("tcvn3", "EPSG:5899")
    (tmp_path / "cu.cpg").write_text("UTF-8")  # a lie
    source, _, columns = read(tmp_path / "cu.shp")
    assert columns["ten"][0] == "Lạc Xuân"
    assert "says UTF-8" in source.warnings[0]
    assert read(tmp_path / "cu.shp", encoding="latin-1")[2]["ten"] == names


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize(("x", "y"), [("lon", "lat"), ("Kinh độ", "Vĩ độ")])
def test_a_table_with_coordinates_becomes_points(tmp_path, mark, x, y):
    file = tmp_path / "a.csv"
    rows = [["Tên", x, y], ["Trạm 1", "108.5", "11.9"], ["Trạm 2", "", ""], ["Trạm 3", "abc", "1"]]
    file.write_text("\n".join(mark.join(row) for row in rows), encoding="utf-8")
    source, (batch,), columns = read(file)
    assert source.crs == "EPSG:4326"
    assert columns == {"Tên": ["Trạm 1", "Trạm 2", "Trạm 3"]}
    assert shapely.from_wkb(batch.geometry[0]).equals(shapely.Point(108.5, 11.9))
    assert batch.geometry[1] is None
    assert batch.problems == {2: ("bad value", f"{x}: 'abc' is not a number")}


def test_a_table_with_wkt_and_one_without_places(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text('code,wkt\n1,"POINT (108.5 11.9)"\n2,"SRID=4326;POINT(1 2)"\n3,POINT(\n')
    source, (batch,), _ = read(file)
    assert source.crs is None
    assert [shape is None for shape in batch.geometry] == [False, False, True]
    assert batch.problems[2][0] == "unreadable geometry"
    file.write_text("code,name\n1,a\n")
    assert not read(file)[0].has_geometry


def test_unknown_kinds_and_encodings_are_named(tmp_path, parcel):
    other = tmp_path / "a.dwg"
    other.write_bytes(b"AC1032")
    refuse(other, "Known: .gpkg")
    with pytest.raises(InvalidInputError, match="tcvn3"):
        read(parcel, encoding="klingon")


def test_an_archive_with_one_data_set_is_read_in_place(tmp_path, parcel):
    packed = tmp_path / "goi.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(parcel, "du lieu/thua.gpkg")
        archive.writestr("doc.txt", "đọc trước")
    source, _, columns = read(packed)
    assert (source.name, columns["ten"]) == ("goi.zip", ["Lạc Xuân"])
    kmz = tmp_path / "a.kmz"
    buffer = io.BytesIO(
        b'<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><Point><coordinates>108.5,11.9'
        b"</coordinates></Point></Placemark></kml>"
    )
    with zipfile.ZipFile(kmz, "w") as archive:
        archive.writestr("doc.kml", buffer.getvalue())
    assert len(read(kmz)[1]) == 1


@pytest.mark.real_data
def test_a_file_geodatabase_packed_without_its_folder_is_read(shared, tmp_path):
    packed = tmp_path / "goi.zip"
    inside = zipfile.ZipFile(shared / "data" / "parcels" / "us_ca_cropmap_z.gdb.zip")
    with inside, zipfile.ZipFile(packed, "w") as archive:
        for member in inside.infolist():
            if not member.is_dir():
                archive.writestr(Path(member.filename).name, inside.read(member))
    source, batches, _ = read(packed)
    assert (source.format, sum(len(batch) for batch in batches)) == ("OpenFileGDB", 100)
