"""A harvest is the same, whether a form or a program records it; and so is its correction."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.calendar import local_day, today
from gis.diary import write_entry
from tests.product_factories import GTIN, Scene, make_scene
from tests.trade_factories import BASE, days_ago
from traceability.epcis.capture import Captor, capture_events
from traceability.errors import RuleBrokenError
from traceability.following.origin import public_origins
from traceability.following.places import list_areas
from traceability.following.safety import safety_of
from traceability.following.stocks import left_of
from traceability.lots import find_lot
from traceability.models import Lot, LotSource
from traceability.recording.harvests import Harvest, record_harvest
from traceability.recording.keeping import Keeper

GLN = "9521234543213"
ELSEWHERE = "urn:epc:id:sgln:0614141.00777.0"
DAY = days_ago(3)
OFFICER = Captor("officer", None, frozenset({"officer"}))

Body = dict[str, Any]


@pytest.fixture
def scene(session: Session) -> Scene:
    made = make_scene(session)
    made.areas[0].attributes = {"gln": GLN}
    session.flush()
    return made


@pytest.fixture
def producer(scene: Scene) -> Captor:
    return Captor("producer", scene.cooperative.id, frozenset({"producer"}))


def harvest(lot: str, quantity: float = 420.5, uom: str | None = "KGM", **members: Any) -> Body:
    line = {"epcClass": f"{BASE}/01/{GTIN}/10/{lot}", "quantity": quantity}
    return {
        "type": "ObjectEvent",
        "eventTime": DAY.isoformat(timespec="milliseconds"),
        "eventTimeZoneOffset": "+07:00",
        "action": "ADD",
        "bizStep": "commissioning",
        "disposition": "active",
        "quantityList": [line | ({"uom": uom} if uom else {})],
        **members,
    }


def at(place: str) -> Body:
    return {"id": place}


def sources(session: Session, lot: Lot | None) -> list[tuple[Any, ...]]:
    assert lot is not None
    found = session.scalars(
        select(LotSource).where(LotSource.lot_id == lot.id).order_by(LotSource.harvested_on)
    )
    return [(one.growing_area_id, one.quantity, one.harvested_on) for one in found]


def shown(session: Session, lot: Lot) -> list[tuple[Any, ...]]:
    origins = public_origins(session, lot.product_id, lot.id)
    return [(one.growing_area_id, one.quantity, one.harvested_on) for one in origins]


def wrong(body: Body) -> Body:
    told = {"declarationTime": days_ago(0).isoformat(), "reason": "did_not_occur"}
    return {**body, "errorDeclaration": told}


@pytest.mark.parametrize(
    "named",
    [
        {"ilmd": {"https://id.example/voc/growingAreaCode": "VN-LDOR-0007"}},
        {"ilmd": {"https://id.example/voc/growingAreaCode": ["XX", "VN-LDOR-0007"]}},
        {"readPoint": at(f"https://id.example/414/{GLN}/254/LO-03")},
        {
            "readPoint": at(ELSEWHERE),
            "bizLocation": at(f"{BASE}/414/{GLN}"),
        },
        {"readPoint": at("urn:epc:id:sgln:9521234.54321.LO-03")},
        {"bizLocation": at(f"{BASE}/vung-trong/VN-LDOR-0007")},
    ],
)
def test_a_captured_harvest_is_what_a_recorded_one_is(
    session: Session, scene: Scene, producer: Captor, named: Body
) -> None:
    [area] = list_areas(session, scene.cooperative.id, None)
    recorded, _ = record_harvest(
        session,
        Keeper(producer, BASE),
        scene.product,
        "F1",
        [Harvest(area, Decimal("420.5"))],
        unit="kg",
        at=DAY,
    )
    capture_events(session, [harvest("C1", **named)], by=producer)
    captured = find_lot(session, scene.product.id, "C1")
    assert captured is not None
    assert sources(session, captured) == sources(session, recorded) == shown(session, captured)
    assert [source[:2] for source in sources(session, captured)] == [
        (scene.areas[0].id, Decimal("420.500"))
    ]
    assert (captured.quantity, captured.unit) == (recorded.quantity, recorded.unit)
    # Sprayed two days before, with an interval of a week: neither of them has the badge.
    write_entry(
        session,
        scene.areas[0].id,
        done_on=local_day(DAY) - timedelta(days=2),
        activity="spraying",
        by="x",
        today=today(),
        product_name="Abamectin",
        phi_days=7,
    )
    for lot in (recorded, captured):
        assert safety_of(session, lot).reason == "early-harvest"


def test_places_that_are_unknown_or_others_make_no_origin(
    session: Session, scene: Scene, producer: Captor
) -> None:
    code = "https://id.example/voc/growingAreaCode"
    strange = [
        {"readPoint": at(ELSEWHERE), "ilmd": {code: "VN-XXXX-1"}},
        {"readPoint": at(f"{BASE}/vung-trong/{scene.areas[1].id}")},
        {"readPoint": at(f"{BASE}/vung-trong/999999999999999999")},
        {"ilmd": {code: {"nested": "VN-LDOR-0007"}, "cbvmda:harvestEndDate": "soon"}},
    ]
    for number, members in enumerate(strange):
        capture_events(session, [harvest(f"U{number}", **members)], by=producer)
        lot = find_lot(session, scene.product.id, f"U{number}")
        assert lot is not None
        assert (sources(session, lot), shown(session, lot)) == ([], [])
    # The authority may say that it grew in a household's garden.
    capture_events(session, [harvest("U9", **strange[1])], by=OFFICER)
    [source] = sources(session, find_lot(session, scene.product.id, "U9"))
    assert source[0] == scene.areas[1].id
    # One number for two fields: nobody knows which, unless the plot says so.
    scene.areas[1].attributes, scene.areas[1].party_id = {"gln": GLN}, scene.cooperative.id
    session.flush()
    for lot_code, plot, known in (("G1", "", []), ("G2", f"/254/{scene.areas[1].id}", [1])):
        place = at(f"{BASE}/414/{GLN}{plot}")
        capture_events(session, [harvest(lot_code, readPoint=place)], by=producer)
        found = sources(session, find_lot(session, scene.product.id, lot_code))
        assert [source[0] for source in found] == [scene.areas[number].id for number in known]


def test_the_first_day_of_a_harvest_keeps_the_interval_too(
    session: Session, scene: Scene, producer: Captor
) -> None:
    first, last = local_day(DAY) - timedelta(days=5), local_day(DAY) + timedelta(days=400)
    facts = {
        "cbvmda:harvestStartDate": first.isoformat(),
        # Not over after it was recorded, whatever is typed.
        "cbvmda:harvestEndDate": last.isoformat(),
    }
    body = harvest("D1", bizLocation=at(f"{BASE}/414/{GLN}"), ilmd=facts)
    capture_events(session, [body], by=producer)
    lot = find_lot(session, scene.product.id, "D1")
    assert [source[1:] for source in sources(session, lot)] == [
        (None, first),
        (Decimal("420.500"), local_day(DAY)),
    ]


def test_a_lot_gets_what_later_events_add_in_its_own_unit(
    session: Session, scene: Scene, producer: Captor
) -> None:
    more = {"bizStep": "creating_class_instance", "bizLocation": at(f"{BASE}/414/{GLN}")}
    capture_events(session, [harvest("A1", 100, "LBR")], by=producer)
    capture_events(session, [harvest("A1", 0.5, "TNE", **more)], by=producer)
    lot = find_lot(session, scene.product.id, "A1")
    assert lot is not None
    assert (lot.quantity, lot.unit) == (Decimal("545.359"), "kg")
    assert [source[:2] for source in sources(session, lot)] == [
        (scene.areas[0].id, Decimal("500.000"))
    ]
    # Too little to be kept is no mistake of the database's; pieces are no kilograms.
    for quantity, uom in ((0.0000001, "KGM"), (12, None), (1e14, "KGM")):
        capture_events(session, [harvest("A1", quantity, uom, **more)], by=producer)
    for number, quantity in enumerate((0.0000001, 1e14)):
        capture_events(session, [harvest(f"N{number}", quantity)], by=producer)
        small = find_lot(session, scene.product.id, f"N{number}")
        assert small is not None
        assert small.quantity is None


def test_what_is_declared_an_error_gives_no_lot_its_field_and_amount(
    session: Session, scene: Scene, producer: Captor
) -> None:
    place = {"bizLocation": at(f"{BASE}/414/{GLN}")}
    first = harvest("W1", 100, **place)
    second = harvest("W1", 50, bizStep="creating_class_instance", **place)
    capture_events(session, [first, second], by=producer)
    lot = find_lot(session, scene.product.id, "W1")
    assert lot is not None
    assert (lot.quantity, len(sources(session, lot))) == (Decimal(150), 2)
    capture_events(session, [wrong(second)], by=producer)
    assert (lot.quantity, len(sources(session, lot)), lot.status) == (Decimal(100), 1, "active")
    capture_events(session, [wrong(first)], by=producer)
    assert (sources(session, lot), lot.status) == ([], "closed")
    taken = {**harvest("W1", 1), "action": "DELETE", "bizStep": "destroying"}
    del taken["disposition"]
    with pytest.raises(RuleBrokenError, match="0 kg were made"), session.begin_nested():
        capture_events(session, [taken], by=producer)
    # Recorded anew, with the right amount: it is there again.
    capture_events(session, [harvest("W1", 80, **place)], by=producer)
    assert (lot.quantity, lot.status) == (Decimal(80), "active")
    assert left_of(session, scene.product, lot) == Decimal(80)


def test_a_lot_that_was_registered_is_as_it_was_when_its_harvest_is_taken_back(
    session: Session, scene: Scene, producer: Captor
) -> None:
    def state() -> tuple[Any, ...]:
        lot = scene.lot
        return lot.quantity, lot.unit, lot.status, lot.harvested_on, sources(session, lot)

    before = state()
    told = harvest("L2610", 420, bizLocation=at(f"{BASE}/414/{GLN}"))
    capture_events(session, [told], by=producer)
    assert (scene.lot.quantity, len(sources(session, scene.lot))) == (Decimal(420), 2)
    capture_events(session, [wrong(told)], by=producer)
    assert state() == before
