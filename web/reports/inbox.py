"""The inbox of cases, `/canh-bao`: what scans, dead links and buyers tell, and what is done."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import Response as FlaskResponse
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from etl.attachment_requests import get_attachment
from gis.calendar import today
from gis.choices import list_units
from gis.errors import ConflictError, InvalidInputError
from traceability.linking.links import product_codes
from traceability.reporting.cases import (
    CaseFilter,
    CaseRow,
    Reader,
    get_case,
    list_cases,
    read_contact,
)
from traceability.reporting.reports import (
    CLOSE_REASONS as REASON_SLUGS,
)
from traceability.reporting.reports import (
    assign_report,
    close_report,
    comment_report,
    find_report,
)
from traceability.scanning.scans import list_sightings
from web import access
from web.accounts import list_officers
from web.context import current_account, transaction
from web.files import send_attachment
from web.language import day
from web.models import PrivateRead
from web.reports.words import (
    CLOSE_REASONS,
    FACTS,
    KINDS,
    ORIGINS,
    SERIAL_STATES,
    STATES,
    STEPS,
)

blueprint = Blueprint("cases", __name__, url_prefix="/canh-bao")
_PAGE = 40
_OPEN = "open"


@blueprint.after_request
def keep_no_copy(response: FlaskResponse) -> FlaskResponse:
    """What buyers tell stays out of the caches of an office's shared computer."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


def reader() -> Reader:
    """Who is looking: an officer (of a commune), or a producer."""
    account = current_account()
    assert account is not None
    if account.has("administrator"):
        return Reader(True)
    if account.has("officer"):
        return Reader(True, account.commune_code)
    # A producer without a party owns nothing: number 0 is nobody's.
    return Reader(False, party_id=account.party_id or 0)


def read_filter() -> CaseFilter:
    """What the address asks for; unknown values narrow nothing."""
    asked = request.args
    account = current_account()
    state = asked.get("trang-thai", _OPEN)
    kind, origin = asked.get("loai"), asked.get("tu")
    product = asked.get("san-pham", "")
    return CaseFilter(
        state=state if state in (_OPEN, *STATES) else None,
        kind=kind if kind in KINDS else None,
        origin=origin if origin in ORIGINS else None,
        commune=asked.get("xa", "")[:20] or None,
        product_id=int(product)
        if product.isascii() and product.isdigit() and len(product) < 10
        else None,
        assigned_to=account.username if account and asked.get("cua") == "toi" else None,
    )


@blueprint.get("")
@access.roles("officer", "administrator", "producer")
def inbox() -> str:
    """Cases, open ones first, the most urgent on top."""
    wanted = read_filter()
    page = min(max(request.args.get("trang", 1, type=int), 1), 10_000)
    who = reader()
    with transaction() as session:
        found = list_cases(
            session, who, wanted, today=today(), limit=_PAGE + 1, offset=(page - 1) * _PAGE
        )
        kept = {name: value for name, value in request.args.items() if name != "lang" and value}
        return render_template(
            "reports/inbox.html",
            rows=found.rows[:_PAGE],
            inbox=found,
            wanted=wanted,
            mine=request.args.get("cua") == "toi",
            kinds=KINDS,
            origins=ORIGINS,
            states=STATES,
            communes=list_units(session, today(), ("commune",)) if who.is_officer else [],
            is_officer=who.is_officer,
            own_commune=who.commune,
            next_page=f"?{urlencode({**kept, 'trang': page + 1})}"
            if len(found.rows) > _PAGE
            else None,
        )


@blueprint.get("/<ticket>")
@access.roles("officer", "administrator", "producer")
def case(ticket: str) -> str:
    """One case: what is known, what was done, what can be done."""
    with transaction() as session:
        return _case_page(session, ticket)


@blueprint.post("/<ticket>/lien-he")
@access.roles("officer", "administrator")
def contact(ticket: str) -> str:
    """Show how to reach the reporter; who looked is written down."""
    account = current_account()
    assert account is not None
    with transaction() as session:
        found = get_case(session, reader(), ticket, today=today())
        shown = read_contact(session, reader(), found.row.report)
        if shown is not None:
            session.add(
                PrivateRead(account_id=account.id, subject="report", subject_id=found.row.report.id)
            )
            session.flush()
        return _case_page(session, ticket, contact=shown)


@blueprint.get("/<ticket>/anh")
@access.roles("officer", "administrator")
def photo(ticket: str) -> FlaskResponse:
    """The photo that a buyer added, as the worker made it anew."""
    with transaction() as session:
        found = get_case(session, reader(), ticket, today=today())
        number = found.row.report.photo_id
        kept = get_attachment(session, number or 0)
        return send_attachment(kept)


@blueprint.post("/<ticket>/<step>")
@access.roles("officer", "administrator")
def act(ticket: str, step: str) -> Response:
    """Take, assign, comment or close; what cannot be done is said on the case's page."""
    account = current_account()
    assert account is not None
    form = request.form
    back = redirect(url_for("cases.case", ticket=ticket), 303)
    try:
        with transaction() as session:
            get_case(session, reader(), ticket, today=today())
            report = find_report(session, ticket, for_update=True)
            if step == "nhan":
                assign_report(session, report, account.username, actor=account.username)
                flash(_("Bạn đã nhận vụ việc này."))
            elif step == "giao":
                to = form.get("cho", "")
                if to not in dict(list_officers(session)):
                    raise InvalidInputError(
                        "Only an officer takes a case.",
                        errors=[{"pointer": "/to", "rule": "unknown", "detail": "No officer."}],
                    )
                assign_report(session, report, to, actor=account.username)
                flash(_("Đã giao vụ việc."))
            elif step == "ghi-chu":
                comment_report(session, report, form.get("note", ""), actor=account.username)
            elif step == "khep":
                close_report(
                    session,
                    report,
                    form.get("ly-do", ""),
                    form.get("tra-loi", ""),
                    actor=account.username,
                )
                flash(_("Đã khép vụ việc."))
            else:
                raise InvalidInputError(f"There is no step {step}.")
    except ConflictError:
        flash(_("Người khác vừa khép vụ việc này. Bên dưới là tình trạng hiện tại."), "error")
    except InvalidInputError as error:
        places = [each["pointer"] for each in error.context.get("errors", ())]
        if not places:
            raise
        flash(str(_MISTAKES.get(places[0], error.detail)), "error")
    return back


_MISTAKES: dict[str, Any] = {
    "/note": lazy_gettext("Ghi chú có từ 1 đến 1.000 ký tự."),
    "/reason": lazy_gettext("Chọn một lý do khép vụ việc."),
    "/answer": lazy_gettext("Viết câu trả lời cho người báo, từ 1 đến 1.000 ký tự."),
    "/to": lazy_gettext("Chọn một cán bộ trong danh sách."),
}


def _case_page(session: Session, ticket: str, *, contact: str | None = None) -> str:
    who = reader()
    found = get_case(session, who, ticket, today=today())
    account = current_account()
    report = found.row.report
    return render_template(
        "reports/case.html",
        case=found,
        row=found.row,
        report=report,
        sightings=list_sightings(session, report.product_id, report.serial)
        if who.is_officer and report.product_id is not None and report.serial is not None
        else [],
        contact=contact,
        is_officer=who.is_officer,
        officers=list_officers(session) if who.is_officer else [],
        code=_code(found.row),
        facts=_facts(report.facts),
        me=account.username if account else None,
        kinds=KINDS,
        origins=ORIGINS,
        states=STATES,
        steps=STEPS,
        reasons={slug: CLOSE_REASONS[slug] for slug in REASON_SLUGS},
    )


def _code(row: CaseRow) -> str | None:
    """The path of the code that the case is about, for tracing and for the public page."""
    if row.product is None:
        return None
    return product_codes(row.product, row.lot_code)[0].path


def _facts(facts: dict[str, Any]) -> list[tuple[Any, Any]]:
    """What the platform noted, in words; days as the language writes them."""
    told = []
    for name, words in FACTS.items():
        value = facts.get(name)
        if isinstance(value, str) and name.endswith("_on"):
            value = day(date.fromisoformat(value))
        if value is not None:
            told.append((words, SERIAL_STATES.get(value, value) if name == "state" else value))
    return told
