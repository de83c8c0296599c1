"""The producer's desk on a cheap phone without a script, and accessible in both sizes."""

import re
from collections.abc import Callable

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, Site

PAGES = (
    "/san-xuat",
    "/san-xuat/lo",
    "a lot",
    "/san-xuat/thu-hoach",
    "/san-xuat/che-bien",
    "/san-xuat/dong-goi",
    "/san-xuat/xuat-hang",
    "/san-xuat/kiem-tra",
    "/san-xuat/thu-hoi",
    "/san-xuat/san-pham-moi",
    "a correction",
    "/nhat-ky",
    "/truy-vet",
    "a trace",
    "/truy-vet?ma=0000",
)


def address_of(site: Site, page: str) -> str:
    """The address of a page; those of things are looked up in the demo."""
    with psycopg.connect(site.database) as connection:
        lot = connection.execute(
            "SELECT lot.id, lot.code FROM traceability.lot JOIN traceability.product AS p"
            " ON p.id = lot.product_id WHERE p.source_id = 'qua-ca-phe'"
        ).fetchone()
        event = connection.execute(
            "SELECT sequence FROM traceability.event ORDER BY sequence LIMIT 1"
        ).fetchone()
    assert lot
    assert event
    return {
        "a lot": f"/san-xuat/lo/{lot[0]}",
        "a correction": f"/san-xuat/dinh-chinh/{event[0]}",
        "a trace": f"/truy-vet?ma={lot[1]}",
    }.get(page, page)


@pytest.mark.parametrize(
    ("language", "size"),
    [
        pytest.param("vi", PHONE, id="vi-phone", marks=pytest.mark.long),
        pytest.param("en", DESK, id="en-desk", marks=pytest.mark.long),
    ],
)
def test_pages_are_accessible_and_fit(
    site: Site,
    new_page: Callable[..., Page],
    sign_in: Callable[[Page, Site, str], None],
    language: str,
    size: dict[str, int],
) -> None:
    page = new_page(size)
    sign_in(page, site, "producer")
    for name in PAGES:
        address = address_of(site, name)
        page.goto(f"{site.url}{address}{'&' if '?' in address else '?'}lang={language}")
        assert page.locator("h1").count() == 1, name
        widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert widths[0] <= widths[1], f"{name} scrolls sideways"
        found = Axe().run(page).response["violations"]
        told = [(rule["id"], [node["html"][:160] for node in rule["nodes"][:3]]) for rule in found]
        assert told == [], name
        if size == PHONE:
            small = page.evaluate(
                "[...document.querySelectorAll('main a, main button, main input, main select')]"
                ".filter(e => { const b = e.getBoundingClientRect();"
                " return b.width && b.height < 43.5 && !e.closest('svg, label, .headline') })"
                ".map(e => e.outerHTML.slice(0, 90))"
            )
            assert small == [], name


def test_harvest_and_recall_without_a_script_on_a_phone(
    own_site: Site, new_page: Callable[..., Page], sign_in: Callable[[Page, Site, str], None]
) -> None:
    page = new_page(PHONE, java_script_enabled=False)
    sign_in(page, own_site, "producer")
    page.goto(f"{own_site.url}/san-xuat")
    page.click("main .doors a:has-text('Thu hoạch')")
    page.select_option("select[name=product]", label="Quả cà phê chín Mây Ngàn (nguyên liệu)")
    page.click("main button:has-text('Chọn')")
    code = page.input_value("input[name=lot_code]")
    assert re.fullmatch(r"L\d{6}", code)
    page.click("button:has-text('Ghi thu hoạch')")
    # Nothing was filled in: it is said where, and what was there stays.
    expect(page.locator("#mistakes")).to_contain_text("Chưa ghi được")
    assert page.input_value("input[name=lot_code]") == code
    page.locator("input[name^='area-']").first.fill("1.234,5")
    page.click("button:has-text('Ghi thu hoạch')")
    expect(page.locator(".messages")).to_contain_text(f"1.234,5 kg vào lô mới {code}")
    expect(page.locator(".counter-left")).to_contain_text("1.234,5")
    page.click("a:has-text('Thu hồi lô')")
    page.fill("textarea[name=reason]", "Lẫn vật lạ")
    page.click("button:has-text('Xem trước thu hồi')")
    expect(page.locator(".confirm")).to_contain_text(f"Thu hồi lô {code}?")
    page.click("button:has-text('Thu hồi ngay')")
    expect(page.locator("main [role=alert]")).to_contain_text("đang bị thu hồi")
    with page.expect_navigation():
        page.click("a:has-text('Trang người mua thấy')")
    expect(page.locator("body")).to_contain_text("Lẫn vật lạ")
