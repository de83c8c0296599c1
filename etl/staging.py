"""The database's side of a load: COPY into a temporary table, checks, comparison, one write.

Statements about a layer's own columns are built from its model, everything else is in `sql/`. All
happens in the caller's transaction, and only `write_changes` touches more than temporary tables.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib import resources
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    MetaData,
    Numeric,
    Table,
    Text,
    and_,
    case,
    cast,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from etl.report import Reject, Repair
from etl.rows import STAGED
from etl.targets import Shape, Target
from gis.editing.rules import RULES
from gis.errors import ConflictError
from gis.layers import LAYERS

_METADATA = MetaData()
ROW = Table(
    "load_row",
    _METADATA,
    *(
        Column(
            name,
            {"shape": Geometry(srid=4326), "attributes": JSONB(), "row_no": BigInteger()}.get(
                name, NullType()
            ),
        )
        for name in STAGED
    ),
)
STATE = Table(
    "load_state",
    _METADATA,
    Column("row_no", BigInteger),
    Column("id", BigInteger),
    Column("is_changed", Boolean),
)
CHANGE = Table("load_change", _METADATA, Column("id", BigInteger), Column("area_ha", Float))
PLACE = Table(
    "load_place", _METADATA, Column("row_no", BigInteger), Column("commune_id", BigInteger)
)
OWNER = Table(
    "load_owner", _METADATA, Column("row_no", BigInteger), Column("commune_id", BigInteger)
)
REJECT = Table(
    "load_reject",
    _METADATA,
    Column("row_no", BigInteger),
    Column("reason", Text),
    Column("detail", Text),
)
_SORTED = 20_000
_POLYGON_TYPES = ("POLYGON", "MULTIPOLYGON")


@cache
def read_sql(name: str) -> str:
    """Read one of the statements beside this module."""
    return resources.files("etl").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def _run(session: Session, name: str) -> int:
    """Execute a statement of `sql/` without parameters; give the number of rows it touched."""
    result: Any = session.execute(text(read_sql(name).replace(":", r"\:")))
    return max(int(result.rowcount), 0)


def create_staging(session: Session, layer: str, *, exclusive: bool = True) -> None:
    """Make the temporary tables, and let only one load into a layer run at a time.

    Args:
        session: The load's transaction.
        layer: The layer.
        exclusive: False for a dry run, which is in nobody's way.

    Raises:
        ConflictError: When another load into the layer is under way.
    """
    lock = func.pg_try_advisory_xact_lock(func.hashtext("etl.load"), func.hashtext(layer))
    if exclusive and not session.scalar(select(lock)):
        raise ConflictError(f"Another load into {layer} is under way: try again when it is done.")
    # Staged rows stay in the backend's memory up to here; only its first temporary table can ask,
    # and a connection does not show that it once had one in a transaction that was rolled back.
    with suppress(DataError), session.begin_nested():
        session.execute(text("SET LOCAL temp_buffers = '160MB'"))
    session.execute(text("SET LOCAL work_mem = '64MB'"))
    lines = read_sql("create_staging").splitlines()
    for statement in "\n".join(line for line in lines if not line.startswith("--")).split(";"):
        if statement.strip():
            session.execute(text(statement))


@contextmanager
def copy_rows(session: Session) -> Iterator[Callable[[Iterable[tuple[Any, ...]]], None]]:
    """Stream rows into `load_row` by binary COPY; give the function that sends some.

    The rows are in the order of `rows.STAGED`. Memory does not grow with their number.
    """
    connection: Any = session.connection().connection.driver_connection
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY load_row FROM STDIN (FORMAT binary)") as copy,
    ):
        copy.set_types(list(STAGED.values()))

        def send(rows: Iterable[tuple[Any, ...]]) -> None:
            for row in rows:
                copy.write_row(row)

        yield send


def check_rows(
    session: Session, *, repair: bool, has_keys: bool
) -> tuple[list[Reject], list[Repair]]:
    """Check the staged rows, and leave only the accepted ones.

    Args:
        session: The load's transaction.
        repair: Mend invalid geometries instead of refusing them.
        has_keys: Whether keys come from the file's columns, so that they may repeat.

    Returns:
        The refused and the mended, in the order of the file.
    """
    repairs: list[Repair] = []
    if repair and _run(session, "repair_shapes"):
        _run(session, "apply_repairs")
    refused = _reject_invalid(session)
    if has_keys:
        refused += _run(session, "reject_duplicates")
    rejects = []
    if refused:
        rejects = [
            Reject(*row)
            for row in session.execute(
                text("SELECT row_no, reason, detail FROM load_reject ORDER BY row_no")
            )
        ]
        _run(session, "delete_rejected")
    if repair:
        repairs = [
            Repair(*row)
            for row in session.execute(
                text(
                    "SELECT m.row_no, m.what FROM load_repair AS m JOIN load_row USING (row_no)"
                    " ORDER BY m.row_no"
                )
            )
        ]
    session.execute(text("ANALYZE load_row"))
    return rejects, repairs


def _reject_invalid(session: Session) -> int:
    """Refuse invalid geometries by the editor's rule, with reason and place (lon lat); how many."""
    # A geometry is valid or not whatever layer it is for.
    flaw = RULES["not-valid"].question(LAYERS["parcels"], ROW).subquery()
    facts = cast(flaw.c.facts, JSONB)
    lon, lat = (func.round(cast(facts[name].astext, Numeric), 6) for name in ("lon", "lat"))
    place = case((lon.is_not(None), func.format(" at %s %s", lon, lat)), else_="")
    detail = facts["reason"].astext.concat(place)
    result: Any = session.execute(
        insert(REJECT).from_select(
            ["row_no", "reason", "detail"],
            select(flaw.c.row, literal("invalid geometry"), detail),
        ),
        execution_options={"preserve_rowcount": True},
    )
    return max(int(result.rowcount), 0)


def find_places(session: Session) -> int:
    """Find the commune of each accepted row.

    Returns:
        How many rows lie in none of today's communes; -1 when no communes are known there at all.
    """
    if not _run(session, "cut_communes"):
        known = session.scalar(
            text(
                "SELECT EXISTS (SELECT FROM gis.administrative_unit"
                " WHERE level = 'commune' AND valid_to IS NULL)"
            )
        )
        rows = session.scalar(select(func.count()).select_from(ROW)) or 0
        return rows if known else -1
    session.execute(text("CREATE INDEX ON load_piece USING gist (piece)"))
    session.execute(text("ANALYZE load_piece"))
    found = _run(session, "find_communes")
    session.execute(text("ANALYZE load_place"))
    placeable = select(func.count()).select_from(ROW).where(~func.ST_IsEmpty(ROW.c.shape))
    return (session.scalar(placeable) or 0) - found


def compare_rows(session: Session, target: Target, columns: Iterable[str], source: str) -> None:
    """Find for each accepted row the row of the layer with its key, and whether it differs.

    Args:
        session: The load's transaction.
        target: The layer.
        columns: The columns the file has values for.
        source: What the layer's `source` column says for rows of this file.
    """
    table = target.table
    by_source = table.alias("by_source")
    own = and_(by_source.c.source == source, by_source.c.source_id == ROW.c.source_id)
    if not target.key:
        joined = ROW.outerjoin(by_source, own)
        found = by_source
        query = select(ROW.c.row_no, by_source.c.id, _differs(target, columns, found))
        session.execute(
            insert(STATE).from_select(["row_no", "id", "is_changed"], query.select_from(joined))
        )
        return
    # Rows with a natural key are found by it, the others by source and feature id.
    keyed = table.alias("keyed")
    natural = and_(*(keyed.c[name] == ROW.c[name] for name in target.key))
    for found, condition, has_code in ((keyed, natural, True), (by_source, own, False)):
        query = (
            select(ROW.c.row_no, found.c.id, _differs(target, columns, found))
            .select_from(ROW.outerjoin(found, condition))
            .where(ROW.c.code.is_not(None) if has_code else ROW.c.code.is_(None))
        )
        session.execute(insert(STATE).from_select(["row_no", "id", "is_changed"], query))


def _differs(target: Target, columns: Iterable[str], found: Any) -> ColumnElement[bool]:
    """Say whether a stored row would change; true for a row that is not stored yet."""
    pairs = [(found.c[name], value) for name, value in _new_values(target, columns, found).items()]
    return or_(found.c.id.is_(None), *(old.is_distinct_from(new) for old, new in pairs))


def _new_values(
    target: Target, columns: Iterable[str], old: Any | None
) -> dict[str, ColumnElement[Any]]:
    """Give what each column of the layer takes from a staged row.

    Args:
        target: The layer.
        columns: The columns the file has values for; an empty cell keeps what is stored.
        old: The stored row; None for a new one.
    """
    values: dict[str, ColumnElement[Any]] = {}
    for name in columns:
        # Numbers are compared at the precision they are stored with.
        staged: ColumnElement[Any] = cast(ROW.c[name], target.table.c[name].type)
        values[name] = staged if old is None else func.coalesce(staged, old.c[name])
    for name, shape in _shapes(target).items():
        values[name] = shape if old is None else func.coalesce(shape, old.c[name])
    if old is None:
        values["attributes"] = ROW.c.attributes
    else:
        values["attributes"] = old.c.attributes.concat(ROW.c.attributes)
        values["is_demo"] = literal(value=False)
    return values


def _shapes(target: Target) -> dict[str, ColumnElement[Any]]:
    """Give the geometry columns of the layer in the kind each of them holds."""
    shape = ROW.c.shape
    kind = func.GeometryType(shape)
    match target.shape:
        case Shape.POLYGON:
            return {target.geometry: func.ST_Multi(shape)}
        case Shape.POINT:
            return {target.geometry: shape}
        case Shape.LINE_OR_POINT:
            lines = kind.in_(("LINESTRING", "MULTILINESTRING"))
            return {target.geometry: case((lines, func.ST_Multi(shape)), else_=shape)}
        case Shape.POLYGON_OR_POINT:
            return {
                "boundary": case((kind.in_(_POLYGON_TYPES), func.ST_Multi(shape))),
                "location": case((kind == "POINT", shape)),
            }


def count_states(session: Session) -> tuple[int, int, int]:
    """Count the accepted rows: new, to be updated, unchanged."""
    new, updated, unchanged = session.execute(
        select(
            func.count().filter(STATE.c.id.is_(None)),
            func.count().filter(and_(STATE.c.id.is_not(None), STATE.c.is_changed)),
            func.count().filter(and_(STATE.c.id.is_not(None), ~STATE.c.is_changed)),
        )
    ).one()
    return int(new), int(updated), int(unchanged)


def sum_staged_area_ha(session: Session) -> float:
    """Sum the geodesic area (WGS84, hectares) of the accepted polygons."""
    area = func.ST_Area(func.geography(ROW.c.shape), type_=Float) / 10_000
    polygons = func.GeometryType(ROW.c.shape).in_(_POLYGON_TYPES)
    return float(session.scalar(select(func.sum(area)).where(polygons)) or 0.0)


def sum_stored_area_ha(session: Session, target: Target) -> float:
    """Sum the same area as the database keeps it, after the write: nothing is measured twice."""
    table = target.table
    polygons = table.c.boundary.is_not(None)
    written = select(func.sum(CHANGE.c.area_ha)).join(table, table.c.id == CHANGE.c.id)
    kept = select(func.sum(table.c.area_ha)).join(STATE, STATE.c.id == table.c.id)
    total = session.scalar(written.where(polygons)) or 0.0
    return total + (session.scalar(kept.where(polygons, ~STATE.c.is_changed)) or 0.0)


def write_changes(
    session: Session, target: Target, columns: list[str], source: str, *, new: int, changed: int
) -> None:
    """Insert what is new and update what differs, one statement each; flushes nothing else."""
    table = target.table
    has_area = "area_ha" in table.c
    area: ColumnElement[Any] = table.c.area_ha if has_area else literal(0.0)
    if new:
        values = _new_values(target, columns, None)
        values["source"], values["source_id"] = literal(source), ROW.c.source_id
        values.update(_defaults(target, values))
        rows = select(*values.values()).select_from(
            _with_place(target, ROW.join(STATE, STATE.c.row_no == ROW.c.row_no))
        )
        added = (
            insert(table)
            .from_select(
                list(values),
                # A small file's rows get their numbers in its order; a big one's nearly do, and
                # sorting its shapes would write them to disk once more.
                rows.where(STATE.c.id.is_(None)).order_by(*[ROW.c.row_no] * (new < _SORTED)),
                include_defaults=False,
            )
            .returning(table.c.id, area.label("area_ha"))
            .cte("added")
        )
        session.execute(insert(CHANGE).from_select(["id", "area_ha"], select(added)))
    if changed:
        values = _new_values(target, columns, table)
        # Real data over a row of the demo: from now on it comes from this file.
        values["source"] = case((table.c.is_demo, literal(source)), else_=table.c.source)
        values["source_id"] = case((table.c.is_demo, ROW.c.source_id), else_=table.c.source_id)
        renewed = (
            update(table)
            .values(values)
            .where(table.c.id == STATE.c.id, STATE.c.is_changed, STATE.c.row_no == ROW.c.row_no)
            .returning(table.c.id, area.label("area_ha"))
            .cte("renewed")
        )
        session.execute(insert(CHANGE).from_select(["id", "area_ha"], select(renewed)))


def _with_place(target: Target, joined: Any) -> Any:
    if "commune_id" not in target.table.c:
        return joined
    return joined.outerjoin(PLACE, PLACE.c.row_no == ROW.c.row_no)


def _defaults(target: Target, values: dict[str, Any]) -> dict[str, ColumnElement[Any]]:
    """Fill what a new row takes when the file says nothing."""
    filled: dict[str, ColumnElement[Any]] = {}
    if "commune_id" in target.table.c:
        said = values.get("commune_id")
        filled["commune_id"] = (
            PLACE.c.commune_id if said is None else func.coalesce(said, PLACE.c.commune_id)
        )
    if "kind" in values:
        filled["kind"] = func.coalesce(values["kind"], literal("other"))
    return filled
