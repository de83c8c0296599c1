import json
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from tests.product_factories import GTIN, make_scene
from traceability.labelling.serials import issue_serials
from traceability.linking.link_documents import register_document
from traceability.linking.links import AllowedHosts
from web.accounts import add_account
from web.models import Account

BASE = "https://langbiang.example"
LINKSET = "application/linkset+json"


@pytest.fixture
def scene(session):
    made = make_scene(session)
    session.commit()
    return made


@pytest.fixture
def posted(session, scene):
    """A foreign product whose links lead elsewhere, in two languages."""
    link = {"linkType": "gs1:pip", "title": "x", "type": "text/html"}
    register_document(
        session,
        {
            "entries": [
                {
                    "key": "/01/09506000134352",
                    "description": "Dầu ô liu",
                    "default": {"href": "https://a.example/p?b=1#top", "title": "Trang chính"},
                    "links": [
                        {**link, "href": "https://a.example/vi", "hreflang": ["vi"]},
                        {**link, "href": "https://a.example/en", "hreflang": ["en"]},
                        {
                            "linkType": "gs1:recallStatus",
                            "href": "https://a.example/r",
                            "title": "r",
                        },
                    ],
                },
                {
                    "key": "/01/09506000134352/10/A%2FB",
                    "default": {"href": "https://a.example/lot", "title": "Lô"},
                },
            ]
        },
        AllowedHosts(frozenset({"a.example"})),
    )
    session.commit()
    return "/01/09506000134352"


def location(client, address, **headers):
    answer = client.get(address, headers={"Accept": "*/*", **headers})
    assert answer.status_code == 307, (address, answer.status_code, answer.text)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    return answer.headers["Location"]


def test_a_scan_opens_the_page_of_product_and_lot(client, scene):
    page = f"/san-pham/{scene.product.id}"
    assert location(client, f"/01/{GTIN}") == page
    assert location(client, f"/01/{GTIN}/") == page
    assert location(client, f"/01/{GTIN}/10/L2610") == f"{page}/lo/L2610"
    assert location(client, f"/01/{GTIN}/10/UNKNOWN") == page
    assert location(client, f"/t/{scene.product.trace_code}/lo/L2610") == f"{page}/lo/L2610"
    assert client.get(page, follow_redirects=True).status_code == 200


def test_an_issued_serial_opens_its_lot(client, session, scene):
    (serial,) = issue_serials(session, scene.product, 1, scene.lot)
    session.commit()
    page = f"/san-pham/{scene.product.id}/lo/L2610?tem={serial}"
    assert location(client, f"/01/{GTIN}/10/L2610/21/{serial}") == page
    assert location(client, f"/01/{GTIN}/21/{serial}?a") == f"{page}&a"
    assert client.get(page).status_code == 200


def test_the_whole_query_is_passed_on(client, posted):
    assert location(client, f"{posted}?x;y&z=%20a") == "https://a.example/p?b=1&x;y&z=%20a#top"


def test_an_encoded_slash_is_part_of_the_lot(client, posted):
    assert location(client, f"{posted}/10/A%2FB/21/S") == "https://a.example/lot"
    assert client.get(f"{posted}/10/A/B").status_code == 400


def test_link_types_languages_and_undecided(client, posted):
    for name in ("gs1:pip", "https%3A%2F%2Fref.gs1.org%2Fvoc%2Fpip", "https://gs1.org/voc/pip"):
        found = location(client, f"{posted}?linkType={name}", **{"Accept-Language": "en;q=0.5"})
        assert urlsplit(found).path == "/en"
    vietnamese = {"Accept-Language": "fr, vi-VN;q=0.9, en;q=0.1"}
    assert "/vi" in location(client, f"{posted}?linkType=gs1:pip", **vietnamese)
    # Walking up: the lot has no such link, its product has.
    assert "/r" in location(client, f"{posted}/10/A%2FB?linkType=gs1:recallStatus")
    many = client.get(f"{posted}?linkType=gs1:pip")
    assert many.status_code == 300
    assert len(many.json["linkset"][0]["https://ref.gs1.org/voc/pip"]) == 2
    # Without a link type the default answers, whatever the language.
    assert "a.example/p" in location(client, posted, **{"Accept-Language": "ja"})


def test_linkset_by_parameter_and_by_accept(client, posted):
    path = f"{posted}/10/A%2FB"
    for answer in (
        client.get(f"{path}?linkType=linkset"),
        client.get(f"{path}?linkType=all"),
        client.get(path, headers={"Accept": LINKSET}),
    ):
        assert answer.status_code == 200
        assert answer.content_type == LINKSET
        assert "ns/json-ld#context" in answer.headers["Link"]
        lot, product = json.loads(answer.data)["linkset"]
        assert lot["anchor"] == BASE + path
        assert product["anchor"] == BASE + posted
        assert product["https://ref.gs1.org/voc/defaultLink"] == [
            {"href": "https://a.example/p?b=1#top", "title": "Trang chính"}
        ]
        assert product["https://ref.gs1.org/voc/pip"][0]["hreflang"] == ["vi"]


def test_automatic_linkset_is_absolute(client, scene):
    linkset = client.get(f"/01/{GTIN}?linkType=linkset").json["linkset"][0]
    hrefs = [link["href"] for key, value in linkset.items() if "voc" in key for link in value]
    # The default, what it is, two shops, the certificate, the journey.
    assert len(hrefs) == 6
    assert all(href.startswith("https://") for href in hrefs)


def test_head_options_and_errors(client, posted):
    head = client.head(posted)
    assert (head.status_code, head.data) == (307, b"")
    assert client.head(f"{posted}?linkType=linkset").content_type == LINKSET
    options = client.options(posted)
    assert options.status_code == 204
    assert "HEAD" in options.headers["Access-Control-Allow-Methods"]
    assert client.post(posted).status_code == 405


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/01/09506000134353", 400),
        ("/01/9506000134352", 400),
        ("/01/09506000134352/foo", 400),
        ("/01/09506000134352//10/A", 400),
        ("/01//09506000134352", 400),
        ("/01/09506000134352/21/S/10/A", 400),
        ("/01/09506000134352/10/A%00B", 400),
        ("/01", 400),
        ("/01/", 400),
        ("/t/8935001234567", 400),
        ("/417/4012345000009", 404),
        ("/00/376104250021234569", 404),
        ("/01/00000012345670", 404),
        ("/01/09506000134352?linkType=gs1:instructions", 404),
        ("/01/09506000134352?linkType=nonsense", 404),
    ],
)
def test_errors_are_problems_that_any_site_may_read(client, posted, address, status):
    answer = client.get(address, headers={"Accept": "*/*"})
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_description_file_names_only_the_keys_served(client):
    answer = client.get("/.well-known/gs1resolver")
    assert answer.json["resolverRoot"] == BASE
    assert answer.json["supportedPrimaryKeys"] == ["01", "00", "414", "417", "8004"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("typed", [GTIN, GTIN[1:], f"{GTIN[1:4]} {GTIN[4:8]}-{GTIN[8:]}"])
def test_a_gtin_is_taken_in_any_length(client, scene, typed):
    def found(path, **query):
        answer = client.get(path, query_string=query)
        assert answer.status_code == 200, answer.text
        return answer

    name = scene.product.name
    assert found("/api/v1/products", gtin=typed).json["items"][0]["gtin"] == GTIN
    assert found("/api/v1/lots", gtin=typed).json["items"][0]["code"] == "L2610"
    assert found("/api/v1/products", q=typed).json["items"][0]["name"] == name
    assert name in [item["title"] for item in found("/api/v1/search", q=typed).json["items"]]
    assert name.replace("'", "&#39;") in found("/san-pham", q=typed).text
    wrong = client.get("/api/v1/lots", query_string={"gtin": GTIN[1:-1] + "9"})
    assert wrong.status_code == 400
    assert "check digit" in wrong.json["detail"]


def test_links_over_the_api_need_an_officer(client, sign_in, scene):
    document = {
        "entries": [
            {"key": f"/01/{GTIN}", "default": {"href": "https://voso.vn/x-p1", "title": "Voso"}}
        ]
    }
    assert client.put("/api/v1/links", json=document).status_code == 401
    assert sign_in("farmer").put("/api/v1/links", json=document).status_code == 403
    stranger = sign_in("producer").put("/api/v1/links", json=document)
    assert "not a product of your organisation" in stranger.json["detail"]
    officer = sign_in("officer")
    answer = officer.put("/api/v1/links", json=document)
    assert answer.status_code == 200, answer.text
    assert location(client, f"/01/{GTIN}") == "https://voso.vn/x-p1"
    one = client.get(f"/api/v1/links?key=/01/{GTIN}")
    assert one.json["items"] == answer.json["entries"]
    etag = {"If-None-Match": one.headers["ETag"]}
    assert client.get(f"/api/v1/links?key=/01/{GTIN}", headers=etag).status_code == 304
    document["entries"][0]["default"]["href"] = "https://evil.example/"
    refused = officer.put("/api/v1/links", json=document)
    assert refused.status_code == 400
    assert refused.json["errors"][0]["pointer"] == "/entries/0"
    assert officer.put("/api/v1/links", data="x").status_code == 400


def test_producers_keep_to_their_own_products(app, session, scene):
    password = add_account(session, "htx", ["producer"])
    session.scalars(
        select(Account).where(Account.username == "htx")
    ).one().party_id = scene.cooperative.id
    session.commit()
    client = app.test_client()
    client.post("/dang-nhap", data={"username": "htx", "password": password})

    def put(key: str) -> int:
        entry = {"key": key, "default": {"href": "https://voso.vn/x-p1", "title": "Voso"}}
        return client.put("/api/v1/links", json={"entries": [entry]}).status_code

    assert put(f"/01/{GTIN}/10/L2610") == 200
    assert put(f"/t/{scene.product.trace_code}") == 200
    assert put("/01/09506000134352") == 403
    assert put("/417/4012345000009") == 403
