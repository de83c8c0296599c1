"""Reports for programs: `/api/v1/reports`."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request, url_for
from pydantic import BaseModel, ConfigDict, Field

from gis.calendar import today
from gis.errors import InvalidInputError
from traceability.following.subjects import find_subject
from traceability.reporting.cases import CaseRow, Ticket, find_ticket, list_cases
from traceability.reporting.reports import BUYER_KINDS, file_report
from web import access, api
from web.bodies import read_body
from web.context import public_url, transaction
from web.limits import LOOK_UP, REPORT, limiter
from web.reports.asked import find_place, refuse
from web.reports.inbox import read_filter, reader

blueprint = Blueprint("report_api", __name__, url_prefix="/api/v1/reports")
_MOST = 200


class ReportDocument(BaseModel):
    """A problem that a buyer reports.

    `code` is what was scanned: an address, a GTIN or a trace code. A contact is kept only with
    `consent`, apart from the report, and erased when the case is over.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "code": "/01/09521000001077/10/L261015",
                    "kind": "label",
                    "text": "Tem rách, không quét được.",
                    "commune": "24848",
                }
            ]
        },
    )

    code: str = Field(min_length=1, max_length=300, description="What was scanned")
    kind: str = Field(description=", ".join(BUYER_KINDS))
    text: str = Field(description="What happened, 1 to 2,000 characters")
    commune: str | None = Field(default=None, description="Code of the commune where it was seen")
    contact: str | None = Field(default=None, description="Telephone or e-mail")
    consent: bool = Field(default=False, description="Agreed that the contact is kept for this")


@blueprint.post("")
@access.roles("public")
@limiter.limit(REPORT)
@api.body(ReportDocument)
def post_report() -> Response:
    """Report a problem with a product; answers 201 with a ticket."""
    document = read_body(ReportDocument)
    if document.contact and not document.consent:
        raise refuse("/consent", "missing", "A contact is kept only with consent.")
    with transaction() as session:
        subject = find_subject(session, document.code)
        report = file_report(
            session,
            product_id=subject.product.id if subject.product else None,
            lot_id=subject.lot.id if subject.lot else None,
            serial=subject.serial,
            code=subject.typed,
            kind=document.kind,
            text=document.text,
            contact=document.contact,
            place=find_place(session, document.commune or ""),
            photo_id=None,
        )
        answer = jsonify(_written(find_ticket(session, report.ticket, today())))
        answer.status_code = 201
        answer.headers["Location"] = url_for("report_api.get_report", ticket=report.ticket)
        answer.headers["Cache-Control"] = "private, no-store"
        return answer


@blueprint.get("/<ticket>")
@access.roles("public")
@limiter.limit(LOOK_UP)
def get_report(ticket: str) -> Response:
    """Read what became of a report, for whoever has its ticket: no words of it, nobody's data."""
    with transaction() as session:
        found = find_ticket(session, ticket, today())
        answer = jsonify(_written(found))
        answer.set_etag(str(found.report.version))
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer.make_conditional(request)  # type: ignore[return-value]


@blueprint.get("")
@access.roles("officer", "administrator", "producer")
@api.parameters(
    **{
        "trang-thai": "open (default), new, working, closed, tat-ca",
        "loai": "A kind, such as fake or unissued",
        "tu": "buyer, scan or link",
        "xa": "Code of a commune",
        "san-pham": "Number of a product",
        "limit": "At most so many items; 200 is the most",
        "offset": "Leave out so many items",
    }
)
def list_reports() -> Response:
    """List cases, the most urgent first: those of the officer's commune, or a producer's own."""
    limit, offset = min(_number("limit", 50), _MOST), min(_number("offset", 0), 1_000_000)
    with transaction() as session:
        found = list_cases(
            session, reader(), read_filter(), today=today(), limit=limit + 1, offset=offset
        )
        items = [_item(row) for row in found.rows[:limit]]
    more = {**request.args.to_dict(), "limit": limit, "offset": offset + limit}
    address = f"{public_url()}{url_for('report_api.list_reports')}?{urlencode(more)}"
    answer = jsonify(items=items, next=address if len(found.rows) > limit else None)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _written(found: Ticket) -> dict[str, Any]:
    report = found.report
    return {
        "ticket": report.ticket,
        "status": report.state,
        "kind": report.kind,
        "product": report.product_id,
        "created_at": report.created_at.isoformat(),
        "due_on": report.due_on.isoformat(),
        "closed_at": report.closed_at.isoformat() if report.closed_at else None,
        "close_reason": report.close_reason,
        "answer": report.answer,
        "steps": [{"action": step.action, "at": step.at.isoformat()} for step in found.steps],
        "address": public_url() + url_for("reports.ticket", ticket=report.ticket),
    }


def _item(row: CaseRow) -> dict[str, Any]:
    report = row.report
    return {
        "ticket": report.ticket,
        "origin": report.origin,
        "kind": report.kind,
        "status": report.state,
        "product": report.product_id,
        "lot": row.lot_code,
        "serial": report.serial,
        "place": row.place,
        "occurrences": report.occurrences,
        "created_at": report.created_at.isoformat(),
        "last_at": report.last_at.isoformat(),
        "due_on": report.due_on.isoformat(),
        "days_left": row.days_left,
        "address": public_url() + url_for("cases.case", ticket=report.ticket),
    }


def _number(name: str, otherwise: int) -> int:
    text = request.args.get(name, str(otherwise))
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10):
        raise InvalidInputError(f"{name} is a whole number; {text!r} is not.", parameter=name)
    return int(text)
