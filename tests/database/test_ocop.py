"""OCOP dossiers: from a draft to a certificate, their clocks, who sees what, where it is sold."""

import unicodedata
from datetime import UTC, date, datetime
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from gis.errors import ConflictError, ForbiddenError, InvalidInputError, StaleVersionError
from tests.ocop_factories import NOW, SECRET, best, checked, filed, make_scene_with_province
from traceability import ocop, products
from traceability.models import DossierPrivate
from traceability.ocop import certificates, desk, dossiers, evidence, filing, sheets
from traceability.ocop.coverage import measure_coverage
from traceability.ocop.dossiers import DossierScope
from traceability.ocop.evidence import Representative
from traceability.ocop.hints import platform_hints
from traceability.ocop.rubric import VERSIONS, rubric_set
from traceability.selling import marketplaces


@pytest.fixture
def scene(session):
    return make_scene_with_province(session)


def test_versions_are_in_the_database(session):
    held = session.execute(text("SELECT version, valid_from FROM traceability.rubric")).all()
    assert {row.version: row.valid_from for row in held} == dict(VERSIONS)


def test_from_draft_to_certificate(session, scene):
    dossier = filed(session, scene)
    # 15 working days after Monday 16 November: Monday 7 December.
    assert dossier.due_on == date(2026, 12, 7)
    assert dossier.product_number == "68-24848-001-2026"
    assert dossier.form_number == "001-01/PĐK-68-24848-2026"
    assert dossier.rubric_version == "QĐ 26/2026/QĐ-TTg"
    with pytest.raises(InvalidInputError) as caught:
        dossiers.check_dossier(session, dossier.id, ["origin"], has_samples=True, by="xa")
    assert len(caught.value.context["errors"]) == 3
    with pytest.raises(InvalidInputError):  # coffee needs five samples
        dossiers.check_dossier(
            session, dossier.id, dossiers.CHECKED_TOPICS, has_samples=False, by="xa"
        )
    dossiers.check_dossier(
        session, dossier.id, dossiers.CHECKED_TOPICS, has_samples=True, by="xa", now=NOW
    )
    assert dossier.due_on == date(2027, 6, 30)  # asked after 30 October
    with pytest.raises(InvalidInputError):
        sheets.close_council(session, dossier.id, by="tinh")
    held_back = best() | {"2.3": 2}
    for member, scores in (("A", best()), ("B", held_back), ("C", held_back | {"1.2": 1})):
        sheets.save_member_sheet(session, dossier.id, member, scores, by="tinh")
    grade = sheets.close_council(session, dossier.id, by="tinh", now=NOW)
    assert (float(grade.total), grade.stars) == (99.0, 3)
    assert (dossier.status, dossier.stars, float(dossier.total)) == ("graded", 3, 99.0)
    with pytest.raises(ConflictError):  # closed is closed
        sheets.save_member_sheet(session, dossier.id, "D", best(), by="tinh")
    for wrong in (date(2026, 5, 21), date(2026, 11, 17)):  # before the rubric, to come
        with pytest.raises(InvalidInputError):
            dossiers.recognise_dossier(
                session, dossier.id, decision="1", issued_by="x", issued_on=wrong, by="x", now=NOW
            )
    certificate = dossiers.recognise_dossier(
        session,
        dossier.id,
        decision=" 12/QĐ-UBND ",
        issued_by="Chủ tịch UBND tỉnh",
        issued_on=date(2026, 11, 16),
        by="tinh",
        now=NOW,
    )
    assert (certificate.stars, certificate.number) == (3, "68-24848-001-2026")
    assert certificate.expires_on == date(2029, 11, 16)
    assert certificate.decision == "12/QĐ-UBND"
    assert ocop.latest_certificate(session, scene.product.id).id == certificate.id
    assert [step.action for step in dossiers.list_steps(session, dossier.id)] == [
        "started",
        "submitted",
        "checked",
        "graded",
        "recognised",
    ]


def test_five_stars_wait_for_the_ministry(session, scene):
    dossier = checked(session, scene)
    sheets.save_member_sheet(session, dossier.id, "A", best(), by="tinh")
    assert sheets.close_council(session, dossier.id, by="tinh", now=NOW).stars == 5
    assert dossier.due_on == date(2027, 3, 30)
    decided = {"decision": "1", "issued_by": "x", "issued_on": date(2026, 11, 16), "now": NOW}
    for stars in (3, 6, 0):
        with pytest.raises(InvalidInputError):
            dossiers.recognise_dossier(session, dossier.id, by="t", stars=stars, **decided)
    # The ministry did not find it worth five: the province gives four.
    held = dossiers.recognise_dossier(session, dossier.id, by="t", stars=4, **decided)
    assert (held.stars, dossier.stars) == (4, 5)


def test_disqualified_is_never_recognised(session, scene):
    dossier = checked(session, scene)
    sheets.save_member_sheet(session, dossier.id, "A", best(), by="tinh", stops=["forged"])
    assert sheets.close_council(session, dossier.id, by="tinh", stops=["forged"]).stars == 0
    with pytest.raises(InvalidInputError):
        dossiers.recognise_dossier(
            session, dossier.id, decision="1", issued_by="x", issued_on=date(2026, 11, 1), by="t"
        )
    dossiers.reject_dossier(session, dossier.id, "Giả mạo hồ sơ", by="tinh")
    # One more may be started now.
    filing.start_dossier(
        session, scene.product, kind="first", applicant_kind="cooperative", by="lan"
    )


def test_what_is_not_whole_is_not_filed(session, scene):
    dossier = filing.start_dossier(
        session, scene.product, kind="first", applicant_kind="cooperative", by="lan"
    )
    with pytest.raises(InvalidInputError) as caught:
        filing.submit_dossier(session, dossier.id, by="lan")
    assert {each["rule"] for each in caught.value.context["errors"]} == {
        "representative",
        "own-scores",
    }
    with pytest.raises(ConflictError):
        filing.start_dossier(
            session, scene.product, kind="first", applicant_kind="cooperative", by="lan"
        )
    with pytest.raises(InvalidInputError):
        sheets.save_own_sheet(session, dossier.id, {"2.3": 0}, by="lan")
    with pytest.raises(ConflictError):  # the council does not score a draft
        sheets.save_member_sheet(session, dossier.id, "A", best(), by="tinh")


def test_returned_and_filed_again_keeps_its_numbers(session, scene):
    dossier = filed(session, scene)
    number = dossier.product_number
    with pytest.raises(InvalidInputError):
        dossiers.return_dossier(session, dossier.id, "  ", by="xa")
    dossiers.return_dossier(session, dossier.id, "Thiếu phiếu kiểm nghiệm", by="xa")
    sheets.save_own_sheet(session, dossier.id, best() | {"1.2": 0}, by="lan")
    filing.submit_dossier(session, dossier.id, by="lan", now=NOW)
    assert (dossier.status, dossier.product_number) == ("submitted", number)


def test_tourism_needs_no_samples_and_takes_associations(session, scene):
    goods = scene.product
    with pytest.raises(InvalidInputError):
        filing.start_dossier(session, goods, kind="first", applicant_kind="association", by="x")
    tour = products.register_product(
        session,
        name="Du lịch thử",
        ocop_set=26,
        producer_id=scene.cooperative.id,
        commune_id=scene.commune.id,
    )
    scene.product = tour
    dossier = filing.start_dossier(
        session, tour, kind="first", applicant_kind="association", by="x"
    )
    evidence.save_representative(session, dossier.id, Representative(SECRET))
    sheets.save_own_sheet(session, dossier.id, best(26), by="x")
    filing.submit_dossier(session, dossier.id, by="x", now=NOW)
    dossiers.check_dossier(
        session, dossier.id, dossiers.CHECKED_TOPICS, has_samples=False, by="xa", now=NOW
    )
    sheets.save_member_sheet(session, dossier.id, "A", best(26), by="tinh")
    assert sheets.close_council(session, dossier.id, by="tinh").stars == 5
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(text("UPDATE traceability.dossier SET ocop_set = 13"))


def test_two_secretaries_do_not_overwrite_each_other(session, scene):
    dossier = checked(session, scene)
    first = sheets.save_member_sheet(session, dossier.id, "An", best(), by="a")
    sheets.save_member_sheet(
        session, dossier.id, "An", best() | {"1.2": 1}, by="b", version=first.version
    )
    with pytest.raises(StaleVersionError):
        sheets.save_member_sheet(session, dossier.id, "An", best(), by="a", version=1)
    with pytest.raises(StaleVersionError):  # as if it were new
        sheets.save_member_sheet(session, dossier.id, " An ", best(), by="a")


def test_a_member_has_one_sheet_however_the_name_is_typed(session, scene):
    dossier = checked(session, scene)
    name = "Nguyễn Đức Ân"
    sheets.save_member_sheet(session, dossier.id, name, best(), by="a")
    for typed in (unicodedata.normalize("NFD", name), name.upper(), "Nguyễn\u200b  Đức Ân"):
        with pytest.raises(StaleVersionError):
            sheets.save_member_sheet(session, dossier.id, typed, {}, by="b")
    assert sheets.council_result(session, dossier).grade.total == 100


def test_a_producers_sheet_is_not_overwritten_unseen(session, scene):
    dossier = filing.start_dossier(
        session, scene.product, kind="first", applicant_kind="cooperative", by="lan"
    )
    first = sheets.save_own_sheet(session, dossier.id, best(), by="lan", version=0).version
    sheets.save_own_sheet(session, dossier.id, {"2.3": 3}, by="xa", version=first)
    with pytest.raises(StaleVersionError):
        sheets.save_own_sheet(session, dossier.id, {}, by="lan", version=first)


def test_coverage_by_commune_and_marketplace(session, scene):
    """Two certified products, both on a marketplace, one of them on Voso; a third has expired."""
    second = products.register_product(session, name="B", ocop_set=1, commune_id=scene.commune.id)
    third = products.register_product(session, name="C", ocop_set=1, commune_id=scene.commune.id)
    for product, day in ((second, date(2026, 8, 1)), (third, date(2020, 8, 1))):
        ocop.certify(session, product, stars=3, decision="1", issued_by="x", issued_on=day)
    listing = marketplaces.list_on_marketplace(
        session, second, "shopee", "https://shopee.vn/b-i.1.2"
    )
    marketplaces.list_on_marketplace(session, third, "voso", "https://voso.vn/c-p9")
    day = date(2026, 11, 22)
    found = measure_coverage(session, day)
    assert (found.total.certified, found.total.listed) == (2, 2)
    assert found.total.by_marketplace == {"postmart": 1, "shopee": 1, "voso": 1}
    assert [(row.code, row.certified, row.listed) for row in found.communes] == [("24848", 2, 2)]
    assert found.sold_on == ["voso", "postmart", "shopee"]
    listing.dead_since = NOW
    session.flush()
    assert measure_coverage(session, day).total.listed == 1
    assert measure_coverage(session, day, "24931").total.certified == 0
    assert measure_coverage(session, date(2019, 1, 1)).total.certified == 0
    # An upgrade that is withdrawn leaves no stars behind it, nor a reminder of the one before.
    terms = {"decision": "2", "issued_by": "x", "issued_on": date(2026, 9, 1)}
    better = ocop.certify(session, second, stars=4, **terms)
    assert measure_coverage(session, day).total.certified == 2
    certificates.withdraw(session, better.id, ground="stopped", decision="7", on=day)
    assert measure_coverage(session, day).total.certified == 1
    reminded = desk.list_reminders(session, DossierScope(), date(2029, 4, 1))
    assert [each.product.id for each in reminded] == [scene.product.id]


def test_scopes(session, scene):
    dossier = filed(session, scene)
    for scope in (DossierScope(party_id=scene.household.id), DossierScope(commune_code="24931")):
        with pytest.raises(ForbiddenError):
            dossiers.find_dossier(session, dossier.id, scope)
        assert desk.list_dossiers(session, scope, date(2026, 11, 17)).rows == []
    for scope in (
        DossierScope(),
        DossierScope(party_id=scene.cooperative.id),
        DossierScope(commune_code="24848"),
    ):
        assert dossiers.find_dossier(session, dossier.id, scope) is dossier
        listed = desk.list_dossiers(session, scope, date(2026, 12, 8))
        assert [row.days_left for row in listed.rows] == [-1]
        assert listed.overdue == 1
    assert session.scalar(select(DossierPrivate.representative)) == SECRET


def test_a_draft_is_discarded_what_was_filed_stays(session, scene):
    dossier = filing.start_dossier(
        session, scene.product, kind="first", applicant_kind="cooperative", by="lan"
    )
    evidence.save_representative(session, dossier.id, Representative(SECRET))
    evidence.add_evidence(session, dossier, 77, kind="story", criterion="5.1", by="lan")
    assert filing.discard_dossier(session, dossier.id) == [77]
    session.expire_all()
    assert session.scalar(select(func.count()).select_from(DossierPrivate)) == 0
    dossier = filed(session, scene)
    with pytest.raises(ConflictError):
        filing.discard_dossier(session, dossier.id)
    with pytest.raises(ConflictError):
        evidence.remove_evidence(session, dossier.id, 1)


def test_what_the_platform_knows_is_said_beside_criteria(session, scene):
    found = platform_hints(session, scene.product, rubric_set(13))
    assert {code: [(hint.kind, hint.value) for hint in hints] for code, hints in found.items()} == {
        "1.2": [("fields", 2)],
        "2.3": [("trace-code", scene.product.trace_code)],
        "4.1": [("listings", 2)],
        "5.1": [("story", None)],
    }
    assert "2.2" in platform_hints(session, scene.product, rubric_set(24))
    assert platform_hints(session, scene.product, rubric_set(26)) == {}


def test_of_two_officers_at_once_one_acts(clone_sessions):
    """One passes the dossier on while the other returns it: one learns that it has moved."""
    with clone_sessions.begin() as session:
        dossier_id = filed(session, make_scene_with_province(session)).id
    came, outcome = Barrier(2, timeout=120), []

    def act(do):
        came.wait()
        try:
            with clone_sessions.begin() as session:
                do(session)
            outcome.append("done")
        except ConflictError:
            outcome.append("moved")

    threads = [
        Thread(target=act, args=(do,))
        for do in (
            lambda session: dossiers.check_dossier(
                session, dossier_id, dossiers.CHECKED_TOPICS, has_samples=True, by="a"
            ),
            lambda session: dossiers.return_dossier(session, dossier_id, "Thiếu", by="b"),
        )
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome) == ["done", "moved"]
    with clone_sessions() as session:
        assert len(dossiers.list_steps(session, dossier_id)) == 3


def test_grading_again_is_filed_in_its_window(session, scene):
    """The certificate holds until 5 August 2029: file from 6 February on, decided in 45 days."""
    dossier = filing.start_dossier(
        session, scene.product, kind="again", applicant_kind="cooperative", by="lan"
    )
    evidence.save_representative(session, dossier.id, Representative(SECRET))
    sheets.save_own_sheet(session, dossier.id, best(), by="lan")
    early, due = datetime(2029, 2, 5, 9, tzinfo=UTC), datetime(2029, 2, 6, 9, tzinfo=UTC)
    with pytest.raises(InvalidInputError) as caught:
        filing.submit_dossier(session, dossier.id, by="lan", now=early)
    assert caught.value.context["rule"] == "early"
    filing.submit_dossier(session, dossier.id, by="lan", now=due)
    assert dossiers.decide_by(dossier) == date(2029, 3, 23)
    # Asked before 30 April the round ends on 30 June; grading again does not wait so long.
    dossiers.check_dossier(
        session, dossier.id, dossiers.CHECKED_TOPICS, has_samples=True, by="xa", now=due
    )
    assert dossier.due_on == date(2029, 3, 23)


def test_a_sheet_taken_out_leaves_a_step(session, scene):
    dossier = checked(session, scene)
    kept = sheets.save_member_sheet(session, dossier.id, "An", best(), by="a")
    wrong = sheets.save_member_sheet(session, dossier.id, "Bình", {}, by="a")
    sheets.remove_member_sheet(session, dossier.id, wrong.id, by="a")
    step = dossiers.list_steps(session, dossier.id)[-1]
    assert (step.action, step.actor, step.note) == ("sheet-removed", "a", None)
    with pytest.raises(ConflictError):
        sheets.remove_member_sheet(session, dossier.id, wrong.id, by="a")
    assert sheets.close_council(session, dossier.id, by="a").stars == 5
    with pytest.raises(ConflictError):
        sheets.remove_member_sheet(session, dossier.id, kept.id, by="a")
