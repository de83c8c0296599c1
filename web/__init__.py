"""The site and the API: the only package that knows HTTP.

A request runs in fixed order: arguments, access, one transaction, answer. Views are a few lines:
they parse, call a function of `gis`, `traceability` or `etl.queries`, and render.

* `create_app` puts the parts together; nothing happens at import.
* `context.py` what a view may ask for: transaction, account, settings, public address
* `access.py` the roles every route must state; `accounts.py`, `sign_in.py` who that is
* `problems.py` errors: RFC 9457 for programs, pages for people
* `ogc/` the layers by open standards; `editing/` changing them; `map/` the map of people;
  `imports/` files that officers bring in; `shops/` where products are sold; `files.py` attachments
* `resolver/` where a scanned code leads; `products/` the page it opens, the catalogue; `reports/`
  problems, tickets, the inbox
* `trade/` the producer's desk, tracing; `codes/` labels, serials, scans; `epcis/` events for
  programs; `ocop/` dossiers and certificates
* else one module and one blueprint a topic; pages have Vietnamese addresses, the API English ones
* `commands.py` the command line: `flask --app web accounts …`

Of `etl` this package sees only `etl.models` and `etl.queries`: no file is opened in a web process.
"""

from flask import Flask
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.middleware.proxy_fix import ProxyFix

from gis.database import connect, make_sessions
from gis.errors import PlatformError
from gis.server.running import database_url
from gis.settings import Settings, load_settings
from web import (
    access,
    assets,
    commands,
    context,
    health,
    language,
    limits,
    observability,
    problems,
    protection,
    topics,
)
from web.codes import scanning
from web.ogc import tile_cache


def create_app(
    settings: Settings | None = None, sessions: sessionmaker[Session] | None = None
) -> Flask:
    """Make the WSGI application.

    Args:
        settings: Read from the environment when absent.
        sessions: The session factory; made from the settings when absent. Tests give their own, so
            that what a test wrote and what a client sees are one transaction.

    Raises:
        InvalidInputError: When a setting does not fit.
        UnavailableError: When there is no database to connect to.
    """
    try:
        settings = settings or load_settings()
        sessions = sessions or make_sessions(connect(database_url(settings), application="web"))
    except PlatformError as error:
        raise commands.stop(error) from error
    app = Flask("web", static_folder=None)
    app.config.update(
        SECRET_KEY=protection.secret_key(settings),
        SESSION_COOKIE_NAME="langbiang",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=(settings.public_url or "").startswith("https://"),
        PERMANENT_SESSION_LIFETIME=14 * 24 * 3600,
        # A cookie renewed on every answer would also ride on files that shared caches keep.
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=16 * 1024 * 1024,
        BABEL_DEFAULT_LOCALE="vi",
        BABEL_DEFAULT_TIMEZONE="Asia/Ho_Chi_Minh",
        BABEL_TRANSLATION_DIRECTORIES="translations",
        WTF_CSRF_TIME_LIMIT=None,
        RATELIMIT_HEADERS_ENABLED=True,
        JSON_AS_ASCII=False,
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    if hops := settings.forwarded_hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    context.install(app, settings, sessions)
    for part in (observability, problems, language, assets, access, protection, limits, health):
        part.install(app)
    _count_scans(app, settings, sessions)
    tile_cache.install(app, settings.tile_cache_mb)
    topics.install(app)
    commands.install(app)
    access.check_every_route(app)
    return app


def _count_scans(app: Flask, settings: Settings, sessions: sessionmaker[Session]) -> None:
    try:
        scanning.install(app, settings, sessions)
    except PlatformError as error:
        raise commands.stop(error) from error
