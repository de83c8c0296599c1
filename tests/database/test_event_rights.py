"""What strangers may not do with things of ours through the events that programs capture."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.product_factories import GTIN, Scene, make_scene
from traceability.epcis.capture import Captor, capture_events
from traceability.errors import RuleBrokenError
from traceability.following.journey import public_journey
from traceability.following.recalls import recall_of
from traceability.lots import find_lot
from traceability.models import Event, Lot

BASE = "https://langbiang.example"
LOT = f"{BASE}/01/{GTIN}/10/L2610"
ITEM = f"{BASE}/01/{GTIN}/21/"
BOX = "urn:epc:id:sscc:8930000.0000000001"
FOREIGN = "urn:epc:class:lgtin:0614141.107346.F1"
STRANGER = Captor("stranger", 999_999, frozenset({"producer"}))
LINE = {"epcClass": LOT, "quantity": 2, "uom": "KGM"}

Body = dict[str, Any]


@pytest.fixture
def scene(session: Session) -> Scene:
    return make_scene(session)


@pytest.fixture
def producer(session: Session, scene: Scene) -> Captor:
    by = Captor("producer", scene.cooperative.id, frozenset({"producer"}))
    made = [{"epcClass": LOT, "quantity": 100, "uom": "KGM"}]
    capture(session, by, event("commissioning", "ADD", 5, quantityList=made))
    capture(session, by, event("commissioning", "ADD", 5, epcList=[ITEM + "A1"]))
    return by


def event(step: str, action: str | None = "OBSERVE", hour: int = 6, **members: Any) -> Body:
    made = {
        "type": "ObjectEvent",
        "eventTime": f"2026-11-01T{hour:02d}:00:00+07:00",
        "eventTimeZoneOffset": "+07:00",
        "action": action,
        "bizStep": step,
        **members,
    }
    return {name: value for name, value in made.items() if value is not None}


def packed(hour: int, **members: Any) -> Body:
    return event("packing", "ADD", hour, type="AggregationEvent", parentID=BOX, **members)


def transformed(hour: int, **members: Any) -> Body:
    return event("commissioning", None, hour, type="TransformationEvent", **members)


def recalled(epcs: list[str] | None = None, hour: int = 12, **members: Any) -> Body:
    names = {"epcList": epcs} if epcs else {}
    return event("holding", "OBSERVE", hour, disposition="recalled", **names, **members)


def capture(session: Session, by: Captor, body: Body) -> None:
    capture_events(session, [body], by=by)


def refused(session: Session, by: Captor, body: Body, sentence: str) -> None:
    with pytest.raises(RuleBrokenError, match=sentence), session.begin_nested():
        capture_events(session, [body], by=by)


def strange_acts() -> list[Body]:
    """What takes stock away, makes labels void or judges."""
    foreign = [{"epcClass": FOREIGN, "quantity": 1, "uom": "KGM"}]
    return [
        event("retail_selling", hour=9, epcList=[ITEM + "A1"]),
        packed(9, childQuantityList=[LINE]),
        {
            **packed(9, childQuantityList=[LINE]),
            "type": "AssociationEvent",
            "bizStep": "assembling",
        },
        event("inspecting", hour=9, disposition="non_conformant", quantityList=[LINE]),
        event("inspecting", hour=9, disposition="conformant", quantityList=[LINE]),
        transformed(9, inputQuantityList=[LINE], outputQuantityList=foreign),
    ]


def test_strangers_touch_what_was_never_sent_out_only_to_look(
    session: Session, producer: Captor
) -> None:
    for body in strange_acts():
        refused(session, STRANGER, body, "did not send it out")
    # Their own word that they sent or received it is none.
    capture(session, STRANGER, event("shipping", hour=6, quantityList=[LINE]))
    capture(session, STRANGER, event("receiving", hour=7, quantityList=[LINE]))
    refused(session, STRANGER, strange_acts()[-1], "did not send it out")
    # In the journal, of no party is the authority: nobody's account is not taken for it.
    nobody = Captor("nobody", None, frozenset({"producer"}))
    refused(session, nobody, event("shipping", hour=9, quantityList=[LINE]), "no organisation")
    refused(session, nobody, recalled([BOX]), "no organisation")
    # An item goes with its box, a lot by itself.
    capture(session, producer, packed(7, childEPCs=[ITEM + "A1"]))
    capture(session, producer, event("shipping", hour=8, epcList=[BOX]))
    capture(session, producer, event("shipping", hour=8, quantityList=[LINE]))
    for body in strange_acts():
        capture(session, STRANGER, body)


def test_an_officer_of_a_commune_rules_over_its_products_only(
    session: Session, scene: Scene, producer: Captor
) -> None:
    other = Captor("elsewhere", None, frozenset({"officer"}), "99999")
    whole = recalled(quantityList=[{"epcClass": LOT}])
    refused(session, other, whole, "only the producer")
    wrong = {
        **event("commissioning", "ADD", 5, epcList=[ITEM + "A1"]),
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
    whole = event("commissioning", "ADD", 5, epcList=[ITEM + "A1"])
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
    squatted = {**event("inspecting", epcList=["urn:epc:id:sgtin:0614141.107346.1"]), **name}
    capture(session, STRANGER, squatted)
    capture(session, STRANGER, {**squatted, "errorDeclaration": told})
    begun = {**event("commissioning", "ADD", 5, epcList=[ITEM + "B1"]), **name}
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
    capture(session, producer, event("shipping", hour=6, quantityList=[LINE]))
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
