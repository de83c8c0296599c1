"""Filters before the database: what is parsed, and what is refused before a parser sees it."""

import time

import pytest

from gis.cql2.parsing import LONGEST, parse_filter
from gis.errors import InvalidInputError

TOO_MUCH = {
    "a deep group": "(" * 1000 + "a=1" + ")" * 1000,
    "open brackets, which cost the parser 2^n": "(" * 100,
    "wrong brackets": "(" * 20 + "a=" + ")" * 20,
    "NOT, which ends the process at some thousands": "NOT " * 3000 + "a=1",
    "minus": "-" * 8000 + "1=1",
    "mixed prefixes": "NOT -" * 2000 + "1=1",
    "a chain": "a=" * 4000 + "1",
    "sums": "a" + "+1" * 7000 + "=1",
    "functions": "casei(" * 30 + "a" + ")" * 30 + "='b'",
    "a megabyte": "a = '" + "x" * 1_000_000 + "'",
    "an open quotation": "a = 'b",
    "a NUL": "a = '\0'",
    "nothing": "",
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_text_is_measured_before_it_is_parsed(name: str):
    with pytest.raises(InvalidInputError) as caught:
        parse_filter(TOO_MUCH[name], "cql2-text")
    assert caught.value.context == {"parameter": "filter"}


def test_brackets_in_a_text_are_no_brackets():
    tree = parse_filter("a = '((((((((((((((((((((((((((' AND b = 'it''s'", "cql2-text")
    assert tree["args"][1]["args"][1] == "it's"


def test_groups_as_programs_write_them_are_read():
    # GDAL and QGIS put every AND into brackets of its own.
    text = "a = 1"
    for n in range(10):
        text = f"({text}) AND (b{n} = {n})"
    assert parse_filter(text, "cql2-text")["op"] == "and"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 900 + "]" * 900,
        '{"op":"not","args":[' * 300 + "true" + "]}" * 300,
        "[" * 1_000_000,
        '{"op":"=","args":[NaN,1]}',
        "null",
        "",
        '{"op":',
        "[" + "1," * (LONGEST // 3) + "1]",
    ],
)
def test_json_is_measured(text: str):
    with pytest.raises(InvalidInputError):
        parse_filter(text, "cql2-json")


def test_both_encodings_mean_the_same():
    text = parse_filter("a > 1.5 AND S_INTERSECTS(geometry, POINT(108 12))", "cql2-text")
    same = (
        '{"op":"and","args":[{"op":">","args":[{"property":"a"},1.5]},{"op":"s_intersects","args":'
        '[{"property":"geometry"},{"type":"Point","coordinates":[108,12]}]}]}'
    )
    assert text == parse_filter(same, "cql2-json")


def test_one_long_word_is_read_at_once():
    """Anybody may send a filter: as GDAL writes it, one of a single word took four seconds."""
    began = time.process_time()
    assert parse_filter("a" * LONGEST, "cql-text") == {"property": "a" * LONGEST}
    assert time.process_time() - began < 1
