"""Whether an OCOP certificate holds: `/chung-nhan/<number>`, for whoever reads it on a package."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gis.calendar import today
from traceability.following.origin import public_producer
from traceability.ocop.certificate_check import find_certificates
from web import access
from web.context import transaction
from web.limits import LOOK_UP, limiter
from web.products.words import PRODUCER_KINDS

blueprint = Blueprint("certificates", __name__)
_LONGEST = 80


@blueprint.get("/chung-nhan")
@access.roles("public")
def look_up() -> Response | str:
    """Where a number is typed."""
    typed = request.args.get("so", "").strip()[:_LONGEST]
    if typed:
        return redirect(url_for("certificates.check", number=typed))
    return render_template("products/certificate.html", number="", found=[], today=today())


@blueprint.get("/chung-nhan/<path:number>")
@access.roles("public")
@limiter.limit(LOOK_UP)
def check(number: str) -> str | tuple[str, int]:
    """What is recorded under a certificate's number, or under the number of a decision."""
    number = number.strip()[:_LONGEST]
    day = today()
    with transaction() as session:
        found = find_certificates(session, number, day)
        page = render_template(
            "products/certificate.html",
            number=number,
            found=[
                (one, public_producer(session, one.producer) if one.producer else None)
                for one in found
            ],
            kinds=PRODUCER_KINDS,
            today=day,
        )
    return page if found else (page, 404)
