"""The desk of labels on a cheap phone without a script, accessible in both sizes."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, Site, _run

COUNT = 40


@pytest.fixture
def roll(own_site: Site, tmp_path: Path) -> tuple[int, int, list[str]]:
    """A batch of the demo producer's first product: its product, its number, its serials."""
    with psycopg.connect(own_site.database) as connection:
        product = connection.execute(
            "SELECT p.id FROM traceability.product AS p JOIN web.account AS a"
            " ON a.party_id = p.producer_id WHERE a.username = 'producer' ORDER BY p.id LIMIT 1"
        ).fetchone()[0]
    issue = ["traceability", "issue", "--product", str(product), "--count", str(COUNT)]
    _run([*issue, "--out", str(tmp_path / "x.pdf")], own_site.database, tmp_path / "home")
    with psycopg.connect(own_site.database) as connection:
        rows = connection.execute(
            "SELECT batch_id, serial FROM traceability.serial WHERE batch_id ="
            " (SELECT max(id) FROM traceability.serial_batch) ORDER BY position"
        ).fetchall()
    return product, rows[0][0], [serial for _, serial in rows]


def look(page: Page, address: str) -> None:
    """A page fits, has one heading, and axe has nothing to say."""
    page.goto(address)
    assert page.locator("h1").count() == 1, address
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1], f"{address} scrolls sideways"
    found = Axe().run(page).response["violations"]
    told = [(rule["id"], [node["html"][:160] for node in rule["nodes"][:3]]) for rule in found]
    assert told == [], address
    small = page.evaluate(
        "[...document.querySelectorAll('main a, main button, main input, main select')]"
        ".filter(e => { const b = e.getBoundingClientRect();"
        " return b.width && b.height < 43.5 && !e.closest('label, dd') })"
        ".map(e => e.outerHTML.slice(0, 90))"
    )
    assert small == [], address


@pytest.mark.long
def test_the_desk_is_accessible_and_works_without_a_script(
    own_site: Site,
    new_page: Callable[..., Page],
    sign_in: Callable[[Page, Site, str], None],
    roll: tuple[int, int, list[str]],
) -> None:
    product, batch, serials = roll
    page = new_page(PHONE, java_script_enabled=False)
    sign_in(page, own_site, "producer")
    page.goto(f"{own_site.url}/tem/cuon/{batch}")
    use = page.locator("section[aria-labelledby=kich-hoat]")
    use.locator("input[name=first]").fill("1")
    use.locator("input[name=last]").fill("5")
    use.locator("button").click()
    expect(page.locator("body")).to_contain_text("Đã kích hoạt 5 tem")
    page.goto(f"{own_site.url}/tem/kich-hoat")
    page.fill("input[name=ma]", serials[5].lower())
    page.click("text=Tìm tem")
    page.click("text=Kích hoạt tem này")
    expect(page.locator("main")).to_contain_text("Đang dùng")
    page.goto(f"{own_site.url}/tem?san-pham={product}")
    page.fill("input[name=count]", "24")
    with page.expect_navigation():
        page.click("text=Phát hành và in")
    expect(page.locator("main")).to_contain_text("Đang chờ")
    job = page.url
    seen = [f"/tem?san-pham={product}", f"/tem/cuon/{batch}", job.removeprefix(own_site.url)]
    seen += ["/tem/kich-hoat", f"/tem/kich-hoat?ma={serials[5]}", f"/tem/kich-hoat?ma={serials[9]}"]
    for size, language in ((PHONE, "vi"), (DESK, "en")):
        looking = new_page(size)
        sign_in(looking, own_site, "producer")
        for address in seen:
            mark = "&" if "?" in address else "?"
            look(looking, f"{own_site.url}{address}{mark}lang={language}")
