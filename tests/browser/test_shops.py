"""A producer minds the shop window on a phone, a buyer sees it: picture, address, workbook."""

import io

import pytest
import xlsxwriter
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.map_drawing import PATIENCE_MS

# Products of the demo's producer come first.
OWN = 1
PAGES = (
    "/gian-hang",
    f"/gian-hang/{OWN}",
    f"/san-pham/{OWN}/sua",
    f"/san-pham/{OWN}/anh",
    "/gian-hang/nap",
)


def check(page: Page) -> None:
    """Accessible, and no wider than the screen."""
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"][:160]) for rule in found] == []
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1], "the page scrolls sideways"


@pytest.mark.long
@pytest.mark.parametrize(("language", "size"), [("vi", PHONE), ("en", DESK)])
def test_the_pages_are_accessible_and_fit(site, new_page, sign_in, language, size):
    page = new_page(size)
    sign_in(page, site, "producer")
    for address in PAGES:
        answer = page.goto(f"{site.url}{address}?lang={language}")
        assert answer.status == 200
        check(page)


def workbook() -> bytes:
    out = io.BytesIO()
    rows = [
        ("Mã", "Tên", "Link", "Giá"),
        ("9521000001077", "", "https://tiki.vn/ca-phe-thu-p5.html", "190.000 đ"),
        ("TX-0000-0000", "", "https://tiki.vn/khac-p6.html", ""),
    ]
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    return out.getvalue()


@pytest.mark.long
def test_a_producer_shows_and_a_buyer_sees(own_site, start_worker, new_page, sign_in, tmp_path):
    page = new_page(PHONE, has_touch=True, is_mobile=True)
    sign_in(page, own_site, "producer")
    # A picture of the demo waits: the page shows itself anew when the worker is done with it.
    page.goto(f"{own_site.url}/san-pham/{OWN}/anh")
    expect(page.locator(".shop-wait")).to_be_visible()
    check(page)
    start_worker()
    expect(page.locator(".shop-wait")).to_have_count(0, timeout=PATIENCE_MS)
    # A picture, as a phone takes it.
    Image.new("RGB", (3000, 2000), "saddlebrown").save(tmp_path / "anh.jpg")
    page.set_input_files("[name=photo]", tmp_path / "anh.jpg")
    page.fill("[name=alt]", "Gói cà phê nâu")
    page.click("button:has-text('Gửi ảnh')")
    expect(page.get_by_alt_text("Gói cà phê nâu")).to_be_visible(timeout=PATIENCE_MS)
    # A wrong address is said beside the form; a workbook's good row is applied.
    page.goto(f"{own_site.url}/gian-hang/{OWN}")
    page.fill("#url-new", "https://evil.example/a-p1.html")
    page.locator("form", has=page.locator("#url-new")).get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("không thuộc sàn nào đã biết")
    expect(page.locator("#url-new")).to_have_value("https://evil.example/a-p1.html")
    (tmp_path / "dia-chi.xlsx").write_bytes(workbook())
    page.goto(f"{own_site.url}/gian-hang/nap")
    page.set_input_files("[name=file]", tmp_path / "dia-chi.xlsx")
    page.click("button:has-text('Gửi và xem trước')")
    expect(page.get_by_text("Không có sản phẩm này")).to_be_visible(timeout=PATIENCE_MS)
    check(page)
    page.check("[value=good]")
    page.get_by_role("button", name="Nạp", exact=True).click()
    expect(page.get_by_text("Đã nạp 1 dòng.")).to_be_visible(timeout=PATIENCE_MS)
    # The buyer: a picture of the best format, and the way to the shop through here.
    buyer = new_page(PHONE)
    pictures: list[str] = []
    buyer.on(
        "response",
        lambda answer: (
            pictures.append(answer.headers["content-type"]) if "/anh/" in answer.url else None
        ),
    )
    buyer.goto(f"{own_site.url}/san-pham/{OWN}")
    assert pictures == ["image/avif"]
    shop = buyer.get_by_role("link", name="Tiki")
    answer = buyer.request.get(f"{own_site.url}{shop.get_attribute('href')}", max_redirects=0)
    assert (answer.status, answer.headers["location"]) == (
        302,
        "https://tiki.vn/ca-phe-thu-p5.html",
    )
