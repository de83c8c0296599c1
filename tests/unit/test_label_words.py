"""What stands on a label: all of a long name, the host in a size that can be read."""

import io
import unicodedata

import pypdfium2
import pytest

from traceability.labelling.label_sheets import SHEETS
from traceability.labelling.labels import Label, write_sheets

# 120 characters.
LONG = (
    "Cà phê Arabica rang hạt nguyên chất đặc sản Cầu Đất – Đà Lạt của Hợp tác xã Nông nghiệp Hữu cơ"
    " Mây Ngàn, gói 500 g loại 1"
)
HOST = "truyxuatnguongoc.sonnmt.lamdong.gov.vn"


def texts(sheet: str, name: str, host: str = HOST) -> list[tuple[str, tuple[float, ...]]]:
    """Pieces of text on a page with one label, from the top: left, bottom, right, top in points."""
    label = Label(
        f"https://{host}/01/09520001000025/10/L2610/21/7K3Q9MHD4T2X", name, "L2610", "7K3Q9MHD4T2X"
    )
    file = io.BytesIO()
    write_sheets(file, [label], like=label, sheet=SHEETS[sheet])
    words = pypdfium2.PdfDocument(file.getvalue())[0].get_textpage()
    boxes = [words.get_rect(number) for number in range(words.count_rects())]
    boxes.sort(key=lambda box: -box[3])
    return [(words.get_text_bounded(*box).strip(), box) for box in boxes]


@pytest.mark.parametrize("sheet", ["8", "24", "roll-50x30"])
def test_a_long_name_is_written_smaller_before_it_is_cut(sheet):
    told = " ".join(text for text, _ in texts(sheet, LONG))
    assert LONG in " ".join(told.split())
    assert "…" not in told


@pytest.mark.parametrize("sheet", SHEETS)
@pytest.mark.parametrize(
    "name", [LONG, "Bơ", "Ủ" * 120, unicodedata.normalize("NFD", "Ướp ằẵặ" * 9)]
)
def test_words_lie_within_the_label_and_not_on_each_other(sheet, name):
    pieces = texts(sheet, name)
    paper = SHEETS[sheet]
    right = (paper.left + paper.width) / 25.4 * 72
    for place, (text, box) in enumerate(pieces):
        assert box[2] <= right, text
        for other, (left, bottom, end, top) in pieces[:place]:
            wide = min(box[2], end) - max(box[0], left)
            high = min(box[3], top) - max(box[1], bottom)
            assert wide <= 0.3 or high <= 0.5 * (top - bottom), (text, other)
    told = "".join(text for text, _ in pieces).replace(" ", "")
    assert HOST in told
    assert "7K3Q9MHD4T2X" in told


def test_a_sheet_used_in_part_is_gone_on_with_where_it_ends():
    label = Label("https://a.vn/01/09520001000025/21/7K3Q9MHD4T2X", "Bơ", None, "7K3Q9MHD4T2X")
    file = io.BytesIO()
    assert write_sheets(file, [label] * 20, like=label, start=6) == 2
    [first, second] = pypdfium2.PdfDocument(file.getvalue())
    for page, places in ((first, range(5, 24)), (second, [0])):
        words = page.get_textpage()
        boxes = [words.get_rect(number) for number in range(words.count_rects())]
        names = [box for box in boxes if words.get_text_bounded(*box).strip() == "Bơ"]
        # Three columns of 66 mm; rows of 33.9 mm below 12.9 mm.
        found = [
            (int((297 - top / 72 * 25.4 - 12.9) / 33.9), int((left / 72 * 25.4 - 7.25) / 66))
            for left, _, _, top in names
        ]
        assert sorted(found) == [divmod(place, 3) for place in places]
    assert write_sheets(io.BytesIO(), [label] * 19, like=label, start=6) == 1


def test_a_long_host_goes_on_lines_that_can_be_read():
    [*_, first, last] = texts("24", "Bơ")
    assert first[0] + last[0] == HOST
    # Letters with ascenders, in points: half a millimetre more than a stroke of a pen.
    assert all(top - bottom > 3.2 for _, (_, bottom, _, top) in (first, last))
