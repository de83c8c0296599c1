"""What strangers may not do with things of ours through the events that programs capture."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from gis.models import Facility
from tests.event_factories import did
from tests.product_factories import GTIN, Scene, make_scene
from traceability.epcis.capture import Captor, capture_events
from traceability.errors import RuleBrokenError
from traceability.following.journey import public_journey
from traceability.following.recalls import recall_of
from traceability.lots import find_lot
from traceability.models import Event, Lot, ScanDay, Serial
from traceability.scanning.scans import standing_of

BASE = "https://langbiang.example"
LOT = f"{BASE}/01/{GTIN}/10/L2610"
ITEM = f"{BASE}/01/{GTIN}/21/"
BOX = "urn:epc:id:sscc:8930000.0000000001"
FOREIGN = "urn:epc:class:lgtin:0614141.107346.F1"
STRANGER = Captor("stranger", 999_999, frozenset({"producer"}))
RIVAL = Captor("rival", 999_998, frozenset({"producer"}))
LINE = {"epcClass": LOT, "quantity": 2, "uom": "KGM"}

Body = dict[str, Any]


@pytest.fixture
def scene(session: Session) -> Scene:
    return make_scene(session)


@pytest.fixture
def producer(session: Session, scene: Scene) -> Captor:
    by = Captor("producer", scene.cooperative.id, frozenset({"producer"}))
    made = [{"epcClass": LOT, "quantity": 100, "uom": "KGM"}]
    capture(session, by, did("commissioning", "ADD", 5, quantityList=made))
    capture(session, by, did("commissioning", "ADD", 5, epcList=[ITEM + "A1"]))
    return by


def packed(hour: int, **members: Any) -> Body:
    return did("packing", "ADD", hour, type="AggregationEvent", parentID=BOX, **members)


def transformed(hour: int, **members: Any) -> Body:
    return did("commissioning", None, hour, type="TransformationEvent", **members)


def recalled(epcs: list[str] | None = None, hour: int = 12, **members: Any) -> Body:
    names = {"epcList": epcs} if epcs else {}
    return did("holding", "OBSERVE", hour, disposition="recalled", **names, **members)


def capture(session: Session, by: Captor, body: Body) -> None:
    capture_events(session, [body], by=by)


def refused(session: Session, by: Captor, body: Body, sentence: str) -> None:
    with pytest.raises(RuleBrokenError, match=sentence), session.begin_nested():
        capture_events(session, [body], by=by)


def strange_acts() -> list[Body]:
    """What takes stock away, makes labels void or judges."""
    foreign = [{"epcClass": FOREIGN, "quantity": 1, "uom": "KGM"}]
    return [
        did("retail_selling", hour=9, epcList=[ITEM + "A1"]),
        packed(9, childQuantityList=[LINE]),
        {
            **packed(9, childQuantityList=[LINE]),
            "type": "AssociationEvent",
            "bizStep": "assembling",
        },
        did("inspecting", hour=9, disposition="non_conformant", quantityList=[LINE]),
        did("inspecting", hour=9, disposition="conformant", quantityList=[LINE]),
        transformed(9, inputQuantityList=[LINE], outputQuantityList=foreign),
    ]


def test_strangers_touch_what_was_never_sent_out_only_to_look(
    session: Session, producer: Captor
) -> None:
    for body in strange_acts():
        refused(session, STRANGER, body, "did not send it to you")
    # Their own word that they sent or received it is none.
    capture(session, STRANGER, did("shipping", hour=6, quantityList=[LINE]))
    capture(session, STRANGER, did("receiving", hour=7, quantityList=[LINE]))
    refused(session, STRANGER, strange_acts()[-1], "did not send it to you")
    # In the journal, of no party is the authority: nobody's account is not taken for it.
    nobody = Captor("nobody", None, frozenset({"producer"}))
    refused(session, nobody, did("shipping", hour=9, quantityList=[LINE]), "no organisation")
    refused(session, nobody, recalled([BOX]), "no organisation")
    # An item goes with its box, a lot by itself; to nobody named: to who first receives them.
    capture(session, producer, packed(7, childEPCs=[ITEM + "A1"]))
    capture(session, producer, did("shipping", hour=8, epcList=[BOX]))
    capture(session, producer, did("shipping", hour=8, quantityList=[LINE]))
    for body in strange_acts():
        refused(session, STRANGER, body, "did not send it to you")
    for by in (STRANGER, RIVAL):
        taken_in = did("receiving", hour=9, epcList=[BOX], quantityList=[LINE])
        capture(session, by, {**taken_in, "https://id.example/voc/by": by.name})
    for body in strange_acts():
        refused(session, RIVAL, body, "did not send it to you")
        capture(session, STRANGER, body)


def test_who_is_named_by_a_shipment_goes_on_with_it_and_sends_it_on(
    session: Session, scene: Scene, producer: Captor
) -> None:
    shop, carrier = scene.household.id, 999_997
    session.add(
        Facility(
            kind="store",
            party_id=shop,
            location="SRID=4326;POINT(108.5 12.0)",
            attributes={"gln": "9521234543213"},
        )
    )
    session.flush()
    at_the_shop = Captor("shop", shop, frozenset({"producer"}))
    to_the_shop = {"type": "cbv:SDT-owning_party", "destination": "urn:epc:id:pgln:9521234.54321"}
    sent = did("shipping", hour=8, epcList=[ITEM + "A1"], destinationList=[to_the_shop])
    capture(session, producer, sent)
    # Who receives it first, and what strangers say of boxes, is nothing against the name.
    capture(session, RIVAL, did("receiving", hour=8, epcList=[ITEM + "A1"]))
    seen = did("packing", "OBSERVE", 8, type="AggregationEvent", parentID=BOX)
    capture(session, RIVAL, {**seen, "childEPCs": [ITEM + "A1"]})
    sale = did("retail_selling", hour=10, epcList=[ITEM + "A1"])
    refused(session, RIVAL, sale, "did not send it to you")
    # By its address here, a carrier has it too; in a box, packed by who has it.
    named = f"{BASE}/chu-the/{carrier}"
    on = [{"type": "possessing_party", "destination": named}]
    capture(session, at_the_shop, packed(9, childEPCs=[ITEM + "A1"]))
    capture(session, at_the_shop, did("shipping", hour=9, epcList=[BOX], destinationList=on))
    out = did("unpacking", "DELETE", 10, type="AggregationEvent", parentID=BOX)
    refused(session, RIVAL, {**out, "childEPCs": [ITEM + "A1"]}, "unpack it")
    capture(session, Captor("c", carrier, frozenset({"producer"})), sale)


def test_a_box_that_strangers_emptied_holds_what_it_held(
    session: Session, producer: Captor
) -> None:
    capture(session, producer, packed(7, childEPCs=[ITEM + "A1"]))
    whole = did("unpacking", "DELETE", 8, type="AggregationEvent", parentID=BOX)
    capture(session, RIVAL, whole)
    elsewhere = {**packed(9, childEPCs=[ITEM + "A1"]), "parentID": BOX[:-1] + "2"}
    refused(session, producer, elsewhere, "unpack it first")
    capture(session, producer, {**whole, "eventTime": "2026-11-01T08:30:00+07:00"})
    capture(session, producer, elsewhere)
    nobody = Captor("nobody", None, frozenset({"producer"}))
    refused(session, nobody, did("shipping", hour=9, epcList=[BOX]), "no organisation")


def test_of_two_who_received_it_at_once_one_goes_on(clone_sessions: sessionmaker[Session]) -> None:
    with clone_sessions.begin() as session:
        scene = make_scene(session)
        by = Captor("producer", scene.cooperative.id, frozenset({"producer"}))
        made = [{"epcClass": LOT, "quantity": 100, "uom": "KGM"}]
        capture(session, by, did("commissioning", "ADD", 5, quantityList=made))
        capture(session, by, did("shipping", hour=6, quantityList=[LINE]))

    def take(by: Captor) -> bool:
        use = did("retail_selling", hour=9, quantityList=[LINE])
        bodies = [did("receiving", hour=8, quantityList=[LINE]), use]
        try:
            with clone_sessions.begin() as own:
                marked = [{**body, "https://id.example/voc/by": by.name} for body in bodies]
                capture_events(own, marked, by=by)
        except RuleBrokenError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, (STRANGER, RIVAL))) == [False, True]


def test_a_strangers_word_is_not_on_the_page_and_warns_of_nothing(
    session: Session, scene: Scene, producer: Captor, lot: Lot
) -> None:
    serial = Serial(product_id=scene.product.id, serial="A9", lot_id=lot.id)
    session.add_all(
        [
            serial,
            ScanDay(
                day=date(2026, 11, 2),
                product_id=scene.product.id,
                serial="A9",
                is_issued=True,
                scans=50,
            ),
        ]
    )
    session.flush()
    late = "2026-11-05T06:00:00+07:00"
    for step in ("shipping", "receiving", "inspecting"):
        strange = did(step, epcList=[ITEM + "A9"], quantityList=[LINE], eventTime=late)
        capture(session, STRANGER, strange)
    told = {step.kind for step in public_journey(session, scene.product, lot, serial)}
    assert told.isdisjoint({"ship", "receive", "inspect"})
    assert "before-shipping" not in standing_of(session, scene.product.id, "A9").warnings
    capture(session, producer, did("shipping", epcList=[ITEM + "A9"], eventTime=late))
    told = {step.kind for step in public_journey(session, scene.product, lot, serial)}
    assert "ship" in told
    assert "before-shipping" in standing_of(session, scene.product.id, "A9").warnings


def test_an_officer_of_a_commune_rules_over_its_products_only(
    session: Session, scene: Scene, producer: Captor
) -> None:
    other = Captor("elsewhere", None, frozenset({"officer"}), "99999")
    whole = recalled(quantityList=[{"epcClass": LOT}])
    refused(session, other, whole, "only the producer")
    wrong = {
        **did("commissioning", "ADD", 5, epcList=[ITEM + "A1"]),
        "errorDeclaration": {
            "declarationTime": "2026-11-02T06:00:00+07:00",
            "reason": "did_not_occur",
        },
    }
    refused(session, other, wrong, "of your commune")
    here = Captor("here", None, frozenset({"officer"}), scene.commune.code)
    capture(session, here, whole)
    capture(session, here, wrong)


def test_a_run_is_of_one_party(session: Session, producer: Captor) -> None:
    made = [{"epcClass": LOT + "B", "quantity": 1, "uom": "KGM"}]
    run = {"transformationID": "urn:uuid:5f9e1f2e-0000-4000-8000-000000000001"}
    capture(session, producer, transformed(7, inputQuantityList=[LINE], **run))
    joined = transformed(8, inputQuantityList=[{"epcClass": FOREIGN, "quantity": 1}], **run)
    refused(session, STRANGER, joined, "somebody else's")
    capture(session, producer, transformed(9, outputQuantityList=made, **run))


def test_what_only_repeats_an_event_neither_undoes_nor_keeps_from_undoing_it(
    session: Session, producer: Captor
) -> None:
    whole = did("commissioning", "ADD", 5, epcList=[ITEM + "A1"])
    alias = {**whole, "eventID": "urn:uuid:5f9e1f2e-0000-4000-8000-000000000002"}
    capture(session, STRANGER, alias)
    assert session.scalar(select(Event.repeats).where(Event.event_id == alias["eventID"]))
    told = {"declarationTime": "2026-11-02T06:00:00+07:00", "reason": "did_not_occur"}
    refused(session, STRANGER, {**alias, "errorDeclaration": told}, "Only who captured")
    capture(session, producer, {**whole, "errorDeclaration": told})


def test_an_event_id_used_by_a_stranger_gives_him_no_power_over_the_event(
    session: Session, producer: Captor
) -> None:
    """IDs may repeat: a declaration is about the event it repeats, not about all of one name."""
    name = {"eventID": "urn:uuid:5f9e1f2e-0000-4000-8000-000000000003"}
    told = {"declarationTime": "2026-11-02T06:00:00+07:00", "reason": "did_not_occur"}
    squatted = {**did("inspecting", epcList=["urn:epc:id:sgtin:0614141.107346.1"]), **name}
    capture(session, STRANGER, squatted)
    capture(session, STRANGER, {**squatted, "errorDeclaration": told})
    begun = {**did("commissioning", "ADD", 5, epcList=[ITEM + "B1"]), **name}
    capture(session, producer, begun)
    again = {**begun, "eventTime": "2026-11-01T09:00:00+07:00", "eventID": "urn:x:other"}
    refused(session, producer, again, "commissioned already")
    other = {**again, **name, "errorDeclaration": told}
    refused(session, producer, other, "says something else")
    capture(session, producer, {**begun, "errorDeclaration": told})
    capture(session, producer, again)


@pytest.fixture
def lot(session: Session, scene: Scene, producer: Captor) -> Lot:
    found = find_lot(session, scene.product.id, "L2610")
    assert found is not None
    return found


def test_a_stranger_recalls_nothing_through_boxes_and_things_of_nobody(
    session: Session, scene: Scene, producer: Captor, lot: Lot
) -> None:
    capture(session, producer, did("shipping", hour=6, quantityList=[LINE]))
    capture(session, STRANGER, did("receiving", hour=6, quantityList=[LINE]))
    capture(session, STRANGER, packed(7, childQuantityList=[LINE]))
    capture(session, STRANGER, recalled([BOX]))
    assert recall_of(session, scene.product, lot) is None
    assert "recall" not in {step.kind for step in public_journey(session, scene.product, lot)}
    # The same for a supplier's lot that nobody here is the producer of.
    made = [{"epcClass": LOT + "B", "quantity": 1, "uom": "KGM"}]
    used = [{"epcClass": FOREIGN, "quantity": 1, "uom": "KGM"}]
    capture(session, producer, transformed(8, inputQuantityList=used, outputQuantityList=made))
    capture(session, STRANGER, recalled(quantityList=[{"epcClass": FOREIGN}]))
    made_of_it = find_lot(session, scene.product.id, "L2610B")
    assert recall_of(session, scene.product, made_of_it) is None
    # The producer's own word, and the authority's, count.
    capture(session, producer, recalled(hour=13, quantityList=[{"epcClass": FOREIGN}]))
    assert recall_of(session, scene.product, made_of_it) is not None
    capture(session, Captor("o", None, frozenset({"officer"})), recalled([BOX], 14))
    assert recall_of(session, scene.product, lot) is not None
    assert "recall" in {step.kind for step in public_journey(session, scene.product, lot)}
