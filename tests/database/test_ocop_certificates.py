"""OCOP certificates: their numbers, their withdrawal, when to file again."""

from datetime import UTC, date, datetime, timedelta
from threading import Thread

import pytest

from gis.calendar import today
from gis.errors import ConflictError, InvalidInputError
from tests.ocop_factories import best, checked, make_scene_with_province
from traceability import ocop
from traceability.ocop import certificates, desk, dossiers, numbers, sheets
from traceability.ocop.dossiers import DossierScope


@pytest.fixture
def scene(session):
    return make_scene_with_province(session)


def test_serials_follow_recorded_certificates(session, scene):
    ocop.certify(
        session,
        scene.product,
        stars=3,
        decision="9",
        issued_by="x",
        issued_on=date(2024, 5, 1),
        number="68-24848-041-2024",
        rubric_version="QĐ 148/QĐ-TTg",
    )
    assert numbers.next_serial(session, "68", "24848") == 42
    assert numbers.next_serial(session, "68", "24848") == 43
    assert numbers.next_serial(session, "68", "24931") == 1
    assert numbers.read_product_number("68-24848-042-2026").serial == 42
    for wrong in ("68-24848-042", "6-24848-042-2026", "68-24848-042-1999", "68-24848-٠٤٢-2026"):
        with pytest.raises(InvalidInputError):
            numbers.read_product_number(wrong)


def test_a_certificates_number_names_the_year_of_grading_and_is_borne_once(session, scene):
    dossier = checked(session, scene)
    sheets.save_member_sheet(session, dossier.id, "A", best(), by="tinh")
    sheets.close_council(session, dossier.id, by="tinh", now=datetime(2026, 12, 31, 17, tzinfo=UTC))
    assert dossier.product_number == "68-24848-001-2027"  # midnight in Vietnam
    assert dossier.form_number == "001-01/PĐK-68-24848-2026"
    terms = {"decision": "9", "issued_by": "x", "issued_on": date(2026, 11, 16)}
    ocop.certify(session, scene.product, stars=3, number="68-24848-001-2027", **terms)
    with pytest.raises(ConflictError):
        dossiers.recognise_dossier(session, dossier.id, by="tinh", **terms)


def test_two_filed_at_once_get_two_serials(clone_sessions):
    taken = []

    def take():
        with clone_sessions.begin() as session:
            taken.append(numbers.next_serial(session, "68", "24848"))

    threads = [Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [1, 2, 3, 4]


def test_withdrawal(session, scene):
    held = ocop.latest_certificate(session, scene.product.id)
    with pytest.raises(InvalidInputError):
        certificates.withdraw(session, held.id, ground="dislike", decision="1", on=date(2026, 9, 1))
    for day in (date(2026, 8, 1), today() + timedelta(days=1)):
        with pytest.raises(InvalidInputError):
            certificates.withdraw(session, held.id, ground="stopped", decision="1", on=day)
    certificates.withdraw(session, held.id, ground="stopped", decision="7", on=date(2026, 9, 1))
    assert not ocop.holds(held, date(2026, 9, 2))
    with pytest.raises(ConflictError):
        certificates.withdraw(session, held.id, ground="stopped", decision="7", on=date(2026, 9, 1))


def test_reminders_by_window(session, scene):
    everybody = DossierScope()

    def states(day, scope=everybody):
        return [each.state for each in desk.list_reminders(session, scope, day)]

    # Issued on 5 August 2026, so it holds until 5 August 2029.
    assert states(date(2029, 2, 5)) == []
    assert states(date(2029, 2, 6)) == ["due"]
    assert states(date(2029, 4, 8)) == ["late"]
    assert states(date(2029, 8, 6)) == ["transition"]
    assert states(date(2030, 2, 2)) == []
    assert states(date(2029, 2, 6), DossierScope(commune_code="24848")) == ["due"]
    assert states(date(2029, 2, 6), DossierScope(commune_code="24931")) == []
    assert states(date(2029, 2, 6), DossierScope(party_id=scene.household.id)) == []
    # Graded anew, the old certificate reminds nobody.
    ocop.certify(
        session, scene.product, stars=4, decision="2", issued_by="x", issued_on=date(2029, 3, 1)
    )
    assert states(date(2029, 4, 8)) == []
