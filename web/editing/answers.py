"""What a change is answered with: the feature as it is now and its tag, also when it was stale."""

from collections.abc import Sequence
from typing import Any

import orjson
from flask import Response, request
from sqlalchemy.orm import Session

from gis.editing.rules import Problem
from gis.editing.writing import Edit
from gis.errors import NotFoundError, StaleVersionError
from gis.features import get_feature
from gis.layer import Layer, View
from gis.layers import find_layer
from web import problems
from web.context import transaction
from web.editing import requests as edits
from web.layers import feature_etag, readable
from web.representations import HTML, JSON, as_private, link


def address_of(layer: Layer) -> str:
    """Where the caller reached the collection: what is answered leads back by the same way."""
    return f"{request.root_url}ogc/collections/{layer.id}"


def answer_edit(session: Session, layer: Layer, edit: Edit, *, status: int = 200) -> Response:
    """The feature as it is stored now, with the tag that a GET of it has.

    What the rules only warned of stands beside it as `warnings`. `Prefer: return=minimal` leaves
    the feature out.
    """
    _, view = readable(layer.id)
    text, version = get_feature(session, layer, view, edit.fid)
    here = f"{address_of(layer)}/items/{edit.fid}"
    applied = [one for one in ("handling=strict", "return=minimal") if edits.prefers(one)]
    if "return=minimal" in applied:
        response = Response(status=201 if status == 201 else 204)
    else:
        members: dict[str, Any] = {
            "links": [
                link(here, "self", edits.GEOJSON),
                link(f"{here}?f=html", "alternate", HTML),
                link(address_of(layer), "collection", JSON),
            ]
        }
        if edit.warnings:
            members["warnings"] = problem_documents(edit.warnings)
        body = f"{text[:-1]}, {orjson.dumps(members).decode()[1:]}"
        response = Response(body, status, content_type=edits.GEOJSON)
    if applied:
        response.headers["Preference-Applied"] = ", ".join(applied)
    if status == 201:
        response.headers["Location"] = here
    response.set_etag(feature_etag(edit.fid, version, view))
    return as_private(response)


def answer_stale(error: StaleVersionError) -> Response:
    """The problem, with the feature as it is now and its tag: enough to compare both versions."""
    arguments = request.view_args or {}
    layer = find_layer(str(arguments.get("name")))
    fid = error.context.get("feature", arguments.get("fid"))
    if fid is None:
        return problems.answer_error(error)
    number = edits.feature_id(str(fid))
    try:
        with transaction() as session:
            text, version = get_feature(session, layer, View.EXACT, number)
    except NotFoundError:
        # Deleted in between: the problem alone still says who changed it.
        return problems.answer_error(error)
    error.context["current"] = orjson.loads(text)
    response = problems.answer_error(error)
    response.set_etag(feature_etag(number, version, View.EXACT))
    return response


def problem_documents(found: Sequence[Problem]) -> list[dict[str, Any]]:
    """What the rules say, as JSON."""
    return [problem.as_dict() for problem in found]
