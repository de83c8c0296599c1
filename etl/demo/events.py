"""What happened to some of the demo's lots, from the field to the shelf, as real events.

Three stories: a coffee that went the whole way, a strawberry that was recalled after it had been
dried, a pepper harvested before a pesticide's interval was over.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from etl.demo.tables import SOURCE
from gis.calendar import VIETNAM
from gis.diary import write_entry
from gis.models import Party
from traceability.epcis.captor import Captor
from traceability.following.places import Place, list_areas, list_facilities
from traceability.labelling.serials import Chosen, issue_serials
from traceability.models import Lot, Product
from traceability.products import register_product
from traceability.recording.activation import activate
from traceability.recording.boxes import record_packing, record_unpacking
from traceability.recording.checks import record_inspection, record_recall
from traceability.recording.harvests import Harvest, record_harvest
from traceability.recording.keeping import Keeper, Share
from traceability.recording.moves import (
    Load,
    record_receiving,
    record_sale,
    record_shipping,
)
from traceability.recording.processing import record_processing

# Raw materials that no buyer sees: key, name, producer.
MATERIALS = (
    ("qua-ca-phe", "Quả cà phê chín Mây Ngàn (nguyên liệu)", "htx-may-ngan"),
    ("ca-phe-nhan", "Cà phê nhân xanh Mây Ngàn (nguyên liệu)", "htx-may-ngan"),
    ("dau-tay-nguyen-lieu", "Dâu tây chín Đỉnh Sương (nguyên liệu)", "htx-dinh-suong"),
)


class _Story:
    """One producer's records, counted in days before today."""

    def __init__(
        self,
        session: Session,
        party: Party,
        products: Mapping[str, Product],
        today: date,
        base: str,
    ) -> None:
        self.session = session
        self.products = products
        self.today = today
        self.keeper = Keeper(Captor("demo", party.id, frozenset({"producer"})), base)
        self.areas = {area.name: area for area in list_areas(session, party.id, None)}
        self.facilities = list_facilities(session, party.id, None)

    def at(self, days: int, hour: int) -> datetime:
        """An hour of a day before today, Vietnam's time."""
        return datetime.combine(self.today - timedelta(days=days), time(hour), VIETNAM)

    def field(self, crop: str) -> Place:
        """The producer's first area whose name begins with a crop."""
        return next(area for name, area in self.areas.items() if name.startswith(crop))

    @property
    def workshop(self) -> Place | None:
        """Where the producer works, if that is in the demo."""
        return self.facilities[0] if self.facilities else None

    def harvest(self, product: str, days: int, amounts: Mapping[str, int]) -> Lot:
        """A harvest of some areas, in kilograms; the lot is called by its day."""
        lot, _ = record_harvest(
            self.session,
            self.keeper,
            self.products[product],
            f"H{self.at(days, 7):%y%m%d}",
            [Harvest(self.areas[name], Decimal(amount)) for name, amount in amounts.items()],
            unit="kg",
            at=self.at(days, 7),
            store=self.workshop,
            is_demo=True,
        )
        return lot

    def process(
        self, source: Lot, used: int, product: str, made: int, days: int, keeps: int | None = None
    ) -> Lot:
        """Kilograms of one lot become kilograms of another."""
        share = Share(source, self.product_of(source), Decimal(used), "kg")
        lot, _ = record_processing(
            self.session,
            self.keeper,
            [share],
            self.products[product],
            f"C{self.at(days, 15):%y%m%d}",
            amount=Decimal(made),
            unit="kg",
            at=self.at(days, 15),
            place=self.workshop,
            expires_on=self.at(days, 15).date() + timedelta(days=keeps) if keeps else None,
            is_demo=True,
        )
        return lot

    def inspect(self, lot: Lot, days: int, number: str) -> None:
        """An inspection that the lot passed."""
        record_inspection(
            self.session,
            self.keeper,
            Share(lot, self.product_of(lot)),
            at=self.at(days, 9),
            verdict="conformant",
            place=self.workshop,
            result_number=number,
        )

    def label(self, product: Product, labels: list[str], days: int) -> None:
        """Labels come onto items and are put to use."""
        chosen = Chosen(product.id, tuple(labels))
        at, place = self.at(days, 9), self.workshop
        activate(self.session, self.keeper, product, chosen, at=at, place=place)

    def product_of(self, lot: Lot) -> Product:
        """The product a lot is a batch of."""
        return next(each for each in self.products.values() if each.id == lot.product_id)


def load_events(
    session: Session, parties: Mapping[str, int], today: date, base: str
) -> dict[str, int]:
    """Tell the stories once; flushes.

    Args:
        session: The transaction.
        parties: Ids by the keys of `parties.csv`.
        today: Days are counted back from it.
        base: The site's address, which events carry.

    Returns:
        How many materials and lots were added; none when the stories were told before.
    """
    rows = session.scalars(select(Product).where(Product.source == SOURCE)).all()
    products = {str(row.source_id): row for row in rows}
    if MATERIALS[0][0] in products:
        return {"materials": 0, "lots with events": 0}
    for key, name, party in MATERIALS:
        owner = session.get_one(Party, parties[party])
        products[key] = register_product(
            session,
            name=name,
            producer_id=owner.id,
            commune_id=owner.commune_id,
            summary="Nguyên liệu trong xưởng, không bán ra ngoài.",
            source=SOURCE,
            source_id=key,
            is_demo=True,
        )

    def story(party: str) -> _Story:
        return _Story(session, session.get_one(Party, parties[party]), products, today, base)

    lots = _coffee(story("htx-may-ngan"), session.get_one(Party, parties["cty-vuon-nang"]))
    lots += _strawberry(story("htx-dinh-suong"))
    lots += _pepper(story("cty-vuon-nang"))
    return {"materials": len(MATERIALS), "lots with events": lots}


def _coffee(told: _Story, shop: Party) -> int:
    """From two hills through the workshop into a box, to a shop, to two buyers."""
    cherries = told.harvest("qua-ca-phe", 46, {"Cà phê Đồi Mây": 1800, "Cà phê Suối Cạn": 700})
    told.inspect(cherries, 45, "KN-2026-118")
    green = told.process(cherries, 2400, "ca-phe-nhan", 430, 34)
    roasted = told.process(green, 240, "ca-phe-hat", 200, 20, keeps=365)
    told.inspect(roasted, 19, "KN-2026-131")
    product = told.products["ca-phe-hat"]
    labels = list(issue_serials(told.session, product, 12, roasted))
    told.label(product, labels, 18)
    items = [(product, label) for label in labels[:8]]
    box, _ = record_packing(
        told.session, told.keeper, None, items=items, at=told.at(18, 10), place=told.workshop
    )
    record_shipping(
        told.session,
        told.keeper,
        Load(boxes=[box]),
        at=told.at(17, 7),
        place=told.workshop,
        receiver=shop,
        paper="PX-MH-018",
    )
    receiver = Keeper(Captor("demo", shop.id, frozenset({"producer"})), told.keeper.base)
    facilities = list_facilities(told.session, shop.id, None)
    counter = facilities[0] if facilities else None
    record_receiving(told.session, receiver, Load(boxes=[box]), at=told.at(15, 9), place=counter)
    record_unpacking(told.session, receiver, box, at=told.at(15, 10), place=counter)
    record_sale(told.session, receiver, Load(items=items[:2]), at=told.at(12, 17), place=counter)
    return 3


def _strawberry(told: _Story) -> int:
    """Dried, labelled, and recalled because of what was found in the fresh fruit."""
    fruit = told.harvest("dau-tay-nguyen-lieu", 30, {told.field("Dâu").name: 320})
    dried = told.process(fruit, 300, "dau-tay-say", 34, 26, keeps=180)
    product = told.products["dau-tay-say"]
    labels = list(issue_serials(told.session, product, 6, dried))
    told.label(product, labels, 25)
    record_recall(
        told.session,
        told.keeper,
        Share(fruit, told.product_of(fruit)),
        at=told.at(6, 16),
        reason="Minh hoạ: mẫu dâu tươi vượt mức dư lượng. Không dùng; mang trả nơi đã mua.",
        place=told.workshop,
    )
    return 2


def _pepper(told: _Story) -> int:
    """Harvested three days before the interval of a pesticide was over."""
    area = told.field("Ớt")
    assert area.id is not None
    write_entry(
        told.session,
        area.id,
        done_on=told.at(12, 6).date(),
        activity="spraying",
        by="demo",
        today=told.today,
        product_name="Thuốc trừ bọ trĩ Minh Hoạ 5EC",
        active_ingredient="hoạt chất minh hoạ",
        dose=Decimal("0.5"),
        unit="lít/ha",
        phi_days=7,
        is_demo=True,
    )
    early = told.harvest("ot-ngot", 8, {area.name: 260})
    told.inspect(early, 7, "KN-2026-140")
    return 1
