"""A farmer's phone: filled without a network, sent when it comes back; the officer's decision."""

import re

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.map_drawing import PATIENCE_MS

FIELD = {"latitude": 12.1200, "longitude": 108.6000}


def open_registration(page: Page, url: str) -> None:
    page.goto(f"{url}/dang-ky")
    page.wait_for_selector("body[data-offline=ready]")


def fill(page: Page, name: str = "Vườn dâu Suối Thử") -> None:
    page.select_option("[name=crop]", "dau-tay")
    page.fill("[name=area_name]", name)
    page.fill("[name=name]", "Nguyễn Thị Thử")
    page.fill("[name=phone]", "0912 345 678")
    page.check("[name=consent]")


def applications(database: str) -> list[tuple]:
    with psycopg.connect(database) as connection:
        return connection.execute(
            "SELECT receipt, status, determination_method, round(declared_area_ha, 2),"
            " round((ST_Area(boundary::geography) / 10000)::numeric, 2)"
            " FROM gis.application WHERE NOT is_demo ORDER BY id"
        ).fetchall()


def test_sent_without_a_network_received_when_it_is_back(phone, own_site, sign_in, new_page):
    open_registration(phone, own_site.url)
    context: BrowserContext = phone.context
    context.set_offline(True)
    expect(phone.locator("#network")).to_have_attribute("data-state", "offline")
    # The phone was switched off: the page opens again from what it kept. (Not every Chromium tells
    # the new page that the network is away, which real ones cannot be sure of either.)
    phone.reload()
    phone.wait_for_selector("body[data-ready]")
    phone.fill("[name=place]", "12,1200 108,6000")
    phone.fill("[name=area]", "3,5")
    phone.select_option("[name=unit]", "sao-1000")
    expect(phone.locator("#size-typed")).to_contain_text("0,35 ha")
    fill(phone)
    phone.click("#send")
    record = phone.locator(".record")
    expect(record).to_have_attribute("data-state", "waiting")
    expect(record).to_contain_text("Đang chờ mạng")
    assert applications(own_site.database) == []
    context.set_offline(False)
    expect(record).to_have_attribute("data-state", "received", timeout=PATIENCE_MS)
    receipt = record.locator(".receipt").inner_text()
    assert re.fullmatch(r"LB-[0-9A-Z]{4}-[0-9A-Z]{4}", receipt)
    [(recorded, status, method, area, _)] = applications(own_site.database)
    assert (recorded, status, method, float(area)) == (receipt, "submitted", "typed", 0.35)

    officer = new_page()
    sign_in(officer, own_site, "officer")
    officer.goto(f"{own_site.url}/can-bo/ho-so")
    officer.click(f"text={receipt}")
    expect(officer.locator(".private")).to_contain_text("Nguyễn Thị Thử")
    code = officer.locator(".code-preview").inner_text()
    officer.click("text=Duyệt và cấp mã")
    officer.wait_for_url(f"**/vung-trong/{code}")
    expect(officer.locator("h1")).to_have_text(code)

    # The phone learns of it, and the dossier leads to the code's page.
    phone.reload()
    expect(record).to_have_attribute("data-status", "approved")
    phone.click("text=Xem hồ sơ")
    expect(phone.locator(".issued")).to_have_text(code)
    phone.click("text=Xem trang vùng trồng")
    expect(phone.locator("h1")).to_have_text(code)
    assert "Nguyễn Thị Thử" not in phone.content()


@pytest.mark.long
def test_walked_with_bad_fixes_refused_and_sent_once_though_the_answer_is_lost(phone, own_site):
    context: BrowserContext = phone.context
    context.grant_permissions(["geolocation"])
    open_registration(phone, own_site.url)
    phone.click("text=Đi quanh ruộng")
    context.set_geolocation({**FIELD, "accuracy": 5})
    phone.click("text=Bắt đầu đi")
    expect(phone.locator("#accuracy")).to_have_attribute("data-level", "good")
    context.set_geolocation({**FIELD, "accuracy": 60})
    expect(phone.locator("#refused")).to_contain_text("sai số 60 m")
    # A walk takes time: corners 5 m apart would take seconds, so the watch is paused between them.
    for east, north in ((0.001, 0), (0.001, 0.001), (0, 0.001)):
        phone.click("#walk-toggle")
        context.set_geolocation(
            {
                "latitude": FIELD["latitude"] + north,
                "longitude": FIELD["longitude"] + east,
                "accuracy": 5,
            }
        )
        before = phone.locator("#outline-walked circle").count()
        phone.click("#walk-toggle")
        expect(phone.locator("#outline-walked circle")).to_have_count(before + 1)
    # 0.001 degrees at 12.12 N: 108.85 m by 110.64 m.
    expect(phone.locator("#size-walked")).to_contain_text("1,20 ha")
    expect(phone.locator("#size-walked")).to_contain_text("12,0 sào")
    phone.click("#walk-undo")
    expect(phone.locator("#size-walked")).to_contain_text("3 góc")
    phone.click("#walk-redo")
    # The half-filled page survives.
    phone.reload()
    expect(phone.locator("#size-walked")).to_contain_text("4 góc")
    sent = []

    def lose_the_first(route):
        sent.append(route.request.url)
        if len(sent) == 1:
            route.fetch()  # The server takes it, the phone never hears of it.
            route.abort()
        else:
            route.continue_()

    context.route("**/api/v1/applications/*", lose_the_first)
    fill(phone)
    phone.click("#send")
    record = phone.locator(".record")
    expect(record).to_have_attribute("data-state", "received", timeout=PATIENCE_MS)
    assert len(sent) >= 2
    [(_, _, method, _, area)] = applications(own_site.database)
    assert (method, float(area)) == ("walked", 1.2)


@pytest.mark.long
def test_what_is_sent_while_another_is_under_way_follows_it(phone, own_site):
    """On a slow network the second is ready before the first has its answer."""
    open_registration(phone, own_site.url)
    held = []

    def hold_the_first(route):
        if held:
            route.continue_()
        else:
            held.append(route)

    phone.context.route("**/api/v1/applications/*", hold_the_first)
    for name, state in (("Vườn thứ nhất", "sending"), ("Vườn thứ hai", "waiting")):
        phone.fill("[name=place]", "12,1200 108,6000")
        phone.fill("[name=area]", "3,5")
        fill(phone, name)
        phone.click("#send")
        record = phone.locator(".record", has_text=name)
        expect(record).to_have_attribute("data-state", state)
    held[0].continue_()
    for record in phone.locator(".record").all():
        expect(record).to_have_attribute("data-state", "received")


@pytest.mark.long
def test_drawing_on_the_map(phone, site):
    open_registration(phone, site.url)
    phone.click("text=Vẽ trên bản đồ")
    corner = phone.locator("#draw-corner")
    expect(corner).to_be_enabled(timeout=PATIENCE_MS)
    for east, north in ((60, 0), (0, 60), (0, 0)):
        corner.click()
        phone.locator("#map").scroll_into_view_if_needed()
        box = phone.locator("#map").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        phone.mouse.move(x, y)
        phone.mouse.down()
        phone.mouse.move(x - east, y + north, steps=4)
        phone.mouse.up()
        # The map glides on: a corner is set where it has come to rest.
        phone.wait_for_function("() => !window.langbiang.map.getView().getAnimating()")
    expect(phone.locator("#size-drawn")).to_contain_text("3 góc")
    expect(phone.locator("#size-drawn")).to_contain_text("ha")
    corner.click()
    expect(phone.locator("#size-drawn")).to_contain_text("3 góc")
    phone.click("#draw-undo")
    expect(phone.locator("#size-drawn")).to_have_text("2 góc")
    phone.click("#draw-redo")
    expect(phone.locator("#size-drawn")).to_contain_text("3 góc")


def test_the_page_is_small(phone, site):
    answers = []
    phone.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - it marks it
    phone.goto(f"{site.url}/dang-ky")
    phone.wait_for_selector("body[data-ready]")
    sizes = {answer.url: len(answer.body()) for answer in answers if answer.ok}
    assert sum(sizes.values()) <= 120 * 1024, sizes
    assert not any("map" in url for url in sizes)
