"""Split an area by a line, merge neighbours: no ground is lost, and none is made."""

from collections.abc import Mapping, Sequence
from typing import Any

from shapely.geometry import MultiPolygon
from sqlalchemy import func, insert
from sqlalchemy.orm import Session

from gis.boundaries import area_ha
from gis.editing import rows
from gis.editing.constraints import refuse_carried, translated
from gis.editing.geojson import read_line, to_ewkb
from gis.editing.geometry import cut, join, onto_geodesics
from gis.editing.judging import confirm, judge
from gis.editing.properties import commune_under
from gis.editing.rows import Draft, Edit, Editor, Expected
from gis.editing.rules import Problem
from gis.editing.writing import lock_targets
from gis.errors import InvalidGeometryError, InvalidInputError
from gis.layer import Layer

MOST_MERGED = 100
# What a new part does not take from the whole: its identity, and what was said of all of it.
_OWN = frozenset(
    {
        *("id", "version", "created_at", "updated_at", "source", "source_id", "code"),
        *("boundary", "location", "declared_area_ha"),
    }
)


def split_feature(
    session: Session,
    layer: Layer,
    editor: Editor,
    fid: int,
    line: Mapping[str, Any],
    *,
    expected: Expected,
    reason: str | None = None,
) -> list[Edit]:
    """Cut an area along a line; the largest part keeps the id, its codes and what refers to it.

    The other parts take its attributes, but no code; the declared area, which was said of the
    whole, stays with none. Polygons that the line does not touch stay with the largest part. A part
    that lies in another commune becomes that one's, if the editor works there.

    Args:
        session: The transaction.
        layer: A layer of areas.
        editor: Who writes.
        fid: The area.
        line: A GeoJSON LineString, EPSG:4326, lon/lat.
        expected: The version that was seen.
        reason: Why.

    Returns:
        One edit a part, the kept feature first.

    Raises:
        InvalidGeometryError: The line does not cut the area, or the feature has no area.
        PlatformError: As `writing.replace_feature` says; a part may break a rule of its own.
    """
    rows.authorise(layer, editor)
    reason = rows.clean_reason(reason)
    row = rows.lock_rows(session, layer, [fid])[fid]
    rows.check_commune(session, layer, editor, [row.get("commune_id")])
    rows.check_version(session, layer, row, expected)
    whole = _area(row)
    if "code" in layer.table.c and not layer.table.c.code.nullable:
        raise InvalidInputError(f"Each feature of {layer.id} has a code: draw the new one itself.")
    flat = cut(whole, read_line(line))
    rows.lock_places(session, layer, [whole])
    drafts, problems = _judge_parts(session, layer, editor, row, onto_geodesics(whole, flat))
    if any(problem.rule == "overlap" for problem in problems):
        drafts, problems = _judge_parts(session, layer, editor, row, flat)
    rows.sign(session, editor, _reason(f"Split of {fid}.", reason, problems))
    written = [rows.save(session, layer, drafts[0])]
    copied = {
        column.name: row[column.name]
        for column in layer.table.c
        if column.name not in _OWN and column.computed is None
    }
    # What the whole shared with a neighbour its parts may share; the rules have looked.
    with rows.overlaps_reported(session), translated(session, layer):
        for draft in drafts[1:]:
            assert draft.shape is not None
            own = {name: value for name, value in draft.values.items() if name in copied}
            statement = insert(layer.table).values(
                copied | own | rows.shape_columns(layer, draft.shape)
            )
            made = session.execute(statement.returning(layer.key, layer.table.c.version)).one()
            written.append((made[0], made[1]))
    return [
        Edit(made, version, tuple(problem for problem in problems if problem.row == number))
        for number, (made, version) in enumerate(written, 1)
    ]


def merge_features(
    session: Session,
    layer: Layer,
    editor: Editor,
    targets: Sequence[tuple[int, int]],
    *,
    reason: str | None = None,
) -> Edit:
    """Make one area of neighbours; the first keeps its id and attributes, the others go away.

    The declared area becomes the sum, where each had one; else none.

    Args:
        session: The transaction.
        layer: A layer of areas.
        editor: Who writes.
        targets: At least two feature ids, each with the version that was seen.
        reason: Why.

    Raises:
        InvalidGeometryError: They do not hang together along shared borders.
        ConflictError: Codes, lots, dossiers refer to one that would go away.
        PlatformError: As `writing.replace_feature` says.
    """
    rows.authorise(layer, editor)
    reason = rows.clean_reason(reason)
    if not 2 <= len(targets) <= MOST_MERGED:
        raise InvalidInputError(f"Name from 2 to {MOST_MERGED} features to merge.")
    found = lock_targets(session, layer, editor, targets)
    fids = [fid for fid, _ in targets]
    kept, gone = found[fids[0]], fids[1:]
    refuse_carried(session, layer, gone)
    try:
        union = join([_area(found[fid]) for fid in fids])
    except InvalidGeometryError as error:
        if "apart" in error.context:
            error.context["feature"] = fids[error.context.pop("apart")]
        raise
    values: dict[str, Any] = {}
    if "declared_area_ha" in layer.table.c:
        declared = [found[fid]["declared_area_ha"] for fid in fids]
        values["declared_area_ha"] = None if None in declared else sum(declared)
    draft = Draft(kept, values, union)
    rows.lock_places(session, layer, [union])
    problems = _new_only(session, layer, draft, gone, judge(session, layer, [draft], gone))
    default = f"Merge of {', '.join(map(str, fids))}."
    rows.sign(session, editor, _reason(default, reason, problems))
    with rows.overlaps_reported(session):
        with translated(session, layer):
            session.execute(layer.table.delete().where(layer.key.in_(gone)))
        fid, version = rows.save(session, layer, draft)
    return Edit(fid, version, tuple(problems))


def _area(row: Mapping[str, Any]) -> MultiPolygon:
    shape = rows.stored_shape(row)
    if shape is None or shape.geom_type == "Point":
        raise InvalidGeometryError(
            f"The feature {row['id']} is a point: it has no area.", rule="no-area"
        )
    return shape


def _reason(default: str, reason: str | None, problems: Sequence[Problem]) -> str:
    """The reason to record, with what was warned of where none was given; raises as `confirm`."""
    said = confirm(problems, strict=False, reason=reason)
    return reason or (f"{default} {said}" if said else default)[: rows.LONGEST_REASON]


def _judge_parts(
    session: Session,
    layer: Layer,
    editor: Editor,
    row: Mapping[str, Any],
    parts: Sequence[MultiPolygon],
) -> tuple[list[Draft], list[Problem]]:
    emptied = {"declared_area_ha": None} if "declared_area_ha" in layer.table.c else {}
    drafts = [Draft(row, dict(emptied), part) for part in parts]
    problems = judge(session, layer, drafts)
    foreign = [
        problem.row
        for problem in problems
        if problem.rule == "outside-commune" and problem.severity == "error"
    ]
    if not foreign or not editor.whole:
        return drafts, problems
    # Cut along the border of two communes: a part belongs to the one that it lies in.
    for number in foreign:
        shape = func.ST_GeomFromEWKB(to_ewkb(parts[number - 1]))
        commune = commune_under(session, shape)
        drafts[number - 1].values["commune_id"] = commune or row["commune_id"]
    return drafts, judge(session, layer, drafts)


def _new_only(
    session: Session,
    layer: Layer,
    draft: Draft,
    gone: Sequence[int],
    problems: Sequence[Problem],
) -> list[Problem]:
    """Leave out overlaps that the vanished ones had already: merging does not increase them."""
    if not any(problem.rule == "overlap" for problem in problems):
        return list(problems)
    found = rows.lock_rows(session, layer, [*gone, draft.fid or 0])
    shapes = [_area(row) for row in found.values()]
    kept = []
    for problem in problems:
        if problem.rule == "overlap":
            other = rows.lock_rows(session, layer, [problem.facts["with"]], lock=False)
            neighbour = _area(other[problem.facts["with"]])
            before = sum(10_000 * area_ha(shape.intersection(neighbour)) for shape in shapes)
            if problem.facts["overlap_m2"] <= before + 0.01:
                continue
        kept.append(problem)
    return kept
