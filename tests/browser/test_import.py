"""An officer brings in a file in Chromium: sent, looked at, accepted, on the map, taken back."""

import re

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, Site
from tests.import_factories import legacy_shapefile
from tests.load_factories import box
from tests.map_drawing import PATIENCE_MS

# In Lạc Dương of the demo, where nothing is drawn, and in Ka Đô.
LON, LAT = 108.6000, 12.1300
ELSEWHERE = (108.5600, 11.7500)


def stored(site: Site) -> list[str]:
    with psycopg.connect(site.database) as connection:
        rows = connection.execute(
            "SELECT name FROM gis.growing_area WHERE source = 'vung.shp' ORDER BY name"
        )
        return [name for (name,) in rows]


def check(page: Page) -> None:
    """Accessible, and within its frame."""
    found = Axe().run(page).response["violations"]
    told = [(rule["id"], [node["html"][:160] for node in rule["nodes"][:3]]) for rule in found]
    assert told == []
    wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= window


@pytest.mark.long
def test_from_an_old_file_to_the_map_and_back(
    own_site, start_worker, desk: Page, sign_in, tmp_path
):
    start_worker()
    legacy_shapefile(
        tmp_path,
        ["Vùng dâu Lạc Dương", "Cà phê suối Thử", "Rau Ka Đô"],
        [box(LON, LAT, 0.002), box(LON + 0.004, LAT, 0.002), box(*ELSEWHERE)],
    )
    sign_in(desk, own_site, "officer")
    desk.goto(f"{own_site.url}/ban-do")
    desk.click("text=Nhập tệp khảo sát")
    expect(desk.locator(".empty")).to_be_visible()
    parts = [tmp_path / f"vung{suffix}" for suffix in (".shp", ".shx", ".dbf")]
    desk.set_input_files("input[name=file]", parts)
    desk.click("text=Gửi và xem trước")
    desk.wait_for_selector("body[data-ready]", timeout=PATIENCE_MS)

    check(desk)
    # What a person has to judge: the text, the place, what is refused and why.
    expect(desk.locator(".import-counts li")).to_have_text(
        ["2 mới", "0 sửa", "0 không đổi", "1 bị loại"]
    )
    expect(desk.locator("tr.is-used td").first).to_contain_text("Lạc Dương")
    expect(desk.locator(".import-problems")).to_contain_text("nằm ở Ka Đô")
    desk.click(".row-button[data-row='3']")
    expect(desk.locator("#picked")).to_have_text("dòng 3 · bị loại · Ngoài địa bàn xã")
    assert stored(own_site) == []

    desk.fill("textarea[name=reason]", "Đo lại tháng 11")
    desk.click("text=Nạp vào bản đồ")
    expect(desk.locator("#ket-qua")).to_be_visible(timeout=PATIENCE_MS)
    assert stored(own_site) == ["Cà phê suối Thử", "Vùng dâu Lạc Dương"]
    with desk.expect_download() as download:
        desk.click("text=Tải các dòng bị loại")
    assert "it lies in Ka Đô" in download.value.path().read_text("utf-8-sig")
    here = desk.url
    desk.click("text=Xem trên bản đồ")
    desk.wait_for_url(re.compile("/ban-do[?#]"))
    desk.wait_for_selector("body[data-ready]", timeout=PATIENCE_MS)
    canvas = desk.locator("#map").bounding_box()
    assert canvas is not None
    # The middle of what was loaded lies between the two squares: a little to the left is the first.
    near = f"#17/{LAT + 0.001}/{LON + 0.001}"
    desk.goto(f"{own_site.url}/ban-do?x=1{near}")
    desk.wait_for_selector("body[data-ready]", timeout=PATIENCE_MS)
    desk.mouse.click(canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2)
    expect(desk.locator("#map-card h2")).to_have_text("Vùng dâu Lạc Dương")

    desk.goto(here)
    desk.click("text=Hoàn tác lần nhập này")
    expect(desk.locator(".import-result")).to_contain_text("đã được hoàn tác bởi officer")
    assert stored(own_site) == []


@pytest.mark.long
def test_the_pages_are_accessible_and_fit(own_site, start_worker, new_page, sign_in, tmp_path):
    start_worker()
    table = f"ten,kinh_do,vi_do,dien_tich_ha\nVườn Lan,{LON},{LAT},2\n=1+1,{LON},12.2,nhiều\n"
    (tmp_path / "vuon.csv").write_text(table)
    for size, language in ((PHONE, "vi"), (PHONE, "en"), (DESK, "vi"), (DESK, "en")):
        page = new_page(size)
        sign_in(page, own_site, "officer")
        page.goto(f"{own_site.url}/nhap-du-lieu?lang={language}")
        check(page)
        page.set_input_files("input[name=file]", tmp_path / "vuon.csv")
        page.click("#send button[type=submit]")
        page.wait_for_selector("body[data-ready]", timeout=PATIENCE_MS)
        check(page)
    # What is wrong is said where the person is.
    (tmp_path / "hong.kml").write_text("<kml>")
    page.goto(f"{own_site.url}/nhap-du-lieu")
    page.set_input_files("input[name=file]", tmp_path / "hong.kml")
    page.click("#send button[type=submit]")
    expect(page.locator(".message-error")).to_be_visible(timeout=PATIENCE_MS)
    check(page)
    page.goto(f"{own_site.url}/nhap-du-lieu")
    page.set_input_files("input[name=file]", [])
    for name in ("a.kml", "b.kml"):
        (tmp_path / name).write_text("<kml/>")
    page.set_input_files("input[name=file]", [tmp_path / "a.kml", tmp_path / "b.kml"])
    page.click("#send button[type=submit]")
    expect(page.locator("#send-error")).to_contain_text("One file at a time", timeout=PATIENCE_MS)
    check(page)
