"""The GS1-Conformant Resolver Standard 1.2 requirement by requirement, in numbered rows.

SHALL and SHOULD alike; each test names its row. Here: what is answered, which link is chosen.
What GS1's schemas say of the answers is asked of the schemas themselves, with the real files.
"""

import json
import re

import jsonschema
import pytest

from tests.product_factories import GTIN
from tests.resolver_entries import BASE, ENTRIES, ITEM, LINKSET, SSCC, VOC, linkset


def test_row_1_get_head_and_options(resolve):
    assert resolve(ITEM).status_code == 307
    head = resolve(ITEM, "HEAD")
    assert (head.status_code, head.data) == (307, b"")
    assert head.headers["Location"] == resolve(ITEM).headers["Location"]
    for address in (ITEM, "/01/wrong", "/00/1", "/t/x", "/.well-known/gs1resolver"):
        options = resolve(address, "OPTIONS")
        assert options.status_code in (200, 204), address
        allowed = options.headers["Access-Control-Allow-Methods"].split(", ")
        assert {"GET", "HEAD", "OPTIONS"} <= set(allowed)


def test_row_1_and_2_other_methods_are_refused_where_any_site_may_read_it(resolve):
    for address in (ITEM, "/01/wrong", "/t/x", "/eh00", "/.well-known/gs1resolver"):
        for method in ("POST", "PUT", "DELETE"):
            answer = resolve(address, method, Origin="https://other.example")
            assert answer.status_code == 405, (method, address)
            assert "GET" in answer.headers["Allow"]
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in resolve("/san-pham", "DELETE").headers


def test_row_2_any_site_may_read_every_answer(resolve):
    for address in (
        ITEM,
        f"{ITEM}?linkType=linkset",
        f"{ITEM}?linkType=gs1:pip",
        f"{ITEM}?linkType=gs1:none",
        "/01/wrong",
        "/253/9506000134352",
        "/eh00",
        "/.well-known/gs1resolver",
    ):
        answer = resolve(address, Origin="https://other.example")
        assert answer.headers["Access-Control-Allow-Origin"] == "*", address
        assert "Location" in answer.headers["Access-Control-Expose-Headers"]


def test_row_3_without_a_link_type_the_default_link(leads):
    assert leads(ITEM) == "default?b=1#top"
    assert leads("/8004/9506ABC") == "8004"
    for language in ("ja", "vi", "en;q=0.5"):
        address = f"{ITEM}?linkType=gs1:defaultLink"
        assert leads(address, Accept_Language=language).startswith("default?b=1&")


@pytest.mark.parametrize(
    ("languages", "expected"),
    [
        ("ja", "default?b=1#top"),
        ("", "default?b=1#top"),
        ("*", "default?b=1#top"),
        ("vi-VN", "d-vi"),
        ("ja, en;q=0.4, vi;q=0.5", "d-vi"),
        ("vi;q=0, en;q=0.1", "d-en"),
    ],
)
def test_row_4_languages_without_match_get_the_default_never_300(leads, languages, expected):
    assert leads(ITEM, Accept_Language=languages) == expected


def test_row_5_one_default_link_listed_under_a_type_as_well(resolve):
    for level in linkset(resolve, f"{ITEM}/22/V1/10/L1/21/S1") + linkset(resolve, "/00/" + SSCC):
        (default,) = level[f"{VOC}defaultLink"]
        assert default.keys() == {"href", "title"}
        others = [
            link["href"]
            for relation, links in level.items()
            if relation.startswith("http") and "defaultLink" not in relation
            for link in links
        ]
        assert default["href"] in others
    item = linkset(resolve, ITEM)[0]
    variants = [link["hreflang"] for link in item[f"{VOC}defaultLinkMulti"]]
    assert variants == [["vi"], ["en"]]


@pytest.mark.parametrize(
    "kind",
    [
        "gs1:instructions",
        "gs1%3Ainstructions",
        "https://ref.gs1.org/voc/instructions",
        "https://gs1.org/voc/instructions",
        "http://www.gs1.org/voc/instructions",
        "https%3A%2F%2Fref.gs1.org%2Fvoc%2Finstructions",
    ],
)
def test_row_6_a_link_type_as_curie_or_iri(leads, kind):
    assert leads(f"{ITEM}?linkType={kind}") == f"i?linkType={kind}"


def test_row_6_types_of_other_vocabularies_and_of_levels_above(leads):
    assert leads(f"{ITEM}?linkType=https://schema.example/voc/video").startswith("v?")
    assert leads(f"{ITEM}/10/L1?linkType=gs1:instructions").startswith("i?")
    assert leads(f"{ITEM}/10/L1?linkType=gs1:traceability").startswith("t?")
    # A lot whose default is listed as its page walks up while somebody has said what the page is.
    assert leads(f"{ITEM}/10/L1?linkType=gs1:pip", Accept_Language="en").startswith("pip-en?")


@pytest.mark.parametrize("kind", ["gs1:epcis", "gs1:Instructions", "nonsense", "gs1:a%20b", "%"])
def test_row_7_a_link_type_that_is_not_there_is_404(resolve, kind):
    assert resolve(f"{ITEM}?linkType={kind}").status_code == 404


def test_row_7_the_problem_lists_the_types_there_are(resolve):
    problem = resolve(f"{ITEM}/10/L1?linkType=instructions").json
    assert problem["linkTypes"][:3] == ["gs1:defaultLink", "gs1:traceability", "gs1:pip"]
    assert "gs1:instructions" in problem["detail"]


def test_row_8_what_nothing_decides_is_300_with_the_candidates(resolve):
    answer = resolve(f"{ITEM}?linkType=gs1:pip")
    assert (answer.status_code, answer.content_type) == (300, LINKSET)
    (level,) = answer.json["linkset"]
    assert level["anchor"] == BASE + ITEM
    assert [link["hreflang"] for link in level[f"{VOC}pip"]] == [["vi"], ["en"]]
    assert f"{VOC}defaultLink" not in level


@pytest.mark.parametrize(
    ("kind", "headers", "expected"),
    [
        ("gs1:pip", {"Accept_Language": "vi-VN"}, "pip-vi"),
        ("gs1:pip", {"Accept_Language": "fr, en-GB;q=0.8, vi;q=0.7"}, "pip-en"),
        ("gs1:pip", {"Accept_Language": "en;q=0.2, vi;q=0.9"}, "pip-vi"),
        ("gs1:pip", {"Accept_Language": "vi;q=0, en"}, "pip-en"),
        ("gs1:recallStatus&context=new", {}, "r-new"),
        ("gs1:recallStatus;context=old", {}, "r-old"),
        ("gs1:masterData", {"accept": "application/json"}, "m.json"),
        ("gs1:masterData", {"accept": "Application/JSON; charset=utf-8"}, "m.json"),
        ("gs1:masterData", {"accept": "application/json;q=0.5, text/html"}, "m.html"),
    ],
)
def test_row_9_language_context_and_media_type_decide(leads, kind, headers, expected):
    assert leads(f"{ITEM}?linkType={kind}", **headers).startswith(f"{expected}?")


def test_row_9_the_default_link_in_a_language_and_a_media_type(leads):
    for accept, expected in (("*/*", "v.html"), ("application/json", "v.json")):
        assert leads(f"{ITEM}/22/V1", accept=accept, Accept_Language="vi") == expected
        assert leads(f"{ITEM}/22/V1", accept=accept, Accept_Language="en") == "22"


@pytest.mark.parametrize(
    ("address", "accept"),
    [
        (f"{ITEM}?linkType=linkset", "*/*"),
        (f"{ITEM}?linkType=all", "*/*"),
        (f"{ITEM}?x=1;linkType=linkset", "application/json"),
        (ITEM, LINKSET),
        (ITEM, f"text/html;q=0.5, {LINKSET}"),
        (ITEM, f"{LINKSET};q=0.9, */*;q=0.1"),
        (ITEM, "Application/LinkSet+JSON"),
        (ITEM, f'{LINKSET};profile="https://ref.gs1.org/voc/?show=linktypes", text/html;q=0.9'),
    ],
)
def test_row_10_the_linkset_by_parameter_and_by_accept(resolve, address, accept):
    for method in ("GET", "HEAD"):
        answer = resolve(address, method, accept)
        assert answer.status_code == 200
        assert answer.content_type == LINKSET
        assert "Location" not in answer.headers
    assert list(json.loads(resolve(address, accept=accept).data)) == ["linkset"]


def test_row_10_what_is_not_asked_for_is_no_linkset(leads, resolve):
    for accept in (
        "*/*",
        "text/html",
        "application/json",
        f"{LINKSET};q=0",
        f"*/*, {LINKSET};q=0.5",
    ):
        assert leads(ITEM, accept=accept) == "default?b=1#top"
    # Requests without the header at all, too.
    assert resolve(ITEM, accept="").status_code == 307


@pytest.mark.real_data
def test_row_11_every_document_is_valid_by_the_schemas_of_gs1(resolve, shared, product_paths):
    new, old = (
        jsonschema.Draft7Validator(json.loads((shared / "standards" / name).read_text("utf-8")))
        for name in (
            "gs1-resolver-schemas/linkset-schema.json",
            "gs1-linkset/gs1-linkset-schema.json",
        )
    )
    addresses = [f"{path}?linkType=linkset" for path in product_paths]
    addresses += [f"{one['key']}?linkType=linkset" for one in ENTRIES]
    addresses += [f"{ITEM}?linkType=gs1:pip", f"{ITEM}/10/UNKNOWN?linkType=linkset"]
    for address in addresses:
        document = resolve(address).json
        new.validate(document)
        # That of 2025 demands itemDescription and takes 1.2's description for a relation.
        for level in document["linkset"]:
            assert level.pop("description") == level["itemDescription"]
        old.validate(document)


@pytest.mark.parametrize(
    ("qualifiers", "levels", "leads_to"),
    [
        ("", [""], "default?b=1#top"),
        ("/235/T1", ["/235/T1", ""], "235"),
        ("/21/S1", ["/21/S1", ""], "21"),
        ("/10/L1", ["/10/L1", ""], "10"),
        ("/22/V1", ["/22/V1", ""], "22"),
        ("/22/V1/10/L1", ["/22/V1/10/L1", "/10/L1", "/22/V1", ""], "22-10"),
        ("/10/L1/21/S1", ["/21/S1", "/10/L1", ""], "21"),
        ("/22/V1/21/S9", ["/22/V1", ""], "22"),
        (
            "/22/V1/10/L1/21/S1",
            ["/21/S1", "/22/V1/10/L1", "/10/L1", "/22/V1", ""],
            "21",
        ),
        ("/22/V9/10/L1/21/S9", ["/10/L1", ""], "10"),
    ],
)
def test_row_12_all_levels_each_under_its_own_anchor(resolve, leads, qualifiers, levels, leads_to):
    found = [level["anchor"] for level in linkset(resolve, ITEM + qualifiers)]
    assert found == [BASE + ITEM + level for level in levels]
    assert leads(ITEM + qualifiers) == leads_to


def test_row_12_levels_of_places_and_an_issued_serial(resolve, product_paths):
    place = "/414/9506000134352"
    found = [level["anchor"] for level in linkset(resolve, f"{place}/254/K%2F1")]
    assert found == [f"{BASE}{place}/254/K%2F1", BASE + place]
    serial = product_paths[2]
    levels = linkset(resolve, serial)
    item, lot, number = f"/01/{GTIN}", product_paths[1], serial.rpartition("/")[2]
    assert [level["anchor"] for level in levels] == [
        f"{BASE}{item}/21/{number}",
        BASE + lot,
        BASE + item,
    ]
    # The redirect leads where the linkset says.
    assert BASE + resolve(serial).headers["Location"] == levels[0][f"{VOC}defaultLink"][0]["href"]


def test_row_13_and_14_link_headers(resolve):
    answer = resolve(f"{ITEM}?linkType=linkset")
    assert 'rel="http://www.w3.org/ns/json-ld#context"' in answer.headers["Link"]
    assert 'type="application/ld+json"' in answer.headers["Link"]
    link = resolve(f"{ITEM}/10/L1?x=1").headers["Link"]
    assert link == f'<{BASE}{ITEM}/10/L1?linkType=linkset>; rel="linkset"; type="{LINKSET}"'


def test_row_13_linked_data_holds_its_context(resolve):
    address = f"{ITEM}/10/L1?linkType=linkset"
    answer = resolve(address, accept="application/ld+json")
    assert answer.content_type == "application/ld+json"
    held = answer.json
    assert held.pop("@context").startswith("https://ref.gs1.org/")
    assert held == resolve(address).json
    assert resolve(address, accept=f"application/ld+json, {LINKSET}").content_type == LINKSET


def test_row_15_people_get_a_page_with_the_same_inside(resolve):
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    for address, status in ((f"{ITEM}?linkType=linkset", 200), (f"{ITEM}?linkType=gs1:pip", 300)):
        answer = resolve(address, accept=browser)
        assert (answer.status_code, answer.mimetype) == (status, "text/html")
        (data,) = re.findall(
            r'<script type="application/ld\+json">(.*?)</script>', answer.text, re.DOTALL
        )
        assert json.loads(data)["linkset"] == resolve(address).json["linkset"]
        assert 'href="https://a.example/pip-vi"' in answer.text


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (f"{ITEM}/10/KL8G", "default?b=1#top"),
        (f"{ITEM}/21/UNKNOWN", "default?b=1#top"),
        ("/414/9506000134352/254/KL8G", "414"),
        ("/417/9506000134352/7040/1XYZ", "417"),
        ("/8004/9506ABC/7040/1XYZ", "8004"),
    ],
)
def test_row_16_an_unknown_part_is_answered_above_within_one_request(leads, address, expected):
    assert leads(address) == expected
