import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceability.digital_link import (
    DigitalLink,
    parse_path,
    parse_uri,
    product_link,
    with_query,
)
from traceability.errors import InvalidIdentifierError
from traceability.identifiers import CSET82, check_digit

GTIN = "09520000100025"

elements = st.text(sorted(CSET82), min_size=1, max_size=20)
gtins = st.integers(1, 10**13 - 1).map(lambda n: f"{n:013d}" + check_digit(f"{n:013d}"))
qualifiers = st.fixed_dictionaries({}, optional={"22": elements, "10": elements, "21": elements})


@given(gtins, qualifiers)
def test_parse_undoes_build(gtin, held):
    names = [name for name in ("22", "10", "21") if name in held]
    link = DigitalLink("01", gtin, tuple((name, held[name]) for name in names))
    assert parse_path(link.path) == link
    assert parse_uri(link.uri("https://id.example.vn")) == link
    assert parse_path(link.path + "/") == link


@given(st.text(max_size=40))
def test_any_path_parses_or_is_refused(path):
    try:
        link = parse_path("/01/" + path)
    except InvalidIdentifierError:
        return
    assert parse_path(link.path) == link


def test_encoded_slash_belongs_to_the_value():
    link = parse_path(f"/01/{GTIN}/10/A%2FB%3f")
    assert link.get("10") == "A/B?"
    assert link.path == f"/01/{GTIN}/10/A%2FB%3F"


@pytest.mark.parametrize(
    "path",
    [
        "/01/09520000100026",  # check digit
        "/01/9520000100025",  # 13 digits: the address always has 14
        "/01/0952000010002A",
        "/01/095200001000%32" + "6",  # encoded, check digit wrong
        f"/01/{GTIN}/foo",
        f"/01/{GTIN}/10",
        f"/01/{GTIN}/10/",
        f"/01/{GTIN}//10/A",
        f"/01/{GTIN}/21/A/10/B",  # order
        f"/01/{GTIN}/10/A/10/B",  # twice
        f"/01/{GTIN}/235/A/21/B",  # never together
        f"/01/{GTIN}/17/261231",  # an attribute in the path
        f"/01/{GTIN}/10/" + "A" * 21,
        f"/01/{GTIN}/10/A%20B",
        f"/01/{GTIN}/10/A%C3%81",
        f"/01/{GTIN}/10/A%2",
        f"/01/{GTIN}/10/ĐL",
        "/414/9506000134352/10/A",
        "/00/376104250021234568",
        "/8004/ABCD1234",
        "/8006/09520000100025",
        "/gtin/09520000100025",
        "/01",
        "/",
        "",
        "01/09520000100025",
    ],
)
def test_breach_of_the_grammar_is_refused(path):
    with pytest.raises(InvalidIdentifierError):
        parse_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "/00/376104250021234569",
        "/414/9506000134352/254/KHO-1",
        "/417/9506000134352",
        "/417/9506000134352/7040/1ABC",
        "/8004/9506ABC",
        f"/01/{GTIN}/235/TPX1",
        f"/01/{GTIN}/22/V1/10/L/21/S",
    ],
)
def test_every_key_with_its_qualifiers(path):
    assert parse_path(path).path == path


def test_levels_walk_up_and_a_serial_outranks_a_lot():
    levels = [link.path for link in parse_path(f"/01/{GTIN}/22/V/10/L/21/S").levels()]
    assert [path.removeprefix(f"/01/{GTIN}") for path in levels] == [
        "/22/V/10/L/21/S",
        "/21/S",
        "/22/V/10/L",
        "/10/L",
        "/22/V",
        "",
    ]


def test_product_link_takes_short_gtins():
    assert product_link("9520000100025", "L2610").path == f"/01/{GTIN}/10/L2610"


@pytest.mark.parametrize(
    ("target", "query", "expected"),
    [
        ("https://a.vn/x", "", "https://a.vn/x"),
        ("https://a.vn/x", "a;b&c=%20", "https://a.vn/x?a;b&c=%20"),
        ("https://a.vn/x?y=1", "z", "https://a.vn/x?y=1&z"),
        ("https://a.vn/x#part", "z=1", "https://a.vn/x?z=1#part"),
    ],
)
def test_query_is_passed_on_unchanged(target, query, expected):
    assert with_query(target, query) == expected
