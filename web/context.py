"""What a view may ask for: one transaction, who is calling, the settings, the public address."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from flask import Flask, current_app, g, request
from sqlalchemy.orm import Session, sessionmaker

from gis.database import sign_as
from gis.settings import Settings
from web.accounts import Caller


def install(app: Flask, settings: Settings, sessions: sessionmaker[Session]) -> None:
    """Keep the settings and the session factory on the application."""
    app.extensions["langbiang.settings"] = settings
    app.extensions["langbiang.sessions"] = sessions
    app.jinja_env.globals.update(current_account=current_account, public_url=public_url)


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


def current_account() -> Caller | None:
    """Who is calling, or nobody."""
    return cast("Caller | None", g.get("account"))


def public_url() -> str:
    """The address that goes into QR codes and links, without a final slash.

    The configured one; in development, without one, the address of this request.
    """
    return settings().public_url or request.host_url.rstrip("/")
