"""Set-up: the port is checked first, the cluster fits the machine, the locks agree."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gis.server.installation import find_installations, installation_for
from gis.server.tuning import configuration

ROOT = Path(__file__).parents[2]
PINS = re.compile(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;]+)", re.MULTILINE)
ASKED = re.compile(r'"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^"]+)"')


def check_port(**environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"HOST", "PORT"}}
    return subprocess.run(
        [sys.executable, ROOT / "scripts/port.py"],
        env={**kept, **environment},
        capture_output=True,
        text=True,
    )


def test_a_taken_port_is_one_sentence_with_two_ways_out():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = check_port(PORT=str(port))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"Port {port}" in done.stderr
    assert "make stop" in done.stderr
    assert f"PORT={port + 1}" in done.stderr
    assert check_port(PORT=str(port)).returncode == 0


@pytest.mark.parametrize("given", ["eighty", "0", "65536", "-1", "80 80", "٨٠"])
def test_a_port_must_be_one(given):
    done = check_port(PORT=given)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "1 to 65535" in done.stderr


@pytest.mark.parametrize("memory", [400, 1_000, 4_000, 24_000, 1_000_000])
def test_the_cluster_leaves_room_for_the_rest_of_the_machine(memory):
    chosen = configuration(memory, cores=2, sockets=Path("/s"), durable=True)

    def mib(name: str) -> int:
        return int(str(chosen[name]).removesuffix("MB"))

    assert mib("shared_buffers") <= memory // 4
    assert mib("shared_buffers") + 20 * mib("work_mem") + mib("maintenance_work_mem") < memory
    assert "fsync" not in chosen


def test_speed_is_bought_with_safety_only_where_asked():
    chosen = configuration(4_000, cores=2, sockets=Path("/s"), durable=False)
    assert (chosen["fsync"], chosen["full_page_writes"]) == ("off", "off")


def test_this_machine_has_a_server_and_another_version_is_named():
    newest = find_installations()[0]
    assert newest.has_postgis()
    assert installation_for(Path("/x"), newest.major).major == newest.major


def test_what_is_developed_with_is_what_runs():
    runs, develops = (
        dict(PINS.findall((ROOT / name).read_text()))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert "flask" in runs
    assert runs.items() <= develops.items()


def test_the_locks_hold_the_pins_of_the_project_and_name_no_index():
    wanted = dict(ASKED.findall((ROOT / "pyproject.toml").read_text()))
    assert len(wanted) > 30
    locked = {
        name: version
        for file in ROOT.glob("requirements*.lock")
        for name, version in PINS.findall(file.read_text())
    }
    for name, version in wanted.items():
        assert locked[name.lower()] == version
    for file in ROOT.glob("requirements*.lock"):
        assert "://" not in file.read_text()
        assert "--index" not in file.read_text()
