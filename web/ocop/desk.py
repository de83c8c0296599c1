"""`/ocop`: dossiers, certificates to be graded again, where certified products are sold."""

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask import Response as FlaskResponse
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from gis.calendar import today
from gis.errors import ForbiddenError
from traceability.ocop import desk
from traceability.ocop.coverage import CoverageRow, measure_coverage
from traceability.ocop.dossiers import KINDS as KIND_CODES
from traceability.ocop.filing import start_dossier
from traceability.ocop.groups import SETS
from traceability.products import get_product
from web import access, api
from web.context import transaction
from web.ocop import rights
from web.ocop.reading import said
from web.ocop.words import APPLICANT_KINDS, KINDS, STATUSES, WINDOW_STATES

blueprint = Blueprint("ocop", __name__)
_PAGE = 50


@blueprint.get("/ocop")
@access.roles("producer", "officer", "leader", "administrator")
def page() -> str:
    """The desk: a producer's own dossiers, an officer's commune's, a leader's figures."""
    day = today()
    status = request.args.get("trang-thai")
    status = status if status in STATUSES else None
    number = max(request.args.get("trang", 1, type=int), 1)
    asked = request.args.get("san-pham", type=int)
    asked = asked if asked is not None and 0 < asked < 2**63 else None
    figures_only = not rights.caller().has(*rights.PEOPLE)
    with transaction() as session:
        coverage = None
        if figures_only or rights.is_officer():
            coverage = measure_coverage(session, day)
        if figures_only:
            return render_template("ocop/figures.html", coverage=coverage)
        scope = rights.scope()
        found = desk.list_dossiers(
            session,
            scope,
            day,
            status=status,
            limit=_PAGE + 1,
            offset=min((number - 1) * _PAGE, 1_000_000),
        )
        return render_template(
            "ocop/desk.html",
            rows=found.rows[:_PAGE],
            desk=found,
            reminders=desk.list_reminders(session, scope, day),
            startable=desk.list_startable(session, scope, asked),
            coverage=coverage,
            is_officer=rights.is_officer(),
            status=status,
            statuses=STATUSES,
            kinds=KINDS,
            applicant_kinds=APPLICANT_KINDS,
            window_states=WINDOW_STATES,
            sets=SETS,
            asked=asked,
            is_lost=scope.party_id == 0,
            next_page=number + 1 if len(found.rows) > _PAGE else None,
        )


@blueprint.post("/ocop/ho-so")
@access.roles(*rights.PEOPLE)
def start() -> Response:
    """Begin a dossier for a product."""
    with said(), transaction() as session:
        product = get_product(session, request.form.get("product", 0, type=int))
        if not desk.may_start(session, rights.scope(), product):
            raise ForbiddenError("This product is not of your organisation or commune.")
        kind = request.form.get("kind", KIND_CODES[0])
        dossier = start_dossier(
            session,
            product,
            kind=kind,
            applicant_kind=request.form.get("applicant_kind", ""),
            by=rights.caller().username,
        )
        flash(_("Đã mở hồ sơ. Điền lần lượt từng phần; lúc nào cũng lưu được."))
        return redirect(url_for("ocop_dossiers.page", dossier_id=dossier.id), 303)
    return redirect(url_for("ocop.page"), 303)


@blueprint.get("/api/v1/ocop/coverage")
@access.roles("public")
@api.parameters(commune="Code of one commune of today; all of them without.")
def coverage() -> FlaskResponse:
    """Count certified OCOP products and how many of them are sold on marketplaces.

    By commune and in all; a certificate counts that holds today, a listing that is not dead.
    """
    with transaction() as session:
        found = measure_coverage(session, today(), request.args.get("commune") or None)
    answer = jsonify(
        {
            "on": found.on.isoformat(),
            "marketplaces": dict(found.marketplaces),
            "total": _row(found.total),
            "items": [_row(row) for row in found.communes],
            "next": None,
        }
    )
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


def _row(row: CoverageRow) -> dict[str, Any]:
    counted = {
        "certified": row.certified,
        "listed": row.listed,
        "by_marketplace": dict(row.by_marketplace),
    }
    if row.is_total:
        return counted
    return {"commune_code": row.code, "commune_name": row.name, **counted}
