"""History taken back: one feature, a whole change, a load; each write a transaction."""

import time
from collections.abc import Callable

import pytest
from geoalchemy2 import WKBElement
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from gis.database import sign_as
from gis.editing.cutting import merge_features, split_feature
from gis.editing.reverting import list_changes, revert_change, revert_feature
from gis.editing.writing import delete_feature, update_feature
from gis.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    RuleViolationError,
    StaleVersionError,
)
from gis.history import list_revisions
from gis.layers import LAYERS
from gis.models import GrowingArea, GrowingAreaCode, Parcel
from tests.edit_factories import (
    GROWING_AREAS,
    OFFICER,
    PARCELS,
    PROVINCE,
    add_communes,
    draw,
    polygon,
    ring,
)
from tests.map_factories import LAT, LON, square

Sessions = sessionmaker[Session]
STATE = text(
    "SELECT id, name, variety, status, ST_AsEWKT(boundary, 17) AS shape, area_ha, commune_id,"
    " created_at FROM gis.growing_area ORDER BY id"
)


def states(sessions: Sessions) -> list[tuple]:
    with sessions() as session:
        return [tuple(row) for row in session.execute(STATE)]


def do(sessions: Sessions, write: Callable[..., object], *arguments, **named) -> int:
    """One write in a transaction of its own; gives the change."""
    with sessions.begin() as session:
        write(session, *arguments, **named)
        change = session.scalar(text("SELECT txid_current()"))
    assert change is not None
    return change


@pytest.fixture
def fid(clone_sessions: Sessions) -> int:
    with clone_sessions.begin() as session:
        add_communes(session)
    with clone_sessions.begin() as session:
        return draw(session, LON, variety="Catimor").fid


def revisions(sessions: Sessions, fid: int) -> list:
    with sessions() as session:
        return list_revisions(session, "growing-areas", fid)


def test_a_feature_goes_back_and_forth(clone_sessions: Sessions, fid: int):
    first = states(clone_sessions)
    moved = {"geometry": polygon(ring(LON, LAT, 0.0021)), "properties": {"variety": "TR4"}}
    do(clone_sessions, update_feature, GROWING_AREAS, PROVINCE, fid, moved, expected=1)
    second = states(clone_sessions)
    made, changed = (one.id for one in reversed(revisions(clone_sessions, fid)))
    with pytest.raises(StaleVersionError), clone_sessions.begin() as session:
        revert_feature(session, GROWING_AREAS, PROVINCE, fid, made, expected=1)
    do(clone_sessions, revert_feature, GROWING_AREAS, PROVINCE, fid, made, expected=2)
    assert states(clone_sessions) == first
    last = revisions(clone_sessions, fid)[0]
    assert (last.actor, last.reason) == (PROVINCE.name, f"back to revision {made}")
    do(clone_sessions, revert_feature, GROWING_AREAS, PROVINCE, fid, changed, expected=3)
    assert states(clone_sessions) == second
    with pytest.raises(NotFoundError), clone_sessions.begin() as session:
        revert_feature(session, GROWING_AREAS, PROVINCE, fid, 10**6, expected=4)


def test_a_deleted_feature_comes_back_with_its_id(clone_sessions: Sessions, fid: int):
    before = states(clone_sessions)
    do(clone_sessions, delete_feature, GROWING_AREAS, PROVINCE, fid, expected=1)
    deletion, made = (one.id for one in revisions(clone_sessions, fid))
    with pytest.raises(InvalidInputError, match="is a deletion"), clone_sessions.begin() as session:
        revert_feature(session, GROWING_AREAS, PROVINCE, fid, deletion, expected=None)
    with clone_sessions.begin() as session:
        edit = revert_feature(session, GROWING_AREAS, OFFICER, fid, made, expected=None)
    assert (edit.fid, edit.version) == (fid, 2), "no version is given twice"
    assert states(clone_sessions) == before
    # Somebody drew there meanwhile.
    do(clone_sessions, delete_feature, GROWING_AREAS, PROVINCE, fid, expected=2)
    do(clone_sessions, draw, LON + 0.001)
    with pytest.raises(RuleViolationError, match="It lies upon"), clone_sessions.begin() as session:
        revert_feature(session, GROWING_AREAS, PROVINCE, fid, made, expected=None)


def test_what_another_commune_deleted_is_not_brought_back(clone_sessions: Sessions, fid: int):
    """An old revision says that it was one's own; when it was deleted it was a neighbour's."""
    east = {"geometry": polygon(ring(108.52, LAT, 0.002)), "properties": {"commune_code": "24849"}}
    do(clone_sessions, update_feature, GROWING_AREAS, PROVINCE, fid, east, expected=1)
    do(clone_sessions, delete_feature, GROWING_AREAS, PROVINCE, fid, expected=2)
    made = revisions(clone_sessions, fid)[-1].id
    with pytest.raises(ForbiddenError), clone_sessions.begin() as session:
        revert_feature(session, GROWING_AREAS, OFFICER, fid, made, expected=None)
    assert states(clone_sessions) == []


def test_changes_are_listed_and_undone_as_a_whole(clone_sessions: Sessions, fid: int):
    before = states(clone_sessions)
    line = {"type": "LineString", "coordinates": [[LON + 0.001, 12], [LON + 0.001, 13]]}
    split = do(clone_sessions, split_feature, GROWING_AREAS, PROVINCE, fid, line, expected=1)
    other = states(clone_sessions)[1][0]
    merge = do(clone_sessions, merge_features, GROWING_AREAS, PROVINCE, [(other, 1), (fid, 2)])
    with clone_sessions() as session:
        changes = list_changes(session, layer="growing-areas")
        assert [change.id for change in changes][:2] == [merge, split]
        assert changes[0].counts == {"growing-areas": {"update": 1, "delete": 1}}
        assert changes[1].counts == {"growing-areas": {"update": 1, "insert": 1}}
        assert (changes[0].actor, changes[0].reason) == (PROVINCE.name, f"Merge of {other}, {fid}.")
        [older] = list_changes(session, layer="growing-areas", before=split)
        assert older.counts == {"growing-areas": {"insert": 1}}
        assert list_changes(session, actor="nobody") == []
        assert [change.id for change in list_changes(session, limit=1)] == [merge]
    with pytest.raises(ConflictError, match="Changed since"), clone_sessions.begin() as session:
        revert_change(session, PROVINCE, split)
    with clone_sessions.begin() as session:
        undone = revert_change(session, PROVINCE, merge)
    assert undone.counts == {"growing-areas": {"update": 1, "insert": 1}}
    assert (undone.actor, undone.reason) == (PROVINCE.name, f"undo of change {merge}")
    assert len(states(clone_sessions)) == 2
    with clone_sessions.begin() as session, pytest.raises(ConflictError):
        revert_change(session, PROVINCE, split)  # its parts have newer versions now
    with clone_sessions.begin() as session:
        redone = revert_change(session, PROVINCE, undone.id, reason="vẫn gộp")
        assert redone.reason == "vẫn gộp"
    assert [row[0] for row in states(clone_sessions)] == [other]
    assert sum(row[5] for row in states(clone_sessions)) == pytest.approx(before[0][5], abs=1e-6)


def test_a_change_is_undone_whole_or_not_at_all(clone_sessions: Sessions, fid: int):
    with clone_sessions.begin() as session:
        sign_as(session, "qgis", "dàn hàng")
        draw(session, LON + 0.01)
        draw(session, LON + 0.02)
        change = session.scalar(text("SELECT txid_current()"))
        last = max(session.scalars(select(GrowingArea.id)))
    patch = {"properties": {"variety": "TR4"}}
    do(clone_sessions, update_feature, GROWING_AREAS, OFFICER, last, patch, expected=1)
    before = states(clone_sessions)
    with pytest.raises(ConflictError) as caught, clone_sessions.begin() as session:
        revert_change(session, PROVINCE, change)
    assert caught.value.context["features"] == [{"layer": "growing-areas", "id": last, "by": "lan"}]
    assert states(clone_sessions) == before


def test_who_may_undo_what(clone_sessions: Sessions, fid: int):
    foreign = do(clone_sessions, draw, 108.52)
    with pytest.raises(ForbiddenError), clone_sessions.begin() as session:
        revert_change(session, OFFICER, foreign)
    with pytest.raises(NotFoundError), clone_sessions.begin() as session:
        revert_change(session, PROVINCE, 2**70)
    with clone_sessions.begin() as session:
        session.add(
            GrowingAreaCode(growing_area_id=fid, code="VN-1", market="EU", issued_on="2026-01-01")
        )
        session.flush()
        coded = session.scalar(text("SELECT txid_current()"))
    with (
        pytest.raises(ConflictError, match="also wrote growing-area-codes"),
        clone_sessions.begin() as session,
    ):
        revert_change(session, PROVINCE, coded)
    with clone_sessions() as session:
        made = next(change.id for change in list_changes(session) if change.id < foreign)
    with (
        pytest.raises(ConflictError, match="1 growing-area codes refer to it"),
        clone_sessions.begin() as session,
    ):
        revert_change(session, PROVINCE, made)


def test_what_was_drawn_meanwhile_stops_an_undo(clone_sessions: Sessions, fid: int):
    smaller = {"geometry": polygon(ring(LON, LAT, 0.001, 0.002))}
    change = do(clone_sessions, update_feature, GROWING_AREAS, PROVINCE, fid, smaller, expected=1)
    do(clone_sessions, draw, LON + 0.001, LAT)
    with (
        pytest.raises(RuleViolationError, match="It lies upon Vùng"),
        clone_sessions.begin() as session,
    ):
        revert_change(session, PROVINCE, change)


LAYERS_SQL = {
    "administrative-units": "INSERT INTO gis.administrative_unit (code, name, level, valid_from,"
    " boundary) VALUES ('T1', 'Xã', 'commune', '2026-01-01', {area})",
    "growing-areas": "INSERT INTO gis.growing_area (name, declared_area_ha, location)"
    " VALUES ('Vùng', 1.5, ST_PointOnSurface({area}))",
    "parcels": "INSERT INTO gis.parcel (code, attributes, boundary)"
    " VALUES ('T1', '{{\"so\": [1, null]}}', {area})",
    "facilities": "INSERT INTO gis.facility (name, location) VALUES ('Kho', ST_Centroid({area}))",
    "high-tech-zones": "INSERT INTO gis.high_tech_zone (name, recognised_on, boundary)"
    " VALUES ('Khu', '2020-02-29', {area})",
    "tracks": "INSERT INTO gis.track (name, recorded_at, path)"
    " VALUES ('Vết', '2026-01-01 07:00+07', ST_Multi(ST_ExteriorRing(ST_GeometryN({area}, 1))))",
}


def test_a_load_of_any_layer_is_undone_and_redone(clone_sessions: Sessions):
    for layer in LAYERS_SQL:
        check_undo(clone_sessions, layer)


def check_undo(clone_sessions: Sessions, layer: str) -> None:
    table = LAYERS[layer].table
    area = f"ST_GeomFromEWKT('{square(LON, LAT, 0.002)}')"
    rows = select(*(column for column in table.c if column.name not in ("version", "updated_at")))

    def stored() -> list[tuple]:
        with clone_sessions() as session:
            return [
                tuple(cell.data if isinstance(cell, WKBElement) else cell for cell in row)
                for row in session.execute(rows)
            ]

    change = do(
        clone_sessions, lambda session: session.execute(text(LAYERS_SQL[layer].format(area=area)))
    )
    loaded = stored()
    assert len(loaded) == 1
    with clone_sessions.begin() as session:
        undone = revert_change(session, PROVINCE, change)
    assert stored() == []
    with clone_sessions.begin() as session:
        redone = revert_change(session, PROVINCE, undone.id)
    assert redone.counts == {layer: {"insert": 1}}
    assert stored() == loaded


def test_a_load_is_undone_in_seconds(clone_sessions: Sessions):
    """2,000 parcels are new and 2,000 are moved; both go back by a few statements."""
    made = text(
        "INSERT INTO gis.parcel (code, name, boundary)"
        " SELECT 'P' || n, 'thửa', ST_Multi(ST_MakeEnvelope(x, y, x + 0.0004, y + 0.0004, 4326))"
        " FROM (SELECT n, 108 + (n % 200) * 0.0005 AS x, 12 + (n / 200) * 0.0005 AS y"
        " FROM generate_series(CAST(:first AS int), CAST(:last AS int)) AS n) AS grid"
    )
    report = text("SELECT set_config('langbiang.overlaps', 'report', true)")
    with clone_sessions.begin() as session:
        session.execute(report)
        session.execute(made, {"first": 0, "last": 1_999})
    with clone_sessions.begin() as session:
        session.execute(report)
        sign_as(session, "lan", "load khaosat.gpkg")
        session.execute(made, {"first": 2_000, "last": 3_999})
        session.execute(
            text(
                "UPDATE gis.parcel SET name = 'khác', boundary = ST_Multi(ST_Translate(boundary,"
                " 0.00005, 0)) WHERE substr(code, 2)::int < 2000"
            )
        )
        change = session.scalar(text("SELECT txid_current()"))
    began = time.perf_counter()
    with clone_sessions.begin() as session:
        undone = revert_change(session, PROVINCE, change)
    assert time.perf_counter() - began < 40
    assert undone.counts == {"parcels": {"update": 2_000, "delete": 2_000}}
    with clone_sessions() as session:
        names = session.execute(
            text(
                "SELECT name, count(*), max(version), min(ST_XMin(boundary)) FROM gis.parcel"
                " GROUP BY name"
            )
        ).all()
        assert names == [("thửa", 2_000, 3, 108.0)]
        one = session.scalars(select(Parcel.id).limit(1)).one()
    with clone_sessions.begin() as session:
        update_feature(session, PARCELS, PROVINCE, one, {"properties": {"name": "x"}}, expected=3)
