"""OGC API – Features Part 4: create, replace, update, delete, and what may be done at all.

No change is made blindly: a replacement, an update and a deletion say which version they were made
from (`web/editing/requests.py`), else 428; when it is no longer that one, 412 with the feature as
it is now.
The id of the address wins over the body's, and nothing is created at an address.
"""

from flask import Blueprint, Response

from gis.editing.writing import (
    create_feature,
    delete_feature,
    replace_feature,
    update_feature,
)
from gis.errors import StaleVersionError
from gis.layer import Layer
from web import access
from web.context import transaction
from web.editing import qgis
from web.editing import requests as edits
from web.editing.answers import answer_edit, answer_stale
from web.layers import caller_roles, check_parameters, readable
from web.representations import as_private

blueprint = Blueprint("ogc_editing", __name__)
blueprint.register_error_handler(StaleVersionError, answer_stale)
_ITEMS = "/ogc/collections/<name>/items"
_ITEM = f"{_ITEMS}/<fid>"


@blueprint.route(_ITEMS, methods=["OPTIONS"])
@access.roles("public")
def items_options(name: str) -> Response:
    """What the caller may do with the features of a collection."""
    layer, _ = readable(name)
    response = _options(layer, ["POST"])
    if layer.may_edit(caller_roles()):
        response.headers["Accept-Post"] = edits.GEOJSON
    return response


@blueprint.route(_ITEM, methods=["OPTIONS"])
@access.roles("public")
def item_options(name: str, fid: str) -> Response:
    """What the caller may do with one feature; QGIS asks for one that need not exist."""
    del fid
    layer, _ = readable(name)
    # QGIS prefers PATCH and then sends the changed attributes alone, without the version; its PUT
    # sends the version that it read.
    response = _options(
        layer, ["PUT", "DELETE"] if qgis.is_calling() else ["PUT", "PATCH", "DELETE"]
    )
    if layer.may_edit(caller_roles()):
        response.headers["Accept-Patch"] = edits.MERGE_PATCH
    return response


@blueprint.post(_ITEMS, provide_automatic_options=False)
@access.roles("officer", "administrator")
def create(name: str) -> Response:
    """Create a feature; its id is made here."""
    layer = edits.writable(name)
    check_parameters("f")
    feature = edits.read_feature(layer)
    with transaction() as session:
        edit = create_feature(
            session,
            layer,
            edits.editor(),
            feature,
            reason=edits.reason(),
            strict=edits.is_strict(),
        )
        return answer_edit(session, layer, edit, status=201)


@blueprint.put(_ITEM, provide_automatic_options=False)
@access.roles("officer", "administrator")
def replace(name: str, fid: str) -> Response:
    """Replace a feature whole."""
    layer = edits.writable(name)
    check_parameters("f")
    number = edits.feature_id(fid)
    feature = edits.read_feature(layer)
    with transaction() as session:
        edit = replace_feature(
            session,
            layer,
            edits.editor(),
            number,
            feature,
            expected=edits.expected_version(session, layer, number, feature),
            reason=edits.reason(),
            strict=edits.is_strict(),
        )
        return answer_edit(session, layer, edit)


@blueprint.patch(_ITEM, provide_automatic_options=False)
@access.roles("officer", "administrator")
def update(name: str, fid: str) -> Response:
    """Update a feature by a JSON Merge Patch (RFC 7396) of its GeoJSON."""
    layer = edits.writable(name)
    check_parameters("f")
    number = edits.feature_id(fid)
    patch = edits.read_feature(layer, partial=True)
    with transaction() as session:
        edit = update_feature(
            session,
            layer,
            edits.editor(),
            number,
            patch,
            expected=edits.expected_version(session, layer, number, patch),
            reason=edits.reason(),
            strict=edits.is_strict(),
        )
        return answer_edit(session, layer, edit)


@blueprint.delete(_ITEM, provide_automatic_options=False)
@access.roles("officer", "administrator")
def delete(name: str, fid: str) -> Response:
    """Delete a feature; its history stays, and it can be brought back from there."""
    layer = edits.writable(name)
    check_parameters("f")
    number = edits.feature_id(fid)
    with transaction() as session:
        delete_feature(
            session,
            layer,
            edits.editor(),
            number,
            expected=edits.expected_version(session, layer, number),
            reason=edits.reason(),
        )
    return as_private(Response(status=204))


def _options(layer: Layer, writing: list[str]) -> Response:
    allowed = ["GET", "HEAD", "OPTIONS"]
    if layer.may_edit(caller_roles()):
        allowed += writing
    response = Response(status=200)
    response.headers["Allow"] = ", ".join(allowed)
    return as_private(response)
