"""Series of events about our own things: in one document as one after the other, and taken back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from tests.event_factories import did, document
from tests.product_factories import GTIN, Scene, make_scene
from traceability.epcis.capture import Captor, capture_document
from traceability.errors import RuleBrokenError
from traceability.models import CaptureJob, Lot, Serial

BASE = "https://langbiang.example"
ITEM = f"{BASE}/01/{GTIN}/21/"
BOX = "urn:epc:id:sscc:8930000.000000000"
A = [ITEM + "A1"]
RUN = {"transformationID": "urn:uuid:5f9e1f2e-0000-4000-8000-000000000009"}

Body = dict[str, Any]


@pytest.fixture
def scene(session: Session) -> Scene:
    return make_scene(session)


@pytest.fixture
def by(scene: Scene) -> Captor:
    return Captor("producer", scene.cooperative.id, frozenset({"producer"}))


def begun(hour: int = 5, lot: str | None = None) -> Body:
    facts = {"ilmd": {"urn:epcglobal:cbv:mda:lotNumber": lot}} if lot else {}
    return did("commissioning", "ADD", hour, epcList=A, **facts)


def packed(box: int, hour: int, children: list[str] | None, action: str = "ADD") -> Body:
    step = "packing" if action == "ADD" else "unpacking"
    body = did(step, action, hour, childEPCs=children, parentID=f"{BOX}{box}")
    return {**body, "type": "AggregationEvent"}


def recalled(hour: int, **members: Any) -> Body:
    return did("holding", hour=hour, disposition="recalled", **members)


def line(lot: str, quantity: float | None = None) -> Body:
    named = {"epcClass": f"{BASE}/01/{GTIN}/10/{lot}"}
    return named if quantity is None else {**named, "quantity": quantity, "uom": "KGM"}


def run(hour: int, inputs: list[Body] | None, outputs: list[Body] | None) -> Body:
    body = did("commissioning", None, hour, **RUN)
    lists = {"inputQuantityList": inputs, "outputQuantityList": outputs}
    named = {name: value for name, value in lists.items() if value}
    return {**body, "type": "TransformationEvent", **named}


def wrong(body: Body) -> Body:
    told = {"declarationTime": "2026-11-02T06:00:00+07:00", "reason": "did_not_occur"}
    return {**body, "errorDeclaration": told}


def capture(session: Session, by: Captor, *bodies: Body, proceed: bool = False) -> CaptureJob:
    on_error = "proceed" if proceed else "rollback"
    return capture_document(session, document(*bodies), by=by, on_error=on_error)


def refused(session: Session, by: Captor, *bodies: Body, word: str) -> None:
    with pytest.raises(RuleBrokenError, match=word), session.begin_nested():
        capture(session, by, *bodies)


def state_of(session: Session, serial: str) -> tuple[str, int | None] | None:
    found = session.execute(
        select(Serial.state, Serial.lot_id).where(Serial.serial == serial)
    ).one_or_none()
    return None if found is None else (found.state, found.lot_id)


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements sent while it is open."""
    sent: list[str] = []

    def note(*arguments: Any) -> None:
        sent.append(arguments[2])

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def test_events_of_one_document_see_each_other_in_their_order(session: Session, by: Captor) -> None:
    # A box that is emptied whole names nothing of ours, and counts.
    capture(session, by, begun(), packed(1, 6, A), packed(1, 7, None, "DELETE"), packed(2, 8, A))
    refused(session, by, packed(3, 9, A), word="unpack it first")
    capture(session, by, packed(2, 10, A, "DELETE"), packed(3, 11, A))
    made, taken = did("commissioning", "ADD", quantityList=[line("Z", 10)]), "destroying"
    gone = did(taken, "DELETE", 7, quantityList=[line("Z", 10)])
    capture(
        session, by, made, gone, wrong(gone), did(taken, "DELETE", 8, quantityList=[line("Z", 9)])
    )
    refused(session, by, did(taken, "DELETE", 9, quantityList=[line("Z", 2)]), word="11 kg")
    # What is refused leaves no trace; the good ones around it are stored.
    sold = did("retail_selling", hour=12, epcList=A)
    other = {**sold, "eventTime": "2026-11-01T13:00:00+07:00"}
    job = capture(session, by, sold, other, {"type": "Nonsense"}, sold, wrong(sold), proceed=True)
    assert (job.stored, job.repeated, [one["index"] for one in job.errors]) == (2, 1, [1, 2])
    assert state_of(session, "A1") == ("active", None)
    refused(
        session, by, did("commissioning", "ADD", quantityList=[line("Y", 1)]), begun(9), word="once"
    )
    assert session.scalar(select(Lot).where(Lot.code == "Y")) is None


def test_what_is_learnt_late_finds_its_place(session: Session, by: Captor) -> None:
    capture(session, by, did("retail_selling", hour=10, epcList=A))
    assert state_of(session, "A1") is None
    capture(session, by, begun())
    assert state_of(session, "A1") == ("sold", None)


def test_what_is_taken_back_leaves_what_else_happened(
    session: Session, scene: Scene, by: Captor
) -> None:
    session.add(Serial(product_id=scene.product.id, serial="A1"))
    session.flush()
    # A label without a lot gets none from a mistake.
    capture(session, by, begun(5, "L2610"), wrong(begun(5, "L2610")))
    assert state_of(session, "A1") == ("issued", None)
    lot = scene.lot
    sale = did("retail_selling", hour=7, epcList=A)
    whole, one = recalled(8, quantityList=[line("L2610")]), recalled(9, epcList=A)
    capture(session, by, begun(6, "L2610"), sale, whole, one)
    capture(session, by, wrong(whole))
    assert state_of(session, "A1") == ("recalled", lot.id)
    capture(session, by, wrong(one))
    assert state_of(session, "A1") == ("sold", lot.id)
    again = recalled(10, quantityList=[line("L2610")])
    capture(session, by, again, wrong(sale))
    assert state_of(session, "A1") == ("recalled", lot.id)
    capture(session, by, wrong(again))
    assert state_of(session, "A1") == ("active", lot.id)


def test_a_run_balances_over_its_events(session: Session, by: Captor) -> None:
    first = run(8, [line("L2610", 10)], None)
    refused(session, by, first, run(9, None, [line("R1", 11)]), word="11 kg come out of 10 kg")
    capture(session, by, first, run(9, None, [line("R1", 6)]))
    # An input taken back is made up for by others, though not at once.
    capture(session, by, run(10, [line("L2610", 1)], None), wrong(first))
    refused(session, by, run(11, None, [line("R2", 1)]), word="7 kg come out of 1 kg")
    capture(session, by, run(12, [line("L2610", 2)], None), run(12, [line("L2610", 4)], None))
    capture(session, by, run(13, None, [line("R2", 1)]))


def test_longer_documents_take_no_more_statements(
    session: Session, engine: Engine, by: Captor
) -> None:
    def adds(first: int, count: int) -> list[Body]:
        names = [f"{ITEM}S{number}" for number in range(first, first + count)]
        return [did("commissioning", "ADD", epcList=[name]) for name in names]

    taken = []
    for first, count in ((0, 5), (10, 100)):
        with counted(engine) as sent:
            capture(session, by, *adds(first, count))
        taken.append(len(sent))
    assert taken[0] == taken[1] < 30
