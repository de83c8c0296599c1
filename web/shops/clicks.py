"""The way to a marketplace: `/ra/<listing>`, counted by day; nothing is kept of who went it."""

from flask import Blueprint, Response, redirect, request

from gis.calendar import today
from traceability.selling.clicks import count_click, follow_listing
from web import access
from web.codes.visitors import is_scan
from web.context import reading, transaction

blueprint = Blueprint("clicks", __name__)


@blueprint.get("/ra/<int:listing_id>")
@access.roles("public")
def follow(listing_id: int) -> Response:
    """Lead to a listing that is recorded here, and nowhere else.

    Programs that look at links by themselves are led there too, but not counted, by the same rule
    as scans.
    """
    with reading() as session:
        url = follow_listing(session, listing_id)
    if request.method == "GET" and is_scan(request.headers):
        with transaction() as session:
            count_click(session, listing_id, today())
    response = redirect(url, 302)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "strict-origin"
    return response  # type: ignore[return-value]
