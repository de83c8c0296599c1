"""The GS1-Conformant Resolver Standard 1.2 requirement by requirement, in numbered rows.

SHALL and SHOULD alike; each test names its row. Here: what is registered, refused, passed on.
What GS1's schemas say of the answers is asked of the schemas themselves, with the real files.
"""

import dataclasses
import json
import re

import jsonschema
import pytest

from gis.errors import InvalidInputError
from tests.resolver_entries import ALLOWED, BASE, ITEM, LINKSET, SSCC, entry, linkset
from traceability.linking.link_documents import register_document


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        (["/01/00614141007349/10/L1"], "there is no entry for /01/00614141007349"),
        (["/01/00614141007349/21/S1"], "there is no entry for /01/00614141007349"),
        (["/414/0614141007349/254/K"], "there is no entry for /414/0614141007349"),
        ([f"{ITEM}/10/L1/21/S1"], "registered below its product alone, as"),
        ([f"{ITEM}/22/V1/21/S1"], "registered below its product alone, as"),
        ([f"{ITEM}/235/T1/21/S1"], "takes 22/10/21, or 235"),
        (["/253/9506000134352"], "serves the keys 01, 00, 414, 417, 8004"),
    ],
)
def test_rows_17_and_18_what_may_be_registered(session, keys, sentence):
    with pytest.raises(InvalidInputError, match=re.escape(sentence)) as caught:
        register_document(session, {"entries": [entry(key) for key in keys]}, ALLOWED)
    assert caught.value.context["errors"][0]["pointer"] == "/entries/0"
    assert caught.value.detail.startswith(f"Entry 1, {keys[0]}: ")


def test_row_17_a_root_in_the_same_file_is_enough(session):
    item = "/01/00614141007349"
    document = {"entries": [entry(f"{item}/10/L1"), entry(item)]}
    assert len(register_document(session, document, ALLOWED)) == 2


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (f"{ITEM}/22/V1/10/L1/21/S1", "21"),
        (f"{ITEM}/235/T1", "235"),
        ("/414/9506000134352/254/K%2F1", "254"),
        ("/414/9506000134352/7040/1ABC", "414-7040"),
        ("/417/9506000134352/7040/1ABC", "417-7040"),
        ("/8004/9506ABC/7040/1ABC", "8004-7040"),
        (f"/00/{SSCC}", "00"),
    ],
)
def test_row_19_every_qualifier_of_every_key(leads, address, expected):
    assert leads(address) == expected


@pytest.mark.parametrize(
    "path", ["{}", "{}/", "https://a.example{}/10/L1?x#y", "{}/21/S", "/%30%31/00614141007349"]
)
def test_row_16_no_target_leads_round_to_the_same_thing(session, path):
    allowed = dataclasses.replace(ALLOWED, site="a.example")
    item = "/01/00614141007349"
    href = path.format(item)
    for one in (entry(item, href=href), entry(f"{item}/10/L1", href=href)):
        with pytest.raises(InvalidInputError, match="leads back to the resolver"):
            register_document(session, {"entries": [one]}, allowed)
    assert register_document(session, {"entries": [entry(item, href=ITEM)]}, allowed)


BAD_SYNTAX = f"""
/01/09506000134353 /01/9506000134352 /01/0950600013435A /01/ /01 /00/376104250021234568
{ITEM}/foo {ITEM}/10 {ITEM}/10/ {ITEM}//10/A {ITEM}/10/A/B /00/{SSCC}/10/A /414/9506000134352/10/A
{ITEM}/21/S/10/L {ITEM}/10/L/10/L {ITEM}/235/T/10/L {ITEM}/17/261231
/01// {ITEM}// {ITEM}/10/A%0AB /gtin{ITEM[3:]} {ITEM}/lot/L1 /01%2F09506000134352
{ITEM}/10/{"A" * 21} {ITEM}/10/A%20B {ITEM}/10/%C4%90 {ITEM}/10/A%2 {ITEM}/10/A%00B
/8004/AB12 /417/9506000134352/7040/ABCD /253/9506000134353 /8006/095060001343520201
/8018/376104250021234569/21/A /10/L1 /99/ABC /1234/X
{ITEM}?17=261331 {ITEM}?17= {ITEM}?17 {ITEM}?3103=00195 {ITEM}?linkType=linkset&422=000
{ITEM}?10=L1 {ITEM}/10/L1?10=L1 {ITEM}?01=09506000134352 {ITEM}?8200=x {ITEM}?999=1 {ITEM}?37=5
{ITEM}?17=261231&17=261231 {ITEM}?17=261231;x;%31%37=261231
/eh3074257BF7194E4000001A85 /ex/MHQle_cZTkAAABqF /eh /t/8935001234567 /t/TX-0000-0000/lo/A
"""


@pytest.mark.parametrize("address", BAD_SYNTAX.split())
def test_row_20_bad_syntax_is_400(resolve, address):
    for method in ("GET", "HEAD"):
        answer = resolve(address, method)
        assert answer.status_code == 400, (address, answer.text)
    problem = resolve(address).json
    assert problem["type"] == "/problems/invalid-input"
    assert problem["detail"]


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        ("9506000134352", ITEM),
        ("614141007349", "/01/00614141007349"),
        ("96385074", "/01/00000096385074"),
    ],
)
def test_row_20_a_short_gtin_is_told_its_address(resolve, short, whole):
    problem = resolve(f"/01/{short}/10/A%2FB").json
    assert problem["address"] == f"{whole}/10/A%2FB"
    assert f"ask for {whole}/10/A%2FB" in problem["detail"]


UNKNOWN = """
/01/00614141007349 /01/00614141007349/10/L1 /01/00614141007349?linkType=linkset
/417/0614141007349 /8004/9999X /253/9506000134352 /8006/095060001343520102 /8010/9506/8011/12
/8018/376104250021234569/8019/1 /415/9506000134352/8020/R1
"""


@pytest.mark.parametrize("address", UNKNOWN.split())
def test_row_21_what_is_valid_and_unknown_is_404(resolve, address):
    for accept in ("*/*", "text/html", LINKSET):
        assert resolve(address, accept=accept).status_code == 404


QUERIES = """
x=1 x;y&z=%20a a&&b 17=261231&3103=000195 u=https://evil.example/ q=%0D%0ASet-Cookie:%20a
linkType=gs1:defaultLink;x = a=b?c=d utm=x+y&99=%22%3C filter[a]=1|2&b=%5b%7C a='{^}`~\\
"""


@pytest.mark.parametrize("query", QUERIES.split())
def test_row_22_the_whole_query_is_passed_on_unchanged(leads, query):
    assert leads(f"{ITEM}/10/L1?{query}") == f"10?{query}"
    assert leads(f"{ITEM}?{query}") == f"default?b=1&{query}#top"


def test_row_22_an_empty_query_is_none(leads):
    assert leads(f"{ITEM}/10/L1?") == "10"


def test_row_23_a_final_slash_is_tolerated(leads):
    assert leads(f"{ITEM}/") == "default?b=1#top"
    assert leads(f"{ITEM}/10/L1/?x") == "10?x"


def test_row_24_link_types_titles_and_languages(resolve, session):
    for level in linkset(resolve, f"{ITEM}/10/L1"):
        for relation, links in level.items():
            if relation not in ("anchor", "itemDescription", "description"):
                assert relation.startswith("https://")
                assert all(link["title"] for link in links)
                assert all(isinstance(link.get("hreflang", []), list) for link in links)
    for kind in ("https://other.example/voc/recallStatus", "https://o.example/a#b", "recallStatus"):
        with pytest.raises(InvalidInputError) as caught:
            register_document(session, {"entries": [entry(ITEM, (kind, "x", {}))]}, ALLOWED)
        assert caught.value.context["errors"][0]["pointer"] == "/entries/0/links/0/linkType"
    document = {"entries": [entry(ITEM, ("gs1:defaultLinkMulti", "x", {}))]}
    with pytest.raises(InvalidInputError, match="hreflang"):
        register_document(session, document, ALLOWED)


def test_row_25_the_description_names_only_the_keys_served(resolve):
    described = resolve("/.well-known/gs1resolver")
    assert described.json["resolverRoot"] == BASE
    assert described.json["supportedPrimaryKeys"] == ["01", "00", "414", "417", "8004"]
    assert described.mimetype == "application/json"


@pytest.mark.real_data
def test_row_25_the_description_is_valid_by_the_schema(resolve, shared):
    schema = shared / "standards/gs1-resolver-schemas/description-file-schema.json"
    document = resolve("/.well-known/gs1resolver").json
    jsonschema.validate(document, json.loads(schema.read_text("utf-8")), jsonschema.Draft7Validator)


def test_row_26_compressed_addresses_are_refused_in_words(resolve):
    assert "does not decompress" in resolve("/eh3074257BF7194E4000001A85").json["detail"]


def test_row_27_no_request_is_forwarded_to_others(resolve):
    assert resolve("/01/00614141007349?linkType=gs1:handledBy").status_code == 404
