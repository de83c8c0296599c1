import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceability.errors import InvalidIdentifierError
from traceability.gs1.digital_link import (
    DigitalLink,
    check_query,
    parse_element_link,
    parse_path,
    parse_uri,
    product_link,
    with_query,
)
from traceability.gs1.identifiers import CSET82, check_digit
from traceability.gs1.table import identifiers, primary_keys

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


def test_equal_addresses_are_one():
    for path in (f"/%30%31/{GTIN}/%31%30/L1", f"/01/{GTIN}/1%30/%4c%31/"):
        assert parse_path(path).path == f"/01/{GTIN}/10/L1"


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (f"/gtin/{GTIN}/lot/A%2FB", f"ask for /01/{GTIN}/10/A%2FB"),
        (f"/01/{GTIN}//10/A", "holds nothing between two slashes"),
        (f"/01/{GTIN}/10", "ends with '10' and no value of it"),
        (f"/01/{GTIN}/17/261231", r"\(17\) belongs into the query: \?17="),
    ],
)
def test_a_refusal_says_what_to_do(path, sentence):
    with pytest.raises(InvalidIdentifierError, match=sentence):
        parse_path(path)


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


SAMPLES = {
    "00": "376104250021234569",
    "01": GTIN,
    "253": "9520123456788D1",
    "255": "9520123456788123",
    "401": "9520CONSIGN",
    "402": "95201234567891235",
    "8003": "09520123456788R1",
    "8004": "9520ABC",
    "8006": f"{GTIN}0102",
    "8010": "9520PART-1",
    "8013": "1987654Ad4X4bL5ttr2310c2K",
    "7040": "1ABC",
    "8011": "12",
    "8019": "7",
    "8020": "INVOICE/1",
}


def sample(number):
    digits = {"N13": "9520123456788", "N18": "952012345678912345"}
    length = identifiers()[number].length[1]
    return SAMPLES.get(number) or digits.get(f"N{length}") or "Q1"


def test_every_primary_key_takes_its_qualifiers_and_no_others():
    for key, sequences in primary_keys().items():
        value = sample(key)
        assert parse_path(DigitalLink(key, value).path).key == key
        for sequence in sequences:
            link = DigitalLink(key, value, tuple((name, sample(name)) for name in sequence))
            assert parse_path(link.path) == link
            assert [level.path for level in link.levels()][-1] == DigitalLink(key, value).path
            if len(sequence) > 1:
                with pytest.raises(InvalidIdentifierError):
                    DigitalLink(key, value, tuple(reversed(link.qualifiers)))
        other = "254" if key != "414" else "21"
        with pytest.raises(InvalidIdentifierError):
            DigitalLink(key, value, ((other, "Q1"),))


@pytest.mark.parametrize(
    "uri",
    [
        f"HTTPS://id.gs1.org/01/{GTIN}",
        f"https://id.gs1.org:8443/shop/01/{GTIN}/10/L?x#y",
        f"http://192.0.2.1/00/faux/01/{GTIN}/",
        f"https://[2001:db8::1]/01/{GTIN}",
        "https://xn--fsq.example./253/9520123456788D1",
        "https://example.com/8004/9520614141234567?01=9520123456788",
    ],
)
def test_addresses_on_other_sites(uri):
    assert parse_uri(uri).value in (*SAMPLES.values(), "9520614141234567")


@pytest.mark.parametrize(
    "uri",
    [
        f"HtTps://id.gs1.org/01/{GTIN}",
        f"ftp://id.gs1.org/01/{GTIN}",
        f"https:///01/{GTIN}",
        f"https://a$/01/{GTIN}",
        f"https://user@id.gs1.org/01/{GTIN}",
        f"https://[fe80::1%25lo]/01/{GTIN}",
        "https://id.gs1.org/",
        f"https://id.gs1.org/gtin/{GTIN}",
        f"/01/{GTIN}",
    ],
)
def test_what_is_no_address_of_a_digital_link(uri):
    with pytest.raises(InvalidIdentifierError):
        parse_uri(uri)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (f"/01/{GTIN}", ""),
        (f"/01/{GTIN}", "&&&99=ABC&&unknown=666;single&98=XYZ%2f987&&"),
        (f"/01/{GTIN}", "3103=000195&3922=0299&17=201225"),
        (f"/01/{GTIN}/10/L/21/S", "17=180426&linkType=gs1:pip&linkType=gs1:pip"),
        (f"/01/{GTIN}/235/T", "10=ABC123"),  # no qualifier there
        ("/00/376104250021234569", "02=09520123456788&37=25&10=ABC123"),
        ("/8004/9520ABC", "01=9520123456788"),
        (f"/01/{GTIN}", "a=%&b=%zz&=&x=%C4%90&²=1"),
        (f"/01/{GTIN}", "4300=H%25E1%25BB%25A3p"),
    ],
)
def test_attributes_that_are_right(path, query):
    check_query(parse_path(path), query)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (f"/01/{GTIN}", "99="),
        (f"/01/{GTIN}", "99"),
        (f"/01/{GTIN}", "99=ABC&999=faux"),
        (f"/01/{GTIN}", "89=ABC"),
        (f"/01/{GTIN}", "1=x"),
        (f"/01/{GTIN}", "10=ABC"),  # belongs into the path
        (f"/01/{GTIN}/22/V", "10=ABC"),
        (f"/01/{GTIN}/10/L", "10=L"),
        (f"/01/{GTIN}/10/L", f"01={GTIN}"),
        (f"/01/{GTIN}/10/L", "99=A;99=A"),
        (f"/01/{GTIN}/10/L", "99=A&%39%39=A"),
        (f"/01/{GTIN}", "99=A+B"),  # a blank
        (f"/01/{GTIN}", "99=A%2"),
        (f"/01/{GTIN}", "99=%C4%90"),
        (f"/01/{GTIN}", "21=S"),
        (f"/01/{GTIN}", "8200=X"),
        (f"/01/{GTIN}", "255=9520123456788"),  # never beside a GTIN
        (f"/01/{GTIN}", "3103=000195&3102=000195"),
        ("/414/9506000134352", "254=K"),
        ("/414/9506000134352/7040/1ABC", "254=K"),
        ("/8018/376104250021234569", "8019=1"),
    ],
)
def test_attributes_that_are_wrong(path, query):
    with pytest.raises(InvalidIdentifierError):
        check_query(parse_path(path), query)


@given(st.text(max_size=60))
def test_any_query_is_right_or_refused(query):
    try:
        check_query(DigitalLink("01", GTIN), query)
    except InvalidIdentifierError:
        return


@given(st.text("0123456789=&;%+A", max_size=40))
def test_queries_like_attributes_are_right_or_refused(query):
    try:
        check_query(DigitalLink("01", GTIN), query)
    except InvalidIdentifierError:
        return


@given(st.text(max_size=60))
def test_any_uri_parses_or_is_refused(text):
    for uri in (text, f"https://id.example/{text}", f"https://{text}/01/{GTIN}"):
        try:
            link = parse_uri(uri)
        except InvalidIdentifierError:
            continue
        assert parse_path(link.path) == link


@pytest.mark.parametrize("short", ["9520000100025", "614141007349", "96385074"])
def test_a_short_gtin_in_an_address_is_told_the_right_one(short):
    with pytest.raises(InvalidIdentifierError) as caught:
        parse_path(f"/01/{short}/10/A%2FB")
    assert caught.value.context["address"] == f"/01/{short.zfill(14)}/10/A%2FB"
    with pytest.raises(InvalidIdentifierError, match="check digit"):
        parse_path(f"/01/{short[:-1]}{(int(short[-1]) + 1) % 10}")


def test_the_thing_that_an_element_string_names():
    link = parse_element_link(f"(01){GTIN}(17)261231(10)L1\\(7)(21)S")
    assert link == DigitalLink("01", GTIN, (("10", "L1(7)"), ("21", "S")))
    assert parse_element_link("(02)09520009000012(00)376104250021234569(37)5").key == "00"
    with pytest.raises(InvalidIdentifierError):
        parse_element_link("(99)A")


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
