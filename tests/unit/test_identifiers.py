import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from traceability.errors import InvalidIdentifierError
from traceability.gs1.identifiers import (
    CROCKFORD,
    check_digit,
    gln,
    gtin14,
    new_serials,
    new_trace_code,
    sscc,
    trace_check_character,
    trace_code,
)

digits = st.text("0123456789", min_size=13, max_size=13)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # GS1 General Specifications 7.9.1, worked example: 37610425002123456 has check digit 9.
        ("9506000134352", "09506000134352"),
        ("09506000134352", "09506000134352"),
        ("95060001 3435-2", "09506000134352"),
        ("614141007349", "00614141007349"),
        ("96385074", "00000096385074"),
    ],
)
def test_gtin_of_any_length_becomes_14_digits(given, expected):
    assert gtin14(given) == expected


def test_check_digit_of_the_worked_example():
    assert check_digit("37610425002123456") == "9"
    assert sscc("376104250021234569") == "376104250021234569"
    assert gln("9506000134352") == "9506000134352"


@pytest.mark.parametrize(
    "wrong",
    [
        "9506000134353",
        "950600013435",
        "",
        "0" * 14,
        "95060001343５2",
        "²²²²²²²²",
        "TX-7K3Q-9MHD",
    ],
)
def test_bad_gtin_is_refused(wrong):
    with pytest.raises(InvalidIdentifierError):
        gtin14(wrong)


@given(digits, st.integers(0, 13), st.integers(1, 9))
def test_check_digit_finds_any_single_wrong_digit(body, place, shift):
    whole = body + check_digit(body)
    wrong = whole[:place] + str((int(whole[place]) + shift) % 10) + whole[place + 1 :]
    with pytest.raises(InvalidIdentifierError):
        gtin14(wrong)


def test_serials_are_long_distinct_and_never_a_number():
    serials = list(new_serials(10_000))
    assert len(set(serials)) == 10_000
    assert all(len(s) == 12 and set(s) <= set(CROCKFORD) and not s.isdigit() for s in serials)


def test_trace_code_is_never_read_as_gs1():
    code = new_trace_code()
    assert trace_code(code) == code
    assert not code.replace("-", "").removeprefix("TX").isdigit()
    numeric = "0000000"
    with pytest.raises(InvalidIdentifierError):
        trace_code(f"TX-{numeric}{trace_check_character(numeric)}")


def test_trace_code_is_read_as_people_write_it():
    assert trace_code(" tx7k3q 9mh" + trace_check_character("7K3Q9MH")) == trace_code(
        "TX-7K3Q-9MH" + trace_check_character("7K3Q9MH")
    )
    body = "01" + "ABCDE"
    code = f"TX-01AB-CDE{trace_check_character(body)}"
    assert trace_code(code.replace("01", "OL")) == code


bodies = st.text(CROCKFORD, min_size=7, max_size=7)


@given(bodies, st.integers(0, 7), st.sampled_from(CROCKFORD))
def test_trace_code_finds_any_single_wrong_character(body, place, other):
    whole = body + trace_check_character(body)
    assume(whole[place] != other)
    wrong = whole[:place] + other + whole[place + 1 :]
    assert trace_check_character(wrong[:-1]) != wrong[-1]


@given(bodies, st.integers(0, 7), st.integers(0, 7))
def test_trace_code_finds_any_exchange_of_two_characters(body, left, right):
    whole = list(body + trace_check_character(body))
    assume(whole[left] != whole[right])
    whole[left], whole[right] = whole[right], whole[left]
    assert trace_check_character("".join(whole[:-1])) != whole[-1]
