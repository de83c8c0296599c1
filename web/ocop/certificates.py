"""Certificates: the decision on a graded dossier, one certificate, its withdrawal."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from gis.calendar import today
from gis.errors import NotFoundError
from traceability.ocop import certificates, desk, dossiers
from traceability.products import get_product
from web import access
from web.context import transaction
from web.ocop import rights
from web.ocop.reading import read_day, said
from web.ocop.words import GROUNDS, WINDOW_STATES

blueprint = Blueprint("ocop_certificates", __name__, url_prefix="/ocop")


@blueprint.post("/ho-so/<int:dossier_id>/cong-nhan")
@access.roles(*rights.OFFICERS)
def issue(dossier_id: int) -> Response:
    """Record the decision: the certificate holds for 36 months."""
    rights.demand_province()
    form = request.form
    with said(), transaction() as session:
        rights.seen_dossier(session, dossier_id)
        certificate = dossiers.recognise_dossier(
            session,
            dossier_id,
            decision=form.get("decision", "")[:100],
            issued_by=form.get("issued_by", "")[:200],
            issued_on=read_day("issued_on"),
            by=rights.caller().username,
            stars=form.get("stars", type=int),
        )
        flash(_("Đã ghi giấy chứng nhận %(stars)s sao.", stars=certificate.stars))
    return redirect(url_for("ocop_dossiers.page", dossier_id=dossier_id), 303)


@blueprint.get("/chung-nhan/<int:certificate_id>")
@access.roles(*rights.PEOPLE)
def page(certificate_id: int) -> str:
    """A certificate, when to file again, and for the province the withdrawal."""
    day = today()
    with transaction() as session:
        certificate = certificates.get_certificate(session, certificate_id)
        product = get_product(session, certificate.product_id)
        if not desk.may_start(session, rights.scope(), product):
            raise NotFoundError(f"You have no certificate {certificate_id}.")
        window = certificates.regrade_window(certificate.expires_on)
        return render_template(
            "ocop/certificate.html",
            certificate=certificate,
            product=product,
            window=window,
            state=window.state(day),
            window_states=WINDOW_STATES,
            grounds=GROUNDS,
            is_province=rights.is_province(),
            today=day,
        )


@blueprint.post("/chung-nhan/<int:certificate_id>/thu-hoi")
@access.roles(*rights.OFFICERS)
def withdraw(certificate_id: int) -> Response:
    """Withdraw a certificate on one of the six grounds."""
    rights.demand_province()
    with said(), transaction() as session:
        certificates.withdraw(
            session,
            certificate_id,
            ground=request.form.get("ground", ""),
            decision=request.form.get("decision", "")[:100],
            on=read_day("on"),
        )
        flash(_("Đã thu hồi giấy chứng nhận."))
    return redirect(url_for(".page", certificate_id=certificate_id), 303)
