from urllib.parse import quote

import pytest

from traceability.errors import InvalidIdentifierError
from traceability.gs1.identifiers import trace_check_character
from traceability.gs1.trace_link import TraceLink, label_code, parse_trace_path

CODE = "TX-7K3Q-9MH" + trace_check_character("7K3Q9MH")


def test_path_and_back():
    link = TraceLink(CODE, "A/26", "7K3Q9MHD4T2X")
    assert link.path == f"/t/{CODE}/lo/A%2F26/tem/7K3Q9MHD4T2X"
    assert parse_trace_path(link.path) == link
    assert parse_trace_path(f"/t/{CODE.lower().replace('-', '')}/") == TraceLink(CODE)
    assert parse_trace_path("/t/" + quote(CODE.replace("-", "–"))) == TraceLink(CODE)


def test_levels_end_with_the_code_alone():
    paths = [level.path for level in TraceLink(CODE, "L", "S").levels()]
    assert [path.removeprefix(f"/t/{CODE}") for path in paths] == [
        "/lo/L/tem/S",
        "/tem/S",
        "/lo/L",
        "",
    ]
    assert [level.path for level in TraceLink(CODE).levels()] == [f"/t/{CODE}"]


@pytest.mark.parametrize(
    "path",
    [
        "/t",
        "/t/",
        "/t/TX-7K3Q-9MH0" if not CODE.endswith("0") else "/t/TX-7K3Q-9MH1",
        f"/t/{CODE}/lo",
        f"/t/{CODE}/tem/S/lo/L",
        f"/t/{CODE}/10/L",
        f"/t/{CODE}/lo/" + "A" * 21,
        f"/t/{CODE}/lo/%C4%91",
        "/t/8935001234567",
        f"/t/{CODE}%",
        f"/t/{quote('ＴＸ')}{CODE[2:]}",
        f"/t/{CODE}%2Flo%2FL",
    ],
)
def test_breach_of_the_form_is_refused(path):
    with pytest.raises(InvalidIdentifierError):
        parse_trace_path(path)


def test_label_prefers_the_gtin():
    assert label_code("9520009000012", CODE, "L1").path == "/01/09520009000012/10/L1"
    assert label_code(None, CODE, "L1").path == f"/t/{CODE}/lo/L1"
