"""What events may say of products registered here: on paper, and when two captures meet."""

import json
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from tests.event_factories import did
from tests.product_factories import GTIN, Scene, make_scene
from traceability import products
from traceability.epcis.capture import Captor, capture_document, capture_events
from traceability.errors import RuleBrokenError
from traceability.following.origin import public_origins
from traceability.models import Lot, LotSource, Product, Serial

BASE = "https://langbiang.example"
LOT = f"{BASE}/01/{GTIN}/10/L2610"
ITEM = f"{BASE}/01/{GTIN}/21/"
BOX = "urn:epc:id:sscc:8930000.000000000"
OFFICER = Captor("officer", None, frozenset({"officer"}))
STRANGER = Captor("stranger", 999_999, frozenset({"producer"}))
ALL = {"epcList": [ITEM + "A1"]}

Body = dict[str, Any]


@pytest.fixture
def scene(session: Session) -> Scene:
    return make_scene(session)


@pytest.fixture
def producer(scene: Scene) -> Captor:
    return Captor("producer", scene.cooperative.id, frozenset({"producer"}))


def packing(child: str, box: int, hour: int, action: str = "ADD") -> Body:
    children = {"childEPCs": [child]} if child else {}
    body = did("packing" if action == "ADD" else "unpacking", action, hour, **children)
    return {**body, "type": "AggregationEvent", "parentID": f"{BOX}{box}"}


def transformation(inputs: list[Body], outputs: list[Body], **members: Any) -> Body:
    body = did("commissioning", None, 8, **members)
    return {
        **body,
        "type": "TransformationEvent",
        "inputQuantityList": inputs,
        "outputQuantityList": outputs,
    }


def amount(quantity: float, uom: str | None = "KGM", lot: str = LOT) -> Body:
    return {"epcClass": lot, "quantity": quantity} | ({"uom": uom} if uom else {})


def capture(session: Session, by: Captor, *bodies: Body) -> None:
    for body in bodies:
        capture_events(session, [body], by=by)


def refused(session: Session, by: Captor, body: Body, word: str) -> RuleBrokenError:
    with pytest.raises(RuleBrokenError, match=word) as caught, session.begin_nested():
        capture_events(session, [body], by=by)
    return caught.value


def state_of(session: Session, serial: str) -> str | None:
    return session.scalar(select(Serial.state).where(Serial.serial == serial))


def test_an_item_begins_is_sold_and_ends_once(session: Session, producer: Captor) -> None:
    own = f"{BASE}/01/{GTIN}/10/L2610/21/A1"
    capture(session, producer, did("commissioning", "ADD", 6, epcList=[own]))
    assert state_of(session, "A1") == "active"
    again = did("commissioning", "ADD", 7, **ALL)
    error = refused(session, producer, again, "begins once")
    assert error.context["errors"][0]["pointer"] == "/epcList/0"

    capture(session, producer, did("retail_selling", hour=8, **ALL))
    assert state_of(session, "A1") == "sold"
    refused(session, producer, did("retail_selling", hour=9, **ALL), "sold once")

    capture(session, producer, did("destroying", "DELETE", 10, **ALL))
    assert state_of(session, "A1") == "void"
    refused(session, producer, did("decommissioning", "DELETE", 11, **ALL), "ends once")
    refused(session, producer, did("shipping", hour=12, **ALL), "only be looked at")
    capture(session, producer, did("inspecting", hour=13, **ALL))


def test_both_codes_of_a_product_name_the_same_item(
    session: Session, scene: Scene, producer: Captor
) -> None:
    trace = f"{BASE}/t/{scene.product.trace_code}/tem/A1"
    capture(session, producer, did("commissioning", "ADD", 6, **ALL))
    refused(session, producer, did("commissioning", "ADD", 7, epcList=[trace]), "begins once")
    urn = "urn:epc:id:sgtin:9520009.000001.A1"
    refused(session, producer, did("commissioning", "ADD", 7, epcList=[urn]), "begins once")


def test_only_the_producer_and_the_authority_begin_end_and_recall(
    session: Session, producer: Captor
) -> None:
    for body in (
        did("commissioning", "ADD", **ALL),
        did("destroying", "DELETE", **ALL),
        did("holding", disposition="recalled", quantityList=[{"epcClass": LOT}]),
        transformation([amount(1)], [amount(1, lot=LOT + "B")]),
    ):
        refused(session, STRANGER, body, "only the producer")
    capture(session, OFFICER, did("commissioning", "ADD", **ALL))
    capture(session, STRANGER, did("receiving", hour=7, **ALL))
    # Things of others are recorded as they come, twice if need be.
    foreign = {"epcList": ["urn:epc:id:sgtin:0614141.107346.2018"]}
    for hour in (6, 7):
        capture(session, STRANGER, did("commissioning", "ADD", hour, **foreign))


def test_a_child_is_in_one_box_at_a_time(session: Session, producer: Captor) -> None:
    child = ITEM + "A1"
    capture(session, producer, packing(child, 1, 6))
    refused(session, producer, packing(child, 2, 7), "unpack it first")
    # What came later in time does not allow what came before it.
    capture(session, producer, packing(child, 1, 9, "DELETE"))
    refused(session, producer, packing(child, 2, 8), "unpack it first")
    capture(session, producer, packing(child, 2, 10))
    # A disaggregation without children takes all out.
    capture(session, producer, packing("", 2, 11, "DELETE"), packing(child, 3, 12))
    # Learnt late: at this hour it lay in box 2.
    refused(session, producer, packing(child, 4, 10), "unpack it first")


def test_no_more_comes_out_than_went_in(session: Session, producer: Captor) -> None:
    new = LOT + "B"
    refused(
        session,
        producer,
        transformation(
            [amount(400), amount(2_000, "GRM", BASE + "/01/09521234543213/10/X")],
            [amount(0.5, "TNE", new)],
        ),
        "500 kg come out of 402 kg",
    )
    capture(session, producer, transformation([amount(100)], [amount(80, lot=new)]))
    # Pieces are not held against kilograms, nor litres.
    capture(session, producer, transformation([amount(100)], [amount(1680, None, LOT + "C")]))
    run = {"transformationID": "urn:uuid:6a2f6b4e-0000-4000-8000-000000000001"}
    capture(
        session,
        producer,
        {
            name: value
            for name, value in transformation([amount(10)], [], **run).items()
            if name != "outputQuantityList"
        },
    )
    rest = transformation([], [amount(11, lot=LOT + "D")], **run)
    del rest["inputQuantityList"]
    refused(session, producer, rest, "11 kg come out of 10 kg")


def test_no_more_is_taken_from_a_lot_than_was_made(
    session: Session, scene: Scene, producer: Captor
) -> None:
    # The lot was registered with 420 kg before there were events.
    refused(session, producer, transformation([amount(421)], [amount(1, lot=LOT + "B")]), "420 kg")
    capture(session, producer, transformation([amount(0.4, "TNE")], [amount(1, lot=LOT + "B")]))
    refused(session, producer, did("retail_selling", quantityList=[amount(20.5)]), "420.5 kg")

    ship = did("shipping", hour=9, quantityList=[amount(300)])
    capture(session, producer, ship)
    refused(session, producer, did("shipping", hour=10, quantityList=[amount(121)]), "421 kg")
    capture(session, producer, did("receiving", hour=10, quantityList=[amount(100)]))
    capture(session, producer, did("shipping", hour=11, quantityList=[amount(121)]))
    # The next in the chain sends what it was sent.
    capture(session, STRANGER, did("shipping", hour=12, quantityList=[amount(300)]))

    capture(
        session, producer, did("commissioning", "ADD", quantityList=[amount(10, lot=LOT + "N")])
    )
    capture(
        session,
        producer,
        did("creating_class_instance", "ADD", quantityList=[amount(5, lot=LOT + "N")]),
        did("destroying", "DELETE", hour=9, quantityList=[amount(15, lot=LOT + "N")]),
    )
    late = did("destroying", "DELETE", hour=10, quantityList=[amount(1, lot=LOT + "N")])
    refused(session, producer, late, "16 kg")


def test_what_is_declared_an_error_no_longer_counts(session: Session, producer: Captor) -> None:
    begun = did("commissioning", "ADD", 6, **ALL)
    capture(session, producer, begun)
    declared = {
        **begun,
        "errorDeclaration": {
            "declarationTime": "2026-11-02T06:00:00+07:00",
            "reason": "did_not_occur",
        },
    }
    refused(session, STRANGER, declared, "Only who captured")
    capture(session, producer, declared)
    assert state_of(session, "A1") == "issued"
    capture(session, producer, did("commissioning", "ADD", 7, **ALL))
    assert state_of(session, "A1") == "active"
    # What was recorded wrongly is put right even after the item was sold.
    capture(session, producer, did("retail_selling", hour=9, **ALL))
    late = did("commissioning", "ADD", 7, **ALL)
    wrong = {**late, "errorDeclaration": declared["errorDeclaration"]}
    capture(session, producer, wrong, did("commissioning", "ADD", 8, **ALL))
    assert state_of(session, "A1") == "sold"
    # Declared again: what was recorded since stands.
    twice = deepcopy(declared)
    twice["errorDeclaration"]["declarationTime"] = "2026-11-03T06:00:00+07:00"
    capture(session, producer, twice)
    assert state_of(session, "A1") == "sold"


def test_a_recall_reaches_the_items_of_the_lot(
    session: Session, scene: Scene, producer: Captor
) -> None:
    mda = {"ilmd": {"cbvmda:lotNumber": "L2610"}}
    capture(session, producer, did("commissioning", "ADD", 6, **ALL, **mda))
    capture(session, OFFICER, did("commissioning", "ADD", 6, epcList=[ITEM + "A2"]))
    capture(
        session,
        OFFICER,
        did("holding", hour=7, disposition="recalled", quantityList=[{"epcClass": LOT}]),
    )
    assert (state_of(session, "A1"), state_of(session, "A2")) == ("recalled", "active")
    refused(session, producer, did("retail_selling", hour=8, **ALL), "was recalled")


def test_an_issued_label_is_not_sold_before_it_is_active(
    session: Session, scene: Scene, producer: Captor
) -> None:
    session.add(Serial(product_id=scene.product.id, serial="A1"))
    session.flush()
    refused(session, producer, did("retail_selling", **ALL), "never commissioned")


def test_a_label_issued_for_a_lot_does_not_begin_in_another(
    session: Session, scene: Scene, producer: Captor
) -> None:
    session.add(Serial(product_id=scene.product.id, serial="A1", lot_id=scene.lot.id))
    session.flush()
    other = did("commissioning", "ADD", **ALL, ilmd={"cbvmda:lotNumber": "L2611"})
    refused(session, producer, other, "belongs to lot L2610")
    capture(session, producer, {**other, "ilmd": {"cbvmda:lotNumber": "L2610"}})


@pytest.mark.real_data
def test_the_worked_chain_is_accepted_whole_and_once(session: Session, shared: Path) -> None:
    scene = make_scene(session)
    scene.areas[0].attributes = {"gln": "9520000100018"}
    for gtin in ("09520000100025", "09520000200015"):
        products.register_product(
            session,
            name=f"Chè {gtin}",
            gtin=gtin,
            producer_id=scene.cooperative.id,
            commune_id=scene.commune.id,
        )
    chain = json.loads((shared / "standards/epcis/epcis_ocop_chain.jsonld").read_text("utf-8"))
    first = capture_document(session, chain, by=OFFICER)
    assert (first.success, first.stored) == (True, len(chain["epcisBody"]["eventList"]))
    second = capture_document(session, chain, by=OFFICER)
    assert (second.stored, second.repeated) == (0, first.stored)
    # Its field is known by the number of the place alone, and is the origin of what was made of it.
    for code in ("H261005-03", "L2610"):
        lot = session.scalars(
            select(Lot)
            .join(Product)
            .where(Lot.code == code, Product.gtin.startswith("0952000"))
            .where(Product.id != scene.product.id)
        ).one()
        [origin] = public_origins(session, lot.product_id, lot.id)
        assert origin.growing_area_id == scene.areas[0].id


def test_a_lot_from_outside_is_registered_when_it_begins(
    session: Session, scene: Scene, producer: Captor
) -> None:
    facts = {
        "cbvmda:lotNumber": "N26",
        "cbvmda:harvestEndDate": "2026-10-30",
        "https://id.example/voc/growingAreaCode": "VN-LDOR-0007",
    }
    new = LOT.replace("L2610", "N26")
    harvest = did("commissioning", "ADD", 6, quantityList=[amount(420.5, lot=new)], ilmd=facts)
    stamps = did("commissioning", "ADD", 7, **ALL, ilmd={"cbvmda:lotNumber": "N26"})
    capture(session, producer, harvest, stamps)
    lot = session.scalars(select(Lot).where(Lot.code == "N26")).one()
    assert (lot.quantity, lot.unit, str(lot.harvested_on)) == (Decimal("420.5"), "kg", "2026-10-30")
    [source] = session.scalars(select(LotSource).where(LotSource.lot_id == lot.id))
    assert source.growing_area_id == scene.areas[0].id
    assert session.scalars(select(Serial.lot_id).where(Serial.serial == "A1")).one() == lot.id
    recall = did("holding", hour=8, disposition="recalled", quantityList=[{"epcClass": new}])
    capture(session, producer, recall)
    assert state_of(session, "A1") == "recalled"


@pytest.mark.parametrize("kind", ["commissioning", "packing", "taking"])
def test_of_two_captures_at_once_one_wins(clone_sessions: sessionmaker[Session], kind: str) -> None:
    with clone_sessions.begin() as session:
        scene = make_scene(session)
        by = Captor("producer", scene.cooperative.id, frozenset({"producer"}))
    rivals = {
        "commissioning": [did("commissioning", "ADD", hour, **ALL) for hour in (6, 7)],
        "packing": [packing(ITEM + "A1", box, 6 + box) for box in (1, 2)],
        "taking": [
            transformation([amount(300)], [amount(1, lot=f"{LOT}{name}")]) for name in ("B", "C")
        ],
    }[kind]

    def take(body: Body) -> bool:
        try:
            with clone_sessions.begin() as own:
                capture_events(own, [body], by=by)
        except RuleBrokenError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, rivals)) == [False, True]


@pytest.mark.long
def test_many_captures_at_once_take_what_there_is_and_no_more(
    clone_sessions: sessionmaker[Session],
) -> None:
    with clone_sessions.begin() as session:
        scene = make_scene(session)
        by = Captor("producer", scene.cooperative.id, frozenset({"producer"}))
        products.register_product(
            session, name="Chè", gtin="09520000100025", producer_id=scene.cooperative.id
        )
    lots = [f"{BASE}/01/{gtin}/10/N26" for gtin in (GTIN, "09520000100025")]
    with clone_sessions.begin() as session:
        for lot in lots:
            made = did("commissioning", "ADD", quantityList=[amount(100, lot=lot)])
            capture_events(session, [made], by=by)

    def take(number: int) -> bool:
        # Each takes from both lots, every second one in the other order.
        bodies = [
            {
                **did("destroying", "DELETE", 8, quantityList=[amount(1.5, lot=lot)]),
                "https://id.example/voc/number": number,
            }
            for lot in lots[:: 1 if number % 2 else -1]
        ]
        try:
            with clone_sessions.begin() as own:
                capture_events(own, bodies, by=by)
        except RuleBrokenError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(100))) == 66
