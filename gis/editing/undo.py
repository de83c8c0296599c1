"""A whole change undone, set-based: a load of 60,000 rows goes away in seconds.

The rows that the change touched are staged in a temporary table with what they were; then each
layer is deleted from, updated and inserted into by one statement each.
"""

from functools import cache
from importlib.resources import files
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    FromClause,
    MetaData,
    Numeric,
    Table,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    null,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import TextClause

from gis.editing import rows
from gis.editing.constraints import refuse_carried, translated
from gis.editing.judging import confirm
from gis.editing.rows import Editor
from gis.editing.rules import EXCLUSIVE, Problem, find_problems
from gis.errors import ConflictError, ForbiddenError, NotFoundError
from gis.layer import OFFICERS, Layer
from gis.layers import LAYERS
from gis.models import Revision

UNDO = Table(
    "undo_row",
    MetaData(),
    Column("feature_id", BigInteger),
    Column("was", JSONB),
    Column("was_shape", Geometry(srid=4326, spatial_index=False)),
    Column("version", BigInteger),
)
CREATE_UNDO = text(
    "CREATE TEMPORARY TABLE undo_row (feature_id bigint PRIMARY KEY, was jsonb,"
    " was_shape geometry(Geometry, 4326), version bigint) ON COMMIT DROP"
)
# What the database or the package gives a row, whatever it was.
_KEPT = frozenset({"id", "version", "created_at", "updated_at"})
# So many of the features in the way are named.
_NAMED = 20


def restored(layer: Layer) -> list[Column[Any]]:
    """The columns of a layer that history brings back by their value."""
    return [
        column
        for column in layer.table.c
        if column.name not in _KEPT
        and column.computed is None
        and not isinstance(column.type, Geometry)
    ]


def value_of(row: ColumnElement[Any], column: Column[Any]) -> ColumnElement[Any]:
    """A column's value in a row that the history keeps as JSON."""
    if isinstance(column.type, JSONB):
        return row[column.name]
    return cast(row[column.name].astext, column.type)


def undo_change(session: Session, editor: Editor, change_id: int, reason: str) -> None:
    """Undo a transaction, signed with the reason; flushes. Raises as `reverting.revert_change`."""
    layers = _layers_of(session, editor, change_id)
    first = session.scalar(select(func.min(Revision.id)).where(Revision.transaction == change_id))
    rows.sign(session, editor, reason)
    for layer in layers:
        _stage(session, layer, change_id)
        _lock(session, layer, editor)
        _refuse_changed(session, layer)
        gone = select(UNDO.c.feature_id).where(UNDO.c.was.is_(None))
        refuse_carried(session, layer, list(session.scalars(gone)))
        _lock_places(session, layer)
        confirm(_problems(session, layer, first), strict=False, reason=reason)
        _write(session, layer)


def _layers_of(session: Session, editor: Editor, change_id: int) -> list[Layer]:
    """The layers that a change touched, if this editor may undo all of it."""
    names = set(
        session.scalars(select(Revision.layer).where(Revision.transaction == change_id).distinct())
    )
    if not names:
        raise NotFoundError(f"There is no change {change_id}.")
    for name in sorted(names):
        layer = LAYERS.get(name)
        if layer is None or not (layer.editors or name == "tracks"):
            raise ConflictError(
                f"The change {change_id} also wrote {name}: what an application or a code went"
                " through is taken back there, not here.",
                layer=name,
            )
        # Tracks are not drawn by hand, but a load of them can be taken back.
        whole = name == "tracks" and editor.whole and not OFFICERS.isdisjoint(editor.roles)
        if not (editor.may_edit(layer) or whole):
            raise ForbiddenError(f"This account does not write {name}.", layer=name)
    return [layer for layer in LAYERS.values() if layer.id in names]


def _stage(session: Session, layer: Layer, change_id: int) -> None:
    session.execute(text("DROP TABLE IF EXISTS pg_temp.undo_row"))
    session.execute(CREATE_UNDO)
    session.execute(_statement("undo_rows"), {"change": change_id, "layer": layer.id})
    session.execute(text("ANALYZE undo_row"))


def _lock(session: Session, layer: Layer, editor: Editor) -> None:
    """Lock the rows that are there, in the order of their ids, and see whose they are."""
    table = layer.table
    commune = table.c.commune_id if "commune_id" in table.c else null()
    query = (
        select(commune)
        .select_from(table.join(UNDO, UNDO.c.feature_id == table.c.id))
        .order_by(table.c.id)
        .with_for_update(of=table)
    )
    communes = set(session.scalars(query))
    if "commune_id" in table.c:
        was = value_of(UNDO.c.was, table.c.commune_id)
        communes |= set(session.scalars(select(was).where(UNDO.c.was.is_not(None)).distinct()))
        rows.check_commune(session, layer, editor, list(communes))


def _refuse_changed(session: Session, layer: Layer) -> None:
    """Refuse when a feature is not as the change left it."""
    table = layer.table
    query = (
        select(UNDO.c.feature_id)
        .select_from(UNDO.outerjoin(table, table.c.id == UNDO.c.feature_id))
        .where(UNDO.c.version.is_distinct_from(table.c.version))
        .order_by(UNDO.c.feature_id)
    )
    changed = list(session.scalars(query))
    if not changed:
        return
    last = session.execute(
        select(Revision.feature_id, Revision.actor)
        .ext(distinct_on(Revision.feature_id))
        .where(Revision.layer == layer.id, Revision.feature_id.in_(changed[:_NAMED]))
        .order_by(Revision.feature_id, Revision.id.desc())
    )
    named = [{"layer": layer.id, "id": row.feature_id, "by": row.actor} for row in last]
    said = ", ".join(f"{item['id']} (by {item['by']})" for item in named)
    more = f" and {len(changed) - len(named)} more" if len(changed) > len(named) else ""
    raise ConflictError(
        f"Changed since, so nothing was undone: {layer.id} {said}{more}.",
        features=named,
        count=len(changed),
    )


def _lock_places(session: Session, layer: Layer) -> None:
    if layer.id not in EXCLUSIVE:
        return
    boundary = layer.table.c.boundary
    now = select(boundary).join(UNDO, UNDO.c.feature_id == layer.key)
    both = now.union_all(select(UNDO.c.was_shape)).subquery()
    box = select(func.ST_Extent(both.c[0])).scalar_subquery()
    session.execute(
        select(func.gis.lock_places(layer.id, func.ST_SetSRID(cast(box, Geometry), 4326)))
    )


def _problems(session: Session, layer: Layer, first: int | None) -> list[Problem]:
    """What speaks against the shapes that come back.

    An overlap with somebody who has not changed since was there before the change, and comes back
    with it; one with somebody drawn meanwhile is an error. What came later is told by the numbers
    of the revisions (`first`: the change's own): times are those at which transactions began, and
    one that began before the change may have drawn after it.
    """
    if layer.id not in EXCLUSIVE:
        return []
    table = layer.table
    stored = table.alias("stored")
    room = UNDO.c.was["status"].astext.is_distinct_from("closed")
    candidates: FromClause = (
        select(
            UNDO.c.feature_id.label("row_no"),
            UNDO.c.feature_id,
            case((room, UNDO.c.was_shape)).label("shape"),
            cast(null(), BigInteger).label("commune_id"),
            cast(null(), Numeric).label("declared_area_ha"),
        )
        .select_from(UNDO.outerjoin(stored, stored.c.id == UNDO.c.feature_id))
        .where(
            or_(
                UNDO.c.was.is_(None),
                stored.c.boundary.is_(None),
                ~func.ST_OrderingEquals(stored.c.boundary, UNDO.c.was_shape),
            )
        )
        .cte("candidate")
    )
    if not session.scalar(select(UNDO.c.feature_id).where(UNDO.c.was.is_not(None)).limit(1)):
        return []
    found = find_problems(session, layer, candidates, only={"overlap"})
    others = {problem.facts["with"] for problem in found}
    if not others:
        return []
    drawn = set(
        session.scalars(
            select(Revision.feature_id).where(
                Revision.layer == layer.id,
                Revision.feature_id.in_(others),
                Revision.id > first,
            )
        )
    )
    return [problem for problem in found if problem.facts["with"] in drawn]


def _write(session: Session, layer: Layer) -> None:
    """Delete what the change made, change back what it changed, bring back what it deleted."""
    table = layer.table
    columns = restored(layer)
    with rows.overlaps_reported(session), translated(session, layer):
        made = select(UNDO.c.feature_id).where(UNDO.c.was.is_(None))
        session.execute(delete(table).where(table.c.id.in_(made)))
        known = {
            column.name: case(
                (UNDO.c.was.has_key(column.name), value_of(UNDO.c.was, column)),
                else_=column,
            )
            for column in columns
        }
        session.execute(
            update(table)
            .where(
                table.c.id == UNDO.c.feature_id,
                and_(UNDO.c.was.is_not(None), UNDO.c.version.is_not(None)),
            )
            .values(known | _shapes(layer))
        )
        back: dict[str, ColumnElement[Any]] = {
            column.name: value_of(UNDO.c.was, column) for column in columns
        }
        back |= _shapes(layer)
        back |= {
            "id": UNDO.c.feature_id,
            "version": value_of(UNDO.c.was, table.c.version) + 1,
            "created_at": value_of(UNDO.c.was, table.c.created_at),
            "updated_at": cast(func.now(), DateTime(timezone=True)),
        }
        session.execute(
            insert(table).from_select(
                list(back),
                select(*back.values())
                .where(UNDO.c.was.is_not(None), UNDO.c.version.is_(None))
                .order_by(UNDO.c.feature_id),
                include_defaults=False,
            )
        )


def _shapes(layer: Layer) -> dict[str, ColumnElement[Any]]:
    """The geometry columns of a shape that comes back."""
    names = [column.name for column in layer.table.c if isinstance(column.type, Geometry)]
    shape = UNDO.c.was_shape
    if len(names) == 1:
        return {names[0]: shape}
    is_point = func.GeometryType(shape) == "POINT"
    # Of an area's label point the history knows nothing: the database places it anew.
    return {"boundary": case((~is_point, shape)), "location": case((is_point, shape))}


@cache
def _statement(name: str) -> TextClause:
    return text(files("gis.editing").joinpath(f"{name}.sql").read_text(encoding="utf-8"))
