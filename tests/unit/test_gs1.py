"""The table of application identifiers, the rules of their values, element strings."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from traceability.errors import InvalidIdentifierError
from traceability.gs1.components import check_pair
from traceability.gs1.elements import check_complete, check_value, parse_elements, write_elements
from traceability.gs1.identifiers import CSET82, check_digit
from traceability.gs1.table import identifiers, primary_keys

# What GS1's dictionary calls the alphabets and rules, and what our table calls them.
ALPHABETS = {"N": "d", "X": "t", "Y": "p", "Z": "b"}
RULES = {
    "csum": "check-digit",
    "csumalpha": "check-pair",
    "gcppos1": "owner",
    "gcppos2": "owner-after-one",
    "yymmd0": "day-or-month",
    "yymmdd": "day",
    "yyyymmdd": "full-day",
    "hhmi": "clock",
    "hh": "hour",
    "mi": "minute",
    "ss": "second",
    "iso3166": "country",
    "iso3166999": "country-or-many",
    "iso3166alpha2": "country-letters",
    "iso4217": "currency",
    "iso5218": "sex",
    "pcenc": "percent-encoded",
    "yesno": "yes-or-no",
    "hyphen": "minus",
    "nonzero": "not-zero",
    "nozeroprefix": "no-leading-zero",
    "hasnondigit": "not-only-digits",
    "pieceoftotal": "piece-of-total",
    "posinseqslash": "place-of-total",
    "importeridx": "importer-index",
    "packagetype": "package",
    "mediatype": "medium",
    "iban": "bank-account",
    "couponcode": "coupon",
    "couponposoffer": "offer-coupon",
}


def dictionary(shared):
    """GS1's own table: number → (flags, components, attributes)."""
    lines = (shared / "standards/gs1-syntax-dictionary.txt").read_text().splitlines()
    for line in lines:
        words = line.partition("#")[0].split()
        if not words:
            continue
        first, _, last = words[0].partition("-")
        flags = words[1] if re.fullmatch(r"[*?]+", words[1]) else ""
        rest = words[2 if flags else 1 :]
        parts = [word for word in rest if re.match(r"\[?[NXYZ]", word)]
        attributes = dict(word.partition("=")[::2] for word in rest if word not in parts)
        for number in range(int(first), int(last or first) + 1):
            yield f"{number:0{len(first)}}", flags, parts, attributes


@pytest.mark.real_data
def test_our_table_is_that_of_gs1_entry_by_entry(shared):
    theirs = {number: rest for number, *rest in dictionary(shared)}
    assert set(theirs) == set(identifiers())
    for number, (flags, components, attributes) in theirs.items():
        ours = identifiers()[number]
        assert ours.ends_itself == ("*" in flags), number
        assert ours.may_be_attribute == ("?" in flags), number
        assert len(ours.parts) == len(components), number
        for part, component in zip(ours.parts, components, strict=True):
            shape, *rules = component.strip("[]").replace("]", "").split(",")
            most = int(shape.lstrip("NXYZ."))
            assert part.alphabet == ALPHABETS[shape[0]], number
            assert (part.least, part.most) == (1 if ".." in shape else most, most), number
            assert part.is_optional == component.startswith("["), number
            kept = tuple(RULES.get(rule, rule) for rule in rules)
            assert tuple(rule for rule in part.rules if rule != "padding") == kept, number
        needed = {frozenset(one.split("+")) for one in attributes.get("req", "").split(",") if one}
        assert set(ours.needed) == needed, number
        assert ours.excluded == {one for one in attributes.get("ex", "").split(",") if one}, number
        sequences = None
        if "dlpkey" in attributes:
            alternatives = attributes["dlpkey"].split("|")
            sequences = tuple(tuple(filter(None, one.split(","))) for one in alternatives)
        assert ours.key == sequences, number


def is_valid(number, value):
    try:
        check_value(number, value)
    except InvalidIdentifierError:
        return False
    return True


@pytest.mark.parametrize(
    ("number", "right", "wrong"),
    [
        ("00", ["376104250021234569"], ["376104250021234568", "3761042500212345", "3A0"]),
        ("01", ["09520009000012", "00000096385074"], ["9520009000012", "09520009000013"]),
        ("10", ["A", "!\"%&'()*+,-./_:;<=>?", "x" * 20], ["", "x" * 21, "A B", "Đ", "a#", "a@"]),
        ("11", ["260200", "240229", "000229"], ["260230", "261301", "250229", "26111"]),
        ("4326", ["260228"], ["260200"]),
        ("7007", ["261012", "261012261014"], ["261012261032", "2610122610", "261000"]),
        ("7003", ["2611222359"], ["2611222400", "2611222360", "261122"]),
        ("7011", ["261122", "2611220930"], ["26112209"]),
        ("8008", ["26112209", "2611220930", "261122093059"], ["26112224", "2611220960", "261122"]),
        ("7250", ["20000229", "19480101"], ["19000229", "20260100"]),
        ("422", ["704"], ["999", "000", "84"]),
        ("423", ["704", "704840", "704704704704704"], ["70484", "704000", "704" * 6]),
        ("7030", ["704ABC", "999ABC"], ["998ABC", "704"]),
        ("4307", ["VN"], ["XX", "vn", "V"]),
        ("3912", ["704150000"], ["000150000", "704"]),
        ("4309", ["02790858483015297971"], ["18000000013015297971", "02790858483600000001"]),
        ("4300", ["H%E1%BB%A3p+t%C3%A1c"], ["50%", "%G0", "A B"]),
        ("4321", ["0", "1"], ["2", "01"]),
        ("4330", ["002500", "002500-"], ["002500+", "00250"]),
        ("7040", ["1ABC", "1AB-", "1AB_"], ["AABC", "1AB!", "1AB", "1ABCD"]),
        ("7041", ["1A", "9", "X11"], ["00", "1a"]),
        ("7241", ["01", "10", "80"], ["00", "11", "79"]),
        ("7252", ["0", "9"], ["3"]),
        ("7258", ["1/1", "8/9"], ["2/1", "0/1", "9/10", "123"]),
        ("8001", ["12345678901291", "12345678901201"], ["00001234512310", "12345678901231"]),
        ("8003", ["09520009000012ABC", "09520009000012"], ["19520009000012", "09520009000013"]),
        ("8004", ["9520ABC"], ["952ABC", "A9520", "952"]),
        ("8006", ["095200090000120102"], ["095200090000120201", "095200090000120002"]),
        (
            "8007",
            ["GB98MIDL07009312345678", "FR7630006000011234567890189"],
            ["GB97MIDL07009312345678"],
        ),
        ("8010", ["9520A-/#"], ["9520a", "952"]),
        ("8011", ["0", "123"], ["01", ""]),
        ("8013", ["1987654Ad4X4bL5ttr2310c2K"], ["1987654Ad4X4bL5ttr2310c2X", "19"]),
        ("8014", ["12345_ABCDEFGHIJKLMCP"], ["0000022"]),
        ("8030", ["AQ-_", "12=", "1=="], ["123=", "1===", "1=2", "a+b"]),
        (
            "8110",
            ["012345612345611110123", "1123456712345621211110123326120142610319101"],
            ["0123456"],
        ),
        ("8112", ["001234561234560123456"], ["201234561234560123456", "0012345612345601234567"]),
        ("253", ["1231231231232", "1231231231232TEST5678901234567"], ["123123123123TEST"]),
        ("255", ["1231231231232123456789012"], ["1231231231232A"]),
    ],
)
def test_components_keep_their_rules(number, right, wrong):
    assert [value for value in right if not is_valid(number, value)] == []
    assert [value for value in wrong if is_valid(number, value)] == []


def test_check_pair_of_the_worked_examples():
    # General Specifications 7.9.5, and values of every part of the alphabet.
    for value in ("1987654Ad4X4bL5ttr2310c2K", "12345_!\"%&'()*+,-./LC", "00000!HV"):
        assert check_pair(value[:-2]) == value[-2:]


def test_companions():
    check_complete(("01", "3103", "3922"))
    check_complete(("00", "02", "37"))
    for numbers in (("10",), ("01", "3922"), ("02",), ("01", "427")):
        with pytest.raises(InvalidIdentifierError):
            check_complete(numbers)


@pytest.mark.parametrize(
    "text",
    [
        "(01)09520009000012(10)L2610",
        "(01)09520009000012(10)A\\(01)B(x)(17)261231",
        "(00)376104250021234569",
        "(01)09520009000012(3103)000195(3922)0299(99)own",
    ],
)
def test_element_strings_are_read_and_written(text):
    read = parse_elements(text)
    assert parse_elements(write_elements(read)) == read


def test_an_element_string_in_its_parts():
    read = parse_elements(" (01)09520009000012(10)A\\(21)B(17)261231(17)261231")
    assert read == (("01", "09520009000012"), ("10", "A(21)B"), ("17", "261231"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "09520009000012",
        "x(01)09520009000012",
        "(01)09520009000012(10)",
        "(01)09520009000012(17)261231(17)261230",  # two values
        "(01)09520009000012(37)5",  # excluded
        "(10)L2610",  # companion missing
        "(09)1",
        "(01)09520009000012\x1d10L",
        "(" * 5000,
    ],
)
def test_other_strings_are_refused(text):
    with pytest.raises(InvalidIdentifierError):
        parse_elements(text)


@given(st.text(max_size=60))
def test_arbitrary_text_parses_or_is_refused(text):
    try:
        read = parse_elements(text)
    except InvalidIdentifierError:
        return
    assert parse_elements(write_elements(read)) == read


@given(st.sampled_from(sorted(identifiers())), st.text(max_size=40))
def test_any_value_is_valid_or_refused(number, value):
    if is_valid(number, value):
        least, most = identifiers()[number].length
        assert least <= len(value) <= most
        assert value.isascii()


lots = st.text(sorted(CSET82), min_size=1, max_size=20)


@given(st.integers(1, 10**13 - 1), lots, lots)
def test_reading_undoes_writing(body, lot, serial):
    gtin = f"{body:013d}" + check_digit(f"{body:013d}")
    elements = (("01", gtin), ("10", lot), ("21", serial))
    assert parse_elements(write_elements(elements)) == elements


@given(
    st.sampled_from(["00", "01", "253", "402", "414", "417", "8003", "8006", "8017"]),
    st.data(),
)
def test_any_single_wrong_digit_of_a_checked_part_is_found(number, data):
    parts = identifiers()[number].parts
    part = next(one for one in parts if "check-digit" in one.rules)
    digits = data.draw(st.text("0123456789", min_size=part.most - 1, max_size=part.most - 1))
    checked = digits + check_digit(digits)
    place = data.draw(st.integers(0, len(checked) - 1))
    other = data.draw(st.sampled_from("0123456789"))
    assume(other != checked[place])
    wrong = checked[:place] + other + checked[place + 1 :]
    lead, tail = ("0", "") if number == "8003" else ("", "0101" if number == "8006" else "")
    assert is_valid(number, lead + checked + tail)
    assert not is_valid(number, lead + wrong + tail)


def test_primary_keys_are_the_sixteen_of_the_standard():
    assert " ".join(primary_keys()) == (
        "00 01 253 255 401 402 414 415 417 8003 8004 8006 8010 8013 8017 8018"
    )
