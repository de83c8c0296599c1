"""The command line of the site: `flask --app web accounts …`."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy.orm import Session, sessionmaker

from gis.doors import door
from gis.errors import ConflictError, NotFoundError, PlatformError
from gis.server.roles import drop_login
from web import accounts
from web.models import ROLES

group = AppGroup("accounts", help="Accounts, their roles, passwords and tokens.")

# (name, role, commune, shown as): the accounts that try the platform out.
DEMO = (
    ("admin", "administrator", None, "Quản trị"),
    ("province", "officer", None, "Cán bộ tỉnh"),
    ("officer", "officer", "24848", "Cán bộ xã Lạc Dương"),
    ("farmer", "farmer", None, "Nông dân"),
    ("producer", "producer", None, "Chủ thể OCOP"),
    ("researcher", "researcher", None, "Nhà nghiên cứu"),
    ("leader", "leader", None, "Lãnh đạo"),
)
# Whose products the demo's producer works on.
DEMO_ORGANISATION = "Hợp tác xã Cà phê Mây Ngàn"


def install(app: Flask) -> None:
    """Add the commands to `flask --app web`."""
    app.cli.add_command(group)


def stop(error: PlatformError) -> Exception:
    """What ends the command line with one line where one is running; elsewhere the error itself."""
    inside = click.get_current_context(silent=True) is not None
    return click.ClickException(error.detail) if inside else error


def _door(command: Callable[[Session], Any]) -> None:
    """Run a command in one transaction; a clear error is one line and exit code 1."""
    sessions: sessionmaker[Session] = current_app.extensions["langbiang.sessions"]

    @door
    def run() -> None:
        with sessions.begin() as session:
            command(session)

    run()


@group.command("add")
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES))
@click.option("--commune", help="Code of the commune an officer is limited to.")
@click.option("--organisation", help="Name of the organisation a producer works for.")
@click.option("--display-name", help="How the site calls the account.")
def add(
    name: str,
    roles: tuple[str, ...],
    commune: str | None,
    organisation: str | None,
    display_name: str | None,
) -> None:
    """Add the account NAME; its new password is printed alone on the last line."""

    def run(session: Session) -> None:
        party_id = accounts.find_organisation(session, organisation) if organisation else None
        if organisation and party_id is None:
            raise NotFoundError(f"There is not exactly one organisation named {organisation!r}.")
        click.echo(
            accounts.add_account(
                session,
                name,
                list(roles),
                commune_code=commune,
                party_id=party_id,
                display_name=display_name,
            )
        )

    _door(run)


@group.command("password")
@click.argument("name")
def password(name: str) -> None:
    """Give NAME a new password, printed alone on the last line; its sessions end."""
    _door(lambda session: click.echo(accounts.set_password(session, name)))


@group.command("token")
@click.argument("name")
@click.option("--label", default="command line", help="What the token is for.")
def token(name: str, label: str) -> None:
    """Give NAME a new personal token, printed alone on the last line."""
    _door(lambda session: click.echo(accounts.issue_token(session, name, label)))


@group.command("database")
@click.argument("name")
@click.option("--remove", is_flag=True, help="Take the role away.")
def database(name: str, remove: bool) -> None:
    """Let the officer NAME work in QGIS on PostGIS itself; the new password is the last line."""

    def run(session: Session) -> None:
        if remove:
            had = drop_login(session, name)
            click.echo(f"{name} has no role of the database{' any more' * had}.")
            return
        login = accounts.make_database_login(session, name)
        click.echo(f"host: {login.host}\nport: {login.port}\ndatabase: {login.database}")
        click.echo(f"user: {login.role}")
        click.echo(login.password)

    _door(run)


@group.command("demo")
def demo() -> None:
    """Make the demo accounts once; names and passwords are kept in the home, mode 0600."""
    path: Path = current_app.extensions["langbiang.settings"].home / "keys" / "demo-accounts"

    def run(session: Session) -> None:
        kept = _read_kept(path)
        for name, role, commune, display_name in DEMO:
            try:
                kept[name] = accounts.add_account(
                    session,
                    name,
                    [role],
                    display_name=display_name,
                    commune_code=commune,
                    is_demo=True,
                )
            except ConflictError:
                # Another home's file lost its passwords: make new ones rather than print none.
                if name not in kept:
                    kept[name] = accounts.set_password(session, name)
        party_id = accounts.find_organisation(session, DEMO_ORGANISATION)
        if party_id is not None:
            accounts.join_organisation(session, "producer", party_id)
        _write_kept(path, kept)
        for name, secret in kept.items():
            click.echo(f"{name}\t{secret}")

    _door(run)


def _read_kept(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    return dict(line.split("\t") for line in path.read_text().splitlines() if "\t" in line)


def _write_kept(path: Path, kept: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{name}\t{secret}\n" for name, secret in kept.items())
