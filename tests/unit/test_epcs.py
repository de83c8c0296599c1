"""One key for one thing, however it is written: URNs and Digital Links of GS1, own trace codes."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceability.epcis.epcs import as_uri, canonical, is_class
from traceability.epcis.keys import KEYS
from traceability.errors import InvalidIdentifierError
from traceability.gs1.digital_link import parse_path
from traceability.gs1.identifiers import check_digit, trace_check_character

SERIALS = st.text("!\"%&'()*+,-./0123456789:;<=>?ABCXYZ_abcxyz", min_size=1, max_size=20)
# TDS 1.13, 6.3.1: these are escaped in a URN.
ESCAPES = {"%": "%25", '"': "%22", "&": "%26", "/": "%2F", "<": "%3C", ">": "%3E", "?": "%3F"}


@pytest.mark.parametrize(
    ("epc", "key"),
    [
        ("urn:epc:id:sgtin:4012345.012345.12", "/01/04012345123456/21/12"),
        ("urn:epc:id:sgtin:401234512345.6.12", "/01/64012345123458/21/12"),
        ("urn:epc:id:sgtin:9520009.000001.a%2Fb.c", "/01/09520009000012/21/a%2Fb.c"),
        ("urn:epc:id:sgtin:9520009.000001.a%2fb", "/01/09520009000012/21/a%2Fb"),
        ("urn:epc:class:lgtin:4054739.099914.20160711", "/01/04054739999148/10/20160711"),
        ("urn:epc:idpat:sgtin:4054739.099914.*", "/01/04054739999148"),
        ("urn:epc:id:sscc:4012345.0000000333", "/00/040123450000003338"),
        ("urn:epc:id:sgln:4012345.00011.987", "/414/4012345000115/254/987"),
        ("urn:epc:id:sgln:4012345.00011.0", "/414/4012345000115"),
        ("urn:epc:id:sgln:401234500011..0", "/414/4012345000115"),
        ("urn:epc:id:pgln:4012345.00225", "/417/4012345002256"),
        ("urn:epc:id:grai:4012345.66666.87", "/8003/0401234566666387"),
        ("urn:epc:idpat:grai:4012345.66666.*", "/8003/04012345666663"),
        ("urn:epc:id:giai:4012345.AAbb", "/8004/4012345AAbb"),
        ("urn:epc:id:gsrn:4012345.9876540000", "/8018/401234598765400000"),
        ("urn:epc:id:gsrnp:4012345.0000098765", "/8017/401234500000987658"),
        ("urn:epc:id:gdti:4012345.55555.98", "/253/401234555555498"),
        ("urn:epc:idpat:gdti:4012345.55555.*", "/253/4012345555554"),
        ("urn:epc:id:cpi:4012345.ABC.123", "/8010/4012345ABC/8011/123"),
        ("urn:epc:idpat:cpi:4012345.ABC.*", "/8010/4012345ABC"),
        ("urn:epc:id:sgcn:4012345.99999.44", "/255/401234599999044"),
        ("urn:epc:id:ginc:4012345.333", "/401/4012345333"),
        ("urn:epc:id:gsin:4012345.999987654", "/402/40123459999876541"),
        ("urn:epc:id:itip:4012345.012345.01.02.999", "/8006/040123451234560102/21/999"),
        ("urn:epc:id:upui:4012345.012345.AB12", "/01/04012345123456/235/AB12"),
        ("urn:epc:id:bic:CSQU3054383", "urn:epc:id:bic:CSQU3054383"),
        ("urn:epc:id:usdod:2S194.12345678901", "urn:epc:id:usdod:2S194.12345678901"),
        ("urn:epc:id:imovn:9176187", "urn:epc:id:imovn:9176187"),
        ("https://id.gs1.org/01/04012345123456/10/L1/21/12", "/01/04012345123456/21/12"),
        ("HTTPS://SHOP.VN/x/01/04012345123456/22/2A/10/L1?17=271006", "/01/04012345123456/10/L1"),
        ("https://id.gs1.org/01/04012345123456/", "/01/04012345123456"),
        ("https://a.vn/t/tx-7k3q-9mhd", None),
        ("urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", None),
        ("https://example.com/00/index", None),
        ("http://transaction.acme.com/po/12345678", None),
    ],
)
def test_every_scheme_has_its_key(epc: str, key: str | None) -> None:
    if epc.startswith("https://a.vn"):
        body = "7K3Q9MH"
        code = f"TX-{body[:4]}-{body[4:]}{trace_check_character(body)}"
        assert canonical(f"https://a.vn/t/{code.lower()}/lo/L1/tem/S1") == f"/t/{code}/tem/S1"
        assert is_class(canonical(f"https://b.vn/t/{code}/lo/L1"))
        return
    assert canonical(epc) == (key or epc)
    assert canonical(as_uri(canonical(epc), "https://x.vn/")) == canonical(epc)


@pytest.mark.parametrize(
    ("epc", "expected"),
    [
        ("urn:epc:class:lgtin:4054739.099914.20160711", True),
        ("urn:epc:idpat:sgtin:4054739.099914.*", True),
        ("https://id.gs1.org/01/04054739999148", True),
        ("urn:epc:idpat:grai:4012345.66666.*", True),
        ("urn:epc:idpat:gdti:4012345.55555.*", True),
        ("urn:epc:idpat:sgcn:4012345.99999.*", True),
        ("urn:epc:idpat:cpi:4012345.ABC.*", True),
        ("urn:epc:idpat:itip:4012345.012345.01.02.*", True),
        ("urn:epc:id:sgtin:4012345.012345.12", False),
        ("urn:epc:id:grai:4012345.66666.87", False),
        ("urn:epc:id:sscc:4012345.0000000333", False),
        ("urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", False),
    ],
)
def test_classes_and_things_are_told_apart(epc: str, expected: bool) -> None:
    assert is_class(canonical(epc)) is expected


@pytest.mark.parametrize(
    "epc",
    [
        "",
        "09520009000012",
        "not a uri",
        "https://exa mple.vn/x",
        "https://example:x/y",
        "https://example.vn/%zz",
        "urn:epc:id:sgtin:4012345.12345.12",
        "urn:epc:id:sgtin:40123.01234567.12",
        "urn:epc:id:sgtin:4012345.012345",
        "urn:epc:id:sgtin:4012345.012345.",
        "urn:epc:id:sgtin:4012345.012345.a/b",
        "urn:epc:id:sgtin:4012345.012345.123456789012345678901",
        "urn:epc:id:sgtin:4012345.01234X.12",
        "urn:epc:id:nothing:4012345.012345.12",
        "urn:epc:class:sgtin:4012345.012345.12",
        "urn:epc:idpat:sgtin:4012345.*.*",
        "urn:epc:idpat:sgtin:4012345.012345.12",
        "urn:epc:id:sgcn:4012345.99999.4A",
        "urn:epc:id:bic:csqu3054383",
        "https://id.gs1.org/01/04012345123457/21/12",
        "https://id.gs1.org/01/4012345123456/21/12",
        "https://id.gs1.org/01/00000000000000",
        "https://id.gs1.org/01/04012345123456/21",
        "https://id.gs1.org/01/04012345123456/21/12/10/L1",
        "https://id.gs1.org/01/04012345123456/254/1",
        "https://id.gs1.org/01/04012345123456/21/%C3%A9",
        "https://id.gs1.org/414/4012345000116",
        "https://id.gs1.org/00/040123450000003339",
        "https://a.vn/t/TX-7K3Q-9MHX",
    ],
)
def test_what_breaks_a_rule_is_refused(epc: str) -> None:
    with pytest.raises(InvalidIdentifierError):
        canonical(epc)


@given(st.integers(0, 10**13 - 1), st.integers(6, 12), SERIALS)
def test_a_urn_and_a_digital_link_of_one_item_meet(number: int, split: int, serial: str) -> None:
    body = f"{number or 1:013d}"
    prefix, reference = body[1 : split + 1], body[0] + body[split + 1 :]
    escaped = "".join(ESCAPES.get(one, one) for one in serial)
    quoted = "".join(f"%{ord(one):02X}" for one in serial)
    gtin = body + check_digit(body)
    key = canonical(f"urn:epc:id:sgtin:{prefix}.{reference}.{escaped}")
    assert key == canonical(f"https://any.example/01/{gtin}/21/{quoted}")
    assert not is_class(key)


@given(
    st.sampled_from(sorted(KEYS)),
    st.text("0123456789", min_size=1, max_size=26),
    st.text("!%/-09AZ_az#é", max_size=3),
    st.lists(
        st.tuples(
            st.sampled_from(["10", "21", "22", "235", "254", "7040", "8011", "8019"]),
            st.text("0123456789AB!%/-_é", min_size=1, max_size=21),
        ),
        max_size=2,
    ),
)
def test_what_the_resolver_reads_an_event_reads(
    name: str, digits: str, rest: str, below: list[tuple[str, str]]
) -> None:
    rule = KEYS[name]
    if len(digits) >= rule.checked > 0:
        body = digits[rule.skipped : rule.checked - 1]
        digits = digits[: rule.checked - 1] + check_digit(body) + digits[rule.checked :]
    pairs = [(name, digits + rest), *below]
    path = "".join(f"/{part}/{quote(value, safe='')}" for part, value in pairs)
    try:
        parse_path(path)
        read = True
    except InvalidIdentifierError:
        read = False
    try:
        # What is too short to be a key is an address like any other, and named by itself.
        known = canonical(f"https://any.example{path}").startswith("/")
    except InvalidIdentifierError:
        known = False
    assert known == read, path


@given(st.integers(1, 10**13 - 1), st.integers(0, 13), st.integers(1, 9))
def test_any_wrong_digit_is_found(number: int, place: int, shift: int) -> None:
    body = f"{number:013d}"
    gtin = body + check_digit(body)
    wrong = gtin[:place] + str((int(gtin[place]) + shift) % 10) + gtin[place + 1 :]
    with pytest.raises(InvalidIdentifierError):
        canonical(f"https://any.example/01/{wrong}/21/1")
