from datetime import date, timedelta
from decimal import Decimal

import pytest

from gis.errors import ConflictError, InvalidInputError, NotFoundError
from gis.models import Consent
from tests.product_factories import GTIN, SECRET_NAME, make_scene
from traceability import lots, ocop, products
from traceability.following.origin import public_origins, public_producer
from traceability.gs1.digital_link import parse_path
from traceability.labelling.serials import find_serial, issue_serials
from traceability.linking import links
from traceability.linking.link_documents import register_document, written
from traceability.linking.link_types import CERTIFICATION, RETAILERS, TRACEABILITY
from traceability.linking.links import AllowedHosts
from traceability.linking.resolving import find_links
from traceability.products import ProductFilter
from traceability.selling import listing_checks, marketplaces

DAY = date(2026, 11, 22)


@pytest.fixture
def scene(session):
    return make_scene(session)


def test_a_gtin_is_registered_once_whatever_its_length(session, scene):
    assert products.product_of_gtin(session, GTIN[1:]) is scene.product
    with pytest.raises(ConflictError, match="registered already"):
        products.register_product(session, name="Khác", gtin=GTIN[1:])
    with pytest.raises(InvalidInputError):
        products.register_product(session, name="Khác", gtin="9520009000013")
    assert products.register_product(session, name="Trà", ocop_set=12).ocop_group == 1


def test_search_needs_no_accents_and_never_finds_a_person(session, scene):
    products.register_product(session, name="Atisô 100%", producer_id=scene.household.id)

    def found(**wanted):
        cards = products.list_products(session, ProductFilter(on=DAY, **wanted), limit=10)
        assert len(cards) == products.count_products(session, ProductFilter(on=DAY, **wanted))
        return [card.product.name for card in cards]

    assert found(text="ca phe dung") == ["Cà phê Đưng K'Nớ"]
    # A code in any of its forms: 13 digits as under the bars, 14, grouped; the own code.
    for typed in (GTIN, GTIN[1:], f"{GTIN[1:8]} {GTIN[8:]}", scene.product.trace_code.lower()):
        assert found(text=typed) == ["Cà phê Đưng K'Nớ"]
    assert found(text=GTIN[1:-1] + "9") == []
    assert found(text="thu nghiem") == ["Cà phê Đưng K'Nớ"]
    assert found(text="100%") == ["Atisô 100%"]
    assert found(text="%") == ["Atisô 100%"]
    assert found(text=SECRET_NAME) == []
    assert found(stars=4) == ["Cà phê Đưng K'Nớ"]
    assert found(stars=4, group=2) == []
    assert found(commune_code="24848", gtin=GTIN) == ["Cà phê Đưng K'Nớ"]
    assert found() == ["Atisô 100%", "Cà phê Đưng K'Nớ"]


def test_a_lot_leads_back_to_its_fields(session, scene):
    origins = lots.trace_lot(session, scene.lot)
    assert [origin.growing_area.id for origin in origins] == [area.id for area in scene.areas]
    assert origins[0].codes == ["VN-LDOR-0007"]
    assert origins[0].commune.code == "24848"
    assert sum(origin.quantity for origin in origins) == Decimal(420)
    assert scene.lot.harvested_on == date(2026, 10, 14)


def test_a_wrong_lot_is_refused(session, scene):
    area = scene.areas[0].id
    source = lots.Source(area)
    for wrong, kept in (
        ({"code": "Đ1"}, {}),
        ({"code": "x" * 21}, {}),
        ({"sources": [source, source]}, {}),
        ({"sources": [lots.Source(area, Decimal(11))]}, {"quantity": Decimal(10), "unit": "kg"}),
        ({}, {"quantity": Decimal(10)}),
        ({}, {"produced_on": date(2026, 1, 2), "expires_on": date(2026, 1, 1)}),
    ):
        given = {"code": "L9", "sources": [source], **wrong}
        with pytest.raises(InvalidInputError):
            lots.make_lot(session, scene.product, given["code"], given["sources"], **kept)
    with pytest.raises(NotFoundError):
        lots.make_lot(session, scene.product, "L9", [lots.Source(10**9)])
    with pytest.raises(ConflictError):
        lots.make_lot(session, scene.product, "L2610", [source])


def test_certificates_last_36_months(session, scene):
    held = ocop.latest_certificate(session, scene.product.id)
    assert held.expires_on == date(2029, 8, 5)
    assert ocop.holds(held, date(2029, 8, 5))
    assert not ocop.holds(held, date(2029, 8, 6))
    assert ocop.months_after(date(2024, 2, 29), 36) == date(2027, 2, 28)
    with pytest.raises(InvalidInputError):
        ocop.certify(session, scene.product, stars=2, decision="x", issued_by="x", issued_on=DAY)


def test_a_registered_product_has_its_entry(session, scene):
    page = f"/san-pham/{scene.product.id}"
    level = links.get_entry(session, parse_path(f"/01/{GTIN}"))
    assert level.default.href == page
    kinds = [link.link_type for link in level.links[1:]]
    assert kinds == [RETAILERS, RETAILERS, CERTIFICATION, TRACEABILITY]
    lot = find_links(session, parse_path(f"/01/{GTIN}/10/L2610/21/UNKNOWN"), whole=True)
    assert [level.default.href for level in lot.levels] == [f"{page}/lo/L2610", page]
    assert (lot.product_id, lot.lot_id) == (scene.product.id, scene.lot.id)
    own = find_links(session, links.parse_code(f"/t/{scene.product.trace_code}"), whole=True)
    assert own.levels[0].default.href == page


def test_a_dead_listing_is_hidden_not_deleted(session, scene):
    listing, _ = marketplaces.list_listings(session, scene.product.id)[0]
    for hours in (1, 9):
        assert len(marketplaces.list_listings(session, scene.product.id)) == 2
        at = listing.created_at + timedelta(hours=hours)
        listing_checks.record_check(session, listing, listing_checks.Answer(404), at)
    assert len(marketplaces.list_listings(session, scene.product.id)) == 1
    entry = links.get_entry(session, parse_path(f"/01/{GTIN}"))
    assert [link.link_type for link in entry.links].count(RETAILERS) == 1
    with pytest.raises(ConflictError):
        marketplaces.list_on_marketplace(session, scene.product, "voso", listing.url)


def posted(key, href="https://gov.example/p", **more):
    return {"entries": [{"key": key, "default": {"href": href, "title": "Trang"}, **more}]}


ALLOWED = AllowedHosts(frozenset({"gov.example"}))


def test_a_posted_entry_replaces_the_automatic_one_and_stays(session, scene):
    more = {
        "description": "Cà phê",
        "links": [
            {
                "linkType": "https://gs1.org/voc/recallStatus",
                "href": "https://gov.example/r",
                "title": "Thu hồi",
                "type": "text/html",
                "hreflang": ["vi"],
                "context": "recall",
            }
        ],
    }
    document = posted(f"/01/{GTIN}", **more)
    (level,) = register_document(session, document, ALLOWED)
    expected = document["entries"][0]
    expected["links"][0]["linkType"] = "gs1:recallStatus"
    assert written(level) == expected
    marketplaces.list_on_marketplace(
        session, scene.product, "tiki", "https://tiki.vn/ca-phe-p9.html"
    )
    again = links.get_entry(session, parse_path(f"/01/{GTIN}"))
    assert written(again) == expected
    (third,) = register_document(session, posted(f"/01/{GTIN}"), ALLOWED)
    assert written(third)["links"] == []
    assert third.entry.version > 2


def test_a_serial_is_registered_without_its_lot_and_found_with_it(session, scene):
    (level,) = register_document(session, posted(f"/01/{GTIN}/21/S1"), ALLOWED)
    found = find_links(session, parse_path(f"/01/{GTIN}/10/L2610/21/S1"), whole=False)
    assert found.levels[0].key == level.entry.key == f"/01/{GTIN}/21/S1"


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ([], "/"),
        ({"entries": []}, "/entries"),
        ({"entries": [{"key": f"/01/{GTIN}"}]}, "/entries/0/default"),
        (posted(f"/01/{GTIN}", extra=1), "/entries/0/extra"),
        (posted("/01/09520009000013"), "/entries/0"),
        (posted(f"/01/{GTIN}/10/L1/21/S1"), "/entries/0"),
        (posted(f"/01/{GTIN}/22/V1/21/S1"), "/entries/0"),
        (posted(f"/01/{GTIN}/10/L1"), "/entries/0"),  # no record of the GTIN
        (posted("/414/9506000134352/254/K1"), "/entries/0"),
        (posted("/253/9506000134352"), "/entries/0"),  # not served
        (posted(f"https://id.example/01/{GTIN}"), "/entries/0"),
        (posted(f"/01/{GTIN}", description="a\r\nb"), "/entries/0/description"),
        (posted(f"/01/{GTIN}", href="https://evil.example/"), "/entries/0"),
        (posted(f"/01/{GTIN}", href="javascript:alert(1)"), "/entries/0"),
        (
            posted(
                f"/01/{GTIN}",
                links=[{"linkType": "gs1:defaultLink", "href": "/x", "title": "x"}],
            ),
            "/entries/0/links/0/linkType",
        ),
        (
            posted(
                f"/01/{GTIN}",
                links=[{"linkType": "gs1:pip", "href": "/x", "title": "x", "hreflang": ["viet"]}],
            ),
            "/entries/0/links/0/hreflang/0",
        ),
        (
            {"entries": posted(f"/01/{GTIN}")["entries"] * 2},
            "/entries/1",
        ),
    ],
)
def test_a_bad_document_says_where(session, document, pointer):
    with pytest.raises(InvalidInputError) as caught:
        register_document(session, document, ALLOWED)
    assert caught.value.context["errors"][0]["pointer"] == pointer


def test_serials_are_issued_and_found(session, scene):
    issued = list(issue_serials(session, scene.product, 7000, scene.lot))
    assert len(set(issued)) == 7000
    assert find_serial(session, scene.product.id, issued[-1]).state == "issued"
    assert find_serial(session, scene.product.id, "0" * 12) is None
    with pytest.raises(InvalidInputError):
        issue_serials(session, scene.product, 0)


def test_the_public_sees_no_person(session, scene):
    assert public_producer(session, scene.household).name is None
    near = {origin.growing_area_id: origin for origin in public_origins(session, scene.product.id)}
    shown, hidden = near[scene.areas[0].id], near[scene.areas[1].id]
    assert shown.name == "Vùng cà phê Đạ Nghịt"
    assert shown.area_ha > 1
    assert (hidden.name, hidden.area_ha) == (None, None)
    session.add(
        Consent(
            party_id=scene.household.id,
            purpose="public page",
            fields=["name"],
            text_version="1",
            method="paper",
        )
    )
    session.flush()
    producer = public_producer(session, scene.household)
    assert (producer.name, producer.address) == (SECRET_NAME, None)
