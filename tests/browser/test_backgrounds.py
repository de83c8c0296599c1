"""Backgrounds in a real Chromium: orthophotos, tiles and archives are drawn where they lie."""

import io
import re
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from tests.backgrounds import QUARTERS, picture, tile_server, write_cog, write_pmtiles
from tests.browser.conftest import Site
from tests.map_drawing import PATIENCE_MS

READY = "body[data-ready]"
# In Lạc Dương, where no demo area and no name of a commune lies.
LON, LAT = 108.6021, 12.0517
# How far the colours may be off: the map's own layers lie over them, nearly transparent.
REACH = 8
# The page behind the map.
BARE = (233, 235, 225)
UNITS = "/ogc/tiles/WebMercatorQuad/0/0/0?collections=administrative-units"


@pytest.fixture
def page(own_site: Site, desk: Page, sign_in: Callable) -> Page:
    """A page of the administrator."""
    sign_in(desk, own_site, "admin")
    return desk


def put_up(page: Page, site: Site, name: str, kind: str, **fields: str | Path) -> None:
    page.goto(f"{site.url}/quan-tri/nen-ban-do/moi")
    page.fill("[name=name]", name)
    page.select_option("[name=kind]", kind)
    for field, value in fields.items():
        if field == "upload":
            page.set_input_files("[name=upload]", value)
        else:
            page.fill(f"[name={field}]", str(value))
    page.click("button[value=save]")
    expect(page.get_by_role("status").first).to_contain_text(name)


def open_map(page: Page, site: Site, zoom: float, rest: str = "") -> None:
    page.goto("about:blank")
    page.goto(f"{site.url}/ban-do{rest}#{zoom}/{LAT}/{LON}")
    page.wait_for_selector(READY, timeout=PATIENCE_MS)


def colours_around(page: Page, reach: int) -> list[tuple[int, ...]]:
    """The colours north-west, north-east, south-west, south-east of the middle of the map."""
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    box = page.locator("#map").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    return [
        shot.getpixel((round(x + dx * reach), round(y + dy * reach)))
        for dy in (-1, 1)
        for dx in (-1, 1)
    ]


def wait_for(page: Page, wanted: tuple[tuple[int, ...], ...], reach: int = 60) -> None:
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < deadline:
        found = colours_around(page, reach)
        if all(
            abs(a - b) <= REACH
            for one, other in zip(found, wanted, strict=True)
            for a, b in zip(one, other, strict=True)
        ):
            return
        page.wait_for_timeout(250)
    pytest.fail(f"wanted {wanted}, found {found}; {page.inner_text('#map-message')}")


@pytest.mark.long
def test_an_orthophoto_in_vn2000_is_drawn_where_it_lies(own_site, page, tmp_path):
    """Its shift of 226 m, forgotten, would move the picture by nearly half of itself."""
    write_cog(tmp_path / "anh.tif", 5899, LON, LAT)
    upload = tmp_path / "anh.tif"
    put_up(page, own_site, "Ảnh bay", "cog", upload=upload, attribution="Ảnh: <b>xã</b>")
    # Where fields are drawn: 7 cm a pixel; the four colours meet in the middle, to half a metre.
    open_map(page, own_site, 21)
    wait_for(page, QUARTERS, reach=8)
    # What was typed is text on the map, whatever it looks like.
    expect(page.locator(".ol-attribution")).to_contain_text("Ảnh: <b>xã</b>")
    page.get_by_role("slider", name=re.compile("Ảnh bay")).fill("0")
    wait_for(page, (BARE,) * 4)
    page.wait_for_url(re.compile(r"[?]nen=\d+:0#"))
    # This browser remembers what was switched off, and the address wins over that.
    page.get_by_role("checkbox", name="Ảnh bay").uncheck()
    open_map(page, own_site, 17)
    expect(page.get_by_role("checkbox", name="Ảnh bay")).not_to_be_checked()
    open_map(page, own_site, 17, "?nen=1:100")
    wait_for(page, QUARTERS)


@pytest.mark.long
@pytest.mark.parametrize(
    ("crs", "options"),
    [(4326, {}), (32648, {}), (5899, {"compress": "JPEG"}), (3405, {"compress": "LZW"})],
)
def test_orthophotos_of_other_systems_and_packings(own_site, page, tmp_path, crs, options):
    write_cog(tmp_path / "anh.tif", crs, LON, LAT, **options)
    put_up(page, own_site, "Ảnh bay", "cog", upload=tmp_path / "anh.tif")
    open_map(page, own_site, 17)
    wait_for(page, QUARTERS)


@pytest.mark.long
def test_tiles_and_archives(own_site, page, tmp_path):
    """Tiles of another host load because the policy names it; archives are read in pieces."""
    ranges = []
    page.on(
        "request",
        lambda request: (
            ranges.append(request.headers.get("range"))
            if re.search(r"/nen-ban-do/\d+[?]", request.url)
            else None
        ),
    )
    write_pmtiles(tmp_path / "nen.pmtiles", picture((70, 110, 160)))
    tile = page.request.get(f"{own_site.url}{UNITS}").body()
    write_pmtiles(tmp_path / "vec.pmtiles", tile, kind=1)
    with tile_server((90, 140, 70)) as (address, asked):
        xyz, wmts = f"{address}/{{z}}/{{x}}/{{y}}.png", f"{address}/wmts?TM={{TileMatrix}}"
        wmts += "&R={TileRow}&C={TileCol}"
        put_up(page, own_site, "Ô XYZ", "xyz", address=xyz)
        put_up(page, own_site, "Ô WMTS", "wmts", address=wmts, position="5")
        open_map(page, own_site, 15)
        wait_for(page, ((90, 140, 70),) * 4)
        x, y = next(
            map(int, found.groups())
            for path in asked
            if (found := re.fullmatch(r"/15/(\d+)/(\d+)\.png", path))
        )
        # Row and column are not taken for each other: Vietnam lies far east and a little north.
        assert x > 2**14 > y
        assert f"/wmts?TM=15&R={y}&C={x}" in asked
    put_up(page, own_site, "Nền ảnh", "pmtiles", upload=tmp_path / "nen.pmtiles", position="6")
    put_up(page, own_site, "Nền véc-tơ", "pmtiles", upload=tmp_path / "vec.pmtiles", position="7")
    put_up(page, own_site, "Mất", "pmtiles", address="http://127.0.0.1:9/mat.pmtiles")
    open_map(page, own_site, 12)
    wait_for(page, ((70, 110, 160),) * 4)
    assert ranges
    assert all(one and one.startswith("bytes=") for one in ranges)
    expect(page.get_by_role("checkbox", name="Nền véc-tơ")).to_be_checked()
    # What does not come is said by its name; the others are not hindered.
    expect(page.locator("#map-message")).to_contain_text("Mất")


@pytest.mark.long
def test_the_pages_of_the_administrator_are_accessible(own_site, page, new_page, tmp_path, sign_in):
    write_cog(tmp_path / "anh.tif", 5899, LON, LAT)
    put_up(page, own_site, "Ảnh bay", "cog", upload=tmp_path / "anh.tif")
    page.wait_for_selector(READY, timeout=PATIENCE_MS)
    for path in ("", "/moi", "/1"):
        page.goto(f"{own_site.url}/quan-tri/nen-ban-do{path}")
        report = Axe().run(page)
        assert report.violations_count == 0, report.generate_report()
    with psycopg.connect(own_site.database) as connection:
        (count,) = connection.execute("SELECT count(*) FROM gis.background").fetchone()
    assert count == 1
    phone = new_page({"width": 360, "height": 740})
    sign_in(phone, own_site, "admin")
    for path in ("", "/moi"):
        phone.goto(f"{own_site.url}/quan-tri/nen-ban-do{path}")
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360
