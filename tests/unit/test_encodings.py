import unicodedata
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from etl.encodings import (
    decode_bytes,
    detect_encoding,
    detect_table,
    repair_column,
    repair_text,
)
from gis.errors import InvalidInputError

TCVN3 = "§éc lËp - Tù do - H¹nh phóc"
VNI = "Xaõ Laïc Xuaân, huyeän Ñôn Döông, tænh Laâm Ñoàng"


@pytest.mark.parametrize(
    ("cells", "encoding", "texts"),
    [
        ([TCVN3], "tcvn3", ["Độc lập - Tự do - Hạnh phúc"]),
        ([VNI], "vni", ["Xã Lạc Xuân, huyện Đơn Dương, tỉnh Lâm Đồng"]),
        (["L¹c Xu©n", None, "Ka"], "tcvn3", ["Lạc Xuân", None, "Ka"]),
        (["§¬n D\u00ad¬ng"], "tcvn3", ["Đơn Dương"]),  # U+00AD is ư, never stripped
        (["Ð\u01a1n D\u01b0\u01a1ng", "Đạ Chais"], "utf-8", ["Đơn Dương", "Đạ Chais"]),
        ([unicodedata.normalize("NFD", "Đơn Dương")], "utf-8", ["Đơn Dương"]),
        (["\\u0110\\u01a1n D\\u01b0\\u01a1ng"], "utf-8", ["Đơn Dương"]),
        (["<U+0110>ưng K'Nớ"], "utf-8", ["Đưng K'Nớ"]),
        (["Permanent græs, normalt udbytte", "på"], "utf-8", None),
        (["CATALÀ", "Forêt méditerranéenne", "Öl für Bäume"], "utf-8", None),
        (["都筑区", "水田"], "utf-8", None),
        (
            ["Äá»“n DÆ°Æ¡ng".replace("Äá»“", "Ä\u0090á»“")],
            "utf-8-as-latin-1",
            ["Đồn Dương"],
        ),
        ([], "utf-8", []),
    ],
)
def test_a_column_is_judged_and_converted_whole(cells, encoding, texts):
    assert repair_column(cells) == (texts if texts is not None else cells, encoding)


def test_windows_1258_shown_as_latin_1_is_composed():
    name = "Xã Lạc Dương, Đơn Dương, huyện Đức Trọng"
    marks = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
    raw = b""
    for letter in name:  # base letter first, tone behind it: the way Windows-1258 writes
        parts = unicodedata.normalize("NFD", letter)
        base = unicodedata.normalize("NFC", "".join(p for p in parts if p not in marks))
        raw += (base + "".join(p for p in parts if p in marks)).encode("cp1258")
    assert repair_column([raw.decode("latin-1")]) == ([name], "windows-1258")


def test_the_operator_may_say_which_encoding_it_is():
    assert repair_text("laäp", "vni") == "lập"
    assert repair_column(["på"], "latin-1") == (["på"], "latin-1")
    with pytest.raises(InvalidInputError, match="tcvn3"):
        repair_column([], "koi8-r")


def test_bytes_of_a_text_file_are_read_without_loss():
    assert decode_bytes("\ufeffĐơn".encode()) == ("Đơn", "utf-8")
    assert decode_bytes("Đơn".encode("utf-16")) == ("Đơn", "utf-16")
    assert decode_bytes(b"\xa7\xacn") == ("§¬n", "latin-1")
    with pytest.raises(InvalidInputError, match="byte 0"):
        decode_bytes(b"\xa7", "utf-8")


def test_detection_needs_more_than_one_lucky_word():
    assert detect_encoding(["på"]) == "utf-8"
    assert detect_encoding(["§¹"]) == "tcvn3"


def _flat(cell: object) -> str:
    return " ".join(str(cell).split())


@pytest.mark.real_data
@pytest.mark.parametrize(
    "name", ["2005-C6DFD_XK_01-05", "2009-Channuoi_2007", "2009-KTTrangTrai_2007"]
)
def test_legacy_workbooks_equal_their_transcripts(shared: Path, name):
    folder = shared / "data" / "legacy_encoding"
    transcript = {
        _flat(cell)
        for line in (folder / f"{name}.truth.txt").read_text(encoding="utf-8").splitlines()
        for cell in line.split("\t")
    }
    book = CalamineWorkbook.from_path(folder / f"{name}.tcvn3.xls")
    compared = 0
    for sheet in book.sheet_names:
        rows = book.get_sheet_by_name(sheet).to_python()
        table = {
            str(number): [cell if isinstance(cell, str) else None for cell in column]
            for number, column in enumerate(zip(*rows, strict=True))
        }
        for number, encoding in detect_table(table).items():
            for text in table[number]:
                if text and text.strip():
                    assert _flat(repair_text(text, encoding)) in transcript
                    compared += 1
    assert compared > 50


@pytest.mark.real_data
def test_figures_and_vni_letters_of_legacy_workbooks(shared: Path):
    folder = shared / "data" / "legacy_encoding"
    sheet = CalamineWorkbook.from_path(folder / "2005-C6DFD_XK_01-05.tcvn3.xls")
    figures = [
        cell
        for row in sheet.get_sheet_by_name("XK").to_python()
        for cell in row
        if isinstance(cell, float)
    ]
    assert len(figures) == 136
    assert sum(figures) == pytest.approx(126_254.492, abs=0.001)
    vni = CalamineWorkbook.from_path(folder / "2006-Mau21_CKTC_NSH.vni.xls")
    columns = list(zip(*vni.get_sheet_by_name("Sheet1").to_python(), strict=True))
    texts, encoding = repair_column(
        [cell if isinstance(cell, str) else None for cell in columns[1]]
    )
    assert encoding == "vni"
    assert texts[0] == "THÀNH PHỐ HỒ CHÍ MINH"
