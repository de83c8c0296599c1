"""What the loader says in English, said in Vietnamese on the pages of imports."""

import pytest
from flask import Flask
from flask_babel import Babel

from web.imports.words import say


@pytest.fixture
def vietnamese():
    app = Flask("words")
    app.secret_key = "x"
    Babel(app, default_locale="vi")
    with app.test_request_context("/?lang=vi"):
        yield


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        (
            "Row 3 overlaps row 7 by 1,204.5 m² (12.0 % of it).",
            "Dòng 3 chồng lên dòng 7: 1,204.5 m², bằng 12.0 %.",
        ),
        (
            "Row 3 overlaps parcels A-1 by 4.0 m² (1.0 % of it).",
            "Dòng 3 chồng lên “A-1” đã có: 4.0 m², bằng 1.0 %.",
        ),
        ("declared_area_ha is empty", "“Diện tích công bố (ha)” để trống"),
        ("it lies in Đưng K'Nớ", "nằm ở Đưng K'Nớ"),
        ("Self-intersection at 108.5 11.9", "tự cắt tại 108.5 11.9"),
        (
            "2 accepted rows are strips or run out into spikes: row 1: The shape is a strip of"
            " 0.20 m in width. row 4: The boundary runs out into a thin spike and back.",
            "2 hình là dải hẹp hoặc có gai nhọn (dòng 1, 4).",
        ),
        (
            "a.kml is not whole XML, truncated or damaged: no element found.",
            "a.kml bị cắt cụt hoặc hỏng: hãy sao chép lại từ nơi gốc.",
        ),
        ("Nobody has a word for this.", "Nobody has a word for this."),
    ],
)
def test_sentences(vietnamese, sentence, told):
    assert say(sentence) == told
