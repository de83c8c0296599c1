"""The editor of the map: drawing, snapping, what is wrong, taking back, drafts, touch."""

import pytest
from playwright.sync_api import expect

from tests.map_drawing import add, click, corners, drag, edit, open_map, read, settle, square

# A free place in the officer's commune (24848), lon/lat.
WEST, SOUTH = 108.590, 12.020
EAST, NORTH = 108.591, 12.021
VIEW = f"#18/{SOUTH + 0.0005}/{WEST + 0.0005}"


def test_draws_beside_a_neighbour_and_shares_its_corners(own_site, desk, sign_in):
    url = own_site.url
    sign_in(desk, own_site, "officer")
    add(desk, url, "parcels", square(WEST, SOUTH), name="Thửa bên cạnh")
    open_map(desk, url, VIEW)
    desk.click("#edit-start")
    desk.click("[data-draw=parcels]")
    settle(desk)
    click(desk, (EAST, SOUTH), slip=(6, 4))
    click(desk, (EAST + 0.001, SOUTH))
    click(desk, (EAST + 0.001, NORTH))
    click(desk, (EAST, NORTH), slip=(5, -6))
    expect(desk.locator("#edit-count")).to_have_text("4 đỉnh")
    desk.keyboard.press("Control+z")
    expect(desk.locator("#edit-count")).to_have_text("3 đỉnh")
    desk.keyboard.press("Control+Shift+z")
    expect(desk.locator("#edit-count")).to_have_text("4 đỉnh")
    desk.keyboard.press("Enter")
    shown = float(desk.locator("#edit-area").get_attribute("data-hectares"))
    expect(desk.locator("#edit-local")).to_contain_text("sào, công (1.000 m²)")
    desk.fill("#edit-f-name", "Thửa mới vẽ")
    with desk.expect_response(
        lambda answer: answer.request.method == "POST" and "/ogc/" in answer.url
    ) as saved:
        desk.click("#edit-save")
    expect(desk.locator("#edit-panel")).to_be_hidden()
    expect(desk.locator("#map-card h2")).to_have_text("Thửa mới vẽ")
    feature = read(desk, url, "parcels", saved.value.json()["id"])
    drawn = corners(feature)
    # The neighbour's own coordinates, to the last decimal that is published.
    assert [EAST, SOUTH] in drawn
    assert [EAST, NORTH] in drawn
    assert len(drawn) == 4
    assert feature["properties"]["commune_code"] == "24848"
    assert shown == pytest.approx(feature["properties"]["area_ha"], rel=1e-4)


@pytest.mark.long
def test_an_overlap_is_shown_and_blocks_and_the_draft_survives(own_site, desk, sign_in):
    url = own_site.url
    sign_in(desk, own_site, "officer")
    add(desk, url, "parcels", square(WEST, SOUTH), name="Thửa bên cạnh")
    mine = add(desk, url, "parcels", square(EAST + 0.0002, SOUTH), name="Thửa của tôi")
    edit(desk, url, "parcels", mine)
    corner = (round(EAST + 0.0002, 7), SOUTH)
    # Into the neighbour: half of the triangle between the corners, 0.0004 of a degree wide there.
    drag(desk, corner, (EAST - 0.0004, SOUTH + 0.0004))
    problem = desk.locator("#edit-problems li")
    expect(problem).to_contain_text("Chồng lên “Thửa bên cạnh”")
    desk.click("#edit-save")
    expect(desk.locator("#edit-message")).to_contain_text("Chưa lưu được")
    assert read(desk, url, "parcels", mine)["properties"]["version"] == 1
    # The browser is closed on it; what was drawn is offered again.
    expect(desk.locator("#edit-kept")).to_contain_text("Bản nháp")
    desk.on("dialog", lambda dialog: dialog.accept())
    open_map(desk, url, "?again")
    draft = desk.locator(".edit-draft")
    expect(draft).to_contain_text("Thửa của tôi")
    draft.locator("button", has_text="Tiếp tục").click()
    expect(desk.locator("#edit-panel")).to_be_visible()
    settle(desk)
    # To the neighbour's corner instead: near is enough, and both become one.
    drag(desk, (EAST - 0.0004, SOUTH + 0.0004), (EAST, SOUTH), slip=(5, 5))
    desk.fill("#edit-reason", "sát ranh thửa bên")
    desk.click("#edit-save")
    expect(desk.locator("#edit-panel")).to_be_hidden()
    expect(desk.locator("#map-card h2")).to_have_text("Thửa của tôi")
    stored = read(desk, url, "parcels", mine)
    assert [EAST, SOUTH] in corners(stored)
    assert stored["properties"]["version"] == 2
    expect(draft).to_have_count(0)
