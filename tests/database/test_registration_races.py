"""Several at once: one application, one decision, one serial each. Real commits, real threads."""

import threading
from datetime import date
from uuid import uuid4

from sqlalchemy import func, select

from gis.decisions import approve_application
from gis.errors import ConflictError
from gis.models import CodeSeries, GrowingArea, GrowingAreaCode
from tests.applications import make_communes, submit


def race(sessions, *works):
    """Run works in threads, each in its own transaction; return results or errors."""
    barrier = threading.Barrier(len(works), timeout=120)
    results = [None] * len(works)

    def run(place, work):
        barrier.wait()
        try:
            with sessions.begin() as session:
                results[place] = work(session)
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_phones_sending_one_uuid_at_once_make_one_application(clone_sessions):
    with clone_sessions.begin() as session:
        make_communes(session)
    uuid = uuid4()

    def send(session):
        made = submit(session, uuid)
        return made.outcome, made.application.receipt

    results = race(clone_sessions, *[send] * 6)
    assert sorted(outcome for outcome, _ in results) == ["created"] + ["unchanged"] * 5
    assert len({receipt for _, receipt in results}) == 1


def test_of_two_officers_approving_at_once_one_issues_a_code(clone_sessions):
    with clone_sessions.begin() as session:
        make_communes(session)
        application_id = submit(session).application.id

    def approve(actor):
        return lambda session: (
            approve_application(
                session, application_id, actor=actor, today=date(2026, 11, 24)
            ).issued.code.code
        )

    results = race(clone_sessions, approve("first"), approve("second"))
    assert [type(result) for result in results if isinstance(result, Exception)] == [ConflictError]
    with clone_sessions() as session:
        assert session.scalars(select(GrowingAreaCode.code)).all() == ["VN-LDOR-0001"]
        assert session.scalar(select(func.count()).select_from(GrowingArea)) == 1


def test_serials_are_given_once_however_many_ask(clone_sessions):
    with clone_sessions.begin() as session:
        make_communes(session)
        ids = [submit(session).application.id for _ in range(8)]

    def approve(application_id):
        return lambda session: (
            approve_application(
                session, application_id, actor="officer", today=date(2026, 11, 24)
            ).issued.code.code
        )

    results = race(clone_sessions, *[approve(application_id) for application_id in ids])
    assert sorted(results) == [f"VN-LDOR-{serial:04d}" for serial in range(1, 9)]
    with clone_sessions() as session:
        assert session.get(CodeSeries, ("68", "OR")).next_serial == 9
