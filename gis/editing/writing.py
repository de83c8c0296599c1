"""Features created, replaced, updated, deleted; checked before; the same properties set of many.

A feature is a GeoJSON Feature in EPSG:4326. Errors of the rules block; warnings are recorded as the
reason of the revision, or with `strict` wait for one (`UnconfirmedError`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from shapely.geometry import mapping
from sqlalchemy import func
from sqlalchemy.orm import Session

from gis.editing import rows
from gis.editing.constraints import refuse_carried, translated
from gis.editing.geojson import Shape, read_feature, to_ewkb
from gis.editing.judging import confirm, judge
from gis.editing.properties import commune_under, published, published_of, read_properties
from gis.editing.rows import Draft, Edit, Editor, Expected
from gis.editing.rules import Problem
from gis.editing.snapping import snap
from gis.errors import InvalidGeometryError, InvalidInputError
from gis.layer import Layer

__all__ = [
    "Edit",
    "Editor",
    "Expected",
    "check_feature",
    "create_feature",
    "delete_feature",
    "replace_feature",
    "set_properties",
    "update_feature",
]
MOST_TARGETS = 10_000


def create_feature(
    session: Session,
    layer: Layer,
    editor: Editor,
    feature: Mapping[str, Any],
    *,
    reason: str | None = None,
    strict: bool = False,
) -> Edit:
    """Store a new feature. Without a commune it gets the one that holds most of it.

    Raises:
        ForbiddenError: The editor may not write the layer, or there.
        InvalidInputError, InvalidGeometryError: The feature cannot be read.
        RuleViolationError, UnconfirmedError: The rules speak against it.
        ConflictError: Its code is taken.
    """
    rows.authorise(layer, editor)
    draft = _draft_new(session, layer, editor, feature, complete=True)
    return _store(session, layer, editor, draft, reason, strict=strict)


def replace_feature(
    session: Session,
    layer: Layer,
    editor: Editor,
    fid: int,
    feature: Mapping[str, Any],
    *,
    expected: Expected,
    reason: str | None = None,
    strict: bool = False,
) -> Edit:
    """Store a feature in the place of another; writable properties not given are emptied.

    Raises:
        NotFoundError: There is no such feature.
        VersionNeededError, StaleVersionError: `expected` is missing or not the stored version.
        PlatformError: As `create_feature` says.
    """
    row = _open(session, layer, editor, fid, expected)
    draft = _draft_changed(session, layer, row, feature, complete=True)
    return _store(session, layer, editor, draft, reason, strict=strict)


def update_feature(
    session: Session,
    layer: Layer,
    editor: Editor,
    fid: int,
    patch: Mapping[str, Any],
    *,
    expected: Expected,
    reason: str | None = None,
    strict: bool = False,
) -> Edit:
    """Change parts of a feature: a JSON Merge Patch (RFC 7396), null empties a property.

    Raises:
        PlatformError: As `replace_feature` says.
    """
    row = _open(session, layer, editor, fid, expected)
    draft = _draft_changed(session, layer, row, patch, complete=False)
    return _store(session, layer, editor, draft, reason, strict=strict)


def delete_feature(
    session: Session,
    layer: Layer,
    editor: Editor,
    fid: int,
    *,
    expected: Expected,
    reason: str | None = None,
) -> None:
    """Delete a feature; the history keeps it, so it can come back.

    Raises:
        ConflictError: Codes, lots, dossiers refer to it.
        PlatformError: As `replace_feature` says.
    """
    reason = rows.clean_reason(reason)
    _open(session, layer, editor, fid, expected)
    refuse_carried(session, layer, [fid])
    rows.sign(session, editor, reason)
    with translated(session, layer):
        session.execute(layer.table.delete().where(layer.key == fid))


def check_feature(
    session: Session,
    layer: Layer,
    editor: Editor,
    feature: Mapping[str, Any],
    *,
    fid: int | None = None,
) -> list[Problem]:
    """Say what the rules would say of a feature; writes nothing.

    Args:
        session: Reads only.
        layer: The layer.
        editor: Who asks.
        feature: A feature, or the parts that would change.
        fid: The stored feature that it would change; None for a new one.

    Raises:
        PlatformError: It cannot be read, or may not be written at all.
    """
    rows.authorise(layer, editor)
    if fid is None:
        draft = _draft_new(session, layer, editor, feature, complete=False)
    else:
        row = rows.lock_rows(session, layer, [fid], lock=False)[fid]
        rows.check_commune(session, layer, editor, [row.get("commune_id")])
        draft = _draft_changed(session, layer, row, feature, complete=False)
    rows.check_commune(session, layer, editor, [draft.value("commune_id")])
    return judge(session, layer, [draft])


def set_properties(
    session: Session,
    layer: Layer,
    editor: Editor,
    targets: Sequence[tuple[int, int]],
    properties: Mapping[str, Any],
    *,
    reason: str | None,
    strict: bool = False,
) -> list[Edit]:
    """Set the same properties of many features: all of them, or none.

    Args:
        session: The transaction.
        layer: The layer.
        editor: Who writes.
        targets: Feature ids, each with the version that was seen.
        properties: As in a feature; null empties.
        reason: Why.
        strict: Whether warnings wait for a reason.

    Returns:
        One edit a target, in their order.

    Raises:
        PlatformError: As `update_feature` says; of stale ones the first is named.
    """
    rows.authorise(layer, editor)
    reason = rows.clean_reason(reason)
    found = lock_targets(session, layer, editor, targets)
    shown = published_of(session, layer, list(found))
    known: dict[tuple[str, Any], Any] = {}
    drafts = [
        _draft_changed(
            session,
            layer,
            found[fid],
            {"properties": properties},
            complete=False,
            current=shown[fid],
            known=known,
        )
        for fid, _ in targets
    ]
    rows.check_commune(session, layer, editor, [draft.value("commune_id") for draft in drafts])
    rows.lock_places(session, layer, [draft.shape for draft in drafts if draft.is_set("status")])
    problems = judge(session, layer, drafts)
    rows.sign(session, editor, confirm(problems, strict=strict, reason=reason))
    edits = []
    for number, (fid, version) in enumerate(rows.save_alike(session, layer, drafts), 1):
        warnings = tuple(problem for problem in problems if problem.row == number)
        edits.append(Edit(fid, version, warnings))
    return edits


def lock_targets(
    session: Session, layer: Layer, editor: Editor, targets: Sequence[tuple[int, int]]
) -> dict[int, Mapping[str, Any]]:
    """Lock several features and see that each is the editor's and of the version that was seen.

    Raises:
        InvalidInputError: None, too many, or one of them twice.
        PlatformError: As `replace_feature` says.
    """
    fids = [fid for fid, _ in targets]
    if not fids or len(fids) > MOST_TARGETS:
        raise InvalidInputError(f"Name from 1 to {MOST_TARGETS:,} features.")
    if len(set(fids)) < len(fids):
        raise InvalidInputError("A feature is named twice.")
    found = rows.lock_rows(session, layer, fids)
    rows.check_commune(session, layer, editor, [row.get("commune_id") for row in found.values()])
    for fid, version in targets:
        rows.check_version(session, layer, found[fid], version)
    return found


def _open(
    session: Session, layer: Layer, editor: Editor, fid: int, expected: Expected
) -> Mapping[str, Any]:
    """The row, locked, of a feature that this editor may change and has seen as it is."""
    rows.authorise(layer, editor)
    row = rows.lock_rows(session, layer, [fid])[fid]
    rows.check_commune(session, layer, editor, [row.get("commune_id")])
    rows.check_version(session, layer, row, expected)
    return row


def _draft_new(
    session: Session, layer: Layer, editor: Editor, feature: Mapping[str, Any], *, complete: bool
) -> Draft:
    sent = read_feature(layer, feature)
    if sent.shape is None:
        raise InvalidGeometryError("A feature of this layer has a geometry.", rule="no-geometry")
    values = read_properties(session, layer, sent.properties, None, complete=complete)
    shape = snap(session, layer, sent.shape, None, None)
    if "commune_id" in layer.table.c and values.get("commune_id") is None:
        # What lies nowhere (or crosses itself) is the editor's own, so that the rules can say so.
        own = rows.own_communes(session, editor)
        values["commune_id"] = _commune(session, shape) or next(iter(own), None)
    _check_point(layer, shape, values.get("declared_area_ha"), complete=complete)
    return Draft(None, values, shape)


def _draft_changed(
    session: Session,
    layer: Layer,
    row: Mapping[str, Any],
    feature: Mapping[str, Any],
    *,
    complete: bool,
    current: Mapping[str, Any] | None = None,
    known: dict[tuple[str, Any], Any] | None = None,
) -> Draft:
    own = rows.stored_shape(row)
    if not complete and isinstance(feature, dict):
        feature = _merged(feature, own)
    sent = read_feature(layer, feature)
    if sent.shape is None and complete:
        raise InvalidGeometryError("A feature of this layer has a geometry.", rule="no-geometry")
    if current is None:
        current = published(session, layer, row["id"])
    values = read_properties(
        session, layer, sent.properties, current, complete=complete, found=known
    )
    shape = own if sent.shape is None else snap(session, layer, sent.shape, own, row["id"])
    if shape is not None and values.get("commune_id", 0) is None:
        values["commune_id"] = _commune(session, shape) or row["commune_id"]
    draft = Draft(row, values, shape)
    if shape is not None:
        _check_point(layer, shape, draft.value("declared_area_ha"), complete=True)
    return draft


def _merged(patch: Mapping[str, Any], own: Shape | None) -> Mapping[str, Any]:
    """The patch with its geometry whole: a merge patch may give only a part of it."""
    given = patch.get("geometry")
    if not isinstance(given, Mapping) or own is None or {"type", "coordinates"} <= set(given):
        return patch
    return {**patch, "geometry": {**mapping(own), **given}}


def _commune(session: Session, shape: Shape) -> int | None:
    # A shape that is not valid, or not on the earth, cannot be cut; the rules will say so.
    west, south, east, north = shape.bounds
    if not shape.is_valid or min(west, south) < -180 or max(east, north) > 180:
        return None
    return commune_under(session, func.ST_GeomFromEWKB(to_ewkb(shape)))


def _check_point(layer: Layer, shape: Shape, declared: Any, *, complete: bool) -> None:
    if (
        complete
        and shape.geom_type == "Point"
        and "MultiPolygon" in layer.geometry_types
        and declared is None
    ):
        raise InvalidInputError(
            "An area that is only a point needs declared_area_ha.",
            errors=[{"pointer": "/properties/declared_area_ha", "detail": "Needed with a point."}],
        )


def _store(
    session: Session,
    layer: Layer,
    editor: Editor,
    draft: Draft,
    reason: str | None,
    *,
    strict: bool,
) -> Edit:
    reason = rows.clean_reason(reason)
    rows.check_commune(session, layer, editor, [draft.value("commune_id")])
    if draft.moves or draft.is_set("status"):
        before = None if draft.row is None else rows.stored_shape(draft.row)
        rows.lock_places(session, layer, [before, draft.shape])
    problems = judge(session, layer, [draft])
    rows.sign(session, editor, confirm(problems, strict=strict, reason=reason))
    fid, version = rows.save(session, layer, draft)
    return Edit(fid, version, tuple(problems))
