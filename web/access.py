"""Who may call what: every route states its roles, or the application does not start."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, g, redirect, request, session, url_for
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response

from gis.errors import ForbiddenError
from web.accounts import Caller, find_by_session, find_by_token
from web.models import ROLES

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC = "public"
_KNOWN = frozenset((PUBLIC, *ROLES))


def roles(*names: str) -> Callable[[View], View]:
    """State which roles may call a view; `public` means everybody.

    Put it next to the function, under the blueprint's `route` lines.
    """
    if not names or not _KNOWN.issuperset(names):
        raise ValueError(f"unknown roles {sorted(set(names) - _KNOWN)}")

    def state(view: View) -> View:
        view.roles = frozenset(names)  # type: ignore[attr-defined]
        return view

    return state


def roles_of(app: Flask, endpoint: str) -> frozenset[str] | None:
    """The roles that an endpoint states, or nothing when it states none."""
    return cast("frozenset[str] | None", getattr(app.view_functions.get(endpoint), "roles", None))


def check_every_route(app: Flask) -> None:
    """Refuse an application with a route that states no roles.

    Raises:
        RuntimeError: Naming the routes.
    """
    silent = sorted(
        rule.rule for rule in app.url_map.iter_rules() if roles_of(app, rule.endpoint) is None
    )
    if silent:
        raise RuntimeError(f"these routes state no roles: {', '.join(silent)}")


def install(app: Flask) -> None:
    """Find the caller before each request and turn away who may not pass."""
    sessions: sessionmaker[Session] = app.extensions["langbiang.sessions"]

    @app.before_request
    def admit() -> Response | None:
        g.account = _find_caller(sessions)
        needed = roles_of(app, request.endpoint) if request.endpoint else None
        if needed is None or PUBLIC in needed:
            return None
        if g.account is None:
            if wants_page() and request.method == "GET":
                return redirect(url_for("sign_in.sign_in", next=request.full_path.rstrip("?")))
            raise Unauthorized(
                "Sign in, or send a personal token (Authorization: Bearer, or Basic with the"
                " token as password)."
            )
        if g.account.roles.isdisjoint(needed):
            raise ForbiddenError(
                f"This needs one of the roles {', '.join(sorted(needed))}.",
                roles=sorted(needed),
            )
        return None


def wants_page() -> bool:
    """Whether a person's browser is asking, rather than a program."""
    accepted = request.accept_mimetypes
    return accepted.best_match(["application/json", "text/html"]) == "text/html" and (
        accepted["text/html"] > accepted["application/json"]
    )


def _find_caller(sessions: sessionmaker[Session]) -> Caller | None:
    """The caller of this request; anonymous requests cost no query."""
    token: str | None = None
    authorization = request.authorization
    if authorization is not None:
        token = authorization.token if authorization.type == "bearer" else authorization.password
        if not token:
            raise Unauthorized("The Authorization header holds no token.")
    elif "account" not in session:
        return None
    with sessions.begin() as database:
        if token is not None:
            caller = find_by_token(database, token)
            if caller is None:
                raise Unauthorized("The token is unknown, expired or revoked.")
            g.by_token = True
            return caller
        return find_by_session(database, session["account"], session.get("key", ""))
