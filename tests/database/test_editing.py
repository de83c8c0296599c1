"""Features created, replaced, patched, deleted: by whom, from which version, with what warnings."""

import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from gis.database import report_overlaps
from gis.editing.writing import (
    Editor,
    check_feature,
    create_feature,
    delete_feature,
    replace_feature,
    set_properties,
    update_feature,
)
from gis.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    RuleViolationError,
    StaleVersionError,
    UnconfirmedError,
    VersionNeededError,
)
from gis.features import get_feature
from gis.history import list_revisions
from gis.layer import View
from gis.layers import LAYERS
from gis.models import GrowingArea, Parcel
from tests.edit_factories import (
    GROWING_AREAS,
    OFFICER,
    PARCELS,
    PROVINCE,
    add_communes,
    draw,
    feature,
    polygon,
    ring,
)
from tests.map_factories import LAT, LON, add_area, square


def read(session: Session, fid: int, layer=GROWING_AREAS) -> dict[str, Any]:
    return json.loads(get_feature(session, layer, View.EXACT, fid)[0])


def shape_of(session: Session, fid: int) -> str:
    return session.execute(
        text("SELECT ST_AsEWKT(boundary, 17) FROM gis.growing_area WHERE id = :id"), {"id": fid}
    ).scalar_one()


def test_a_feature_is_created_in_its_commune_with_its_history(session: Session):
    add_communes(session)
    sent = feature(name=" Đồi  chè ", crop="ca-phe", household_count=3, version=9, area_ha=1.0)
    edit = create_feature(session, GROWING_AREAS, OFFICER, sent, reason="đo lại")
    stored = read(session, edit.fid)
    assert (edit.version, edit.warnings) == (1, ())
    assert stored["geometry"]["type"] == "MultiPolygon"
    expected = {"name": "Đồi  chè", "crop": "ca-phe", "status": "active", "commune_code": "24848"}
    assert {name: stored["properties"][name] for name in expected} == expected
    assert stored["properties"]["area_ha"] == pytest.approx(4.8179, abs=0.0001)
    [revision] = list_revisions(session, "growing-areas", edit.fid)
    assert (revision.action, revision.actor, revision.reason) == ("insert", "lan", "đo lại")


def test_a_feature_on_a_border_belongs_where_most_of_it_lies(session: Session):
    add_communes(session)
    edit = draw(session, 108.4995)
    assert read(session, edit.fid)["properties"]["commune_code"] == "24849"
    assert edit.warnings[0].rule == "outside-commune"


def test_an_unchanged_echo_changes_nothing_and_hidden_names_stay(session: Session):
    """What a program read and sends back is no edit, though it saw seven decimals and no holder."""
    area = add_area(session, "Vườn", "household")
    session.execute(
        text("UPDATE gis.growing_area SET boundary = ST_GeomFromEWKT(:shape) WHERE id = :id"),
        {"id": area.id, "shape": square(LON + 1.23e-9, LAT + 4.56e-9, 0.002)},
    )
    before = shape_of(session, area.id)
    echo = read(session, area.id)
    assert echo["properties"]["holder"] is None
    edit = replace_feature(session, GROWING_AREAS, PROVINCE, area.id, echo, expected=2)
    assert edit.version == 2
    for corners in echo["geometry"]["coordinates"][0]:
        corners.reverse()
    edit = replace_feature(session, GROWING_AREAS, PROVINCE, area.id, echo, expected=2)
    assert edit.version == 2, "the sense of a ring is no edit either"
    echo["properties"] |= {"name": "Vườn lớn", "holder": None}
    edit = replace_feature(session, GROWING_AREAS, PROVINCE, area.id, echo, expected=2)
    assert edit.version == 3
    assert shape_of(session, area.id) == before
    kept = session.execute(select(GrowingArea.party_id).where(GrowingArea.id == area.id))
    assert kept.scalar_one() == area.party_id


def test_put_empties_what_is_not_given_and_patch_leaves_it(session: Session):
    edit = draw(session, LON, variety="TR4", status="suspended", declared_area_ha=5)
    patch = {"properties": {"standard": "VietGAP", "variety": None}}
    update_feature(session, GROWING_AREAS, PROVINCE, edit.fid, patch, expected=1)
    facts = read(session, edit.fid)["properties"]
    assert (facts["standard"], facts["variety"], facts["status"]) == ("VietGAP", None, "suspended")
    sent = feature(name="Vùng")
    replace_feature(session, GROWING_AREAS, PROVINCE, edit.fid, sent, expected=2)
    facts = read(session, edit.fid)["properties"]
    assert (facts["standard"], facts["status"], facts["declared_area_ha"]) == (None, "active", None)
    with pytest.raises(InvalidInputError, match="name is needed"):
        replace_feature(session, GROWING_AREAS, PROVINCE, edit.fid, feature(), expected=3)


def test_nobody_writes_over_a_version_that_was_not_seen(session: Session):
    edit = draw(session, LON)
    patch = {"properties": {"variety": "TR4"}}
    minh = Editor("minh", None, frozenset({"administrator"}))
    update_feature(session, GROWING_AREAS, minh, edit.fid, patch, expected=1, reason="đổi giống")
    for write in (
        lambda: update_feature(session, GROWING_AREAS, PROVINCE, edit.fid, patch, expected=1),
        lambda: update_feature(session, GROWING_AREAS, PROVINCE, edit.fid, patch, expected="1-0-0"),
        lambda: replace_feature(
            session, GROWING_AREAS, PROVINCE, edit.fid, feature(name="x"), expected=1
        ),
        lambda: delete_feature(session, GROWING_AREAS, PROVINCE, edit.fid, expected=1),
        lambda: set_properties(
            session, GROWING_AREAS, PROVINCE, [(edit.fid, 1)], patch["properties"], reason=None
        ),
    ):
        with pytest.raises(StaleVersionError) as caught:
            write()
        context = caught.value.context
        assert (context["version"], context["updated_by"]) == (2, "minh")
        assert context["reason"] == "đổi giống"
        assert context["updated_at"].startswith("20")
    with pytest.raises(VersionNeededError):
        delete_feature(session, GROWING_AREAS, PROVINCE, edit.fid, expected=None)
    _, version = get_feature(session, GROWING_AREAS, View.EXACT, edit.fid)
    update_feature(session, GROWING_AREAS, PROVINCE, edit.fid, {"properties": {}}, expected=version)
    delete_feature(session, GROWING_AREAS, PROVINCE, edit.fid, expected=version)
    with pytest.raises(NotFoundError):
        delete_feature(session, GROWING_AREAS, PROVINCE, edit.fid, expected=3)
    with pytest.raises(NotFoundError):
        update_feature(session, GROWING_AREAS, PROVINCE, 2**70, patch, expected=3)


def test_who_writes_where(session: Session):
    add_communes(session)
    own, foreign = draw(session, LON), draw(session, 108.52)
    patch = {"properties": {"variety": "TR4"}}
    update_feature(session, GROWING_AREAS, OFFICER, own.fid, patch, expected=1)
    refused = (
        lambda: update_feature(session, GROWING_AREAS, OFFICER, foreign.fid, patch, expected=1),
        lambda: delete_feature(session, GROWING_AREAS, OFFICER, foreign.fid, expected=1),
        lambda: check_feature(session, GROWING_AREAS, OFFICER, patch, fid=foreign.fid),
        lambda: set_properties(
            session, GROWING_AREAS, OFFICER, [(own.fid, 2), (foreign.fid, 1)], {}, reason=None
        ),
        # Neither drawn there, nor given there, nor moved there.
        lambda: create_feature(
            session, GROWING_AREAS, OFFICER, feature(polygon(ring(108.53, LAT, 0.002)), name="x")
        ),
        lambda: create_feature(
            session, GROWING_AREAS, OFFICER, feature(name="x", commune_code="24849")
        ),
        lambda: update_feature(
            session,
            GROWING_AREAS,
            OFFICER,
            own.fid,
            {"properties": {"commune_code": "24849"}},
            expected=2,
        ),
    )
    for write in refused:
        with pytest.raises(ForbiddenError, match="commune 24848 only"):
            write()
    moved = {"geometry": polygon(ring(108.53, LAT, 0.002))}
    with pytest.raises(RuleViolationError, match=r"lie outside Lạc Dương"):
        update_feature(session, GROWING_AREAS, OFFICER, own.fid, moved, expected=2)
    for roles in ({"farmer"}, {"researcher", "leader"}, set()):
        with pytest.raises(ForbiddenError, match="administrator, officer"):
            create_feature(session, GROWING_AREAS, Editor("x", None, frozenset(roles)), feature())
    unit = feature(code="1", name="Xã", level="commune", valid_from="2026-01-01")
    with pytest.raises(ForbiddenError):
        create_feature(session, LAYERS["administrative-units"], OFFICER, unit)
    create_feature(session, LAYERS["administrative-units"], PROVINCE, unit)
    for name in ("applications", "tracks"):
        with pytest.raises(ForbiddenError, match="read only"):
            create_feature(session, LAYERS[name], PROVINCE, feature())


def test_warnings_wait_for_a_reason_or_become_one(session: Session):
    sent = feature(name="Vùng", declared_area_ha=2)
    with pytest.raises(UnconfirmedError, match=r"2\.0000 ha are declared") as caught:
        create_feature(session, GROWING_AREAS, PROVINCE, sent, strict=True)
    [problem] = caught.value.context["problems"]
    assert (problem["rule"], problem["severity"]) == ("area-differs", "warning")
    edit = create_feature(session, GROWING_AREAS, PROVINCE, sent, strict=True, reason="sổ cũ")
    assert [warning.rule for warning in edit.warnings] == ["area-differs"]
    sent = feature(polygon(ring(LON + 0.002, LAT, 0.002)), name="Vùng", declared_area_ha=2)
    edit = create_feature(session, GROWING_AREAS, PROVINCE, sent)
    [revision] = list_revisions(session, "growing-areas", edit.fid)
    assert revision.reason is not None
    assert revision.reason.startswith("Warned: The shape encloses 4.8179 ha")
    # What was confirmed once is not asked again while it is not touched.
    patch = {"properties": {"variety": "TR4"}}
    update_feature(session, GROWING_AREAS, PROVINCE, edit.fid, patch, expected=1, strict=True)
    patch = {"properties": {"declared_area_ha": 3}}
    with pytest.raises(UnconfirmedError):
        update_feature(session, GROWING_AREAS, PROVINCE, edit.fid, patch, expected=2, strict=True)


def test_errors_block_and_are_all_told(session: Session):
    stored = draw(session, LON)
    sent = feature(polygon(ring(LON + 0.001, LAT, 0.002)), name="Vùng", declared_area_ha=1)
    with pytest.raises(RuleViolationError) as caught:
        create_feature(session, GROWING_AREAS, PROVINCE, sent, reason="muốn thế")
    problems = caught.value.context["problems"]
    assert [problem["rule"] for problem in problems] == ["overlap", "area-differs"]
    assert problems[0]["facts"]["with"] == stored.fid
    listed = check_feature(session, GROWING_AREAS, PROVINCE, sent)
    assert [problem.as_dict() for problem in listed] == problems
    assert (
        check_feature(session, GROWING_AREAS, PROVINCE, sent, fid=stored.fid)[0].rule != "overlap"
    )


def test_an_officer_of_a_commune_is_told_what_is_wrong_with_a_shape(session: Session):
    """What lies nowhere has no commune; that is no reason to say it is not the officer's."""
    add_communes(session)
    side = 0.002
    bow_tie = [[LON, LAT], [LON + side, LAT + side], [LON + side, LAT], [LON, LAT + side]]
    shapes = {
        "not-valid": polygon([*bow_tie, bow_tie[0]]),
        "outside-vietnam": polygon(ring(LAT, LON, side)),
        "outside-commune": polygon(ring(108.1, LAT, side)),
    }
    for rule, shape in shapes.items():
        [problem] = check_feature(session, GROWING_AREAS, OFFICER, feature(shape))
        assert (problem.rule, problem.severity) == (rule, "error")


def test_an_area_that_takes_up_room_again_is_looked_at(session: Session):
    closed = draw(session, LON, status="closed")
    draw(session, LON + 0.001)
    patch = {"properties": {"status": "active"}}
    with pytest.raises(RuleViolationError, match="It lies upon Vùng"):
        update_feature(session, GROWING_AREAS, PROVINCE, closed.fid, patch, expected=1)
    with pytest.raises(RuleViolationError, match="It lies upon Vùng"):
        set_properties(
            session, GROWING_AREAS, PROVINCE, [(closed.fid, 1)], patch["properties"], reason="x"
        )


def test_what_the_rules_did_not_see_the_trigger_tells_the_same_way(
    session: Session, monkeypatch: pytest.MonkeyPatch
):
    stored = draw(session, LON)
    monkeypatch.setattr("gis.editing.writing.judge", lambda *_: [])
    with pytest.raises(RuleViolationError) as caught:
        draw(session, LON + 0.001)
    [problem] = caught.value.context["problems"]
    assert (problem["rule"], problem["facts"]["with"]) == ("overlap", stored.fid)
    assert draw(session, LON + 0.1).version == 1, "the transaction goes on"


def test_a_point_becomes_an_area_and_back(session: Session):
    point = {"type": "Point", "coordinates": [LON, LAT, 1500.0]}
    sent = feature(point, name="Vùng", declared_area_ha=4.8)
    edit = create_feature(session, GROWING_AREAS, PROVINCE, sent)
    assert read(session, edit.fid)["geometry"] == {"type": "Point", "coordinates": [LON, LAT]}
    patch = {"geometry": polygon(ring(LON, LAT, 0.002))}
    update_feature(session, GROWING_AREAS, PROVINCE, edit.fid, patch, expected=1)
    stored = session.get(GrowingArea, edit.fid)
    assert stored is not None
    assert stored.area_ha == pytest.approx(4.8179, abs=0.0001)
    inside = text("SELECT ST_Contains(boundary, location) FROM gis.growing_area WHERE id = :id")
    assert session.execute(inside, {"id": edit.fid}).scalar_one()
    patch = {"geometry": {"type": "Point", "coordinates": [LON, LAT]}}
    update_feature(session, GROWING_AREAS, PROVINCE, edit.fid, patch, expected=2)
    assert read(session, edit.fid)["properties"]["area_ha"] == 4.8


def test_shared_borders_stay_shared(session: Session):
    """The neighbour's corner has more decimals than anybody was shown."""
    first = draw(session, LON + 1.234567e-9)
    second = draw(session, LON + 0.002 + 4e-8)
    touches = text(
        "SELECT ST_Relate(a.boundary, b.boundary, 'F***1****') FROM gis.growing_area AS a,"
        " gis.growing_area AS b WHERE a.id = :first AND b.id = :second"
    )
    given = {"first": first.fid, "second": second.fid}
    assert session.execute(touches, given).scalar_one()


def test_what_others_refer_to_is_not_deleted(session: Session):
    area = add_area(session, "Vùng có mã", "cooperative", code="VN-LDOR-0042")
    with pytest.raises(ConflictError, match=r"1 growing-area codes refer to it.*status closed"):
        delete_feature(session, GROWING_AREAS, PROVINCE, area.id, expected=1)
    patch = {"properties": {"status": "closed"}}
    assert update_feature(session, GROWING_AREAS, PROVINCE, area.id, patch, expected=1).version == 2


def test_a_code_is_given_once(session: Session):
    sent = feature(code="W3GV2", name="Thửa 1")
    create_feature(session, PARCELS, PROVINCE, sent)
    again = feature(polygon(ring(LON + 0.01, LAT, 0.001)), code="W3GV2")
    with pytest.raises(ConflictError, match="already a feature of parcels with this code"):
        create_feature(session, PARCELS, PROVINCE, again)
    again["properties"]["code"] = "W3GV3"
    assert create_feature(session, PARCELS, PROVINCE, again).version == 1


def test_a_unit_ends_after_it_begins(session: Session):
    sent = feature(code="1", name="Xã", level="commune", valid_from="2026-01-02")
    sent["properties"]["valid_to"] = "2026-01-01"
    with pytest.raises(InvalidInputError, match="valid_to is not before valid_from"):
        create_feature(session, LAYERS["administrative-units"], PROVINCE, sent)
    sent["properties"]["valid_to"] = "31/12/2026"
    with pytest.raises(InvalidInputError, match="valid_to is a day such as"):
        create_feature(session, LAYERS["administrative-units"], PROVINCE, sent)


def test_the_same_properties_of_many_at_once_or_of_none(session: Session):
    edits = [draw(session, LON + n * 0.002) for n in range(3)]
    targets = [(edit.fid, 1) for edit in edits]
    done = set_properties(
        session,
        GROWING_AREAS,
        PROVINCE,
        targets,
        {"crop": "ca-phe", "declared_area_ha": 4.8},
        reason="kiểm kê",
    )
    assert [(edit.fid, edit.version) for edit in done] == [(fid, 2) for fid, _ in targets]
    stored = session.scalars(select(GrowingArea.declared_area_ha)).all()
    assert stored == [Decimal("4.8000")] * 3
    with pytest.raises(StaleVersionError):
        set_properties(
            session,
            GROWING_AREAS,
            PROVINCE,
            [(targets[0][0], 2), targets[1]],
            {"variety": "TR4"},
            reason=None,
        )
    assert session.scalar(select(GrowingArea.variety).where(GrowingArea.variety == "TR4")) is None
    for wrong in ([], [targets[0], targets[0]]):
        with pytest.raises(InvalidInputError):
            set_properties(session, GROWING_AREAS, PROVINCE, wrong, {}, reason=None)


def test_parcels_with_an_old_overlap_can_be_edited(session: Session):
    report_overlaps(session)
    session.add_all(
        [
            Parcel(code="P1", boundary=square(LON, LAT, 0.002)),
            Parcel(code="P2", boundary=square(LON + 0.0015, LAT, 0.002)),
        ]
    )
    session.flush()
    session.execute(text("SELECT set_config('langbiang.overlaps', '', true)"))
    fid = session.scalars(select(Parcel.id).where(Parcel.code == "P1")).one()
    smaller = {"geometry": polygon(ring(LON, LAT, 0.0019))}
    assert update_feature(session, PARCELS, PROVINCE, fid, smaller, expected=1).version == 2
    larger = {"geometry": polygon(ring(LON, LAT, 0.002))}
    with pytest.raises(RuleViolationError, match="P2"):
        update_feature(session, PARCELS, PROVINCE, fid, larger, expected=2)
