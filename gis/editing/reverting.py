"""History taken back: changes listed, one feature brought to an earlier state, a change undone.

Nothing is erased: taking back is a change of its own, through the same roles, locks and rules.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import shapely
from sqlalchemy import LargeBinary, cast, func, null, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import TextClause

from gis.editing import rows, undo
from gis.editing.judging import confirm, judge
from gis.editing.rows import Draft, Edit, Editor, Expected
from gis.errors import ConflictError, InvalidInputError, NotFoundError
from gis.layer import Layer
from gis.models import Revision

_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """All that one transaction changed.

    Attributes:
        id: The transaction.
        at: When it began.
        actor: Who.
        reason: Why, if said.
        counts: By layer, then by action (`insert`, `update`, `delete`): how many revisions.
    """

    id: int
    at: datetime
    actor: str
    reason: str | None
    counts: dict[str, dict[str, int]]


def list_changes(
    session: Session,
    *,
    layer: str | None = None,
    actor: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[ChangeSet]:
    """List the latest changes, the newest first.

    Args:
        session: Reads only.
        layer: Only changes that touched this layer.
        actor: Only changes by this account.
        before: Only changes with a smaller id: where a page ended.
        limit: At most so many.
    """
    given = {"layer": layer, "actor": actor, "before": before, "most": limit}
    found: dict[int, ChangeSet] = {}
    for row in session.execute(_statement("changes"), given):
        change = found.setdefault(
            row.transaction, ChangeSet(row.transaction, row.at, row.actor, row.reason, {})
        )
        change.counts.setdefault(row.layer, {})[row.action] = row.features
    return list(found.values())


def revert_feature(
    session: Session,
    layer: Layer,
    editor: Editor,
    fid: int,
    revision_id: int,
    *,
    expected: Expected,
    reason: str | None = None,
) -> Edit:
    """Bring a feature back to the state after one of its revisions; a deleted one comes back.

    Args:
        session: The transaction.
        layer: The layer.
        editor: Who writes.
        fid: The feature, which may be deleted.
        revision_id: One of its revisions, other than a deletion.
        expected: The version that was seen; a deleted feature has none.
        reason: Why; else the history says which revision it went back to.

    Raises:
        NotFoundError: The feature has no such revision.
        InvalidInputError: The revision is a deletion.
        PlatformError: As `writing.replace_feature` says.
    """
    rows.authorise(layer, editor)
    reason = rows.clean_reason(reason)
    values, shape = _state_after(session, layer, fid, revision_id)
    stored = session.scalar(select(layer.key).where(layer.key == fid))
    if stored is None:
        identity, last = _last_of(session, layer, fid)
        values |= identity
        draft = Draft(None, values, shape)
        # It may have been another commune's when it was deleted, whose history it then is.
        communes = [last, draft.value("commune_id")]
    else:
        row = rows.lock_rows(session, layer, [fid])[fid]
        rows.check_version(session, layer, row, expected)
        own = rows.stored_shape(row)
        same = own is not None and shapely.equals_identical(own, shape)
        draft = Draft(row, values, own if same else shape)
        communes = [row.get("commune_id"), draft.value("commune_id")]
    rows.check_commune(session, layer, editor, communes)
    before = None if draft.row is None else rows.stored_shape(draft.row)
    rows.lock_places(session, layer, [before, draft.shape])
    problems = judge(session, layer, [draft])
    said = confirm(problems, strict=False, reason=reason)
    rows.sign(session, editor, said or f"back to revision {revision_id}")
    made, version = rows.save(session, layer, draft)
    return Edit(made, version, tuple(problems))


def revert_change(
    session: Session, editor: Editor, change_id: int, *, reason: str | None = None
) -> ChangeSet:
    """Undo all that one transaction changed, as a new change; all of it, or nothing.

    Args:
        session: The transaction.
        editor: Who writes.
        change_id: The transaction that is undone.
        reason: Why; else the history says `undo of change N`.

    Returns:
        The new change.

    Raises:
        NotFoundError: There is no such change.
        ConflictError: Features were changed since (`features` names them), others refer to what
            would go away, or the change did what is not undone here.
        ForbiddenError: The editor may not write one of its layers, or some of its features.
        RuleViolationError: Somebody drew meanwhile where a feature would come back.
    """
    reason = rows.clean_reason(reason)
    if not 0 < change_id <= _LARGEST_ID:
        raise NotFoundError(f"There is no change {change_id}.")
    undo.undo_change(session, editor, change_id, reason or f"undo of change {change_id}")
    own = session.scalar(select(func.txid_current())) or 0
    # Others may have committed later changes meanwhile.
    made = list_changes(session, before=own + 1, limit=1)
    if not made or made[0].id != own:
        raise ConflictError(f"The change {change_id} left nothing that could be undone.")
    return made[0]


def _state_after(
    session: Session, layer: Layer, fid: int, revision_id: int
) -> tuple[dict[str, Any], Any]:
    """The columns and the shape of a feature after a revision."""
    after = cast(Revision.after, JSONB)
    names = [column.name for column in undo.restored(layer)]
    columns = [undo.value_of(after, layer.table.c[name]).label(name) for name in names]
    row = session.execute(
        select(
            Revision.action,
            func.ST_AsBinary(Revision.after_shape, type_=LargeBinary).label("shape_after"),
            after.label("row_after"),
            *columns,
        ).where(
            Revision.id == (revision_id if 0 < revision_id <= _LARGEST_ID else 0),
            Revision.layer == layer.id,
            Revision.feature_id == (fid if 0 < fid <= _LARGEST_ID else 0),
        )
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"The feature {fid} of {layer.id} has no revision {revision_id}.")
    if row.action == "delete":
        raise InvalidInputError(
            f"The revision {revision_id} is a deletion: choose the one before it."
        )
    # A column that was added since has no value then: it keeps the one it has.
    values = {name: row._mapping[name] for name in names if name in row.row_after}
    return values, shapely.from_wkb(bytes(row.shape_after))


def _last_of(session: Session, layer: Layer, fid: int) -> tuple[dict[str, Any], int | None]:
    """What a deleted feature comes back with, and the commune that it was of when it was deleted.

    It comes back with its id, its age, and a version nobody has seen.
    """
    before = cast(Revision.before, JSONB)
    table = layer.table.c
    commune = undo.value_of(before, table.commune_id) if "commune_id" in table else null()
    row = session.execute(
        select(
            undo.value_of(before, table.version).label("version"),
            undo.value_of(before, table.created_at).label("created_at"),
            commune.label("commune_id"),
        )
        .where(Revision.layer == layer.id, Revision.feature_id == fid, Revision.action == "delete")
        .order_by(Revision.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no feature {fid} in {layer.id}.")
    identity = {"id": fid, "version": row.version + 1, "created_at": row.created_at}
    return identity, row.commune_id


@cache
def _statement(name: str) -> TextClause:
    return text(files("gis.editing").joinpath(f"{name}.sql").read_text(encoding="utf-8"))
