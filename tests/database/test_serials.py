"""The states of serials: one way, once, with their history; the database holds it."""

from contextlib import nullcontext

import psycopg
import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from gis.errors import ConflictError, InvalidInputError
from tests.product_factories import make_scene
from traceability.labelling.batches import get_batch
from traceability.labelling.event_states import adopt_serials
from traceability.labelling.serials import (
    BEFORE,
    Chosen,
    change_states,
    find_serial,
    issue_serials,
    list_changes,
    open_batch,
    undo_states,
)
from traceability.models import Lot, Serial, SerialBatch, SerialChange

STATES = ("issued", "active", "sold", "void", "recalled")
# From Decree and standard to paper: what may follow what.
LEGAL = {
    ("issued", "active"),
    ("issued", "void"),
    ("issued", "recalled"),
    ("active", "sold"),
    ("active", "void"),
    ("active", "recalled"),
    ("sold", "void"),
    ("sold", "recalled"),
    ("recalled", "void"),
}


@pytest.fixture
def scene(session):
    made = make_scene(session)
    session.commit()
    return made


def states_of(session, product_id) -> dict[str, int]:
    query = select(Serial.state, func.count()).where(Serial.product_id == product_id)
    return dict(session.execute(query.group_by(Serial.state)).all())


def test_the_database_holds_the_table_of_transitions(session, scene):
    """Each of the 20 changes, straight in SQL: nine are admitted."""
    list(issue_serials(session, scene.product, 1))
    session.execute(text("SELECT set_config('langbiang.correcting', 'on', true)"))
    for before in STATES:
        for after in STATES:
            if before == after:
                continue
            session.execute(text("SELECT set_config('langbiang.correcting', 'on', true)"))
            session.execute(update(Serial).values(state=before))
            session.execute(text("SELECT set_config('langbiang.correcting', '', true)"))
            refusal = pytest.raises(DBAPIError, match="it cannot become")
            with nullcontext() if (before, after) in LEGAL else refusal, session.begin_nested():
                session.execute(update(Serial).values(state=after))
    assert {(b, to) for to, before in BEFORE.items() for b in before} == LEGAL
    for changed in ({"serial": "X"}, {"position": 2}):
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(update(Serial).values(changed))


def test_states_change_once_and_history_names_ranges(session, scene):
    product = scene.product
    serials = list(issue_serials(session, product, 100, scene.lot))
    assert len(set(serials)) == 100
    batch = session.scalars(select(SerialBatch)).one()
    assert (batch.count, batch.lot_id) == (100, scene.lot.id)
    roll = Chosen(product.id, batch_id=batch.id, first=11, last=60)
    first = change_states(session, roll, "active")
    again = change_states(session, roll, "active")
    assert (first.changed, first.unchanged, again.changed, again.unchanged) == (50, 0, 0, 50)
    stolen = change_states(
        session, Chosen(product.id, batch_id=batch.id, first=51), "void", reason="mất cuộn"
    )
    assert (stolen.changed, stolen.refused) == (50, ())
    refused = change_states(session, Chosen(product.id, batch_id=batch.id), "active")
    assert (refused.changed, refused.unchanged, len(refused.refused)) == (10, 40, 5)
    assert refused.refused[0] == (serials[50], "void")
    assert states_of(session, product.id) == {"active": 50, "void": 50}
    told = {state: count for state, count in get_batch(session, batch.id).states.items() if count}
    assert told == {"active": 50, "void": 50}
    lines = session.execute(
        select(
            SerialChange.from_state,
            SerialChange.to_state,
            SerialChange.count,
            SerialChange.reason,
            SerialChange.positions,
        ).order_by(SerialChange.id)
    ).all()
    told = {
        (a, b, n, why, tuple((r.lower, r.upper - 1) for r in ranges))
        for a, b, n, why, ranges in lines
    }
    assert told == {
        ("issued", "active", 50, None, ((11, 60),)),
        ("active", "void", 10, "mất cuộn", ((51, 60),)),
        ("issued", "void", 40, "mất cuộn", ((61, 100),)),
        ("issued", "active", 10, None, ((1, 10),)),
    }
    mine = list_changes(session, find_serial(session, product.id, serials[54]))
    assert [(one.from_state, one.to_state) for one in mine] == [
        ("issued", "active"),
        ("active", "void"),
    ]
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(update(SerialChange).values(reason="x"))


def test_a_mistake_is_undone_to_what_was_before(session, scene):
    product = scene.product.id
    one, two, three = issue_serials(session, scene.product, 3)
    change_states(session, Chosen(product, serials=(one, two)), "active")
    change_states(session, Chosen(product, serials=(one,)), "sold")
    everything = Chosen(product, serials=(one, two, three))
    assert change_states(session, everything, "recalled").changed == 3
    assert undo_states(session, everything, "recalled", reason="nhầm lô") == 3
    session.expire_all()
    told = [find_serial(session, product, serial).state for serial in (one, two, three)]
    assert told == ["sold", "active", "issued"]
    assert undo_states(session, everything, "sold") == 1
    assert undo_states(session, everything, "recalled") == 0
    session.expire_all()
    assert find_serial(session, product, one).sold_at is None
    # Correcting ends with the function: the database refuses again.
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(update(Serial).where(Serial.serial == one).values(state="issued"))


def test_who_numbers_items_himself_commissions_them(session, scene):
    chosen = Chosen(scene.product.id, serials=("OWN-1", "OWN-2"))
    for _ in range(2):
        adopt_serials(session, scene.product.id, dict.fromkeys(chosen.serials, scene.lot.id))
    assert change_states(session, chosen, "active").unchanged == 2
    found = find_serial(session, scene.product.id, "OWN-1")
    assert (found.state, found.lot_id, found.batch_id) == ("active", scene.lot.id, None)
    change_states(session, chosen, "sold")
    assert [one.serials for one in list_changes(session, found)] == [["OWN-1", "OWN-2"]]


def test_two_people_at_one_roll_change_each_label_once(clone, clone_sessions):
    with clone_sessions.begin() as session:
        scene = make_scene(session)
        list(issue_serials(session, scene.product, 200))
        product = scene.product.id
    with clone_sessions() as first, clone_sessions() as second:
        second.execute(text("SET LOCAL lock_timeout = '200ms'"))
        assert change_states(first, Chosen(product), "active").changed == 200
        with pytest.raises(DBAPIError, match="lock"):
            change_states(second, Chosen(product), "void")
        second.rollback()
        first.commit()
        assert change_states(second, Chosen(product), "active").unchanged == 200
        assert change_states(second, Chosen(product), "void").changed == 200
        second.commit()
    with psycopg.connect(clone) as connection:
        lines = connection.execute("SELECT sum(count) FROM traceability.serial_change").fetchone()
        assert lines[0] == 400


def test_a_lot_of_another_product_is_no_lot_for_a_batch(session, scene):
    lot = Lot(product_id=scene.product.id, code="X")
    lot.product_id = 0
    with pytest.raises(InvalidInputError, match="not a lot"):
        open_batch(session, scene.product, 1, lot, created_by="test")
    with pytest.raises(InvalidInputError, match="Serials become"):
        change_states(session, Chosen(scene.product.id), "genuine")
    assert ConflictError is not InvalidInputError
