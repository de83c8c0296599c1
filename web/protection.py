"""What protects the people who use the site: headers, CSRF, the key that signs sessions."""

import os
import re
import secrets
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, request, session
from flask.json.provider import DefaultJSONProvider
from flask_wtf.csrf import CSRFProtect

from gis.settings import Settings

# No inline script or style, nothing from elsewhere: every asset is the site's own. Only a page with
# a map may load the backgrounds that the administrator chose (`allow_sources`).
_POLICY = {
    "default-src": ("'self'",),
    "img-src": ("'self'", "data:", "blob:"),
    "style-src": ("'self'",),
    "worker-src": ("'self'", "blob:"),
    "connect-src": ("'self'",),
    "object-src": ("'none'",),
    "base-uri": ("'none'",),
    "form-action": ("'self'",),
    "frame-ancestors": ("'none'",),
}


def content_security_policy(more: Mapping[str, Collection[str]] | None = None) -> str:
    """The policy of a page that may load from further origins, by directive.

    Raises:
        ValueError: Something is no origin; nothing else may stand in the header.
    """
    extra = more or {}
    for origin in (one for origins in extra.values() for one in origins):
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is no origin")
    return "; ".join(
        " ".join((directive, *sources, *extra.get(directive, ())))
        for directive, sources in _POLICY.items()
    )


_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?")
CONTENT_SECURITY_POLICY = content_security_policy()


def allow_sources(sources: Mapping[str, Collection[str]]) -> None:
    """Let the page that this request answers load from these origins, by policy directive."""
    g.policy_sources = sources


class BoundedJSON(DefaultJSONProvider):
    """Flask's JSON, for which too deep a nesting is a mistake in the text like any other."""

    ensure_ascii = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read a text.

        Raises:
            ValueError: It is no JSON, or nested deeper than the reader goes.
        """
        try:
            return super().loads(s, **kwargs)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


def install(app: Flask) -> None:
    """Protect forms against CSRF and send the security headers."""
    app.json = BoundedJSON(app)
    csrf = CSRFProtect()
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    csrf.init_app(app)
    app.config.setdefault("WTF_CSRF_ENABLED", True)

    @app.before_request
    def check_forms() -> None:
        # A token or no cookie at all cannot be ridden; a browser can send neither JSON (GeoJSON and
        # merge patches included) nor any method but GET and POST across sites without CORS, which
        # only the resolver's reading routes grant.
        if not app.config["WTF_CSRF_ENABLED"] or request.endpoint is None:
            return
        if g.get("by_token") or request.method not in ("POST", "PUT", "PATCH", "DELETE"):
            return
        unlike_a_form = request.is_json or request.method != "POST"
        from_here = request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")
        if unlike_a_form and from_here:
            return
        csrf.protect()

    @app.after_request
    def send_headers(response: Response) -> Response:
        headers = response.headers
        sources = g.get("policy_sources")
        policy = content_security_policy(sources) if sources else CONTENT_SECURITY_POLICY
        headers.setdefault("Content-Security-Policy", policy)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
        headers.setdefault("Permissions-Policy", "geolocation=(self), camera=(self)")
        if request.is_secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if request.endpoint != "assets.serve":
            keep_private(response)
        return response


def keep_private(response: Response) -> None:
    """Let no cache between give one caller's answer to another.

    Files that are the same for everybody say so themselves (`public`).
    """
    response.vary.update(("Authorization", "Cookie"))
    control = response.cache_control
    is_personal = g.get("account") is not None or session.modified
    if not is_personal or control.public or control.no_store or control.private:
        return
    control.private = True
    control.no_cache = True


def secret_key(settings: Settings) -> str:
    """The key that signs sessions: the configured one, or one made once under the home.

    Every process of one home gets the same key, also when several start at once.
    """
    if settings.secret_key:
        return settings.secret_key
    folder = settings.home / "keys"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "secret-key"
    if not path.exists():
        draft = Path(f"{path}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()
