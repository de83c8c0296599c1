"""The editor's other tools: holes, parts, typed coordinates, cut and merge; no network."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Request, expect

from tests.map_drawing import add, click, drag, edit, open_map, read, square

pytestmark = pytest.mark.long

WEST, SOUTH = 108.590, 12.020
EAST = 108.591


def violations(page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in found]


def test_hole_part_and_typed_corner(own_site, desk, sign_in):
    url = own_site.url
    sign_in(desk, own_site, "officer")
    parcel = add(desk, url, "parcels", square(WEST, SOUTH), name="Thửa thử")
    edit(desk, url, "parcels", parcel)
    count = desk.locator("#edit-count")
    desk.keyboard.press("h")
    for place in ((0.0003, 0.0003), (0.0007, 0.0003), (0.0007, 0.0007)):
        click(desk, (WEST + place[0], SOUTH + place[1]))
    desk.click("[data-tool=finish]")
    expect(count).to_have_text("7 đỉnh")
    # A hole of three corners goes with any of them.
    click(desk, (WEST + 0.0007, SOUTH + 0.0007), key="Alt")
    expect(count).to_have_text("4 đỉnh")
    desk.click("[data-tool=undo]")
    expect(count).to_have_text("7 đỉnh")
    desk.keyboard.press("3")
    for place in ((-0.0002, 0.0001), (-0.0006, 0.0001), (-0.0004, 0.0005)):
        click(desk, (WEST + place[0], SOUTH + place[1]))
    desk.keyboard.press("Enter")
    expect(count).to_have_text("10 đỉnh")
    assert violations(desk) == []
    desk.click("#edit-place summary")
    desk.fill("#edit-y", "12°01′00″N")
    desk.fill("#edit-x", "108,5896")
    desk.click("#edit-add-vertex")
    expect(count).to_have_text("11 đỉnh")
    expect(desk.locator("#edit-where-vn2000")).to_contain_text("VN-2000 107°45′")
    desk.fill("#edit-reason", "đo lại")
    desk.click("#edit-save")
    expect(desk.locator("#edit-panel")).to_be_hidden()
    coordinates = read(desk, url, "parcels", parcel)["geometry"]["coordinates"]
    assert sorted(len(part) for part in coordinates) == [1, 2]
    assert [108.5896, 12.0166667] in [place for part in coordinates for place in part[0]]


def test_merged_then_cut(own_site, desk, sign_in):
    url = own_site.url
    sign_in(desk, own_site, "officer")
    west = add(desk, url, "parcels", square(WEST, SOUTH), name="Thửa tây")
    east = add(desk, url, "parcels", square(EAST, SOUTH), name="Thửa đông")
    total = sum(read(desk, url, "parcels", each)["properties"]["area_ha"] for each in (west, east))
    edit(desk, url, "parcels", east)
    desk.keyboard.press("g")
    click(desk, (WEST + 0.0002, SOUTH + 0.0002))
    desk.keyboard.press("Enter")
    with desk.expect_response("**/merge"):
        desk.click("#edit-ask-yes")
    expect(desk.locator(".edit-toast")).to_contain_text("Đã gộp 2 mảnh")
    merged = read(desk, url, "parcels", east)["properties"]["area_ha"]
    assert merged == pytest.approx(total, abs=1e-6)
    edit(desk, url, "parcels", east)
    desk.keyboard.press("2")
    click(desk, (WEST + 0.0007, SOUTH - 0.0003))
    click(desk, (WEST + 0.0008, SOUTH + 0.0014))
    desk.keyboard.press("Enter")
    with desk.expect_response("**/split") as answered:
        desk.click("#edit-ask-yes")
    expect(desk.locator(".edit-toast")).to_contain_text("Đã cắt thành 2 phần")
    parts = answered.value.json()["features"]
    areas = [each["properties"]["area_ha"] for each in parts]
    assert sum(areas) == pytest.approx(total, abs=1e-6)


def test_without_network_or_session_nothing_is_lost(own_site, desk, sign_in):
    url = own_site.url
    sign_in(desk, own_site, "officer")
    parcel = add(desk, url, "parcels", square(WEST, SOUTH), name="Thửa thử")
    edit(desk, url, "parcels", parcel)
    drag(desk, (EAST, SOUTH), (EAST + 0.0003, SOUTH))
    message = desk.locator("#edit-message")
    desk.context.set_offline(True)
    desk.click("#edit-save")
    expect(message).to_contain_text("Mất mạng")
    desk.context.set_offline(False)
    cookies = desk.context.cookies()
    desk.context.clear_cookies()
    desk.click("#edit-save")
    expect(message).to_contain_text("Phiên đăng nhập đã hết")
    expect(message.locator("a")).to_have_attribute("href", "/dang-nhap")
    desk.context.add_cookies(cookies)
    desk.click("#edit-save")
    expect(desk.locator("#edit-panel")).to_be_hidden()
    assert read(desk, url, "parcels", parcel)["properties"]["version"] == 2


def test_the_public_map_carries_no_editor(own_site, desk, sign_in):
    """Officers' map at most 650 kB of script over the wire; everybody else's loads no editor."""
    asked: list[Request] = []
    desk.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - it marks it
    open_map(desk, own_site.url)
    assert not [each for each in asked if "/session-" in each.url]
    assert desk.locator("#map-editor").count() == 0
    sign_in(desk, own_site, "officer")
    asked.clear()
    parcel = add(desk, own_site.url, "parcels", square(WEST, SOUTH), name="Thửa thử")
    edit(desk, own_site.url, "parcels", parcel)
    scripts = {each.url: each for each in asked if each.resource_type == "script"}
    assert [address for address in scripts if "/session-" in address]
    assert sum(each.sizes()["responseBodySize"] for each in scripts.values()) <= 650 * 1024
