"""`make run`: the database, the web server and a worker, started and ended together.

Each child gets a log under the home and dies with this process, even when this one is killed, so
that a second `make run` finds the port free. `serve.py stop` is `make stop`.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, Any, NoReturn

from port import check_free, lan_address, local_address, wanted_address
from processes import Child, is_locked_by_us, read_run, send, watch_make

from gis.errors import PlatformError, UnavailableError
from gis.server import running as server
from gis.server.checks import connect_plainly
from gis.server.cluster import find_cluster
from gis.server.migrating import upgrade
from gis.settings import ROOT, Settings, load_settings

PATIENCE_S = 90  # until the site must be ready
GRACE_S = 15  # for requests and jobs under way at the end


class Stopped(Exception):  # noqa: N818 - no error: somebody asked
    """SIGINT, SIGTERM or SIGHUP came, or the `make` above us was interrupted."""


def main() -> None:
    """Serve, or stop what serves."""
    try:
        settings = load_settings()
        if sys.argv[1:] == ["stop"]:
            stop(settings)
        elif not sys.argv[1:]:
            serve(settings)
        else:
            fail("usage: serve.py [stop]", code=2)
    except (PlatformError, ValueError) as error:
        fail(getattr(error, "detail", str(error)))
    except OSError as error:
        fail(f"{error.filename or 'The system'}: {error.strerror}.")


def serve(settings: Settings) -> None:
    """Start everything, say so, and stay until somebody stops us or a part ends."""
    host, port = wanted_address()
    children: list[Child] = []
    # A worker with no terminal may inherit "ignore SIGINT"; ours count in any case.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_stopped)
    is_interrupted = watch_make()
    try:
        with only_one(settings, host, port):
            check_free(host, port)
            try:
                run(settings, host, port, children, is_interrupted)
            except Stopped:
                say("Stopping …")
            finally:
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, signal.SIG_IGN)
                end_all(settings, children)
    except Stopped:
        return


def run(
    settings: Settings,
    host: str,
    port: int,
    children: list[Child],
    is_interrupted: Callable[[], bool],
) -> None:
    """Start the parts one after the other and watch them; ends by an exception only."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    python = sys.executable
    reachable = lan_address(host)
    if not settings.public_url and reachable:
        # What a phone reads from a QR code must be an address that the phone can open.
        environment["LANGBIANG_PUBLIC_URL"] = f"http://{reachable}:{port}"
    logs = settings.home / "log"
    logs.mkdir(parents=True, exist_ok=True)

    server.start(settings)
    upgrade(settings)

    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    gunicorn = [
        python, "-m", "gunicorn", "web:create_app()", "--bind", bind,
        "--worker-class", "gthread", "--threads", "8", "--timeout", "60",
        "--graceful-timeout", str(GRACE_S - 5), "--no-control-socket",
        # A filter of /ogc may hold a boundary; this is the most gunicorn takes.
        "--limit-request-line", "8190",
    ]  # fmt: skip
    worker = [python, "-m", "etl", "worker"]
    children.append(Child("web server", gunicorn, environment, logs / "web.log"))
    children.append(Child("worker", worker, environment, logs / "worker.log"))

    greeting = set_up(settings, python, environment, logs)
    local = local_address(host, port)
    deadline = time.monotonic() + PATIENCE_S
    while not is_ready(local):
        look_after(settings, children, is_interrupted)
        if time.monotonic() > deadline:
            raise UnavailableError(f"The site is not ready after {PATIENCE_S} s: see {logs}.")
        time.sleep(0.1)
    public = environment.get("LANGBIANG_PUBLIC_URL", local).rstrip("/")
    announce(local, reachable and f"http://{reachable}:{port}", public, greeting)
    while True:
        for _ in range(10):
            look_after(None, children, is_interrupted)
            time.sleep(0.2)
        look_after(settings, children, is_interrupted)


def set_up(
    settings: Settings, python: str, environment: dict[str, str], logs: Path
) -> tuple[str, str]:
    """Load what the demo lacks; return its accounts, a line each, and the path of one code."""
    kept = settings.home / "keys/demo-accounts"
    commands = {"demo data": [python, "-m", "etl", "demo"]}
    if not kept.exists() or not has_accounts(settings):
        commands["demo accounts"] = [python, "-m", "flask", "--app", "web", "accounts", "demo"]
    code = ""
    for name, command in commands.items():
        done = subprocess.run(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        with (logs / "set-up.log").open("a") as log:
            log.write(done.stdout * (name == "demo data") + done.stderr)
        if name == "demo data":
            code = next((word for word in done.stdout.split() if word.startswith("/01/")), "")
        if done.returncode != 0:
            raise UnavailableError(f"The {name} could not be loaded:\n{done.stderr[-2000:]}")
    return kept.read_text(), code


def has_accounts(settings: Settings) -> bool:
    """Tell whether the accounts of the kept passwords can be in this database."""
    with connect_plainly(server.database_url(settings)) as connection:
        return connection.execute("SELECT FROM web.account LIMIT 1").fetchone() is not None


def look_after(
    settings: Settings | None, children: list[Child], is_interrupted: Callable[[], bool]
) -> None:
    """Raise when something ended: a child, the make above us, or the database."""
    if is_interrupted():
        raise Stopped
    for child in children:
        child.check()
    if settings and not settings.database_url and not find_cluster(settings).is_running():
        log = find_cluster(settings).data / "log"
        raise UnavailableError(
            f"The database ended by itself (its log: {log}). Nothing committed is lost:"
            " `make run` starts it again."
        )


def end_all(settings: Settings, children: list[Child]) -> None:
    """End the children, then the database; returns when the port is free."""
    for child in children:
        child.ask_to_end()
    deadline = time.monotonic() + GRACE_S
    for child in children:
        child.end(deadline)
    server.stop(settings)


def announce(local: str, reachable: str | None, public: str, greeting: tuple[str, str]) -> None:
    """Print the addresses, the demo accounts and one address that a QR code holds."""
    accounts, code = greeting
    lines = [f"Ready: {local}"]
    if reachable:
        lines.append(f"On this network: {reachable}")
    lines += ["", "Demo accounts (name, password):"]
    lines += [f"  {line.expandtabs(14)}" for line in accounts.splitlines() if line.strip()]
    if code:
        lines += ["", f"A QR code of the demo leads to: {public}{code}"]
    lines += ["", "Ctrl-C or `make stop` ends it."]
    say("\n".join(lines))


def is_ready(local: str) -> bool:
    """Ask /readyz."""
    try:
        with urllib.request.urlopen(f"{local}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


@contextmanager
def only_one(settings: Settings, host: str, port: int) -> Iterator[None]:
    """Hold the home's run file; it names us to `make stop` while its lock is held.

    Raises:
        UnavailableError: When another run holds it, and is not just ending.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    with run_file(settings).open("a+") as file:
        deadline = time.monotonic() + 2 * GRACE_S
        while not is_locked_by_us(file):
            file.seek(0)
            other = read_run(file)
            # Its database is gone: it has noticed, or will in a moment, and ends.
            if not is_ending(settings, other) or time.monotonic() > deadline:
                raise UnavailableError(
                    f"It runs already, at http://{other.get('address', '?')}: `make stop` ends it."
                )
            time.sleep(0.2)
        file.truncate(0)
        file.write(json.dumps({"process": os.getpid(), "address": f"{host}:{port}"}))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def is_ending(settings: Settings, other: dict[str, Any]) -> bool:
    """Tell whether the run that holds the file is about to end."""
    if not other or settings.database_url:
        return not other
    return not find_cluster(settings).is_running() and "process" in other


def stop(settings: Settings) -> None:
    """End a run of this home, and the database that a killed one left; return when all is gone.

    Raises:
        UnavailableError: When it belongs to somebody else.
    """
    if run_file(settings).exists():
        with run_file(settings).open("a+") as file:
            if not is_locked_by_us(file):
                file.seek(0)
                _end_run(file, read_run(file).get("process"))
    server.stop(settings)


def _end_run(file: IO[str], process: int | None) -> None:
    for number, patience_s in ((signal.SIGTERM, 2 * GRACE_S + 60), (signal.SIGKILL, 5)):
        if process is None or not send(process, number):
            return
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if is_locked_by_us(file):
                return
            time.sleep(0.1)


def run_file(settings: Settings) -> Path:
    """Where a run names itself."""
    return settings.home / "run.json"


def _raise_stopped(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Stopped


def say(text: str) -> None:
    """Print at once, whatever reads us."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def fail(sentence: str, code: int = 1) -> NoReturn:
    """Say what is wrong and end."""
    sys.stderr.write(f"{sentence}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
