"""Bringing in a file in the browser: send it, look at what it would do, accept it, undo it.

The pages work without a script; with one the shapes are drawn on a map and the page follows the
worker by itself.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from etl import queries
from etl.models import ImportFile
from gis.editing.reverting import revert_change
from gis.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    PlatformError,
)
from gis.layer import Layer
from gis.layers import LAYERS
from web import access
from web.applications import scope
from web.bodies import read_model
from web.context import current_account, settings, transaction
from web.editing.requests import editor
from web.imports import words as import_words
from web.imports.api import (
    ROLES,
    PostedAcceptance,
    PostedOptions,
    allow_upload,
    check_commune,
    counts_of,
    find_mine,
    forget,
    receive,
)
from web.layers import caller_roles

blueprint = Blueprint("imports", __name__, url_prefix="/nhap-du-lieu")


@blueprint.url_value_preprocessor
def allow_big_files(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let a whole survey through, before anything looks at the form."""
    allow_upload()


@blueprint.get("")
@access.roles(*ROLES)
def page() -> str:
    """Send a file, and what was sent before."""
    account = current_account()
    assert account is not None
    everybody = account.has("administrator")
    with transaction() as session:
        found = queries.list_imports(
            session, actor=None if everybody else account.username, limit=50
        )
    return render_template(
        "imports/send.html",
        layers=_layers(),
        chosen=request.args.get("lop"),
        imports=[(one, counts_of(one, {})) for one in found],
        titles=LAYERS,
        states=import_words.STATES,
        encodings=import_words.ENCODINGS,
        systems=import_words.systems(),
        most_mb=settings().upload_mb,
        kept_days=queries.KEPT_DAYS,
        everybody=everybody,
    )


@blueprint.post("")
@access.roles(*ROLES)
def send() -> Response:
    """Take a file from the form; a mistake is said where the file was chosen."""
    try:
        made = receive()
    except InvalidInputError as error:
        flash(_said(error), "error")
        return redirect(url_for(".page", lop=request.form.get("layer")), 303)
    return redirect(url_for(".one", import_id=made["id"]), 303)


@blueprint.get("/<int:import_id>")
@access.roles(*ROLES)
def one(import_id: int) -> str:
    """One file: waiting, read, shown, loaded."""
    with transaction() as session:
        found = find_mine(session, import_id)
        run = queries.find_run(session, found.run_id) if found.run_id is not None else None
        report = run.report if run is not None and found.state == "done" else {}
        refused = queries.list_rejects(session, found.run_id, limit=300)
    facts = found.preview
    return render_template(
        "imports/one.html",
        found=found,
        facts=facts,
        report=report,
        counts=counts_of(found, report),
        progress=run.report.get("progress") if run and run.state == "running" else None,
        refused=refused,
        layer=LAYERS[found.layer],
        states=import_words.STATES,
        reasons=import_words.REASONS,
        fields=import_words.FIELDS,
        encodings=import_words.ENCODINGS,
        hows=import_words.HOWS,
        systems=import_words.systems(),
        say=import_words.say,
        undo=url_for(".undo", import_id=found.id) if _may_undo(found) else None,
        options=found.options,
        settings=_map_settings(found),
    )


@blueprint.post("/<int:import_id>/tuy-chon")
@access.roles(*ROLES)
def read_anew(import_id: int) -> Response:
    """Read the file as the form says."""
    form = request.form
    goals = [name.removeprefix("map-") for name in form if name.startswith("map-")]
    given: dict[str, Any] = {
        "source_layer": form.get("source_layer") or None,
        "crs": (form.get("crs_typed") or form.get("crs") or "").strip() or None,
        "encoding": form.get("encoding") or "auto",
        "mapping": {goal: form[f"map-{goal}"] or None for goal in goals} or None,
        "key": form.get("key") or None,
        "valid_from": form.get("valid_from") or None,
        "repair": form.get("repair") == "1",
    }

    def change() -> None:
        posted = read_model(PostedOptions, given)
        with transaction() as session:
            find_mine(session, import_id)
            options = queries.ImportOptions(**posted.model_dump())
            queries.change_options(session, import_id, options)

    return _act(import_id, change)


@blueprint.post("/<int:import_id>/chap-nhan")
@access.roles(*ROLES)
def accept(import_id: int) -> Response:
    """Have the file loaded as it was shown."""

    def take() -> None:
        given = {"attempt": request.form.get("attempt"), "reason": request.form.get("reason")}
        posted = read_model(PostedAcceptance, given)
        with transaction() as session:
            check_commune(find_mine(session, import_id))
            queries.accept_import(session, import_id, attempt=posted.attempt, reason=posted.reason)

    return _act(import_id, take)


@blueprint.post("/<int:import_id>/bo")
@access.roles(*ROLES)
def drop(import_id: int) -> Response:
    """Forget a file that was not loaded."""
    try:
        forget(import_id)
    except ConflictError as error:
        flash(_said(error), "error")
        return redirect(url_for(".one", import_id=import_id), 303)
    flash(_("Đã bỏ tệp. Bản đồ không thay đổi."))
    return redirect(url_for(".page"), 303)


@blueprint.post("/<int:import_id>/hoan-tac")
@access.roles(*ROLES)
def undo(import_id: int) -> Response:
    """Take back all that the file changed, in one change of its own."""

    def revert() -> None:
        with transaction() as session:
            found = find_mine(session, import_id)
            if found.transaction is None:
                raise ConflictError("The file changed nothing.")
            reason = _("Hoàn tác lần nhập %(file)s", file=found.file_name)
            who = editor()
            change = revert_change(session, who, found.transaction, reason=reason)
            queries.note_undone(session, found, change=change.id, actor=who.name)
        flash(_("Đã hoàn tác. Mọi đối tượng trở lại như trước lần nhập này."))

    return _act(import_id, revert)


def _may_undo(found: ImportFile) -> bool:
    """Whether the caller may take back what a file changed."""
    layer = LAYERS[found.layer]
    return layer.may_edit(caller_roles()) or (found.layer == "tracks" and scope() is None)


def _act(import_id: int, act: Callable[[], None]) -> Response:
    """Do what a form asks for; a refusal is said on the page."""
    try:
        act()
    except (ConflictError, ForbiddenError, InvalidInputError, NotFoundError) as error:
        flash(_said(error), "error")
    return redirect(url_for(".one", import_id=import_id), 303)


def _said(error: PlatformError) -> str:
    rule = error.context.get("rule")
    if rule in import_words.MISTAKES:
        return str(import_words.MISTAKES[rule])
    if "refers" in error.context:
        return str(_("Dữ liệu khác đang dựa vào các đối tượng này: không hoàn tác cả loạt được."))
    if "features" in error.context:
        changed = error.context.get("count", len(error.context["features"]))
        return str(
            _(
                "%(count)s đối tượng đã được sửa sau lần nhập này: không hoàn tác cả loạt được.",
                count=changed,
            )
        )
    if "attempt" in error.context:
        return str(_("Tệp vừa được đọc lại. Hãy xem bản mới rồi chấp nhận."))
    if error.context.get("state") in ("loading", "done"):
        return str(_("Tệp đang được nạp hoặc đã nạp xong."))
    if error.context.get("state"):
        return str(_("Tệp chưa được đọc xong: hãy đợi bản xem trước."))
    return import_words.say(error.detail)


def _layers() -> list[Layer]:
    names = [
        name for name in queries.IMPORTABLE if name != "administrative-units" or scope() is None
    ]
    return [LAYERS[name] for name in names]


def _map_settings(found: ImportFile) -> dict[str, Any]:
    """What the scripts of the page need to know."""
    return {
        "state": found.state,
        "address": url_for("import_api.get", import_id=found.id),
        "sample": url_for("import_api.sample", import_id=found.id),
        "tiles": "/ogc/collections/{layer}/tiles/WebMercatorQuad/{z}/{y}/{x}",
        "bounds": found.preview.get("bounds"),
        "reasons": {reason: str(words) for reason, words in import_words.REASONS.items()},
        "words": {
            "zoomIn": _("Phóng to"),
            "zoomOut": _("Thu nhỏ"),
            "row": _("dòng {row}"),
            "new": _("mới"),
            "changed": _("sửa"),
            "unchanged": _("không đổi"),
            "rejected": _("bị loại"),
            "progress": _("{done} / {total} dòng"),
            "done": _("{done} dòng"),
            "failed": _("Không tải được. Kiểm tra mạng rồi thử lại."),
        },
    }
