"""OCOP in a real browser: the sheet tells its total under the thumb; all pages are accessible."""

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE


def dossiers(site) -> dict[str, int]:
    with psycopg.connect(site.database) as connection:
        return dict(connection.execute("SELECT status, id FROM traceability.dossier").fetchall())


@pytest.mark.long
def test_the_sheet_reckons_while_it_is_filled_in(own_site, new_page, sign_in):
    """One more option on a phone: the server's total appears without a page being loaded."""
    page = new_page(PHONE)
    sign_in(page, own_site, "producer")
    draft = dossiers(own_site)["draft"]
    page.goto(f"{own_site.url}/ocop/ho-so/{draft}/tu-cham")
    total = page.locator(".running-total b")
    expect(total).to_have_text("16")
    page.check('input[name="s-2.3"][value="3"]')
    expect(total).to_have_text("18")
    assert page.locator(".running").bounding_box()["y"] < PHONE["height"], "it stays in sight"
    # Saved without leaving the sheet, and kept.
    with page.expect_navigation():
        page.click("button[name=stay]")
    expect(page.locator(".running-total b")).to_have_text("18")
    assert page.is_checked('input[name="s-2.3"][value="3"]')


@pytest.mark.long
def test_pages_are_accessible_and_fit(site, new_page, sign_in):
    held = dossiers(site)
    draft, submitted, graded = (f"/ocop/ho-so/{held[s]}" for s in ("draft", "submitted", "graded"))
    asked = {
        ("producer", "vi"): ("/ocop", draft, f"{draft}/tu-cham", f"{draft}/dai-dien"),
        ("officer", "vi"): ("/ocop", submitted, f"{submitted}/dai-dien"),
        ("province", "en"): ("/ocop", graded, f"{graded}/ket-qua", f"{graded}/hoi-dong"),
        ("leader", "vi"): ("/ocop",),
    }
    for (name, language), addresses in asked.items():
        for size in (PHONE, DESK):
            page = new_page(size)
            sign_in(page, site, name)
            for address in addresses:
                answer = page.goto(f"{site.url}{address}?lang={language}")
                assert answer.status == 200, (name, address)
                widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
                assert widths[0] <= widths[1], (name, address)
                found = Axe().run(page).response["violations"]
                assert [(rule["id"], address) for rule in found] == []
