"""Printing from the map in a real Chromium: the form, the outline of the sheets, the file."""

import re

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import select

from etl.models import Run
from etl.sheets import run_sheets
from gis.database import connect, make_sessions
from tests.browser.conftest import PHONE
from tests.map_drawing import PATIENCE_MS

READY = "body[data-ready]"
# How many outlines the map shows; asked of the map itself, for a canvas has no elements.
OUTLINES = """() => window.langbiang.map.getLayers().getArray()
  .filter((layer) => layer.getZIndex() === 90)
  .flatMap((layer) => layer.getSource().getFeatures()).length"""


def draw_waiting(site, folder) -> None:
    """What the worker would do now."""
    engine = connect(site.database)
    sessions = make_sessions(engine)
    with sessions.begin() as session:
        waiting = session.scalars(
            select(Run.id).where(Run.task == "map-sheets", Run.state == "waiting")
        ).all()
    for run_id in waiting:
        run_sheets(sessions, folder, run_id)
    engine.dispose()
    assert waiting


@pytest.mark.long
def test_an_officer_prints_a_commune(own_site, desk: Page, sign_in, new_page, tmp_path):
    sign_in(desk, own_site, "officer")
    desk.goto(f"{own_site.url}/ban-do")
    desk.wait_for_selector(READY, timeout=PATIENCE_MS)
    desk.get_by_role("button", name="In bản đồ").click()
    plan, form = desk.locator("#map-sheets-plan"), desk.locator("#map-sheets-form")
    expect(plan).to_contain_text("1 tờ A4")
    form.locator("[name=what]").select_option(label="Xã Đơn Dương")
    form.locator("[name=paper]").select_option("A3")
    expect(plan).to_contain_text(re.compile(r"1 tờ A3 (dọc|ngang), tỷ lệ 1:\d+\.\d{3}"))
    assert desk.evaluate(OUTLINES) == 1
    form.locator("[name=scale]").select_option("25000")
    expect(plan).to_contain_text(
        re.compile(r"\d+ tờ A3 (dọc|ngang) và trang chỉ dẫn, tỷ lệ 1:25\.000")
    )
    sheets = int(re.match(r"\d+", plan.inner_text())[0])
    assert desk.evaluate(OUTLINES) == sheets > 1
    desk.get_by_label("Tên bản đồ").fill("Vùng trồng xã Đơn Dương")
    report = Axe().run(desk)
    assert report.violations_count == 0, report.generate_report()
    with desk.expect_response(
        lambda answer: answer.request.method == "POST" and answer.url.endswith("/map-sheets")
    ):
        desk.get_by_role("button", name="Tạo tệp PDF").click()
    expect(desk.locator("#map-sheets-state")).not_to_be_empty()
    draw_waiting(own_site, tmp_path / "home" / "files")
    link = desk.get_by_role("link", name=re.compile("Tải tệp PDF"))
    expect(link).to_be_visible()
    expect(link).to_contain_text(f"{sheets + 1} trang")
    answer = desk.request.get(f"{own_site.url}{link.get_attribute('href')}")
    pdf = pypdfium2.PdfDocument(answer.body())
    assert len(pdf) == sheets + 1
    assert "Vùng trồng xã Đơn Dương" in pdf[0].get_textpage().get_text_range()
    pdf.close()
    desk.keyboard.press("Escape")
    expect(desk.locator("#map-sheets")).to_be_hidden()
    assert desk.evaluate(OUTLINES) == 0
    # A stranger prints too, without a title of one's own and without the atlas.
    phone = new_page(PHONE, has_touch=True, is_mobile=True)
    phone.goto(f"{own_site.url}/ban-do")
    phone.wait_for_selector(READY, timeout=PATIENCE_MS)
    phone.locator("#map-sheets-open").tap()
    expect(phone.locator("#map-sheets-plan")).to_contain_text("1 tờ A4")
    expect(phone.get_by_label("Tên bản đồ")).to_have_count(0)
    expect(phone.locator("option[value^=province]")).to_have_count(0)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
