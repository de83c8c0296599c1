"""The officer's side of applications: the inbox, one application, the decision."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import Response as FlaskResponse
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gis.calendar import load_holidays, today, working_days_between
from gis.codes import find_issued_code, preview_code
from gis.decisions import approve_application, reject_application, return_application
from gis.errors import ConflictError, InvalidInputError
from gis.models import AdministrativeUnit, Application, ApplicationPrivate, Crop
from gis.registration import find_consent, list_applications, list_steps
from gis.review import (
    application_area_ha,
    find_for_review,
    find_overlaps,
    list_inbox,
    list_warnings,
)
from gis.sketches import sketch_place, sketch_plot
from gis.units import find_unit_name
from web import access
from web.applications import scope
from web.context import current_account, transaction
from web.models import PrivateRead
from web.words import APPLICATION_STATUSES, MARKETS, METHODS, MISTAKES, STEPS, WARNINGS

blueprint = Blueprint("review", __name__, url_prefix="/can-bo/ho-so")
_PAGE = 50


@blueprint.after_request
def keep_no_copy(response: FlaskResponse) -> FlaskResponse:
    """Personal fields stay out of the caches of an office's shared computer."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("")
@access.roles("officer", "administrator")
def inbox() -> str:
    """The applications of the officer's commune, the most urgent on top."""
    status = request.args.get("trang-thai")
    status = status if status in APPLICATION_STATUSES else None
    page = max(request.args.get("trang", 1, type=int), 1)
    with transaction() as session:
        found = list_inbox(
            session,
            commune=scope(),
            today=today(),
            status=status,
            limit=_PAGE + 1,
            offset=(page - 1) * _PAGE,
        )
        commune = find_unit_name(session, scope())
    return render_template(
        "review/inbox.html",
        rows=found.rows[:_PAGE],
        inbox=found,
        commune=commune,
        status=status,
        statuses=APPLICATION_STATUSES,
        markets=MARKETS,
        next_page=page + 1 if len(found.rows) > _PAGE else None,
    )


@blueprint.get("/<receipt>")
@access.roles("officer", "administrator")
def application(receipt: str) -> str:
    """One application with everything an officer needs to decide; the reading is logged."""
    account = current_account()
    assert account is not None
    with transaction() as session:
        found = find_for_review(session, receipt, commune=scope())
        private = session.get(ApplicationPrivate, found.id)
        examined = _examined(session, found)
        # Who was read: the applicant, and whoever is named because the land overlaps.
        read = [("application", found.id)] if private is not None else []
        read += [
            (overlap.kind, overlap.id)
            for overlap in examined["overlaps"]
            if overlap.is_household and overlap.holder
        ]
        session.add_all(
            PrivateRead(account_id=account.id, subject=subject, subject_id=subject_id)
            for subject, subject_id in read
        )
        return render_template("review/application.html", **examined, private=private)


@blueprint.post("/<receipt>/<decision>")
@access.roles("officer", "administrator")
def decide(receipt: str, decision: str) -> Response:
    """Approve, return or reject; what cannot be done is said on the application's page."""
    form = request.form
    version = form.get("version", type=int)
    account = current_account()
    assert account is not None
    actor = account.username
    back = redirect(url_for("review.application", receipt=receipt), 303)
    try:
        with transaction() as session:
            found = find_for_review(session, receipt, commune=scope())
            if decision == "duyet":
                typed = form.get("code", "") if form.get("source") == "typed" else None
                if form.get("source") == "typed" and not (typed or "").strip():
                    flash(_("Hãy nhập mã đã được cấp."), "error")
                    return back
                approval = approve_application(
                    session,
                    found.id,
                    actor=actor,
                    today=today(),
                    authority=_authority(session, found),
                    typed_code=typed,
                    note=form.get("note"),
                    expected_version=version,
                )
                code = approval.issued.code.code
                flash(_("Đã cấp mã %(code)s.", code=code))
                if approval.issued.warnings:
                    flash(_("Mã %(code)s không theo mẫu thường gặp VN-LDOR-0001.", code=code))
                return redirect(url_for("growing_areas.page", code=code), 303)
            reason = "\n".join(filter(None, (*form.getlist("common"), form.get("reason", ""))))
            if decision == "tra-lai":
                return_application(session, found.id, reason, actor=actor, expected_version=version)
                flash(_("Đã trả hồ sơ lại cho người nộp."))
            elif decision == "tu-choi":
                reject_application(session, found.id, reason, actor=actor, expected_version=version)
                flash(_("Đã từ chối hồ sơ."))
            else:
                raise InvalidInputError(f"There is no decision {decision}.")
    except ConflictError as error:
        flash(_said(error), "error")
        return back
    except InvalidInputError as error:
        rules = [each["rule"] for each in error.context.get("errors", ())]
        if not rules:
            raise
        flash(
            _("Hãy ghi lý do để người nộp biết cần làm gì.")
            if rules == ["missing"]
            else str(MISTAKES.get(rules[0], error.detail)),
            "error",
        )
        return back
    return redirect(url_for("review.inbox"), 303)


def _said(error: ConflictError) -> str:
    if "status_of_application" in error.context:
        return str(_("Hồ sơ này đã được người khác xử lý. Bên dưới là tình trạng hiện tại."))
    if "version" in error.context:
        return str(_("Người nộp vừa sửa hồ sơ trong lúc đang xem. Hãy đọc lại rồi quyết định."))
    if "code" in error.context:
        return str(_("Mã %(code)s đã thuộc về một vùng trồng khác.", code=error.context["code"]))
    return error.detail


def _authority(session: Session, application: Application) -> str | None:
    """Who issues: the committee of the commune in which the area lies."""
    if application.commune_id is None:
        return None
    commune = session.get(AdministrativeUnit, application.commune_id)
    return None if commune is None else f"UBND {commune.full_name or commune.name}"


def _examined(session: Session, found: Application) -> dict[str, Any]:
    day = today()
    commune = (
        session.get(AdministrativeUnit, found.commune_id) if found.commune_id is not None else None
    )
    holidays = load_holidays(session, min(day, found.due_on), max(day, found.due_on))
    private = session.get(ApplicationPrivate, found.id)
    overlaps = find_overlaps(
        session,
        found.shape,
        except_application=found.id,
        except_area=found.growing_area_id,
    )
    rivals = [overlap.id for overlap in overlaps if overlap.kind == "application"]
    return {
        "application": found,
        "crop": session.get(Crop, found.crop_id) if found.crop_id is not None else None,
        "commune": commune,
        "area_ha": application_area_ha(session, found),
        "days_left": working_days_between(day, found.due_on, holidays),
        "warnings": [WARNINGS.get(each, each) for each in list_warnings(session, found, private)],
        "overlaps": overlaps,
        "consent": find_consent(session, found),
        "steps": list_steps(session, found.id),
        "plot": sketch_plot(
            session,
            found.shape,
            day=day,
            exact=True,
            except_area=found.growing_area_id,
            others=[rival.shape for rival in list_applications(session, rivals)],
            width=520,
        ),
        "place": sketch_place(
            session,
            [found.shape],
            day=day,
            commune_ids=[found.commune_id] if found.commune_id is not None else (),
            width=340,
        ),
        "next_code": preview_code(session, found.commune_id),
        "code": find_issued_code(session, found),
        "statuses": APPLICATION_STATUSES,
        "markets": MARKETS,
        "methods": METHODS,
        "step_words": STEPS,
        "common_reasons": [
            _("Ranh giới vẽ chưa đúng, đề nghị đi hoặc vẽ lại."),
            _("Chồng lấn với vùng trồng đã đăng ký."),
            _("Số điện thoại không liên lạc được."),
            _("Diện tích khai không khớp với thực tế."),
        ],
    }
