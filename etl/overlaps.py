"""Who lies upon whom: new and changed rows against each other and against what is stored.

Overlaps are warnings, not refusals: real files have them, and a person decides. The work is done on
the staged rows, before the write, so that a dry run says the same.
"""

import math
from typing import Any

import numpy as np
import shapely
from geoalchemy2 import Geography
from numpy.typing import NDArray
from sqlalchemy import Text, and_, cast, func, select, text
from sqlalchemy.orm import Session

from etl.staging import ROW, STATE, read_sql
from etl.targets import Target
from gis.editing.rules import TOLERANCE_M2

# As many are listed; the rest is counted.
LISTED = 50
# From here on a coverage check of the whole file (GEOS 3.12+) finds the few suspects faster than
# relating each row to its neighbours; above the second number its shapes would fill the memory.
_MANY, _TOO_MANY = 20_000, 500_000
_STRIP = 20_000


def find_overlaps(session: Session, target: Target) -> list[str]:
    """Find the overlaps of the rows that are new or changed.

    Returns:
        Sentences with row numbers, square metres (geodesic) and per cent of the first row's area;
        the largest first. Overlaps of at most `TOLERANCE_M2` are not mentioned.
    """
    changed = session.scalar(select(func.count()).select_from(STATE).where(STATE.c.is_changed)) or 0
    if not changed:
        return []
    limits = {"tolerance_m2": TOLERANCE_M2, "most": LISTED}
    _name_suspects(session, changed)
    session.execute(text("CREATE INDEX ON load_row USING gist (shape)"))
    session.execute(text("ANALYZE load_row"))
    found = session.execute(text(read_sql("find_overlaps")), limits).all()
    sentences = [
        f"Row {row} overlaps row {other} by {overlap:,.1f} m² ({percent:.1f} % of it)."
        for row, other, overlap, percent, _ in found
    ]
    stored = _find_stored(session, target)
    sentences += [
        f"Row {row} overlaps {target.layer} {name} by {overlap:,.1f} m² ({percent:.1f} % of it)."
        for row, name, overlap, percent, _ in stored
    ]
    for some in (found, stored):
        if some and some[0][4] > len(some):
            sentences.append(f"{some[0][4] - len(some)} more overlaps are not listed.")
    return sentences


def _name_suspects(session: Session, changed: int) -> None:
    """Fill `load_suspect` with the rows that may overlap another row of the file."""
    if not _MANY <= changed <= _TOO_MANY:
        session.execute(
            text(
                "INSERT INTO load_suspect SELECT row_no FROM load_state"
                " JOIN load_row USING (row_no)"
                " WHERE is_changed AND ST_Dimension(shape) = 2"
            )
        )
    elif suspects := _check_coverage(session):
        session.execute(
            text("INSERT INTO load_suspect SELECT unnest(CAST(:rows AS bigint[]))"),
            {"rows": suspects},
        )
    session.execute(text("ANALYZE load_suspect"))


def _check_coverage(session: Session) -> list[int]:
    """List the rows whose edges do not match their neighbours' as in a clean mosaic."""
    connection: Any = session.connection().connection.driver_connection
    numbers: list[int] = []
    parts = []
    with connection.cursor(name="coverage", binary=True) as cursor:
        cursor.itersize = 20_000
        cursor.execute(
            "SELECT row_no, ST_AsBinary(shape) FROM load_row WHERE ST_Dimension(shape) = 2"
        )
        while rows := cursor.fetchmany(20_000):
            numbers += [number for number, _ in rows]
            parts.append(shapely.from_wkb(np.array([wkb for _, wkb in rows], dtype=object)))
    if not parts:
        return []
    return [numbers[place] for place in _mismatched(np.concatenate(parts))]


def _mismatched(shapes: NDArray[np.object_]) -> list[int]:
    """Find the polygons whose edges lie askew upon others', in strips that bound the memory.

    Args:
        shapes: Polygons of one plane, shape (n,).

    Returns:
        Their places in the array, each once.
    """
    box = shapely.bounds(shapes)
    order = np.argsort(box[:, 0] + box[:, 2])
    found: list[int] = []
    for strip in np.array_split(order, math.ceil(len(order) / _STRIP)):
        west, east = box[strip, 0].min(), box[strip, 2].max()
        # Whoever reaches into the strip is looked at with it, but only its own are named.
        near = np.flatnonzero((box[:, 0] <= east) & (box[:, 2] >= west))
        edges = shapely.coverage_invalid_edges(shapes[near])
        found += np.intersect1d(near[~shapely.is_empty(edges)], strip).tolist()
    return found


def _find_stored(session: Session, target: Target) -> list[Any]:
    """Find the stored rows, other than those being replaced, that changed rows lie upon."""
    stored = target.table
    boundary = stored.c.boundary
    shared = func.ST_CollectionExtract(func.ST_Intersection(ROW.c.shape, boundary), 3)
    pair = (
        select(
            ROW.c.row_no,
            (stored.c.code if "code" in stored.c else stored.c.name).label("name"),
            stored.c.id,
            func.ST_Area(cast(shared, Geography)).label("overlap_m2"),
            func.ST_Area(cast(ROW.c.shape, Geography)).label("area_m2"),
        )
        .select_from(ROW)
        .join(STATE, and_(STATE.c.row_no == ROW.c.row_no, STATE.c.is_changed))
        .join(stored, boundary.op("&&")(ROW.c.shape))
        .where(
            func.ST_Relate(ROW.c.shape, boundary, "2********"),
            ~select(STATE.c.id).where(STATE.c.id == stored.c.id).correlate(stored).exists(),
        )
        .cte("pair")
    )
    query = (
        select(
            pair.c.row_no,
            func.coalesce(pair.c.name, cast(pair.c.id, Text)),
            pair.c.overlap_m2,
            100 * pair.c.overlap_m2 / func.nullif(pair.c.area_m2, 0),
            func.count().over(),
        )
        .where(pair.c.overlap_m2 > TOLERANCE_M2)
        .order_by(pair.c.overlap_m2.desc(), pair.c.row_no)
        .limit(LISTED)
    )
    if not session.scalar(select(select(stored.c.id).exists())):
        return []
    session.execute(text("CREATE INDEX ON load_state (id)"))
    session.execute(text("ANALYZE load_state"))
    return list(session.execute(query).all())
