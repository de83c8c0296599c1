"""How heavy the page of a scan may become, and how much it asks of the database."""

import math
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from gis.models import AdministrativeUnit, GrowingArea, GrowingAreaCode
from tests.product_factories import make_scene
from traceability import lots, ocop, products
from traceability.epcis.capture import Captor
from traceability.recording.checks import record_inspection
from traceability.recording.keeping import Keeper, Share
from traceability.selling import marketplaces
from web import assets

KEEPER = Keeper(Captor("officer", None, frozenset({"administrator"})), "https://langbiang.example")
MOST_BYTES = 60_000
# Chosen so that one statement more is seen; a page may grow by what it shows, never by its rows.
MOST_STATEMENTS = 24


@pytest.fixture
def scene(session):
    made = make_scene(session)
    session.commit()
    return made


@pytest.fixture
def page(scene):
    return f"/san-pham/{scene.product.id}/lo/L2610"


def ring(lon, lat, radius, corners):
    """A wavy shape of many corners, as EWKT; degrees."""
    points = []
    for corner in [*range(corners), 0]:
        angle = 2 * math.pi * corner / corners
        r = radius * (1 + 0.2 * math.sin(9 * angle))
        points.append(f"{lon + r * math.cos(angle):.6f} {lat + r * math.sin(angle):.6f}")
    return f"SRID=4326;MULTIPOLYGON((({','.join(points)})))"


@pytest.fixture
def worst(session, scene):
    """Long names, 30 fields with two codes each, 12 listings, 40 inspections."""
    long = "Hợp tác xã Nông nghiệp Dịch vụ Tổng hợp Hữu cơ Bền vững Đạ Nhim – Đưng K'Nớ "
    scene.commune.boundary = ring(108.6, 12.0, 0.2, 900)
    session.add_all(
        AdministrativeUnit(
            code=f"2485{number}",
            name=f"Đam Rông {number}",
            full_name=f"Xã Đam Rông {number}",
            level="commune",
            valid_from=date(2025, 7, 1),
            boundary=ring(
                108.6 + 0.45 * math.cos(number), 12.0 + 0.45 * math.sin(number), 0.2, 500
            ),
        )
        for number in range(6)
    )
    scene.cooperative.name = long * 2
    areas = []
    for number in range(30):
        area = GrowingArea(
            name=f"{long} vùng số {number}",
            party_id=scene.cooperative.id,
            commune_id=scene.commune.id,
            household_count=20,
            boundary=ring(108.5 + 0.012 * (number % 6), 11.92 + 0.012 * (number // 6), 0.004, 60),
        )
        session.add(area)
        session.flush()
        areas.append(area)
        session.add_all(
            GrowingAreaCode(
                growing_area_id=area.id,
                code=f"VN-LDOR-{market}{number:03}",
                market=market,
                issued_on=date(2026, 1, 5),
            )
            for market in ("CN", "EU")
        )
    product = products.register_product(
        session,
        name=f"Trà {long}{long}hộp quà Tết",
        gtin="09520009000029",
        brand=long,
        ocop_set=12,
        producer_id=scene.cooperative.id,
        commune_id=scene.commune.id,
        summary=long * 3,
        story="\n".join([long * 8] * 4),
        net_content="24 gói × 2,5 g",
        shelf_life="12 tháng",
        standards="TCVN 5250:2015; VietGAP; 4C; UTZ; hữu cơ theo TCVN 11041-2:2017",
    )
    lot = lots.make_lot(
        session,
        product,
        "LO-DAI-2026-11-00001",
        [lots.Source(area.id, Decimal(10), date(2026, 10, 1)) for area in areas],
        quantity=Decimal(300),
        unit="kg",
        produced_on=date(2026, 11, 1),
        expires_on=date(2036, 11, 1),
    )
    for number in range(12):
        marketplaces.list_on_marketplace(
            session, product, "shopee", f"https://shopee.vn/{'tra-hoa-cuc-' * 8}-i.1.{number}"
        )
    for days in range(10):
        record_inspection(
            session,
            KEEPER,
            Share(lot, product),
            at=datetime.now(UTC) - timedelta(days=days, minutes=5),
            verdict="conformant",
        )
    ocop.certify(
        session,
        product,
        stars=5,
        decision="12345/QĐ-BNNMT",
        issued_by="Bộ trưởng Bộ Nông nghiệp và Môi trường",
        issued_on=date(2026, 8, 5),
    )
    session.commit()
    return f"/san-pham/{product.id}/lo/{lot.code}"


def test_the_heaviest_page_weighs_at_most_60_kb(client, worst):
    for address in (worst, f"{worst}?lang=en", f"{worst}?tem=INVENTED0001&lang=vi"):
        answer = client.get(address)
        html = answer.text
        assert html.count('class="step-') >= 40
        assert html.count("VN-LDOR-CN") >= 30
        sheets = re.findall(r'rel="stylesheet" href="([^"]+)"', html)
        style = sum(
            (assets.DIST.parent.parent / "frontend/css" / name).stat().st_size
            for name in ("consumer.css", "_tokens.css")
        )
        assert len(sheets) == 1
        assert len(answer.data) + style < MOST_BYTES, (len(answer.data), style)
        assert re.findall(r"<script(?! type=\"application/ld\+json\")", html) == []
        assert re.findall(r"\s(?:on\w+|style)=", html) == []


def test_a_page_asks_a_bounded_number_of_questions(client, worst, count_queries, scene, page):
    client.get(page)
    before = count_queries()
    client.get(page)
    light = count_queries() - before
    client.get(worst)
    heavy = count_queries() - before - light
    assert light <= MOST_STATEMENTS
    # Thirty fields, forty steps and twelve listings ask no more than two, three and two do.
    assert heavy <= light + 3
