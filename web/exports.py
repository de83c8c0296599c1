"""Layers as files, written by the worker: `POST /api/v1/exports`, then the job, then the file."""

from typing import Annotated, Any

import orjson
from flask import Blueprint, Response, request, send_file, url_for
from flask import session as browser
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session
from werkzeug.exceptions import Unauthorized

from etl import queries
from etl.models import ExportFile, Run
from gis.errors import ForbiddenError, InvalidInputError, NotFoundError
from gis.layer import View
from web import access, api
from web.bodies import read_body
from web.context import current_account, public_url, settings, transaction
from web.layers import caller_commune, caller_roles, readable
from web.limits import EXPORT, limiter

blueprint = Blueprint("exports", __name__, url_prefix="/api/v1")
# Exports that a browser without an account asked for lately, so that it may see their state.
_REMEMBERED = 20
Value = Annotated[str, Field(max_length=20_000)]
Name = Annotated[str, Field(max_length=100)]


class PostedExport(BaseModel):
    """What to write; `filter` takes the parameters of `/ogc/collections/{id}/items` by name."""

    model_config = ConfigDict(extra="forbid")

    layer: Name
    format: Name
    filter: Annotated[
        dict[Name, Value | bool | int | float | dict[str, Any]],
        Field(max_length=50, default_factory=dict),
    ]


@blueprint.post("/exports")
@access.roles("public")
@limiter.limit(EXPORT)
@api.body(PostedExport)
def ask() -> tuple[Response, int, dict[str, str]]:
    """Ask for a layer, or a part of it, as a file; the answer says where to look how far it is."""
    posted = read_body(PostedExport)
    layer, _view = readable(posted.layer)
    account = current_account()
    with transaction() as session:
        export = queries.request_export(
            session,
            layer,
            posted.format,
            {name: _text(value) for name, value in posted.filter.items()},
            roles=caller_roles(),
            commune=caller_commune(layer),
            actor=account.username if account else None,
        )
        run = queries.find_run(session, export.run_id)
        address = f"{public_url()}/api/v1/jobs/{run.id}"
        if account is None:
            browser["exports"] = [*browser.get("exports", []), run.id][-_REMEMBERED:]
            address += f"?token={export.token}"
        content = {"id": run.id, "state": run.state, "job": address}
    body = Response(orjson.dumps(content), content_type="application/json")
    return body, 202, {"Location": address}


@blueprint.get("/exports/<token>/<name>")
@access.roles("public")
def fetch(token: str, name: str) -> Response:
    """The file of an export; for the account that asked, or for whoever has its address."""
    with transaction() as session:
        export = queries.find_export(session, token)
        if queries.export_name(export) != name:
            raise NotFoundError("There is no such file.")
        _check_owner(export)
    layer, view = readable(export.layer)
    # Rights that were taken away since are gone for what was written before, too.
    if queries.view_of(export) is View.EXACT and view is not View.EXACT:
        raise ForbiddenError("This file shows places more exactly than the account may see them.")
    if caller_commune(layer) not in (None, export.commune_code):
        raise ForbiddenError("This file shows rows of other communes.")
    folder = settings().files_folder.resolve()
    file = (folder / str(export.path)).resolve()
    if export.path is None or not file.is_relative_to(folder) or not file.is_file():
        raise NotFoundError("The file is not written yet, or is gone: look at its job.")
    response = send_file(
        file,
        mimetype=queries.EXPORT_FORMATS[export.format].media_type,
        as_attachment=True,
        download_name=name,
        conditional=True,
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


def check_job(session: Session, run: Run) -> dict[str, Any] | None:
    """What a job's document says of its export, for whoever may see it; None: it is no export.

    Raises:
        Unauthorized: Nobody is signed in, and the browser or the token did not ask for it.
        ForbiddenError: It is somebody else's.
    """
    export = queries.find_export_of(session, run.id)
    if export is None:
        return None
    asked = request.args.get("token") == export.token
    if export.created_by == queries.PUBLIC:
        if not asked and run.id not in browser.get("exports", []):
            raise Unauthorized("Send the token that the export was asked for with.")
    else:
        _check_owner(export)
    if export.path is None:
        return {}
    name = queries.export_name(export)
    address = url_for("exports.fetch", token=export.token, name=name)
    result = {
        "href": f"{public_url()}{address}",
        "type": queries.EXPORT_FORMATS[export.format].media_type,
        "name": name,
        "bytes": export.bytes,
        "features": export.features,
        "expires_at": export.expires_at,
    }
    return {"result": result, "name": name}


def _check_owner(export: ExportFile) -> None:
    if export.created_by == queries.PUBLIC:
        return
    account = current_account()
    if account is None:
        raise Unauthorized("Sign in as who asked for this export.")
    if account.username != export.created_by:
        raise ForbiddenError("This export is somebody else's.")


def _text(value: object) -> str:
    """A value as a query parameter would say it; raises InvalidInputError when it is too deep."""
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        return value if isinstance(value, str) else orjson.dumps(value).decode()
    except orjson.JSONEncodeError as error:
        # It stops at 254 levels.
        raise InvalidInputError("filter is nested too deeply.", parameter="filter") from error
