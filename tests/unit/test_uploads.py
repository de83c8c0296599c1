"""Names of sent files, and which of them belong together."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.uploads import plan_parts, safe_name, store_upload
from gis.errors import InvalidInputError


@given(st.text(max_size=300))
def test_a_safe_name_is_only_a_name(sent):
    name = safe_name(sent)
    assert name
    assert not name.startswith((".", "-/"))
    assert not set(name) & set('/\\\0!:*?"<>|\n')
    assert len(name.encode()) <= 130
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("C:\\Users\\Lan\\Vùng trồng 2026.KML", "Vùng_trồng_2026.kml"),
        ("../../etc/passwd", "passwd"),
        ("/vsicurl/http://x/a.gpkg", "a.gpkg"),
        ("a!b.zip", "a_b.zip"),
        (".htaccess", "htaccess"),
        ("", "tep"),
    ],
)
def test_names(sent, kept):
    assert safe_name(sent) == kept


def test_parts_of_a_shapefile_take_its_name():
    sent = ["Vung.SHP", "VUNG.DBF", "vung.shx", "vung.prj", "vung.shp.xml", "vung.sbn"]
    kept = [part.name for part in plan_parts(sent)]
    assert kept == ["Vung.shp", "Vung.dbf", "Vung.shx", "Vung.prj", None, None]


@pytest.mark.parametrize(
    ("sent", "rule"),
    [
        ([], "no-file"),
        (["a.shp", "b.shp"], "several-files"),
        (["a.dbf"], "no-shp"),
        (["a.exe"], "unknown-kind"),
        (["a.shp", "b.dbf"], "other-name"),
        (["a.kml", "a.png"], "odd-part"),
        (["a.shp", "a.dbf", "A.DBF"], "same-name"),
        (["a.kml"] * 21, "too-many"),
    ],
)
def test_what_does_not_belong_together(sent, rule):
    with pytest.raises(InvalidInputError) as caught:
        plan_parts(sent)
    assert caught.value.context["rule"] == rule


def test_bytes_are_kept_as_they_came(tmp_path):
    upload = store_upload(tmp_path, [("Vùng.kml", io.BytesIO(b"\x00\xff not KML"))])
    assert (tmp_path / upload.folder / "Vùng.kml").read_bytes() == b"\x00\xff not KML"
    assert (upload.bytes, upload.file_name) == (10, "Vùng.kml")
    with pytest.raises(InvalidInputError, match="empty"):
        store_upload(tmp_path, [("a.kml", io.BytesIO(b""))])
    assert len(list((tmp_path / "imports").iterdir())) == 1
