"""Cases: tickets, one open case however often it is seen, deadlines, contacts that are erased."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from gis.errors import ConflictError, InvalidInputError, NotFoundError
from tests.product_factories import make_scene
from traceability import products
from traceability.models import Report, ReportPrivate
from traceability.reporting import reports

FRIDAY = datetime(2026, 11, 20, 3, tzinfo=UTC)


@pytest.fixture
def scene(session):
    made = make_scene(session)
    session.commit()
    return made


def filed(session, scene, **changed):
    values = {
        "product_id": scene.product.id,
        "lot_id": scene.lot.id,
        "serial": None,
        "kind": "fake",
        "text": "Tem mờ, mùi lạ.",
        "contact": None,
        "place": scene.commune.id,
        "photo_id": None,
        "now": FRIDAY,
    }
    return reports.file_report(session, **{**values, **changed})


def test_a_ticket_reads_back_however_it_is_written(session, scene):
    report = filed(session, scene)
    written = report.ticket
    assert written.startswith("BC-")
    for typed in (written.lower(), written.replace("-", " "), written[3:]):
        assert reports.find_report(session, typed).id == report.id
    wrong = written[:-1] + ("0" if written[-1] != "0" else "1")
    with pytest.raises(InvalidInputError):
        reports.find_report(session, wrong)
    with pytest.raises(NotFoundError):
        reports.find_report(session, reports.new_receipt("BC"))


def test_urgent_cases_are_due_the_next_working_day(session, scene):
    assert filed(session, scene).due_on == date(2026, 11, 23)
    assert filed(session, scene, kind="label").due_on == date(2026, 11, 27)


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"kind": "nonsense"}, "/kind"),
        ({"text": "  \n "}, "/text"),
        ({"text": "x" * 2001}, "/text"),
        ({"contact": "9" * 201}, "/contact"),
        ({"product_id": None, "lot_id": None}, "/code"),
    ],
)
def test_a_report_that_says_nothing_is_refused(session, scene, changed, pointer):
    with pytest.raises(InvalidInputError) as refused:
        filed(session, scene, **changed)
    assert pointer in [each["pointer"] for each in refused.value.context["errors"]]


def test_a_case_is_open_once_and_counted(session, scene):
    product = scene.product.id
    first = reports.open_case(
        session, kind="unissued", product_id=product, serial="GUESS", facts={"commune": "a"}
    )
    again = reports.open_case(
        session, kind="unissued", product_id=product, serial="GUESS", facts={"days": 2}
    )
    assert (again.id, again.occurrences) == (first.id, 2)
    assert again.facts == {"commune": "a", "days": 2}
    assert (
        reports.open_case(session, kind="unissued", product_id=product, serial="OTHER", facts={}).id
        != first.id
    )
    link = reports.open_case(session, kind="dead-link", product_id=product, facts={"status": 404})
    assert link.origin == "link"
    reports.close_report(session, again, "solved", "Đã xem.", actor="o")
    fresh = reports.open_case(
        session, kind="unissued", product_id=product, serial="GUESS", facts={}
    )
    assert fresh.id != first.id
    assert len(reports.list_steps(session, fresh.id)) == 1


def test_two_that_see_the_same_make_one_case(clone_sessions):
    with clone_sessions.begin() as session:
        product = products.register_product(session, name="Chè").id
    together = Barrier(4, timeout=120)

    def see(_number):
        with clone_sessions.begin() as session:
            together.wait()
            reports.open_case(
                session, kind="many-places", product_id=product, serial="S1", facts={}
            )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(see, range(4)))
    with clone_sessions() as session:
        assert session.scalars(select(Report.occurrences)).all() == [4]


def test_a_case_goes_its_way(session, scene):
    report = filed(session, scene, contact="0912 345 678")
    reports.assign_report(session, report, "lan", actor="lan")
    reports.comment_report(session, report, "Đã gọi cửa hàng.", actor="lan")
    with pytest.raises(InvalidInputError):
        reports.close_report(session, report, "because", "x", actor="lan")
    with pytest.raises(InvalidInputError):
        reports.close_report(session, report, "solved", " ", actor="lan")
    reports.close_report(session, report, "solved", "Đã thu hồi tem.", actor="lan", now=FRIDAY)
    with pytest.raises(ConflictError):
        reports.close_report(session, report, "solved", "x", actor="minh")
    with pytest.raises(ConflictError):
        reports.assign_report(session, report, "minh", actor="minh")
    actions = [step.action for step in reports.list_steps(session, report.id)]
    assert actions == ["opened", "taken", "commented", "closed"]


def test_a_contact_is_erased_when_its_day_has_come(session, scene):
    day = date(2026, 11, 20)
    kept = filed(session, scene, contact="a@example.vn")
    closed = filed(session, scene, contact="b@example.vn")
    filed(session, scene)
    reports.close_report(session, closed, "unfounded", "Không có.", actor="o", now=FRIDAY)
    assert session.get(ReportPrivate, kept.id).erase_on == day + timedelta(180)
    assert session.get(ReportPrivate, closed.id).erase_on == day + timedelta(30)
    assert reports.erase_contacts(session, day + timedelta(29)) == 0
    assert reports.erase_contacts(session, day + timedelta(30)) == 1
    assert session.scalar(select(func.count()).select_from(ReportPrivate)) == 1


def test_a_photo_is_let_go_half_a_year_after_the_case_was_closed(session, scene):
    report = filed(session, scene, photo_id=41)
    filed(session, scene, photo_id=42)
    reports.close_report(session, report, "solved", "Xong.", actor="o", now=FRIDAY)
    closed = date(2026, 11, 20)
    assert reports.release_photos(session, closed + timedelta(180)) == []
    assert reports.release_photos(session, closed + timedelta(181)) == [41]
    assert reports.release_photos(session, closed + timedelta(181)) == []


def test_of_two_who_close_a_case_one_is_told(clone_sessions):
    with clone_sessions.begin() as session:
        product = products.register_product(session, name="Chè").id
        ticket = reports.open_case(session, kind="void", product_id=product, facts={}).ticket
    together = Barrier(2, timeout=120)

    def close(actor):
        together.wait()
        try:
            with clone_sessions.begin() as session:
                report = reports.find_report(session, ticket, for_update=True)
                reports.close_report(session, report, "solved", f"Xong, {actor}.", actor=actor)
        except ConflictError:
            return "late"
        return actor

    with ThreadPoolExecutor(2) as pool:
        ended = set(pool.map(close, ("lan", "minh")))
    assert len(ended) == 2
    assert "late" in ended
    with clone_sessions() as session:
        report = reports.find_report(session, ticket)
        assert report.answer == f"Xong, {(ended - {'late'}).pop()}."
        steps = reports.list_steps(session, report.id)
        assert [step.action for step in steps] == ["opened", "closed"]
