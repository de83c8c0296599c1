"""Who changed what, and taking it back: revisions of a feature, changes of the whole map.

A revision is one feature's change; a change is all that one save, import or undo did.
"""

from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, jsonify, request, url_for

from gis.differences import describe_differences
from gis.editing.reverting import ChangeSet, list_changes, revert_change, revert_feature
from gis.errors import InvalidInputError, NotFoundError, StaleVersionError
from gis.features import get_feature
from gis.history import Change, list_revisions
from gis.layer import View
from gis.layers import find_layer
from web import access, api
from web.context import public_url, transaction
from web.editing import requests as edits
from web.editing.answers import answer_edit, answer_stale
from web.editing.operations import EDITABLE, Document, Id, Reason, read
from web.layers import check_parameters
from web.representations import as_private

blueprint = Blueprint("history_api", __name__, url_prefix="/api/v1")
blueprint.register_error_handler(StaleVersionError, answer_stale)
_MOST = 1000
_PAGE = {
    "before": "Only those with a smaller id; `next` holds it",
    "limit": f"At most so many items; {_MOST} is the most",
}


class Return(Document):
    """The revision whose state, as it was right after it, a feature is taken back to."""

    revision: Id
    version: Id | None = None
    reason: Reason | None = None


class Undo(Document):
    """Why a whole change is undone."""

    reason: Reason | None = None


@blueprint.get("/<name>/<int:fid>/revisions")
@access.roles("officer", "leader", "administrator")
@api.values(name=EDITABLE)
@api.parameters(**_PAGE)
def list_feature_revisions(name: str, fid: int) -> Response:
    """List who changed a feature, when, why, from what to what; the newest first."""
    layer = find_layer(name)
    if name not in EDITABLE:
        raise NotFoundError(f"{name} is not edited, so it has no revisions here.")
    number = edits.feature_id(str(fid))
    check_parameters("before", "limit")
    before, limit = _page()
    with transaction() as session:
        found = list_revisions(session, name, number, before=before, limit=limit + 1)
        if not found and before is None:
            # Nothing recorded: say so if the feature itself does not exist.
            get_feature(session, layer, View.EXACT, number)
        differences = describe_differences(session, layer, found[:limit])
    items = [
        _revision(change) | {"differences": [asdict(one) for one in differing]}
        for change, differing in zip(found[:limit], differences, strict=True)
    ]
    own = url_for(".list_feature_revisions", name=name, fid=fid)
    following = {"limit": limit, "before": found[limit - 1].id} if len(found) > limit else None
    return _list(items, own, following)


@blueprint.post("/<name>/<int:fid>/revert")
@access.roles("officer", "administrator")
@api.values(name=EDITABLE)
@api.body(Return)
def take_back(name: str, fid: int) -> Response:
    """Take a feature back to what it was right after a revision; a deleted one is made again."""
    layer = edits.writable(name)
    number = edits.feature_id(str(fid))
    asked, body = read(Return)
    with transaction() as session:
        edit = revert_feature(
            session,
            layer,
            edits.editor(),
            number,
            asked.revision,
            expected=edits.expected_version(
                session, layer, number, {"properties": {"version": asked.version}}
            ),
            reason=edits.reason(body),
        )
        return answer_edit(session, layer, edit)


@blueprint.get("/changes")
@access.roles("officer", "leader", "administrator")
@api.parameters(
    layer="Only changes of this layer", actor="Only changes by this account or program", **_PAGE
)
def list_all_changes() -> Response:
    """List the changes of the map, one for all that was saved at once; the newest first."""
    check_parameters("layer", "actor", "before", "limit")
    before, limit = _page()
    layer = request.args.get("layer") or None
    if layer is not None and layer not in EDITABLE:
        raise InvalidInputError(f"layer must be one of {', '.join(EDITABLE)}.", parameter="layer")
    with transaction() as session:
        found = list_changes(
            session,
            layer=layer,
            actor=request.args.get("actor") or None,
            before=before,
            limit=limit + 1,
        )
    kept = {name: request.args[name] for name in ("layer", "actor") if request.args.get(name)}
    following = None
    if len(found) > limit:
        following = {**kept, "limit": limit, "before": found[limit - 1].id}
    return _list([_change(one) for one in found[:limit]], url_for(".list_all_changes"), following)


@blueprint.post("/changes/<int:change_id>/revert")
@access.roles("officer", "administrator")
@api.body(Undo)
def undo(change_id: int) -> Response:
    """Undo a whole change, unless somebody changed one of its features since."""
    body: dict[str, Any] = {}
    if request.get_data():
        _, body = read(Undo)
    with transaction() as session:
        undone = revert_change(
            session,
            edits.editor(),
            int(edits.feature_id(str(change_id))),
            reason=edits.reason(body),
        )
    return as_private(jsonify(_change(undone)))


def _page() -> tuple[int | None, int]:
    def whole(name: str, least: int) -> int | None:
        value = request.args.get(name)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit() and len(value) < 19) or int(value) < least:
            raise InvalidInputError(
                f"{name} must be a whole number from {least} on.", parameter=name
            )
        return int(value)

    return whole("before", 1), min(whole("limit", 1) or 100, _MOST)


def _list(items: list[dict[str, Any]], own: str, following: dict[str, Any] | None) -> Response:
    address = f"{public_url()}{own}?{urlencode(following)}" if following else None
    return as_private(jsonify(items=items, next=address))


def _revision(change: Change) -> dict[str, Any]:
    return {
        "id": change.id,
        "change": change.transaction,
        "action": change.action,
        "actor": change.actor,
        "reason": change.reason,
        "at": change.at.isoformat(),
        "before": _columns(change.before),
        "after": _columns(change.after),
        "before_shape": _shape(change.before_shape),
        "after_shape": _shape(change.after_shape),
        "is_shape_changed": change.before_shape != change.after_shape,
    }


def _columns(row: dict[str, Any] | None) -> dict[str, Any] | None:
    """A row without what a file brought along unasked: nobody knows who may read that."""
    return row and {name: value for name, value in row.items() if name != "attributes"}


def _shape(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)


def _change(change: ChangeSet) -> dict[str, Any]:
    return {**asdict(change), "at": change.at.isoformat()}
