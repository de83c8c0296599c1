"""`make run` as a whole: Ready, one at a time, ended in order, and back after any crash."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gis.server.cluster import find_cluster
from gis.server.installation import processes_in
from gis.settings import Settings
from tests.ports import choose_port

ROOT = Path(__file__).parents[2]


class House:
    """A home with a port of its own, and the runs that the test starts in it."""

    def __init__(self, home: Path) -> None:
        self.settings = Settings(home=home)
        self.port = choose_port()
        kept = {name: value for name, value in os.environ.items() if name[:9] != "LANGBIANG"}
        kept.pop("DATABASE_URL", None)
        self.environment = {
            **kept,
            "LANGBIANG_HOME": str(home),
            "PORT": str(self.port),
            "PYTHONPATH": str(ROOT),
        }
        self.runs: list[subprocess.Popen[str]] = []

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        run = subprocess.Popen(
            [sys.executable, "scripts/serve.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.runs.append(run)
        return run

    def serve(self) -> tuple[subprocess.Popen[str], str]:
        """Start a run; return it with what it printed until its last word of greeting."""
        run = self.command()
        said = ""
        assert run.stdout
        for line in run.stdout:
            said += line
            if "`make stop` ends it" in line:
                return run, said
        raise AssertionError(f"never ready: {said}")

    def end(self, run: subprocess.Popen[str]) -> tuple[int, str]:
        """Wait for a run; return its code and what it said at last."""
        said = run.communicate(timeout=120)[0]
        return run.returncode, said

    def is_port_free(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) != 0


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "home")
    yield made
    made.end(made.command("stop"))
    for run in made.runs:
        if run.poll() is None:
            run.kill()
        run.communicate()
    if (cluster := find_cluster(made.settings)).is_elsewhere:
        shutil.rmtree(cluster.data.parent)


@pytest.mark.long
def test_a_run_is_ready_alone_and_ends_in_order(house):
    run, said = house.serve()
    assert said.startswith(f"Ready: http://127.0.0.1:{house.port}\n")
    names = ["admin", "province", "officer", "farmer", "producer", "researcher", "leader"]
    passwords = {
        line.split()[0]: line.split()[1]
        for line in said.splitlines()
        if line.startswith("  ") and len(line.split()) == 2
    }
    assert sorted(passwords) == sorted(names)
    assert f"leads to: http://127.0.0.1:{house.port}/01/" in said
    with urllib.request.urlopen(f"http://127.0.0.1:{house.port}/readyz") as answer:
        assert answer.status == 200

    code, why = house.end(house.command())
    assert (code, why.count("\n")) == (1, 1)
    assert "make stop" in why

    assert house.end(house.command("stop")) == (0, "")
    assert house.is_port_free()
    assert house.end(run)[0] == 0
    assert not find_cluster(house.settings).is_running()

    # The passwords stay what they were, and a signal ends it as `make stop` does.
    run, again = house.serve()
    assert again == said
    run.send_signal(signal.SIGINT)
    assert house.end(run)[0] == 0
    assert house.is_port_free()


@pytest.mark.long
def test_whatever_is_killed_the_next_run_is_ready(house):
    run, said = house.serve()
    run.kill()
    deadline = time.monotonic() + 60
    while not house.is_port_free() and time.monotonic() < deadline:
        time.sleep(0.1)

    run, again = house.serve()
    assert again == said
    for process in processes_in(find_cluster(house.settings).data):
        with suppress(ProcessLookupError):  # children end when they miss their postmaster
            os.kill(process, signal.SIGKILL)
    next_run, third = house.serve()  # at once: it waits for the other to end
    assert third == said
    code, why = house.end(run)
    assert code == 1
    assert "ended by itself" in why  # the database, or the worker that lost it first
    next_run.send_signal(signal.SIGTERM)
    assert house.end(next_run)[0] == 0
