"""What every test stands on: a private cluster of the tests' own, migrated once and cloned.

The cluster lives under `var/test`, apart from the one that `make run` serves from, so both may run
at once. A missing database is a failure, never a skip.
"""

import io
import math
import os
import secrets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyogrio
import pytest
from alembic import command
from alembic.config import Config
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as examples
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session, sessionmaker

from etl import importing
from etl.readers import gdal
from gis.database import connect, make_sessions
from gis.server import running as server
from gis.settings import Settings
from tests import databases
from web import accounts, create_app

ROOT = Path(__file__).parent.parent

# The same examples every time, and none is too slow for a machine that does something else, too.
examples.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
examples.load_profile("steady")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without REAL_DATA, deselect what needs the real files, and say so."""
    if os.environ.get("REAL_DATA"):
        return
    left_out = [item for item in items if item.get_closest_marker("real_data")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def pytest_report_header() -> str:
    """Say whether the tests over real files run."""
    folder = os.environ.get("REAL_DATA")
    if folder:
        return f"real data: {Path(folder).resolve()}"
    return "real data: none (REAL_DATA is not set; the tests over real files are deselected)"


@pytest.fixture(autouse=True)
def gdal_drivers() -> Iterator[None]:
    """Give GDAL its drivers back after a test that read a file: a command ends with its process."""
    yield
    if gdal.restrict_gdal.cache_info().currsize:
        pyogrio.set_gdal_config_options({"GDAL_SKIP": None})
        gdal._register_drivers()
        gdal.restrict_gdal.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hash passwords at no cost: a real hash takes a fifth of a second, for each account."""
    real = accounts._HASHER
    accounts._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    yield
    accounts._HASHER = real


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of the real files."""
    folder = Path(os.environ["REAL_DATA"])
    return folder if folder.is_absolute() else (ROOT / folder).resolve()


@pytest.fixture(scope="session")
def home() -> Path:
    """The home of the tests' own cluster."""
    return Path(os.environ.get("HOME_OF_TESTS", ROOT / "var" / "test"))


@pytest.fixture(scope="session")
def server_url(home: Path) -> str:
    """The address of the tests' own server, started when it does not run yet."""
    settings = Settings(home=home)
    server.start(settings, durable=False)
    return server.database_url(settings)


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    """A database migrated by Alembic, made once per process to be copied: nobody is ever on it."""
    url = databases.make(server_url, "migrated")
    migrate(url)
    databases.close(url, server_url)
    yield url
    databases.drop(url, server_url)


def migrate(url: str, revision: str = "head") -> None:
    """Bring a database to a revision by the project's migrations."""
    engine = connect(url, statement_timeout_s=0)
    with engine.begin() as connection:
        config = Config(toml_file=ROOT / "pyproject.toml")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


@pytest.fixture(scope="session")
def engine(template: str, server_url: str) -> Iterator[Engine]:
    """An engine on a migrated database, for tests that roll back."""
    url = databases.make(server_url, "shared", databases.name_of(template))
    made = connect(url, application="tests")
    yield made
    made.dispose()
    databases.drop(url, server_url)


@pytest.fixture
def sessions(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[sessionmaker[Session]]:
    """A session factory on one connection whose outer transaction is rolled back at the end.

    A door's `sessions.begin()` commits a savepoint, so commands, views and the test see each
    other and nothing stays.
    """
    # A file that is read for longer than this tells how far it is, on another connection than the
    # one that its rows stream into. Here both are one, which would wait for itself for ever.
    monkeypatch.setattr(importing, "_EVERY_S", math.inf)
    with engine.connect() as connection:
        outer = connection.begin()
        yield sessionmaker(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )
        outer.rollback()


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One session of that factory."""
    with sessions() as made:
        yield made


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose home is the test's own folder."""
    return Settings(home=tmp_path, public_url="https://langbiang.example")


class Sender(FlaskClient):
    """Closes the file in which werkzeug keeps a large form that it sends."""

    def run_wsgi_app(self, environ: dict[str, Any], buffered: bool = False) -> Any:
        answer = super().run_wsgi_app(environ, buffered)
        if not isinstance(environ["wsgi.input"], io.BytesIO):
            environ["wsgi.input"].close()
        return answer


@pytest.fixture
def app(settings: Settings, sessions: sessionmaker[Session]) -> Flask:
    """The application over the test's transaction, without CSRF and rate limits."""
    made = create_app(settings, sessions)
    made.test_client_class = Sender
    made.config.update(TESTING=False, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    made.extensions["langbiang.limiter"].enabled = False
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of that application."""
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask, session: Session) -> Callable[..., FlaskClient]:
    """Make an account with a role and return a client that is signed in as it."""
    from web.accounts import add_account

    def make(role: str, commune: str | None = None) -> FlaskClient:
        name = f"{role}-{secrets.token_hex(3)}"
        password = add_account(session, name, [role], commune_code=commune)
        session.commit()
        made = app.test_client()
        answer = made.post("/dang-nhap", data={"username": name, "password": password})
        assert answer.status_code == 302, answer.text
        return made

    return make


@pytest.fixture
def clone(template: str, server_url: str) -> Iterator[str]:
    """The address of a database of the test's own, for what needs real commits."""
    url = databases.make(server_url, "clone", databases.name_of(template))
    yield url
    databases.drop(url, server_url)


@pytest.fixture
def clone_sessions(clone: str) -> Iterator[sessionmaker[Session]]:
    """A session factory on the test's own database; its commits are real."""
    made = connect(clone, application="tests")
    yield make_sessions(made)
    made.dispose()


@pytest.fixture
def run_command(clone: str, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `python -m …` as an operator would, over the test's own database."""

    def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if name[:9] != "LANGBIANG"}
        return subprocess.run(
            [ROOT / ".venv/bin/python", "-m", *map(str, arguments)],
            cwd=ROOT,
            env={**kept, "DATABASE_URL": clone, "LANGBIANG_HOME": str(tmp_path), **environment},
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


@pytest.fixture
def count_queries(engine: Engine) -> Iterator[Callable[[], int]]:
    """How many statements ran since the test began (against one query per row)."""
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield lambda: len(statements)
    event.remove(engine, "before_cursor_execute", note)
