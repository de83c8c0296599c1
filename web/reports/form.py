"""The buyer's form, `/bao-cao`, and the page of a ticket. No account and no script is needed."""

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from etl.attachment_requests import keep_attachment, limits
from gis.calendar import today
from gis.choices import UnitChoice, list_units
from gis.errors import ConflictError, InvalidInputError, NotFoundError
from traceability import products
from traceability.following.subjects import Subject, find_subject
from traceability.reporting.cases import find_ticket
from traceability.reporting.reports import (
    BUYER_KINDS as KIND_SLUGS,
)
from traceability.reporting.reports import (
    CONTACT_DAYS_AFTER_CLOSING,
    CONTACT_DAYS_AT_MOST,
    LONGEST_TEXT,
    file_report,
    read_ticket,
)
from web import access
from web.context import settings, transaction
from web.limits import LOOK_UP, REPORT, limiter
from web.problems import answer_http_exception
from web.reports.asked import find_place, refuse
from web.reports.words import BUYER_KINDS, CLOSE_REASONS, MISTAKES, STATES, STEPS

blueprint = Blueprint("reports", __name__)
# A bot fills in every field; people do not see this one.
_TRAP = "website"
# More would weigh more than the page itself.
_MOST_COMMUNES = 400
# Answers to one person, to be kept by nobody between.
_PRIVATE = "private, no-store"


@blueprint.after_request
def keep_no_copy(response: Response) -> Response:
    """What somebody typed, and their ticket, stay out of every cache."""
    response.headers["Cache-Control"] = _PRIVATE
    return response


@blueprint.get("/bao-cao")
@access.roles("public")
def form() -> AnyResponse | str:
    """The form, about the code in `?ma=`; a ticket in `?phieu=` leads to its page."""
    if ticket := request.args.get("phieu", "").strip():
        return redirect(url_for("reports.ticket", ticket=ticket[:40]))
    kind = request.args.get("loai", "")
    values = {"ma": request.args.get("ma", ""), "loai": kind if kind in KIND_SLUGS else ""}
    return _form_page(values, {})


@blueprint.post("/bao-cao")
@access.roles("public")
@limiter.limit(REPORT)
def send() -> AnyResponse | tuple[str, int]:
    """Take a report and lead to its ticket."""
    form = request.form.to_dict()
    if form.pop(_TRAP, ""):
        return _form_page(form, {"": _("Chưa gửi được. Bấm gửi lần nữa.")}), 400
    contact = form.get("lien-he", "").strip()
    photo = request.files.get("anh")
    try:
        if contact and form.get("dong-y") != "1":
            raise refuse("/contact", "consent", "A contact is kept only with consent.")
        with transaction() as session:
            subject = find_subject(session, form.get("ma", ""))
            place = find_place(session, form.get("noi", ""))
            report = file_report(
                session,
                product_id=subject.product.id if subject.product else None,
                lot_id=subject.lot.id if subject.lot else None,
                serial=subject.serial,
                code=subject.typed,
                kind=form.get("loai", ""),
                text=form.get("chuyen", ""),
                contact=contact or None,
                place=place,
                photo_id=None,
            )
            if photo is not None and photo.filename and report.photo_id is None:
                kept = keep_attachment(
                    session,
                    photo.stream,
                    folder=settings().files_folder,
                    purpose="report-photo",
                    file_name=photo.filename,
                    created_by="public",
                )
                report.photo_id = kept.id
            ticket = report.ticket
    except ConflictError:
        return _form_page(form, {"/photo": MISTAKES["/photo", "busy"]}), 409
    except InvalidInputError as error:
        found = error.context.get("errors")
        if not found:
            found = [{"pointer": "/photo", "rule": "photo"}]
        mistakes = {
            each["pointer"]: MISTAKES.get((each["pointer"], each["rule"]), each.get("detail", ""))
            for each in found
        }
        return _form_page(form, mistakes), 400
    return redirect(url_for("reports.ticket", ticket=ticket), 303)


@blueprint.errorhandler(CSRFError)
def send_again(error: CSRFError) -> tuple[str, int] | Response:
    """The page lay open too long, or its cookie is gone: nothing typed is lost."""
    return _once_more(error, _("Chưa gửi được. Bấm gửi lần nữa."), 400)


@blueprint.errorhandler(RateLimitExceeded)
def wait_first(error: RateLimitExceeded) -> tuple[str, int] | Response:
    """Too many at once: what was typed waits in the page."""
    if request.method != "POST":
        return answer_http_exception(error)
    words = _("Từ mạng này vừa gửi quá nhiều phiếu. Chờ một phút rồi bấm gửi lần nữa.")
    return _once_more(error, words, 429)


@blueprint.get("/bao-cao/<ticket>")
@access.roles("public")
@limiter.limit(LOOK_UP)
def ticket(ticket: str) -> AnyResponse | str | tuple[str, int]:
    """What became of a report, for whoever has its ticket: no words of it, nobody's data."""
    try:
        code = read_ticket(ticket)
    except InvalidInputError:
        return _unknown(ticket, _("Số phiếu này có chỗ viết sai. Xem lại từng chữ và số."))
    if code != ticket:
        return redirect(url_for("reports.ticket", ticket=code))
    with transaction() as session:
        try:
            found = find_ticket(session, code, today())
        except NotFoundError:
            return _unknown(code, _("Chưa có phiếu nào mang số này."))
        return render_template(
            "reports/ticket.html",
            found=found,
            kinds=BUYER_KINDS,
            states=STATES,
            steps=STEPS,
            reasons=CLOSE_REASONS,
        )


def _once_more(error: HTTPException, words: str, status: int) -> tuple[str, int] | Response:
    try:
        return _form_page(request.form.to_dict(), {"": words}), status
    except SQLAlchemyError:
        # Nothing handles what goes wrong here; without the database there is no form.
        return answer_http_exception(error)


def _unknown(typed: str, mistake: str) -> tuple[str, int]:
    return _form_page({"ma": "", "phieu": typed[:40]}, {"/ticket": mistake}), 404


def _form_page(values: dict[str, str], mistakes: dict[str, Any]) -> str:
    with transaction() as session:
        typed = values.get("ma", "")
        subject = find_subject(session, typed) if typed else Subject("", None)
        return render_template(
            "reports/form.html",
            subject=subject,
            values=values,
            mistakes=mistakes,
            kinds=BUYER_KINDS,
            communes=_communes(session),
            photo=limits("report-photo"),
            longest=LONGEST_TEXT,
            days=(CONTACT_DAYS_AFTER_CLOSING, CONTACT_DAYS_AT_MOST),
        )


def _communes(session: Session) -> list[UnitChoice]:
    """The communes to choose from; of a whole country, those that products come from."""
    every = list_units(session, today(), ("commune",))
    if len(every) <= _MOST_COMMUNES:
        return every
    known = {unit.code for unit in products.list_communes(session)}
    return [unit for unit in every if unit.code in known]
