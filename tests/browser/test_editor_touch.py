"""The editor under a thumb: drawn by taps, corners dragged, taken away by a long press."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.map_drawing import Place, add, corners, open_map, pause, pixel, read, settle, square

pytestmark = pytest.mark.long

WEST, SOUTH = 108.590, 12.020
EAST, NORTH = 108.591, 12.021


@pytest.fixture
def finger(phone: Page) -> Iterator[CDPSession]:
    """The touch screen itself: what it sends is what a thumb sends."""
    session = phone.context.new_cdp_session(phone)
    yield session
    session.detach()


def touch(finger: CDPSession, kind: str, *places: tuple[float, float]) -> None:
    finger.send(
        "Input.dispatchTouchEvent",
        {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in places]},
    )


def tap(page: Page, finger: CDPSession, place: Place) -> None:
    touch(finger, "touchStart", pixel(page, place))
    touch(finger, "touchEnd")
    pause(page)


def swipe(page: Page, finger: CDPSession, start: Place, end: Place) -> None:
    (x, y), (left, top) = pixel(page, start), pixel(page, end)
    touch(finger, "touchStart", (x, y))
    for part in (0.25, 0.5, 0.75, 1):
        touch(finger, "touchMove", (x + (left - x) * part, y + (top - y) * part))
        page.wait_for_timeout(40)
    touch(finger, "touchEnd")
    settle(page)


def test_drawn_corrected_and_saved_by_touch(own_site, phone, sign_in, finger):
    url = own_site.url
    sign_in(phone, own_site, "officer")
    add(phone, url, "parcels", square(WEST, SOUTH), name="Thửa bên cạnh")
    open_map(phone, url, f"#17.6/{SOUTH + 0.0002}/{EAST + 0.0002}")
    phone.locator("#edit-start").tap()
    phone.locator("[data-draw=parcels]").tap()
    settle(phone)
    # Every target under a thumb is wide and high enough.
    for button in phone.locator("#edit-tools button:visible, #edit-panel button:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert box["width"] >= 44, button.inner_text()
        assert box["height"] >= 43.9, button.inner_text()
    for place in (
        (EAST + 0.00002, SOUTH - 0.00002),
        (EAST + 0.0008, SOUTH),
        (EAST + 0.0009, SOUTH + 0.0005),
        (EAST + 0.0008, NORTH),
        (EAST - 0.00002, NORTH + 0.00001),
    ):
        tap(phone, finger, place)
    expect(phone.locator("#edit-count")).to_have_text("5 đỉnh")
    phone.locator("[data-tool=finish]").tap()
    expect(phone.locator("[data-tool=shape]")).to_have_attribute("aria-pressed", "true")
    settle(phone)

    # A finger drags the eastern corner; held long, it takes it away.
    swipe(phone, finger, (EAST + 0.0009, SOUTH + 0.0005), (EAST + 0.0012, SOUTH + 0.0005))
    expect(phone.locator("#edit-count")).to_have_text("5 đỉnh")
    touch(finger, "touchStart", pixel(phone, (EAST + 0.0012, SOUTH + 0.0005)))
    phone.wait_for_timeout(900)
    touch(finger, "touchEnd")
    expect(phone.locator("#edit-count")).to_have_text("4 đỉnh")
    phone.locator("[data-tool=undo]").tap()
    expect(phone.locator("#edit-count")).to_have_text("5 đỉnh")
    phone.locator("[data-tool=remove]").tap()
    tap(phone, finger, (EAST + 0.0012, SOUTH + 0.0005))
    expect(phone.locator("#edit-count")).to_have_text("4 đỉnh")

    phone.locator("#edit-more").tap()
    phone.fill("#edit-f-name", "Thửa vẽ bằng ngón tay")
    with phone.expect_response("**/ogc/collections/parcels/items") as saved:
        phone.locator("#edit-save").tap()
    expect(phone.locator("#edit-panel")).to_be_hidden()
    drawn = corners(read(phone, url, "parcels", saved.value.json()["id"]))
    assert len(drawn) == 4
    assert [EAST, SOUTH] in drawn
    assert [EAST, NORTH] in drawn
