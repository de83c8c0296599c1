"""Applications: sent once, decided once, and what comes of them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from geoalchemy2.shape import from_shape
from shapely.geometry import MultiPolygon, Point, box
from sqlalchemy import func, select

from gis.application_content import Applicant
from gis.decisions import approve_application, reject_application, return_application
from gis.errors import ConflictError, ForbiddenError, InvalidInputError
from gis.growing_areas import AreaFilter, find_by_code, list_areas, list_areas_after, read_shape
from gis.models import Application, ApplicationPrivate, Crop, Party, PartyPrivate
from gis.registration import find_application, list_steps
from gis.review import find_for_review, find_overlaps, list_inbox, list_warnings
from tests.applications import make_communes, submit


@pytest.fixture
def communes(session):
    return make_communes(session)


def test_an_application_gets_a_receipt_a_commune_and_a_deadline(session, communes):
    application = submit(session).application
    assert application.area_name == "Đồi chè Cầu Đất"
    assert application.commune_id == communes["24934"].id
    # Domestic: three working days after Friday the 20th.
    assert application.due_on == date(2026, 11, 25)
    assert submit(session, market="CN").application.due_on == date(2026, 12, 4)
    assert find_application(session, application.receipt.lower()).id == application.id
    private = session.get(ApplicationPrivate, application.id)
    assert private.applicant_name == "Nguyễn Thị Mười"
    [step] = list_steps(session, application.id)
    assert (step.action, step.facts) == ("submitted", {"consent": "2026-11"})


def test_before_a_rule_was_in_force_the_older_one_counts(session, communes):
    # June 2026: ten working days and at least 10 ha.
    made = submit(session, when=datetime(2026, 6, 1, 3, tzinfo=UTC)).application
    assert made.due_on == date(2026, 6, 15)
    assert "below-minimum" in list_warnings(session, made, None)


def test_sending_again_answers_the_same_receipt_and_other_content_replaces(session, communes):
    uuid = uuid4()
    first = submit(session, uuid)
    again = submit(session, uuid)
    assert (first.outcome, again.outcome) == ("created", "unchanged")
    assert again.application.receipt == first.application.receipt
    changed = submit(
        session, uuid, boundary=None, point=Point(108.75, 11.8), area_ha=Decimal("0.5")
    )
    assert changed.outcome == "updated"
    assert changed.application.receipt == first.application.receipt
    assert changed.application.commune_id == communes["24943"].id
    assert changed.application.boundary is None
    assert submit(session, uuid, area_name="Đồi chè Cầu Đất").outcome == "updated"
    assert session.scalar(select(func.count()).select_from(Application)) == 1


def test_a_returned_application_comes_back_with_a_new_term(session, communes):
    uuid = uuid4()
    application = submit(session, uuid).application
    return_application(session, application.id, "Thiếu số điện thoại", actor="officer")
    assert submit(session, uuid).application.status == "returned"
    later = datetime(2026, 11, 25, 3, tzinfo=UTC)
    again = submit(session, uuid, when=later, household_count=2).application
    assert (again.status, again.due_on) == ("submitted", date(2026, 11, 30))
    assert [step.action for step in list_steps(session, again.id)] == [
        "submitted",
        "returned",
        "resubmitted",
    ]


def test_after_the_decision_only_the_same_content_is_recognised(session, communes):
    uuid = uuid4()
    application = submit(session, uuid).application
    reject_application(session, application.id, "Ngoài vùng quy hoạch", actor="officer")
    assert submit(session, uuid).application.status == "rejected"
    with pytest.raises(ConflictError, match="rejected"):
        submit(session, uuid, area_name="Khác")


def test_every_mistake_is_named_at_once(session, communes):
    with pytest.raises(InvalidInputError) as error:
        submit(
            session,
            area_name=" ",
            market="mars",
            boundary=None,
            point=Point(108.6, 11.8),
            household_count=0,
            applicant=Applicant("", "0912345678"),
        )
    assert {(each["pointer"], each["rule"]) for each in error.value.context["errors"]} == {
        ("/area_name", "missing"),
        ("/applicant/name", "missing"),
        ("/market", "unknown"),
        ("/area_ha", "missing"),
        ("/household_count", "range"),
    }
    with pytest.raises(InvalidInputError, match="known crop"):
        submit(session, crop="cần sa")
    for name in ("Cà phê", "CA PHE", "coffee", "ca_phe", "ca-phe"):
        crop = session.get(Crop, submit(session, crop=name).application.crop_id)
        assert crop.code == "ca-phe"


def test_what_is_unusual_is_shown_and_not_refused(session, communes):
    made = submit(
        session,
        boundary=None,
        point=Point(103.0, 20.0),
        area_ha=Decimal("4.5"),
        applicant=Applicant("Ka Să K'Brèm", "không có", "123"),
        consent=None,
    ).application
    private = session.get(ApplicationPrivate, made.id)
    assert set(list_warnings(session, made, private)) == {
        "point-over-4-ha",
        "no-commune",
        "phone",
        "personal-number",
        "no-consent",
    }
    drawn = submit(session, area_ha=Decimal("2")).application
    assert list_warnings(session, drawn, None) == ("areas-differ",)


def test_the_inbox_puts_the_overdue_first_and_keeps_communes_apart(session, communes):
    late = submit(session, when=datetime(2026, 11, 2, 3, tzinfo=UTC)).application
    fresh = submit(session).application
    returned = submit(session).application
    return_application(session, returned.id, "Vẽ lại", actor="officer")
    other = submit(session, boundary=None, point=Point(108.8, 11.8), area_ha=Decimal(1)).application
    nowhere = submit(
        session, boundary=None, point=Point(103.0, 20.0), area_ha=Decimal(1)
    ).application
    inbox = list_inbox(session, commune="24934", today=date(2026, 11, 24))
    assert [row.receipt for row in inbox.rows] == [
        late.receipt,
        fresh.receipt,
        returned.receipt,
    ]
    # Due Thursday the 5th; thirteen working days passed since. Due tomorrow: one left.
    assert [row.days_left for row in inbox.rows] == [-13, 1, None]
    assert (inbox.overdue, inbox.counts) == (1, {"submitted": 2, "returned": 1})
    everything = list_inbox(session, commune=None, today=date(2026, 11, 24))
    assert {row.receipt for row in everything.rows} >= {other.receipt, nowhere.receipt}
    with pytest.raises(ForbiddenError):
        find_for_review(session, other.receipt, commune="24934")
    with pytest.raises(ForbiddenError):
        find_for_review(session, nowhere.receipt, commune="24934")
    assert find_for_review(session, nowhere.receipt, commune=None).id == nowhere.id


def test_overlaps_are_measured_and_named(session, communes):
    registered = submit(session, area_name="Vườn cũ").application
    approve_application(session, registered.id, actor="officer", today=date(2026, 11, 24))
    # Half of the new square lies in the old one: 0.0005 of 0.001 degrees.
    shape = from_shape(MultiPolygon([box(108.6005, 11.800, 108.6015, 11.801)]), srid=4326)
    [overlap] = find_overlaps(session, shape)
    assert (overlap.kind, overlap.code, overlap.holder) == (
        "growing-area",
        "VN-LDOR-0001",
        "Nguyễn Thị Mười",
    )
    assert overlap.share == pytest.approx(0.5, abs=0.001)
    assert overlap.overlap_m2 == pytest.approx(6028, abs=3)
    # A neighbour that only touches is none; a point inside is.
    beside = from_shape(MultiPolygon([box(108.601, 11.800, 108.602, 11.801)]), srid=4326)
    assert find_overlaps(session, beside) == ()
    [inside] = find_overlaps(session, from_shape(Point(108.6002, 11.8002), srid=4326))
    assert (inside.share, inside.overlap_m2) == (1.0, 0.0)


def test_an_approval_makes_party_area_and_code(session, communes):
    application = submit(session).application
    approval = approve_application(
        session,
        application.id,
        actor="officer",
        today=date(2026, 11, 24),
        authority="UBND xã D'Ran",
    )
    assert approval.issued.code.code == "VN-LDOR-0001"
    assert approval.issued.warnings == ()
    assert (application.status, application.decided_by) == ("approved", "officer")
    party = session.get(Party, approval.area.party_id)
    assert (party.kind, party.name) == ("household", "Nguyễn Thị Mười")
    assert session.get(PartyPrivate, party.id).phone == "0912 345 678"
    entry = find_by_code(session, " vn-ldor-0001 ")
    assert (entry.commune_code, entry.code) == ("24934", "VN-LDOR-0001")
    # A household is never named, nor is its area, and it stands at a rounded place only.
    assert (entry.holder, entry.name, entry.is_singled_out) == (None, None, True)
    known = find_by_code(session, "VN-LDOR-0001", exact=True)
    assert (known.name, known.lon) == ("Đồi chè Cầu Đất", 108.6005)
    assert (entry.lon, entry.lat) == (108.605, 11.805)
    assert session.scalar(func.GeometryType(read_shape(session, entry.id, exact=False))) == "POINT"
    exact = read_shape(session, entry.id, exact=True)
    assert session.scalar(func.GeometryType(exact)) == "MULTIPOLYGON"
    # The same person's next area is the same party; the next code follows.
    second = submit(session, area_name="Vườn hai").application
    again = approve_application(session, second.id, actor="officer", today=date(2026, 11, 24))
    assert again.area.party_id == party.id
    assert again.issued.code.code == "VN-LDOR-0002"


def test_a_code_may_be_typed_as_issued_and_the_series_passes_over_it(session, communes):
    def approve(**given):
        application = submit(session).application
        return approve_application(
            session, application.id, actor="officer", today=date(2026, 11, 24), **given
        ).issued

    typed = approve(typed_code=" VN-LDOR-0001 ")
    assert (typed.code.code, typed.warnings) == ("VN-LDOR-0001", ())
    strange = approve(typed_code="HD.01.01.01.001")
    assert strange.code.code == "HD.01.01.01.001"
    assert strange.warnings == ("HD.01.01.01.001 has not the usual form VN-LDOR-0001.",)
    assert approve().code.code == "VN-LDOR-0002"
    with pytest.raises(ConflictError, match="belongs to another"):
        approve(typed_code="VN-LDOR-0002")


def test_what_an_officer_read_must_be_what_is_decided(session, communes):
    uuid = uuid4()
    application = submit(session, uuid).application
    session.refresh(application)
    seen = application.version
    submit(session, uuid, household_count=3)
    with pytest.raises(ConflictError, match="changed while"):
        approve_application(
            session,
            application.id,
            actor="officer",
            today=date(2026, 11, 24),
            expected_version=seen,
        )
    with pytest.raises(InvalidInputError, match="why"):
        return_application(session, application.id, "  ", actor="officer")


def test_the_register_is_searched_without_accents(session, communes):
    for number, name in enumerate(("Đồi chè Ấp Lát", "Doi thong", "Vườn dâu 100%")):
        made = submit(session, area_name=name, crop=("che", "ca-phe", "dau-tay")[number])
        approve_application(session, made.application.id, actor="officer", today=date(2026, 11, 24))

    def names(**sought):
        wanted = AreaFilter(**{"exact": True, **sought})
        return [entry.name for entry in list_areas(session, wanted).entries]

    assert names() == ["Doi thong", "Đồi chè Ấp Lát", "Vườn dâu 100%"]
    assert names(text="DOI") == ["Doi thong", "Đồi chè Ấp Lát"]
    assert names(text="ấp lát") == names(text="ap lat") == ["Đồi chè Ấp Lát"]
    assert names(text="0%") == ["Vườn dâu 100%"]
    assert names(text="ldor-0002") == ["Doi thong"]
    # A household's name is no way to find its field; the public cannot ask for the field's either.
    assert names(text="Nguyễn Thị Mười") == []
    assert names(text="ấp lát", exact=False) == []
    assert names(text="LDOR-0001", exact=False) == [None]
    assert names(crop="dau-tay", commune="24934", market="domestic") == ["Vườn dâu 100%"]
    assert names(commune="24943") == []
    page = list_areas(session, AreaFilter(), limit=1, offset=1)
    assert (len(page.entries), page.total) == (1, 3)
    assert page.total_ha == pytest.approx(3 * 1.2056, abs=0.002)
    first, *_ = list_areas_after(session, AreaFilter(), limit=1)
    assert first.id < list_areas_after(session, AreaFilter(), after=first.id)[0].id
