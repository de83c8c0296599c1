"""Signing in and out."""

from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from web import access
from web.accounts import check_password
from web.context import transaction
from web.limits import SIGN_IN, limiter

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/dang-nhap")
@access.roles("public")
def sign_in() -> str:
    """The form."""
    return render_template("sign_in.html", next=_own_address(request.args.get("next")))


@blueprint.post("/dang-nhap")
@access.roles("public")
@limiter.limit(SIGN_IN)
def enter() -> Response | tuple[str, int]:
    """Check name and password; the same answer whichever was wrong."""
    target = _own_address(request.form.get("next"))
    username = request.form.get("username", "")
    with transaction() as database:
        found = check_password(database, username, request.form.get("password", ""))
    if found is None:
        flash(_("Tên hoặc mật khẩu không đúng."), "error")
        return render_template("sign_in.html", next=target, username=username), 401
    caller, key = found
    language = session.get("language")
    # A new session, so that nothing set before signing in carries over (session fixation).
    session.clear()
    session.permanent = True
    session["account"], session["key"] = caller.id, key
    if language:
        session["language"] = language
    return redirect(target or url_for("home.home"))


@blueprint.post("/dang-xuat")
@access.roles("public")
def leave() -> Response:
    """End this session."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    return redirect(url_for("home.home"))


def _own_address(address: str | None) -> str | None:
    """The address if it is on this site, so that signing in cannot lead elsewhere."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return None
    parts = urlsplit(address)
    return None if parts.netloc or parts.scheme else address
