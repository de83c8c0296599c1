"""Every public page, in both languages, on a phone and on a screen: accessible and in its frame."""

import json
import urllib.request

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import DESK, PHONE
from tests.map_drawing import PATIENCE_MS

PAGES = (
    "/",
    "/ban-do",
    "/vung-trong",
    "/vung-cong-nghe-cao",
    "/san-pham",
    "/du-lieu",
    "/dang-ky",
    "/dang-nhap",
    "/api/docs",
    "/problems/invalid-input",
    "/nowhere",
    "a product",
    "a lot",
    "a label nobody issued",
    "a code of nothing",
    "/bao-cao",
    "/chung-nhan",
    "a growing area",
    "a high-tech zone",
    "a dossier",
    "the links of a code",
)


def address_of(site, page: str) -> str:
    """The address of a page; the named ones are looked up in the demo."""
    queries = {
        "a product": "SELECT '/san-pham/' || id FROM traceability.product ORDER BY id LIMIT 1",
        "a lot": "SELECT '/san-pham/' || product_id || '/lo/' || code FROM traceability.lot"
        " ORDER BY id LIMIT 1",
        "a label nobody issued": "SELECT '/01/' || gtin || '/21/INVENTED0001'"
        " FROM traceability.product WHERE gtin IS NOT NULL ORDER BY id LIMIT 1",
        "a code of nothing": "SELECT '/01/09506000134352'",
        "a growing area": "SELECT '/vung-trong/' || code FROM gis.growing_area_code"
        " ORDER BY id LIMIT 1",
        "a high-tech zone": "SELECT '/vung-cong-nghe-cao/' || code FROM gis.high_tech_zone"
        " ORDER BY id LIMIT 1",
        "the links of a code": "SELECT key || '?linkType=linkset' FROM traceability.link_entry"
        " WHERE key LIKE '/01/%/10/%' ORDER BY id LIMIT 1",
        "a dossier": "SELECT '/ho-so/' || receipt FROM gis.application ORDER BY id LIMIT 1",
    }
    if page not in queries:
        return page
    with psycopg.connect(site.database) as connection:
        row = connection.execute(queries[page]).fetchone()
    assert row, f"the demo has no {page}"
    return row[0]


@pytest.mark.parametrize(
    ("language", "size"),
    [
        pytest.param("vi", PHONE, id="vi-phone"),
        pytest.param("en", DESK, id="en-desk", marks=pytest.mark.long),
        pytest.param("vi", DESK, id="vi-desk", marks=pytest.mark.long),
        pytest.param("en", PHONE, id="en-phone", marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("page_name", PAGES)
def test_page_is_accessible_and_fits(site, new_page, page_name, language, size):
    page = new_page(size)
    mark = "&" if "?" in (address := address_of(site, page_name)) else "?"
    answer = page.goto(f"{site.url}{address}{mark}lang={language}")
    assert answer is not None
    assert answer.status == (404 if page_name in ("/nowhere", "a code of nothing") else 200)
    if page_name == "/ban-do":
        page.wait_for_selector("body[data-ready]", timeout=PATIENCE_MS)
    assert page.get_attribute("html", "lang") == language
    assert page.locator("h1").count() == 1
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1], "the page scrolls sideways"
    found = Axe().run(page).response["violations"]
    told = [(rule["id"], [node["html"][:160] for node in rule["nodes"][:3]]) for rule in found]
    assert told == []


def test_a_product_page_is_light_and_without_script(site):
    address = address_of(site, "a product")
    request = urllib.request.Request(site.url + address, headers={"Accept": "text/html"})
    with urllib.request.urlopen(request) as answer:
        html = answer.read().decode()
    assert len(html.encode()) <= 60_000
    scripts = html.count("<script")
    assert scripts == html.count('<script type="application/ld+json"')
    blocks = html.split('<script type="application/ld+json"')[1:]
    for block in blocks:
        json.loads(block.partition(">")[2].partition("</script>")[0])
