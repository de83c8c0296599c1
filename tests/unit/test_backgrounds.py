"""Addresses of backgrounds are read strictly: they end in the page's policy."""

import pyproj
import pytest

from gis.backgrounds import BackgroundWish, check_address, check_file, origins_of, policy_sources
from gis.crs import proj4_definitions
from gis.errors import InvalidInputError
from web.protection import CONTENT_SECURITY_POLICY, content_security_policy

XYZ = "https://tiles.example.vn/{z}/{x}/{y}.png"


@pytest.mark.parametrize(
    ("kind", "address", "origins"),
    [
        ("xyz", XYZ, ("https://tiles.example.vn",)),
        ("xyz", "https://T.Example.vn:8443/{z}/{x}/{-y}.jpg?k=1", ("https://t.example.vn:8443",)),
        (
            "xyz",
            "https://{a-c}.tile.example/{z}/{x}/{y}.png",
            ("https://a.tile.example", "https://b.tile.example", "https://c.tile.example"),
        ),
        (
            "wmts",
            "https://w.example/wmts?SERVICE=WMTS&REQUEST=GetTile&LAYER=a&TILEMATRIXSET=g"
            "&TILEMATRIX={TileMatrix}&TILEROW={TileRow}&TILECOL={TileCol}",
            ("https://w.example",),
        ),
        ("pmtiles", "https://10.0.0.7/nen.pmtiles", ("https://10.0.0.7",)),
        ("cog", "https://[2001:db8::1]/a/anh.tif?x=1", ("https://[2001:db8::1]",)),
        ("cog", "http://localhost:9000/anh.TIFF", ("http://localhost:9000",)),
    ],
)
def test_good_addresses_and_their_origins(kind, address, origins):
    check_address(kind, address)
    assert origins_of(address) == origins
    directive = "img-src" if kind in ("xyz", "wmts") else "connect-src"
    wish = BackgroundWish(name="x", kind=kind, address=address)
    policy = content_security_policy(policy_sources([wish]))
    part = next(one for one in policy.split("; ") if one.startswith(directive))
    assert set(origins) <= set(part.split())


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("xyz", "http://tiles.example.vn/{z}/{x}/{y}.png"),
        ("xyz", "javascript:alert(1)//{z}{x}{y}"),
        ("xyz", "//tiles.example.vn/{z}/{x}/{y}.png"),
        ("xyz", "https://user:pass@tiles.example.vn/{z}/{x}/{y}.png"),
        ("xyz", "https://tiles.example.vn/{z}/{x}/{y}.png#a"),
        ("xyz", "https://tiles.example.vn/{z}/{x}.png"),
        ("xyz", "https://tiles.example.vn/{z}/{x}/{y}/{y}.png"),
        ("xyz", "https://tiles.example.vn/{z}/{x}/{y}/{s}.png"),
        ("xyz", "https://{z}.example.vn/{z}/{x}/{y}.png"),
        ("xyz", "https://{a-z}.example.vn/{z}/{x}/{y}.png"),
        ("xyz", "https://{c-a}.example.vn/{z}/{x}/{y}.png"),
        ("xyz", "https://tiles.example.vn; script-src */{z}/{x}/{y}"),
        ("xyz", "https://tiles.example.vn;script-src/{z}/{x}/{y}"),
        ("xyz", "https://*.example.vn/{z}/{x}/{y}.png"),
        ("xyz", "https://*/{z}/{x}/{y}.png"),
        ("xyz", "https://'self'/{z}/{x}/{y}.png"),
        ("xyz", "https://tiles.example.vn:0/{z}/{x}/{y}.png"),
        ("xyz", "https://tiles.example.vn:99999/{z}/{x}/{y}.png"),
        ("xyz", "https://tiles.example.vn:/{z}/{x}/{y}.png"),
        ("xyz", "https://đất.example/{z}/{x}/{y}.png"),
        ("xyz", "https://ti les.example/{z}/{x}/{y}.png"),
        ("xyz", "https://tiles.example.vn\n/{z}/{x}/{y}.png"),
        ("xyz", "https:///{z}/{x}/{y}.png"),
        ("xyz", "https://256.1.1.1/{z}/{x}/{y}.png"),
        ("xyz", "https://0x7f.1/{z}/{x}/{y}.png"),
        ("xyz", "https://[::1/{z}/{x}/{y}.png"),
        ("xyz", "http://localhost.example/{z}/{x}/{y}.png"),
        ("xyz", f"https://tiles.example.vn/{'a' * 2000}/{{z}}/{{x}}/{{y}}.png"),
        ("wmts", XYZ),
        ("cog", XYZ),
        ("cog", "https://a.example/anh.png"),
        ("pmtiles", "https://a.example/anh.tif"),
    ],
)
def test_other_addresses_are_refused(kind, address):
    with pytest.raises(InvalidInputError) as refused:
        check_address(kind, address)
    assert refused.value.context["parameter"] == "address"


def test_a_file_lies_in_the_files_folder_and_is_what_it_says(tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    (files / "anh.tif").write_bytes(b"II*\0rest")
    (files / "nen.pmtiles").write_bytes(b"PMTiles\x03rest")
    (files / "khac.tif").write_bytes(b"\x89PNG\r\n")
    (tmp_path / "ngoai.tif").write_bytes(b"II*\0rest")
    (files / "link.tif").symlink_to(tmp_path / "ngoai.tif")
    assert check_file("cog", files, "anh.tif") == files / "anh.tif"
    assert check_file("pmtiles", files, "nen.pmtiles") == files / "nen.pmtiles"
    for kind, name in (
        ("cog", "khac.tif"),
        ("cog", "nen.pmtiles"),
        ("pmtiles", "anh.tif"),
        ("cog", "../ngoai.tif"),
        ("cog", "link.tif"),
        ("cog", str(tmp_path / "ngoai.tif")),
        ("cog", "."),
        ("cog", "a\0.tif"),
        ("xyz", "anh.tif"),
    ):
        with pytest.raises(InvalidInputError):
            check_file(kind, files, name)


def test_nothing_but_an_origin_gets_into_the_policy():
    assert content_security_policy() == CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    for bad in ("*", "https:", "https://a.example/path", "https://a.example; x", "'unsafe-inline'"):
        with pytest.raises(ValueError, match="no origin"):
            content_security_policy({"img-src": (bad,)})


@pytest.mark.parametrize("code", [5899, 9208, 9218, 3405])
def test_the_browser_gets_vn2000_as_epsg_has_it(code):
    text = proj4_definitions()[f"EPSG:{code}"]
    ours = pyproj.Transformer.from_crs("EPSG:4326", text, always_xy=True)
    theirs = pyproj.Transformer.from_crs("EPSG:4326", f"EPSG:{code}", always_xy=True)
    place = (105.3, 18.9) if code == 9208 else (108.5166, 11.7963)
    assert ours.transform(*place) == pytest.approx(theirs.transform(*place), abs=0.001)
