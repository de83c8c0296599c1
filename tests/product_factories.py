"""Small rows that tests of products stand on."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from gis.models import AdministrativeUnit, GrowingArea, GrowingAreaCode, Party
from traceability import lots, ocop, products
from traceability.models import Lot, Product
from traceability.selling import marketplaces

GTIN = "09520009000012"
SECRET_NAME = "Nguyễn Thị Riêng Tư"
SECRET_ADDRESS = "12 ngõ Kín, thôn Ẩn"


@dataclass
class Scene:
    """A commune, a cooperative, a household, an area of each, a product with a lot of both."""

    commune: AdministrativeUnit
    cooperative: Party
    household: Party
    areas: list[GrowingArea]
    product: Product
    lot: Lot


def square(lon: float, lat: float, side: float) -> str:
    """A square as EWKT; degrees."""
    east, north = lon + side, lat + side
    ring = f"{lon} {lat},{east} {lat},{east} {north},{lon} {north},{lon} {lat}"
    return f"SRID=4326;MULTIPOLYGON((({ring})))"


def make_scene(session: Session) -> Scene:
    """Make the rows; flushes."""
    commune = AdministrativeUnit(
        code="24848",
        name="Lạc Dương",
        full_name="Xã Lạc Dương",
        level="commune",
        valid_from=date(2025, 7, 1),
        boundary=square(108.4, 11.9, 0.3),
    )
    session.add(commune)
    session.flush()
    cooperative = Party(
        kind="cooperative", name="HTX Cà phê Thử Nghiệm", commune_id=commune.id, address="Thôn 1"
    )
    household = Party(
        kind="household", name=SECRET_NAME, commune_id=commune.id, address=SECRET_ADDRESS
    )
    session.add_all((cooperative, household))
    session.flush()
    areas = [
        GrowingArea(
            name=name,
            party_id=party.id,
            commune_id=commune.id,
            boundary=square(lon, 12.0031, 0.004),
        )
        for name, party, lon in (
            ("Vùng cà phê Đạ Nghịt", cooperative, 108.5013),
            (f"Vườn nhà {SECRET_NAME}", household, 108.6017),
        )
    ]
    session.add_all(areas)
    session.flush()
    session.add(
        GrowingAreaCode(
            growing_area_id=areas[0].id,
            code="VN-LDOR-0007",
            market="CN",
            issued_on=date(2026, 1, 5),
        )
    )
    product = products.register_product(
        session,
        name="Cà phê Đưng K'Nớ",
        gtin=GTIN,
        brand="K'Nớ",
        ocop_set=13,
        producer_id=cooperative.id,
        commune_id=commune.id,
        summary="Cà phê rang mộc.",
        story="Trồng dưới tán thông.",
        is_demo=True,
    )
    lot = lots.make_lot(
        session,
        product,
        "L2610",
        [
            lots.Source(areas[0].id, Decimal(300), date(2026, 10, 12)),
            lots.Source(areas[1].id, Decimal(120), date(2026, 10, 14)),
        ],
        quantity=Decimal(420),
        unit="kg",
        produced_on=date(2026, 10, 20),
        expires_on=date(2036, 10, 20),
    )
    ocop.certify(
        session,
        product,
        stars=4,
        decision="3981/QĐ-UBND",
        issued_by="Chủ tịch UBND tỉnh",
        issued_on=date(2026, 8, 5),
    )
    marketplaces.list_on_marketplace(session, product, "voso", "https://voso.vn/ca-phe-p123")
    marketplaces.list_on_marketplace(
        session, product, "postmart", "https://postmart.vn/p/ca-phe-88.html"
    )
    return Scene(commune, cooperative, household, areas, product, lot)
