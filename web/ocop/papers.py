"""Papers of a dossier: evidence files, and the representative in the restricted table."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import Response as FlaskResponse
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from etl.attachment_requests import (
    get_attachment,
    keep_attachment,
    list_attachments,
    remove_attachment,
)
from etl.models import Attachment
from gis.errors import ConflictError, ForbiddenError, InvalidInputError
from traceability.models import Dossier
from traceability.ocop import desk, evidence
from traceability.ocop.dossiers import EDITABLE
from traceability.ocop.evidence import Representative
from web import access
from web.context import settings, transaction
from web.files import say_reason, send_attachment
from web.limits import SUBMIT, limiter
from web.ocop import rights
from web.ocop.reading import said
from web.ocop.words import PRIORITIES, SEXES, say

blueprint = Blueprint("ocop_papers", __name__, url_prefix="/ocop/ho-so")


@blueprint.after_request
def keep_no_copy(response: FlaskResponse) -> FlaskResponse:
    """Personal fields stay out of the caches of an office's shared computer."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.post("/<int:dossier_id>/minh-chung")
@access.roles(*rights.PEOPLE)
@limiter.limit(SUBMIT)
def add(dossier_id: int) -> Response:
    """Add a file that proves a criterion; the worker looks at it before anybody reads it."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        flash(say_reason("no-file"), "error")
        return _back(dossier_id)
    by = rights.caller().username
    try:
        with transaction() as session:
            rights.seen_dossier(session, dossier_id)
            criterion = request.form.get("criterion") or None
            kind = request.form.get("kind", "")
            dossier = evidence.check_evidence(session, dossier_id, kind=kind, criterion=criterion)
            kept = keep_attachment(
                session,
                sent.stream,
                folder=settings().files_folder,
                purpose="evidence",
                file_name=sent.filename,
                created_by=by,
            )
            _demand_new(session, dossier, kept, kind, criterion)
            evidence.add_evidence(
                session,
                dossier,
                kept.id,
                kind=kind,
                criterion=criterion,
                by=by,
                note=request.form.get("note", "")[:300],
            )
            flash(_("Đã nhận tệp; máy đang kiểm tra."))
    except (InvalidInputError, ConflictError) as error:
        rule = error.context.get("rule")
        sentence = say_reason(rule) if rule in ("too-big", "empty") else say(error)
        flash(sentence, "error")
    return _back(dossier_id)


@blueprint.get("/<int:dossier_id>/minh-chung/<int:evidence_id>")
@access.roles(*rights.PEOPLE)
def file(dossier_id: int, evidence_id: int) -> Response:
    """Read a file; one about a person only who handles the dossier, and the reading is logged."""
    with transaction() as session:
        dossier = rights.seen_dossier(session, dossier_id)
        found = evidence.find_evidence(session, dossier.id, evidence_id)
        if evidence.is_sensitive(found):
            _demand_private(dossier_may=rights.may_read_private(dossier))
            rights.log_private_read(session, dossier)
        attachment = get_attachment(session, found.attachment_id)
    return send_attachment(attachment)


@blueprint.post("/<int:dossier_id>/minh-chung/<int:evidence_id>/xoa")
@access.roles(*rights.PEOPLE)
def remove(dossier_id: int, evidence_id: int) -> Response:
    """Take a file out before the dossier is filed."""
    with said(), transaction() as session:
        rights.seen_dossier(session, dossier_id)
        remove_attachment(session, evidence.remove_evidence(session, dossier_id, evidence_id))
        flash(_("Đã bỏ tệp."))
    return _back(dossier_id)


@blueprint.get("/<int:dossier_id>/dai-dien")
@access.roles(*rights.PEOPLE)
def representative(dossier_id: int) -> str:
    """The representative; every reading is logged."""
    with transaction() as session:
        dossier = rights.seen_dossier(session, dossier_id)
        _demand_private(dossier_may=rights.may_read_private(dossier))
        private = evidence.read_representative(session, dossier)
        if private is not None:
            rights.log_private_read(session, dossier)
        return render_template(
            "ocop/representative.html",
            dossier=dossier,
            product=desk.product_of(session, dossier),
            private=private,
            reads=rights.private_reads(session, dossier),
            can_edit=dossier.status in EDITABLE,
            sexes=SEXES,
            priorities=PRIORITIES,
        )


@blueprint.post("/<int:dossier_id>/dai-dien")
@access.roles(*rights.PEOPLE)
def save_representative(dossier_id: int) -> Response:
    """Keep the representative."""
    form = request.form
    with said(), transaction() as session:
        dossier = rights.seen_dossier(session, dossier_id)
        _demand_private(dossier_may=rights.may_read_private(dossier))
        evidence.save_representative(
            session,
            dossier_id,
            Representative(
                form.get("representative", "")[:200],
                form.get("sex") or None,
                form.get("ethnicity", "")[:100],
                form.get("permanent_address", "")[:300],
                form.get("phone", "")[:40],
                form.get("email", "")[:200],
                form.getlist("priority"),
            ),
        )
        flash(_("Đã lưu người đại diện."))
        return _back(dossier_id)
    return redirect(url_for(".representative", dossier_id=dossier_id), 303)


def _demand_new(
    session: Session, dossier: Dossier, kept: Attachment, kind: str, criterion: str | None
) -> None:
    """Turn away the very file that proves the same already: a form that was sent twice."""
    files = evidence.list_evidence(session, dossier.id, with_sensitive=True)
    same = [
        each.attachment_id for each in files if (each.kind, each.criterion) == (kind, criterion)
    ]
    held = list_attachments(session, same).values()
    if any(each.sha256 == kept.sha256 and each.state != "refused" for each in held):
        raise ConflictError("The dossier has this very file already.", rule="same-file")


def _demand_private(*, dossier_may: bool) -> None:
    if not dossier_may:
        raise ForbiddenError("Personal fields are read only by who handles the dossier now.")


def _back(dossier_id: int) -> Response:
    return redirect(url_for("ocop_dossiers.page", dossier_id=dossier_id, _anchor="minh-chung"), 303)
