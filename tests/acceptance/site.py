"""The site with its demo data, served by gunicorn for programs of others to try.

Acceptance is what these programs find. They live in virtual environments of their own under
`var/acceptance`, since some pin older versions of what we test with.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gis.server import running as server
from gis.settings import Settings
from tests import databases
from tests.benchmarks.serving import free_port, install, serve, wait_for
from tests.conftest import ROOT, migrate


@dataclass(frozen=True)
class Site:
    """Where `/ogc` is, and the token of an administrator."""

    ogc: str
    token: str


@contextmanager
def serve_demo() -> Iterator[Site]:
    """Serve a database of its own until the block ends."""
    settings = Settings(home=ROOT / "var" / "test")
    server.start(settings, durable=False)
    base = server.database_url(settings)
    url = databases.make(base, "acceptance")
    try:
        migrate(url)
        with tempfile.TemporaryDirectory() as home, ExitStack() as stack:
            environment = {"DATABASE_URL": url, "LANGBIANG_HOME": home}
            _run(environment, "etl", "demo")
            accounts = ("flask", "--app", "web", "accounts")
            _run(environment, *accounts, "add", "acceptance", "--role", "administrator")
            token = _run(environment, *accounts, "token", "acceptance").split()[-1]
            port = free_port()
            gunicorn = ["-m", "gunicorn", "web:create_app()", "--bind", f"127.0.0.1:{port}"]
            threads = ["--worker-class", "gthread", "--threads", "8"]
            command = [sys.executable, *gunicorn, *threads]
            serve(stack, command, environment, Path(home) / "web.log")
            address = f"http://127.0.0.1:{port}/ogc"
            wait_for(address)
            yield Site(address, token)
    finally:
        databases.drop(url, base)


def environment_of(name: str, *packages: str) -> Path:
    """The Python of an environment with these packages.

    Raises:
        SystemExit: No package index gives them.
    """
    python = install(ROOT / "var" / "acceptance" / name, packages)
    if python is None:
        raise SystemExit(f"{name}: {' '.join(packages)} could not be installed.")
    return python


def _run(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout
