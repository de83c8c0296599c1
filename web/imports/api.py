"""Bringing in files by a program: `/api/v1/imports`; the pages of `web.imports.pages` do the same.

A file is sent, read by the worker, looked at, accepted. Nothing is opened here.
"""

import csv
import hashlib
import io
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, request, url_for
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from etl import queries
from etl.models import ImportFile
from gis.errors import ForbiddenError, InvalidInputError
from web import access, api
from web.applications import scope
from web.bodies import read_body, read_model
from web.context import current_account, public_url, settings, transaction

blueprint = Blueprint("import_api", __name__, url_prefix="/api/v1/imports")
ROLES = ("officer", "administrator")
_PAGE = 50
# A cell beginning so is a formula to a spreadsheet, whoever typed it.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
Text = Annotated[str, Field(min_length=1, max_length=200)]


class PostedOptions(BaseModel):
    """What is known of a file; what is left out is guessed and shown."""

    model_config = ConfigDict(extra="forbid")

    source_layer: Text | None = None
    crs: Annotated[str, Field(pattern=r"^[A-Za-z]{2,10}:[0-9]{1,7}$")] | None = None
    encoding: Annotated[str, Field(max_length=20)] = "auto"
    mapping: Annotated[dict[Text, Text | None], Field(max_length=200)] | None = None
    key: Text | None = None
    valid_from: date | None = None
    repair: bool = False


class PostedAcceptance(BaseModel):
    """Which preview was seen, and why the file is brought in."""

    model_config = ConfigDict(extra="forbid")

    attempt: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    reason: Annotated[str, Field(max_length=2000)] | None = None


@blueprint.url_value_preprocessor
def allow_big_files(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let a whole survey through, before anything looks at the form."""
    allow_upload()


def allow_upload() -> None:
    """Raise the limit of this request's body to the one for uploads."""
    request.max_content_length = settings().upload_mb * 1024**2


@blueprint.get("")
@access.roles(*ROLES)
@api.parameters(
    limit="At most so many items; 200 is the most",
    before="Where the next page goes on, as the list's `next` gives it",
)
def list_all() -> Response:
    """List the caller's imports, the newest first; an administrator sees everybody's."""
    limit = min(_whole("limit", _PAGE), 200)
    before = _whole("before", None)
    with transaction() as session:
        found = queries.list_imports(session, actor=_owner(), before=before, limit=limit + 1)
        items = [describe(session, one, brief=True) for one in found[:limit]]
    following = None
    if len(found) > limit:
        query = urlencode({"limit": limit, "before": found[limit - 1].id})
        following = f"{public_url()}{request.path}?{query}"
    return _json({"items": items, "next": following})


@blueprint.post("")
@access.roles(*ROLES)
@api.form(
    layer="The layer the rows go into",
    file="The file, or the parts of one Shapefile (repeat the field)",
    source_layer="Layer or sheet of the file",
    crs="Coordinate system of the file, EPSG:n",
    encoding="Encoding of its text",
    key="Field of the file that identifies a row in it",
    valid_from="First day of administrative units",
    map="field=file_field; repeat the field for more",
    repair="1: mend invalid geometries, each listed",
)
def send() -> tuple[Response, int, dict[str, str]]:
    """Send a file; it is read as soon as a worker is free, and nothing is written before accept."""
    made = receive()
    address = url_for(".get", import_id=made["id"])
    return _json(made), 201, {"Location": f"{public_url()}{address}"}


@blueprint.get("/<int:import_id>")
@access.roles(*ROLES)
def get(import_id: int) -> Response:
    """One import: its state, what it would do, what it did."""
    with transaction() as session:
        response = _json(describe(session, find_mine(session, import_id)))
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:24])
    response.cache_control.no_cache = True
    return response.make_conditional(request)  # type: ignore[return-value]


@blueprint.put("/<int:import_id>/options")
@access.roles(*ROLES)
@api.body(PostedOptions)
def put_options(import_id: int) -> tuple[Response, int]:
    """Say otherwise what the file is; it is read anew."""
    posted = read_body(PostedOptions)
    with transaction() as session:
        find_mine(session, import_id)
        options = queries.ImportOptions(**posted.model_dump())
        changed = queries.change_options(session, import_id, options)
        return _json(describe(session, changed)), 202


@blueprint.post("/<int:import_id>/accept")
@access.roles(*ROLES)
@api.body(PostedAcceptance)
def accept(import_id: int) -> tuple[Response, int]:
    """Have the file loaded as it was shown; asked again, it is not loaded again."""
    posted = read_body(PostedAcceptance) if request.get_data() else PostedAcceptance()
    with transaction() as session:
        check_commune(find_mine(session, import_id))
        taken = queries.accept_import(
            session, import_id, attempt=posted.attempt, reason=posted.reason
        )
        return _json(describe(session, taken)), 200 if taken.state == "done" else 202


@blueprint.delete("/<int:import_id>")
@access.roles(*ROLES)
def delete(import_id: int) -> tuple[str, int]:
    """Forget a file that was not loaded."""
    forget(import_id)
    return "", 204


@blueprint.get("/<int:import_id>/sample")
@access.roles(*ROLES)
def sample(import_id: int) -> Response:
    """Some of the file's shapes, simplified, as GeoJSON; `state` says what would become of each."""
    with transaction() as session:
        found = find_mine(session, import_id, with_sample=True)
        text = found.sample or '{"type":"FeatureCollection","features":[]}'
    return Response(text, content_type="application/geo+json")


@blueprint.get("/<int:import_id>/rejects.csv")
@access.roles(*ROLES)
def rejects(import_id: int) -> Response:
    """The refused rows as CSV: row, reason, detail."""
    with transaction() as session:
        found = find_mine(session, import_id)
        rows = queries.list_rejects(session, found.run_id)
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["row", "reason", "detail"])
    for one in rows:
        guard = "'" if one.detail.startswith(_FORMULA_STARTS) else ""
        table.writerow([one.row, one.reason, guard + one.detail])
    # The byte order mark is what makes Excel read Vietnamese.
    response = Response("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"import-{import_id}-rejects.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def receive() -> dict[str, Any]:
    """Keep what a form sends, and ask for its preview.

    Raises:
        InvalidInputError: Nothing that can be read was sent, or an option cannot be meant.
        ForbiddenError: The layer is not for somebody of one commune.
    """
    form = request.form
    account = current_account()
    assert account is not None
    layer = form.get("layer", "")
    if layer not in queries.IMPORTABLE:
        known = ", ".join(queries.IMPORTABLE)
        raise InvalidInputError(f"layer is one of {known}.", parameter="layer")
    if layer == "administrative-units" and scope() is not None:
        raise ForbiddenError("Administrative units are brought in by the province.")
    pairs = [one.partition("=") for one in form.getlist("map")]
    given = {name: form[name] for name in PostedOptions.model_fields if form.get(name)}
    given.pop("mapping", None)
    posted = read_model(
        PostedOptions,
        {**given, "mapping": {goal: origin or None for goal, _, origin in pairs} or None},
    )
    options = queries.ImportOptions(**posted.model_dump())
    options.check(layer)
    sent = [(file.filename or "", file.stream) for file in request.files.getlist("file")]
    upload = queries.store_upload(
        settings().files_folder, [(name, stream) for name, stream in sent if name]
    )
    try:
        with transaction() as session:
            made = queries.request_import(
                session, upload, layer, options, actor=account.username, commune=scope()
            )
            return describe(session, made)
    except BaseException:
        queries.remove_upload(settings().files_folder, upload.folder)
        raise


def forget(import_id: int) -> None:
    """Forget an import and its files."""
    with transaction() as session:
        find_mine(session, import_id)
        folder = queries.drop_import(session, import_id)
    queries.remove_upload(settings().files_folder, folder)


def find_mine(session: Session, import_id: int, *, with_sample: bool = False) -> ImportFile:
    """Find an import that the caller may see: their own, or as an administrator any.

    Raises:
        NotFoundError: There is none.
        ForbiddenError: It is somebody else's.
    """
    found = queries.find_import(session, import_id, with_sample=with_sample)
    owner = _owner()
    if owner is not None and found.created_by != owner:
        raise ForbiddenError(f"The import {import_id} is somebody else's.")
    return found


def check_commune(found: ImportFile) -> None:
    """See that the caller may still write where the file was going to be loaded.

    Raises:
        ForbiddenError: It was sent when the account worked for another commune.
    """
    if scope() not in (None, found.commune_code):
        raise ForbiddenError("This file was sent for another commune: send it again.")


def describe(session: Session, found: ImportFile, *, brief: bool = False) -> dict[str, Any]:
    """Give an import as programs get it."""
    run = queries.find_run(session, found.run_id) if found.run_id is not None else None
    report = run.report if run is not None and found.state == "done" else {}
    address = f"{public_url()}/api/v1/imports/{found.id}"
    links = [{"rel": "self", "href": address, "type": "application/json"}]
    if found.preview.get("shown"):
        links.append({"rel": "sample", "href": f"{address}/sample", "type": "application/geo+json"})
        links.append({"rel": "rejects", "href": f"{address}/rejects.csv", "type": "text/csv"})
    if found.transaction is not None:
        undo = f"{public_url()}/api/v1/changes/{found.transaction}/revert"
        links.append({"rel": "undo", "href": undo, "type": "application/json"})
    content = {
        "id": found.id,
        "layer": found.layer,
        "file": found.file_name,
        "bytes": found.bytes,
        "state": found.state,
        "error": found.error,
        "attempt": found.attempt,
        "commune": found.commune_code,
        "reason": found.reason,
        "change": found.transaction,
        "undone": report.get("undone"),
        "job": found.run_id,
        "progress": run.report.get("progress") if run and run.state == "running" else None,
        "created_by": found.created_by,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "counts": counts_of(found, report),
        "links": links,
    }
    if not brief:
        content |= {"options": found.options, "preview": found.preview, "report": report or None}
    return content


def counts_of(found: ImportFile, report: dict[str, Any]) -> dict[str, int] | None:
    """What a load did, or what it would do."""
    if not report:
        counts: dict[str, int] | None = found.preview.get("counts")
        return counts
    kept = {name: int(report[name]) for name in ("read", "accepted", "unchanged", "rejected")}
    new = kept["accepted"] - int(report["updated"]) - kept["unchanged"]
    return {**kept, "new": new, "changed": report["updated"], "repaired": report["repaired"]}


def _owner() -> str | None:
    """Whose imports the caller sees; None: everybody's."""
    account = current_account()
    assert account is not None
    return None if account.has("administrator") else account.username


def _whole(name: str, usual: Any) -> Any:
    given = request.args.get(name)
    if given is None:
        return usual
    if not (given.isascii() and given.isdigit() and int(given[:18]) > 0):
        raise InvalidInputError(f"{name} is a whole number, at least 1.", parameter=name)
    return int(given[:18])


def _json(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), content_type="application/json")
