"""Split and merge: the total stays to 1e-6 ha, no ground is lost, and nobody loses a code."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from gis.editing.cutting import merge_features, split_feature
from gis.editing.writing import create_feature, set_properties
from gis.errors import (
    ConflictError,
    ForbiddenError,
    InvalidGeometryError,
    InvalidInputError,
    RuleViolationError,
    StaleVersionError,
)
from gis.history import list_revisions
from gis.layers import LAYERS
from gis.models import GrowingArea, GrowingAreaMember
from tests.edit_factories import (
    GROWING_AREAS,
    OFFICER,
    PROVINCE,
    add_communes,
    draw,
    feature,
    ring,
)
from tests.map_factories import LAT, LON, add_area


def line(*places: tuple[float, float]) -> dict[str, object]:
    return {"type": "LineString", "coordinates": [list(place) for place in places]}


def areas_of(session: Session, fids: list[int]) -> list[float]:
    query = text("SELECT area_ha FROM gis.growing_area WHERE id = ANY(:ids) ORDER BY id")
    return list(session.scalars(query, {"ids": fids}))


def union_of(session: Session, fids: list[int]) -> tuple[str, int, float]:
    """The kind of the union of areas, its rings, and its area in the plane (square degrees)."""
    query = text(
        "SELECT GeometryType(u), ST_NRings(u), ST_Area(u) FROM"
        " (SELECT ST_Union(boundary) AS u FROM gis.growing_area WHERE id = ANY(:ids)) AS whole"
    )
    return tuple(session.execute(query, {"ids": fids}).one())  # type: ignore[return-value]


# From the north edge to the east edge: the sum would be off by 2e-6 ha if the new corners lay on
# the straight lines of the plane (edges of 218 m are curved by 0.2 mm).
CUTS = [
    [(LON + 0.001, LAT - 1), (LON + 0.001, LAT + 1)],
    [(LON - 1, LAT + 0.0013), (LON + 1, LAT + 0.0013)],
    [(LON + 0.0009, LAT + 0.003), (LON + 0.003, LAT + 0.0007)],
    [(LON, LAT), (LON + 0.002, LAT + 0.002)],
    [(LON + 0.001, LAT + 0.002 - 5e-7), (LON + 0.0012, LAT + 0.001), (LON + 0.002, LAT + 0.001)],
]


@pytest.mark.parametrize("places", CUTS)
def test_a_split_keeps_the_total_and_leaves_no_gap(session: Session, places):
    whole = draw(session, LON, crop="ca-phe", household_count=7, declared_area_ha=4.8)
    [before] = areas_of(session, [whole.fid])
    _, _, plane = union_of(session, [whole.fid])
    edits = split_feature(
        session, GROWING_AREAS, PROVINCE, whole.fid, line(*places), expected=1, reason="tách thửa"
    )
    assert [(edit.fid == whole.fid, edit.version) for edit in edits] == [(True, 2), (False, 1)]
    fids = [edit.fid for edit in edits]
    after = areas_of(session, fids)
    assert sum(after) == pytest.approx(before, abs=1e-6)
    assert after[0] >= after[1] - 1e-6, "the largest part keeps the id"
    kind, rings, area = union_of(session, fids)
    assert (kind, rings) == ("POLYGON", 1), "no gap between the parts"
    assert area == pytest.approx(plane, rel=1e-6)
    kept, new = (session.get(GrowingArea, fid) for fid in fids)
    assert kept is not None
    assert new is not None
    assert (new.name, new.crop_id, new.household_count) == (kept.name, kept.crop_id, 7)
    assert (kept.declared_area_ha, new.declared_area_ha) == (None, None)
    revisions = [list_revisions(session, "growing-areas", fid)[0] for fid in fids]
    assert [(one.action, one.reason) for one in revisions] == [
        ("update", "tách thửa"),
        ("insert", "tách thửa"),
    ]


@pytest.mark.parametrize("places", CUTS[:3])
def test_a_split_merged_again_is_the_whole(session: Session, places):
    whole = draw(session, LON)
    [before] = areas_of(session, [whole.fid])
    edits = split_feature(session, GROWING_AREAS, PROVINCE, whole.fid, line(*places), expected=1)
    targets = [(edit.fid, edit.version) for edit in edits]
    edit = merge_features(session, GROWING_AREAS, PROVINCE, targets)
    assert (edit.fid, edit.version) == (whole.fid, 3)
    assert areas_of(session, [fid for fid, _ in targets]) == [pytest.approx(before, abs=1e-6)]
    assert union_of(session, [edit.fid])[:2] == ("POLYGON", 1)


def test_a_hole_and_a_far_part_go_with_their_pieces(session: Session):
    geometry = {
        "type": "MultiPolygon",
        "coordinates": [
            [ring(LON, LAT, 0.003), ring(LON + 0.001, LAT + 0.001, 0.001)],
            [ring(LON + 0.005, LAT, 0.001)],
        ],
    }
    whole = create_feature(session, GROWING_AREAS, PROVINCE, feature(geometry, name="Vùng"))
    [before] = areas_of(session, [whole.fid])
    through = line((LON + 0.0015, LAT - 0.001), (LON + 0.0015, LAT + 0.004))
    edits = split_feature(session, GROWING_AREAS, PROVINCE, whole.fid, through, expected=1)
    fids = [edit.fid for edit in edits]
    assert len(fids) == 2
    assert sum(areas_of(session, fids)) == pytest.approx(before, abs=1e-6)
    parts = text(
        "SELECT ST_NumGeometries(boundary), ST_NRings(boundary) FROM gis.growing_area"
        " WHERE id = ANY(:ids) ORDER BY id"
    )
    assert session.execute(parts, {"ids": fids}).all() == [(2, 2), (1, 1)]


def test_a_line_may_cut_into_more_than_two(session: Session):
    whole = draw(session, LON)
    zigzag = line(*((LON + 0.0005 * n, LAT + 0.003 * (n % 2) - 0.0005) for n in range(5)))
    edits = split_feature(session, GROWING_AREAS, PROVINCE, whole.fid, zigzag, expected=1)
    assert len(edits) == 5
    assert sum(areas_of(session, [edit.fid for edit in edits])) == pytest.approx(
        areas_of(session, [draw(session, LON + 0.1).fid])[0], abs=1e-6
    )


def test_a_line_that_cuts_nothing_is_refused(session: Session):
    whole = draw(session, LON)
    lines = [
        line((LON - 1, LAT + 1), (LON + 1, LAT + 1)),
        line((LON - 0.001, LAT + 0.001), (LON + 0.001, LAT + 0.001)),
        line((LON, LAT), (LON + 0.002, LAT)),
        line((LON, LAT), (LON, LAT)),
        {"type": "Point", "coordinates": [LON, LAT]},
        {"type": "LineString", "coordinates": [[LON, float("inf")], [LON, LAT]]},
    ]
    for wrong in lines:
        with pytest.raises(InvalidGeometryError):
            split_feature(session, GROWING_AREAS, PROVINCE, whole.fid, wrong, expected=1)
    sliver = line((LON - 1, LAT + 2e-9), (LON + 1, LAT + 2e-9))
    with pytest.raises(RuleViolationError, match="less than 1 m²"):
        split_feature(session, GROWING_AREAS, PROVINCE, whole.fid, sliver, expected=1)
    good = line(*CUTS[0])
    with pytest.raises(StaleVersionError):
        split_feature(session, GROWING_AREAS, PROVINCE, whole.fid, good, expected=7)
    point = feature({"type": "Point", "coordinates": [LON, LAT]}, name="x", declared_area_ha=1)
    fid = create_feature(session, GROWING_AREAS, PROVINCE, point).fid
    with pytest.raises(InvalidGeometryError, match="is a point"):
        split_feature(session, GROWING_AREAS, PROVINCE, fid, good, expected=1)


def test_codes_stay_with_the_kept_part_and_stop_a_merge(session: Session):
    coded = add_area(session, "Có mã", "cooperative", code="VN-LDOR-0001")
    edits = split_feature(session, GROWING_AREAS, PROVINCE, coded.id, line(*CUTS[0]), expected=1)
    kept, new = ((edit.fid, edit.version) for edit in edits)
    with pytest.raises(ConflictError, match="1 growing-area codes refer to it"):
        merge_features(session, GROWING_AREAS, PROVINCE, [new, kept])
    assert coded.party_id is not None
    session.add(GrowingAreaMember(growing_area_id=new[0], party_id=coded.party_id))
    session.flush()
    with pytest.raises(ConflictError, match="1 members refer to it"):
        merge_features(session, GROWING_AREAS, PROVINCE, [kept, new])


def test_only_neighbours_are_merged(session: Session):
    add_communes(session)
    first, far = draw(session, LON, declared_area_ha=4.8), draw(session, LON + 0.01)
    corner = draw(session, LON + 0.002, LAT + 0.002, declared_area_ha=4.9)
    for other in (far, corner):
        with pytest.raises(InvalidGeometryError, match="do not share a border") as caught:
            merge_features(session, GROWING_AREAS, PROVINCE, [(first.fid, 1), (other.fid, 1)])
        assert caught.value.context["feature"] == other.fid
    with pytest.raises(InvalidInputError):
        merge_features(session, GROWING_AREAS, PROVINCE, [(first.fid, 1)])
    between = draw(session, LON + 0.002, variety="TR4", declared_area_ha=4.8)
    targets = [(first.fid, 1), (corner.fid, 1), (between.fid, 1)]
    total = sum(areas_of(session, [fid for fid, _ in targets]))
    edit = merge_features(session, GROWING_AREAS, OFFICER, targets, reason="dồn điền")
    merged = session.get(GrowingArea, edit.fid)
    assert merged is not None
    session.refresh(merged)
    assert merged.variety is None, "the first keeps its attributes"
    assert float(merged.declared_area_ha or 0) == 14.5
    assert merged.area_ha == pytest.approx(total, abs=1e-6)
    assert [list_revisions(session, "growing-areas", fid)[0].action for fid, _ in targets] == [
        "update",
        "delete",
        "delete",
    ]


def test_an_officer_of_a_commune_merges_nothing_of_another(session: Session):
    add_communes(session)
    west, east = draw(session, 108.498), draw(session, 108.5)
    with pytest.raises(ForbiddenError):
        merge_features(session, GROWING_AREAS, OFFICER, [(west.fid, 1), (east.fid, 1)])
    through = line((108.501, LAT - 1), (108.501, LAT + 1))
    with pytest.raises(ForbiddenError):
        split_feature(session, GROWING_AREAS, OFFICER, east.fid, through, expected=1)


def test_an_area_cut_along_a_border_belongs_to_both_communes(session: Session):
    add_communes(session)
    whole = draw(session, 108.4992)
    border = line((108.5, LAT - 1), (108.5, LAT + 1))
    edits = split_feature(session, GROWING_AREAS, PROVINCE, whole.fid, border, expected=1)
    codes = text(
        "SELECT u.code FROM gis.growing_area AS a"
        " JOIN gis.administrative_unit AS u ON u.id = a.commune_id ORDER BY a.id"
    )
    assert [edit.warnings for edit in edits] == [(), ()]
    assert session.scalars(codes).all() == ["24849", "24848"]
    [revision] = list_revisions(session, "growing-areas", edits[1].fid)
    assert revision.reason == f"Split of {whole.fid}."


def test_a_unit_is_not_split_because_each_has_a_code(session: Session):
    add_communes(session)
    fid = session.scalars(text("SELECT id FROM gis.administrative_unit WHERE code = '24848'")).one()
    through = line((108.45, 11), (108.45, 13))
    with pytest.raises(InvalidInputError, match="has a code"):
        split_feature(session, LAYERS["administrative-units"], PROVINCE, fid, through, expected=1)


def test_old_overlaps_do_not_stop_a_split(session: Session):
    area = add_area(session, "A", "cooperative")
    session.execute(text("SELECT set_config('langbiang.overlaps', 'report', true)"))
    add_area(session, "B", "cooperative", lon=LON + 0.0015)
    session.execute(text("SELECT set_config('langbiang.overlaps', '', true)"))
    edits = split_feature(session, GROWING_AREAS, PROVINCE, area.id, line(*CUTS[1]), expected=1)
    targets = [(edit.fid, edit.version) for edit in edits]
    assert merge_features(session, GROWING_AREAS, PROVINCE, targets).version == 3
    done = set_properties(
        session, GROWING_AREAS, PROVINCE, [(area.id, 3)], {"variety": "TR4"}, reason=None
    )
    assert done[0].version == 4
