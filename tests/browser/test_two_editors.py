"""Two officers correct one area at once: the second sees both versions, and nothing is lost."""

import pytest
from playwright.sync_api import expect

from tests.map_drawing import add, corners, drag, edit, read, square

WEST, SOUTH = 108.590, 12.020


@pytest.mark.long
def test_the_second_sees_both_versions_and_chooses(own_site, new_page, sign_in):
    url = own_site.url
    first, second = new_page(), new_page()
    sign_in(first, own_site, "officer")
    sign_in(second, own_site, "province")
    area = add(
        first,
        url,
        "growing-areas",
        square(WEST, SOUTH),
        name="Vùng hai người sửa",
        variety="Catimor",
        household_count=12,
    )
    edit(first, url, "growing-areas", area)
    edit(second, url, "growing-areas", area)

    # The first: the north-east corner, the variety and the standard.
    drag(first, (WEST + 0.001, SOUTH + 0.001), (WEST + 0.0015, SOUTH + 0.0015))
    first.fill("#edit-f-variety", "Robusta")
    first.fill("#edit-f-standard", "VietGAP")
    first.fill("#edit-reason", "đo lại góc đông bắc")
    first.click("#edit-save")
    expect(first.locator("#edit-panel")).to_be_hidden()
    expect(first.locator("#map-card h2")).to_have_text("Vùng hai người sửa")

    # The second, from the same version: the south-west corner, the variety, the households.
    drag(second, (WEST, SOUTH), (WEST - 0.0004, SOUTH - 0.0004))
    second.fill("#edit-f-variety", "Bourbon")
    second.fill("#edit-f-household_count", "15")
    second.click("#edit-save")
    conflict = second.locator("#edit-conflict")
    expect(conflict).to_contain_text("officer đã lưu trước")
    expect(conflict).to_contain_text("đo lại góc đông bắc")
    assert read(second, url, "growing-areas", area)["properties"]["version"] == 2

    def row(title: str):
        return conflict.locator("fieldset", has_text=title)

    # Where only one side changed something, it is chosen already; where both did, nothing is.
    expect(row("Tiêu chuẩn").locator("[value=theirs]")).to_be_checked()
    expect(row("Số hộ").locator("[value=mine]")).to_be_checked()
    for title in ("Hình trên bản đồ", "Giống"):
        expect(row(title).locator("input:checked")).to_have_count(0)
    conflict.locator("button[type=submit]").click()
    expect(conflict.locator(".edit-choose")).not_to_be_empty()
    row("Hình trên bản đồ").locator("[value=mine]").check()
    row("Giống").locator("[value=theirs]").check()
    conflict.locator("button[type=submit]").click()
    expect(second.locator("#edit-panel")).to_be_hidden()
    expect(second.locator("#map-card h2")).to_have_text("Vùng hai người sửa")

    feature = read(second, url, "growing-areas", area)
    properties = feature["properties"]
    assert properties["version"] == 3
    assert properties["variety"] == "Robusta"
    assert properties["standard"] == "VietGAP"
    assert properties["household_count"] == 15
    assert [108.591, 12.021] in corners(feature)
    assert [WEST, SOUTH] not in corners(feature)
    # Both versions stay in the history, so the shape that was not chosen is not lost either.
    history = second.request.get(f"{url}/api/v1/growing-areas/{area}/revisions").json()["items"]
    assert [each["actor"] for each in history] == ["province", "officer", "officer"]
