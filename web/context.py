"""What a view may ask for: one transaction, who is calling, the settings, the public address."""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from random import uniform
from time import monotonic, sleep
from typing import Any, cast
from urllib.parse import urlsplit

import structlog
from flask import Flask, current_app, g, request
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from gis.database import make_sessions, sign_as
from gis.settings import Settings
from web.accounts import Caller

log = structlog.get_logger()

# Serialization failure, deadlock, lock timeout: PostgreSQL's way of saying "once more".
_CONTENTION = frozenset({"40001", "40P01", "55P03"})
_MOST_TRIES = 8
# A lock timeout alone takes ten seconds: nobody waits for eight of them.
_PATIENCE_S = 15.0


def install(app: Flask, settings: Settings, sessions: sessionmaker[Session]) -> None:
    """Keep the settings and the session factory on the application; repeat contended views."""
    app.extensions["langbiang.settings"] = settings
    app.extensions["langbiang.sessions"] = sessions
    bind = sessions.kw["bind"]
    if isinstance(bind, Engine):
        sessions = make_sessions(bind.execution_options(isolation_level="AUTOCOMMIT"))
    app.extensions["langbiang.reading"] = sessions
    app.jinja_env.globals.update(current_account=current_account, public_url=public_url)
    dispatch = app.dispatch_request

    def dispatch_patiently() -> Any:
        # The view is run again, not its transaction alone: what it read belongs to the same try. A
        # view does nothing outside its transaction before that has committed.
        began = monotonic()
        for tried in range(1, _MOST_TRIES):
            try:
                return dispatch()
            except DBAPIError as error:
                if not is_contended(error) or monotonic() - began > _PATIENCE_S:
                    raise
                log.info("contended", path=request.path, tried=tried)
            # Those who met once should not meet again.
            sleep(uniform(0, 0.02 * 2**tried))  # noqa: S311  no secret
        return dispatch()

    app.dispatch_request = dispatch_patiently  # type: ignore[method-assign]


def is_contended(error: DBAPIError) -> bool:
    """Whether the database gave up only because others were at work on the same rows."""
    return getattr(error.orig, "sqlstate", None) in _CONTENTION


def settings() -> Settings:
    """The settings this application was made with."""
    return cast(Settings, current_app.extensions["langbiang.settings"])


@contextmanager
def transaction(reason: str | None = None) -> Iterator[Session]:
    """One transaction: commits when the block ends, rolls back on any error.

    Return from inside the block, so that a failing commit is an error response and not a lost
    write. The changes are signed with the caller's name in `gis.revision`.
    """
    sessions = cast(sessionmaker[Session], current_app.extensions["langbiang.sessions"])
    with sessions.begin() as session:
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            account = current_account()
            sign_as(session, account.username if account else "public", reason)
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    """A session for views that only read, and are asked for often: tiles.

    Each statement sees what is committed when it begins, as it would in `transaction()`; but
    neither BEGIN nor COMMIT goes to the server, which are two of the three round trips.
    """
    sessions = cast(sessionmaker[Session], current_app.extensions["langbiang.reading"])
    with sessions() as session:
        yield session


def current_account() -> Caller | None:
    """Who is calling, or nobody."""
    return cast("Caller | None", g.get("account"))


def public_url() -> str:
    """The address that goes into QR codes and links, without a final slash.

    The configured one; in development, without one, the address of this request, as far as its Host
    names this machine by a number or as localhost: any other Host is the caller's invention and
    goes into no code, no event and no link.
    """
    if configured := settings().public_url:
        return configured
    given = request.host_url.rstrip("/")
    host = urlsplit(given).hostname or ""
    if _is_number(host) or host == "localhost" or host.endswith(".localhost"):
        return given
    return f"{request.scheme}://127.0.0.1:{request.environ['SERVER_PORT']}"


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
