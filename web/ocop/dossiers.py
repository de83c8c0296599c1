"""One dossier: what it holds, what is to be done next, its steps."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import Response as FlaskResponse
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from etl.attachment_requests import limits, list_attachments, remove_attachment
from gis.calendar import load_holidays, today, working_days_between
from gis.errors import ForbiddenError
from traceability.ocop import desk, dossiers, evidence, filing, sheets
from traceability.ocop.groups import SETS
from traceability.ocop.rubric import SENSITIVE_CRITERION, STOPS
from web import access
from web.context import transaction
from web.files import say_reason
from web.ocop import rights
from web.ocop.reading import said
from web.ocop.words import (
    APPLICANT_KINDS,
    EVIDENCE,
    KINDS,
    STATUSES,
    STEPS,
    TOPICS,
    WINDOW_STATES,
)

blueprint = Blueprint("ocop_dossiers", __name__, url_prefix="/ocop/ho-so")


@blueprint.after_request
def keep_no_copy(response: FlaskResponse) -> FlaskResponse:
    """Dossiers stay out of the caches of an office's shared computer."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("/<int:dossier_id>")
@access.roles(*rights.PEOPLE)
def page(dossier_id: int) -> str:
    """A dossier: its state and clock, its parts, its steps, what the caller may do now."""
    day = today()
    with transaction() as session:
        dossier = rights.seen_dossier(session, dossier_id)
        files = evidence.list_evidence(
            session, dossier.id, with_sensitive=rights.may_read_private(dossier)
        )
        left = None
        if dossier.due_on is not None:
            first, last = min(day, dossier.due_on), max(day, dossier.due_on)
            holidays = load_holidays(session, first, last)
            left = working_days_between(day, dossier.due_on, holidays)
        council = sheets.council_result(session, dossier)
        certificate = desk.certificate_of(session, dossier.id)
        return render_template(
            "ocop/dossier.html",
            dossier=dossier,
            product=desk.product_of(session, dossier),
            commune_name=desk.commune_name(session, dossier),
            set_name=SETS[dossier.ocop_set][1],
            criteria=sheets.rubric_of(dossier).criteria,
            days_left=left,
            own=sheets.own_grade(session, dossier),
            council=council,
            certificate=certificate,
            has_representative=evidence.has_representative(session, dossier),
            files=files,
            attachments=list_attachments(session, [each.attachment_id for each in files]),
            say_refused=_say_refused,
            accepted=limits("evidence").accept,
            sensitive=SENSITIVE_CRITERION,
            steps=dossiers.list_steps(session, dossier.id),
            needs_samples=dossiers.needs_samples(dossier),
            decide_by=dossiers.decide_by(dossier),
            applicant=desk.applicant_of(session, dossier),
            can_edit=dossier.status in dossiers.EDITABLE,
            can_add=dossier.status in evidence.ADDABLE,
            is_officer=rights.is_officer(),
            is_province=rights.is_province(),
            today=day,
            statuses=STATUSES,
            step_words=STEPS,
            kinds=KINDS,
            applicant_kinds=APPLICANT_KINDS,
            topics=TOPICS,
            evidence_kinds=EVIDENCE,
            window_states=WINDOW_STATES,
            stop_words=STOPS,
        )


@blueprint.post("/<int:dossier_id>/nop")
@access.roles(*rights.PEOPLE)
def submit(dossier_id: int) -> Response:
    """File the dossier at the commune."""
    with said(), transaction() as session:
        rights.seen_dossier(session, dossier_id)
        filing.submit_dossier(session, dossier_id, by=rights.caller().username)
        flash(_("Đã nộp. Xã có 15 ngày làm việc để kiểm tra."))
    return _back(dossier_id)


@blueprint.post("/<int:dossier_id>/bo")
@access.roles(*rights.PEOPLE)
def discard(dossier_id: int) -> Response:
    """Delete a dossier that was never filed, with its files."""
    with said(), transaction() as session:
        rights.seen_dossier(session, dossier_id)
        for attachment_id in filing.discard_dossier(session, dossier_id):
            remove_attachment(session, attachment_id)
        flash(_("Đã bỏ hồ sơ nháp."))
        return redirect(url_for("ocop.page"), 303)
    return _back(dossier_id)


@blueprint.post("/<int:dossier_id>/xa")
@access.roles(*rights.OFFICERS)
def check(dossier_id: int) -> Response:
    """Record the commune's check, or give the dossier back."""
    form, by = request.form, rights.caller().username
    with said(), transaction() as session:
        rights.seen_dossier(session, dossier_id)
        if form.get("decision") == "return":
            dossiers.return_dossier(session, dossier_id, form.get("reason", ""), by=by)
            flash(_("Đã trả lại hồ sơ để bổ sung."))
        else:
            dossiers.check_dossier(
                session,
                dossier_id,
                form.getlist("topic"),
                has_samples=bool(form.get("samples")),
                by=by,
                note=form.get("note"),
            )
            flash(_("Đã kiểm tra xong và đề nghị tỉnh đánh giá."))
    return _back(dossier_id)


@blueprint.post("/<int:dossier_id>/tu-choi")
@access.roles(*rights.OFFICERS)
def reject(dossier_id: int) -> Response:
    """End the dossier without a certificate."""
    with said(), transaction() as session:
        dossier = rights.seen_dossier(session, dossier_id)
        if dossier.status not in ("submitted", "returned") and not rights.is_province():
            raise ForbiddenError("What the province has, the province decides.")
        dossiers.reject_dossier(
            session, dossier_id, request.form.get("reason", ""), by=rights.caller().username
        )
        flash(_("Đã kết thúc hồ sơ, không công nhận."))
    return _back(dossier_id)


def _say_refused(reason: str | None) -> str:
    """Why a file was refused; papers may be more than pictures."""
    if reason == "unknown-kind":
        return str(_("Loại tệp này không nhận. Chọn ảnh, PDF, Word hoặc Excel."))
    return say_reason(reason)


def _back(dossier_id: int) -> Response:
    return redirect(url_for("ocop_dossiers.page", dossier_id=dossier_id), 303)
