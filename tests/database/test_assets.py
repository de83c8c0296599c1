"""Built files: compressed once by the build, sent as the browser takes them."""

import gzip

import pytest


@pytest.fixture
def dist(tmp_path, monkeypatch):
    (tmp_path / "map-AAAAAAAA.js").write_text("let a = 1;")
    (tmp_path / "map-AAAAAAAA.js.gz").write_bytes(gzip.compress(b"let a = 1;"))
    (tmp_path / "font.woff2").write_bytes(b"wOF2")
    (tmp_path / "manifest.json").write_text('{"map.js": "map-AAAAAAAA.js"}')
    monkeypatch.setattr("web.assets.DIST", tmp_path)


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, br", "gzip"), ("br", None), ("gzip;q=0", None), ("", None), ("*", "gzip")],
)
def test_a_script_comes_as_small_as_the_browser_takes_it(client, dist, accepted, encoding):
    with client.get("/static/map-AAAAAAAA.js", headers={"Accept-Encoding": accepted}) as answer:
        body = gzip.decompress(answer.data) if encoding else answer.data
        assert body == b"let a = 1;"
        assert answer.headers.get("Content-Encoding") == encoding
        assert answer.mimetype == "text/javascript"
        assert "accept-encoding" in answer.vary
        assert answer.cache_control.immutable


def test_what_the_build_did_not_compress_comes_as_it_is(client, dist):
    with client.get("/static/font.woff2", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.data == b"wOF2"
        assert answer.mimetype == "font/woff2"
