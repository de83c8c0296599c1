"""Capture: whole or not at all, once, by many at once; and the journal's work of each night."""

import json
import threading
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text

from etl.journal import tend_journal
from tests.event_factories import BY, document, event
from traceability.epcis.capture import capture_document, capture_events
from traceability.epcis.checkpoints import read_checkpoint
from traceability.epcis.verifying import verify
from traceability.errors import InvalidEventError
from traceability.models import Event


def test_two_captures_at_once_make_one_chain(clone_sessions):
    """Each has written its events before the other commits; the same event in both counts once."""
    first_wrote, second_began = threading.Event(), threading.Event()
    outcome = {}

    def second() -> None:
        first_wrote.wait(60)
        with clone_sessions.begin() as session:
            second_began.set()
            # Waits for the first at the common event, then at the end of the chain.
            job = capture_document(session, document(event(9), event(0)), by=BY)
            outcome["second"] = (job.stored, job.repeated)

    thread = threading.Thread(target=second)
    thread.start()
    with clone_sessions.begin() as session:
        job = capture_document(session, document(event(0), event(1)), by=BY)
        outcome["first"] = (job.stored, job.repeated)
        first_wrote.set()
        second_began.wait(60)
        thread.join(0.3)
        assert thread.is_alive(), "the second waits for the first to commit"
    thread.join(60)
    assert outcome == {"first": (2, 0), "second": (1, 1)}
    with clone_sessions() as session:
        assert verify(session).events == 3


def test_the_same_documents_in_opposite_orders_never_wait_in_a_ring(clone_sessions):
    """Twenty pairs of captures of the same 40 events, forwards and backwards, at once."""
    outcomes = []

    def send(events: list[dict]) -> None:
        with clone_sessions.begin() as session:
            job = capture_document(session, document(*events), by=BY)
            outcomes.append(job.stored)

    for day in range(1, 11):
        events = [
            event(minute, eventTime=f"2026-09-{day:02d}T06:{minute:02d}:00+07:00")
            for minute in range(40)
        ]
        threads = [threading.Thread(target=send, args=(order,)) for order in (events, events[::-1])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    assert sorted(outcomes) == [0] * 10 + [40] * 10
    with clone_sessions() as session:
        assert verify(session).events == 400


@pytest.mark.long
def test_ten_thousand_events_at_once(clone_sessions):
    """The longest document, twice: stored once, in bounded time, proven."""
    events = [
        event(
            eventTime=f"2026-09-05T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z"
        )
        for number in range(10_000)
    ]
    began = time.monotonic()
    for expected in ((10_000, 0), (0, 10_000)):
        with clone_sessions.begin() as session:
            job = capture_document(session, document(*events), by=BY)
            assert (job.stored, job.repeated) == expected
    assert time.monotonic() - began < 240
    with clone_sessions() as session:
        assert verify(session).events == 10_000


def test_the_nightly_work(clone_sessions, tmp_path):
    with clone_sessions.begin() as session:
        capture_events(session, [event(0)], by=BY)
    for _ in range(2):
        path = tend_journal(clone_sessions, tmp_path, datetime(2031, 12, 20, tzinfo=UTC))
    assert path.parent == tmp_path / "checkpoints"
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    with clone_sessions() as session:
        checkpoint = read_checkpoint(json.loads(path.read_text()))
        assert verify(session, checkpoint=checkpoint).events == 1
        for month in ("2031_12", "2032_01", "2032_02"):
            found = text("SELECT to_regclass(:name)")
            assert session.scalar(found, {"name": f"traceability.event_{month}"}) is not None


def test_a_long_capture_keeps_nobody_waiting(clone_sessions):
    """The end of the chain is locked at the end only: another capture passes a long one."""
    with clone_sessions() as long:
        # What a long capture does before its end: events are written, nothing is sealed.
        long.execute(text("SELECT nextval('traceability.event_sequence')"))
        long.execute(text("INSERT INTO traceability.event_identity VALUES (sha256('long'), 1)"))
        with clone_sessions.begin() as session:
            session.execute(text("SET LOCAL lock_timeout = '2s'"))
            capture_events(session, [event(5)], by=BY)
        long.rollback()
    with clone_sessions() as session:
        assert verify(session).events == 1


def test_captures_roll_back_whole(session):
    with pytest.raises(InvalidEventError) as refused:
        capture_document(session, document(event(0), event(1, bizStep="harvesting")), by=BY)
    assert [one["index"] for one in refused.value.context["errors"]] == [1]
    assert session.scalars(select(Event)).all() == []
    stored = capture_events(session, [event(0), event(0), event(1)], by=BY)
    assert [one.sequence for one in stored] == [stored[0].sequence] * 2 + [stored[2].sequence]
    assert json.loads(stored[2].body) == event(1)
    assert stored[2].biz_step == "inspecting"
    assert verify(session).events == 2
