"""The map in a real Chromium: drawn, picked, searched, linked, on a phone, from this host alone."""

import base64
import io
import re
import time
from collections.abc import Callable

import psycopg
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.map_drawing import PATIENCE_MS, open_map


def pixels(page: Page) -> set[tuple[int, int, int]]:
    """The colours on the main canvas itself, without the panel that lies over it."""
    address = page.evaluate("document.querySelector('.map-main canvas').toDataURL()")
    picture = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))
    return {colour[:3] for colour in set(picture.get_flattened_data()) if colour[3] == 255}


def wait_for_colours(page: Page, shown: dict[str, bool]) -> None:
    """Wait until each of these colours is on the map, or is not."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < deadline:
        colours = pixels(page)
        if all(near(colours, colour, 4) is wanted for colour, wanted in shown.items()):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"wanted {shown}")


def ask(site, query: str) -> tuple:
    with psycopg.connect(site.database) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row


def draw_all(page: Page) -> None:
    """Wait until the map has drawn what it shows now."""
    page.evaluate(
        """() => new Promise((done) => {
            window.langbiang.map.once("rendercomplete", () => done());
            window.langbiang.map.render();
        })"""
    )


def photograph(page: Page) -> set[tuple[int, ...]]:
    """The colours in the middle of the map as it is seen: what the graphics card draws, too."""
    shot = Image.open(io.BytesIO(page.locator("#map").screenshot())).convert("RGB")
    x, y = shot.width / 2, shot.height / 2
    return set(shot.crop((x - 150, y - 150, x + 150, y + 150)).get_flattened_data())


def near(colours: set[tuple[int, int, int]], wanted: str, reach: int = 8) -> bool:
    goal = [int(wanted[at : at + 2], 16) for at in (1, 3, 5)]
    return any(
        max(abs(a - b) for a, b in zip(found, goal, strict=True)) <= reach for found in colours
    )


def test_opens_on_the_communes_with_their_crops(site, desk: Page):
    """Communes' ground and the colour of the most grown crop are on the screen; no other host."""
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    open_map(desk, site.url)
    (colour,) = ask(
        site,
        "SELECT c.colour FROM gis.growing_area g JOIN gis.crop c ON c.id = g.crop_id"
        " GROUP BY c.id ORDER BY sum(g.area_ha) DESC LIMIT 1",
    )
    colours = pixels(desk)
    assert near(colours, colour)
    assert near(colours, "#f8f5ea", 3)
    assert len(colours) > 200
    assert all(address.startswith((site.url, "data:")) for address in asked)
    assert [address for address in asked if "/ogc/tiles/WebMercatorQuad/" in address]


def test_a_click_opens_the_area_and_its_page(site, desk: Page):
    code, name, lon, lat = ask(
        site,
        "SELECT c.code, g.name, ST_X(g.location), ST_Y(g.location) FROM gis.growing_area g"
        " JOIN gis.growing_area_code c ON c.growing_area_id = g.id AND c.status = 'active'"
        " JOIN gis.party p ON p.id = g.party_id WHERE p.kind = 'enterprise' ORDER BY g.id LIMIT 1",
    )
    open_map(desk, site.url, f"#16/{lat}/{lon}")
    box = desk.locator("#map").bounding_box()
    assert box is not None
    desk.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    card = desk.locator("#map-card")
    expect(card).to_be_visible()
    expect(card.locator("h2")).to_have_text(name)
    expect(card).to_contain_text(code)
    expect(card).to_contain_text("dữ liệu minh hoạ")
    card.locator("a").click()
    desk.wait_for_url(re.compile(r"/vung-trong/"))
    expect(desk.locator("h1")).to_be_visible()


def test_search_without_accents_goes_there(site, desk: Page):
    open_map(desk, site.url)
    desk.fill("#map-q", "lac lam")
    found = desk.locator("#map-found button", has_text=re.compile("^Vùng .*Lạc Lâm"))
    found.first.click()
    expect(desk.locator("#map-card h2")).to_contain_text("Lạc Lâm")
    (lon, lat) = ask(
        site,
        "SELECT ST_X(ST_Centroid(boundary)), ST_Y(ST_Centroid(boundary)) FROM gis.high_tech_zone"
        " WHERE name LIKE '%Lạc Lâm%'",
    )
    desk.wait_for_url(re.compile(r"#1[3-6]\."))
    _, shown_lat, shown_lon = (float(part) for part in desk.url.partition("#")[2].split("/"))
    assert shown_lon == pytest.approx(lon, abs=0.02)
    assert shown_lat == pytest.approx(lat, abs=0.02)


def test_a_link_shows_what_its_sender_saw(site, desk: Page):
    open_map(desk, site.url, "#13.5/11.80000/108.60000")
    desk.wait_for_url("**/ban-do#13.50/11.80000/108.60000")
    desk.evaluate("window.location.hash = '#12/11.9/108.5'")
    desk.wait_for_url(re.compile(r"#12\.00/11\.90000/108\.50000"))


@pytest.mark.long
def test_legend_and_layers_change_what_is_drawn(site, desk: Page):
    open_map(desk, site.url)
    before = pixels(desk)
    button = desk.locator("button[data-crop]").nth(1)
    (colour,) = ask(
        site,
        f"SELECT colour FROM gis.crop WHERE code = '{button.get_attribute('data-crop')}'",
    )
    first = desk.locator("button[data-crop]").nth(0).get_attribute("data-crop")
    (other,) = ask(site, f"SELECT colour FROM gis.crop WHERE code = '{first}'")
    assert near(before, colour, 4)
    assert near(before, other, 4)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    wait_for_colours(desk, {colour: True, other: False})
    desk.click("#map-all")
    desk.uncheck("input[data-layer=growing-areas]")
    wait_for_colours(desk, {colour: False})


@pytest.mark.long
def test_keyboard_alone(site, desk: Page):
    """Tab to the map, Enter picks what lies under the cross, Escape lets go."""
    lon, lat = ask(
        site,
        "SELECT ST_X(location), ST_Y(location) FROM gis.facility ORDER BY id LIMIT 1",
    )
    open_map(desk, site.url, f"#16/{lat}/{lon}")
    desk.locator("#map").focus()
    desk.keyboard.press("Enter")
    card = desk.locator("#map-card")
    expect(card).to_be_visible()
    expect(card).to_be_focused()
    desk.keyboard.press("Escape")
    expect(card).to_be_hidden()
    desk.keyboard.press("ArrowRight")
    desk.wait_for_url(lambda url: float(url.rpartition("/")[2]) > lon)


def test_phone_has_a_sheet(site, phone: Page):
    open_map(phone, site.url)
    legend = phone.locator("#map-drawer")
    expect(legend).to_be_hidden()
    phone.tap("#map-handle")
    expect(legend).to_be_visible()
    phone.tap("#map-handle")
    phone.fill("#map-q", "d'ran")
    phone.locator("#map-found button").first.tap()
    card = phone.locator("#map-card")
    expect(card).to_be_visible()
    box = card.bounding_box()
    assert box is not None
    assert box["y"] > 300
    assert box["x"] + box["width"] <= 361


@pytest.mark.long
def test_officers_see_parcels_and_applications(
    site, desk: Page, sign_in: Callable[[Page, object, str], None]
):
    open_map(desk, site.url)
    assert desk.locator("input[data-layer=parcels]").count() == 0
    sign_in(desk, site, "officer")
    lon, lat = ask(
        site,
        "SELECT ST_X(ST_PointOnSurface(boundary)), ST_Y(ST_PointOnSurface(boundary))"
        " FROM gis.parcel ORDER BY id LIMIT 1",
    )
    for zoom in (14, 17):
        # WebGL draws the first, canvas the second.
        open_map(desk, site.url, f"?z={zoom}#{zoom}/{lat}/{lon}")
        desk.uncheck("input[data-layer=growing-areas]")
        draw_all(desk)
        before = photograph(desk)
        desk.check("input[data-layer=parcels]")
        draw_all(desk)
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while len(photograph(desk) - before) <= 20:
            assert time.monotonic() < deadline, zoom
            desk.wait_for_timeout(100)


def test_without_a_script_it_says_where_else(site, new_page):
    page = new_page(java_script_enabled=False)
    page.goto(f"{site.url}/ban-do")
    link = page.locator(".map-without-script a").first
    expect(link).to_be_visible()
    assert link.get_attribute("href") == "/vung-trong"
