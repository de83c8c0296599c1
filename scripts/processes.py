"""The processes of a run: its children, the `make` above it, and a file that names it."""

import ctypes
import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from gis.errors import UnavailableError
from gis.settings import ROOT

LARGEST_LOG = 10_000_000  # bytes
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Child:
    """One program that belongs to the run."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], log: Path):
        """Start it, with its output in `log`."""
        self.name, self.log = name, log
        if log.exists() and log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".1.log"))
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us alone, and we end it in order
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - no thread runs here
            )

    def check(self) -> None:
        """Raise UnavailableError, with the end of its log, when it has ended."""
        if (code := self.process.poll()) is not None:
            lines = self.log.read_text(errors="replace").splitlines()[-20:]
            said = "\n".join(f"  {line}" for line in lines)
            raise UnavailableError(
                f"The {self.name} ended by itself (exit code {code});"
                f" the end of {self.log}:\n{said}"
            )

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        with suppress(ProcessLookupError):
            self.process.terminate()

    def end(self, deadline: float) -> None:
        """Wait for it until `deadline` (monotonic seconds), then end all of its processes."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.1, deadline - time.monotonic()))
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def watch_make() -> Callable[[], bool]:
    """Return a function that tells whether the `make` above us was interrupted or is gone.

    GNU make passes SIGTERM on to its children but not SIGINT, which it expects to reach them from
    the terminal; when only make itself got it, make waits for us. It then no longer catches SIGINT,
    and that can be seen.
    """
    parent = os.getppid()
    with suppress(OSError):
        if "make" in Path(f"/proc/{parent}/comm").read_text() and _catches_interrupt(parent):
            return lambda: os.getppid() != parent or not _catches_interrupt(parent)
    return lambda: False


def _catches_interrupt(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) & 1 << (signal.SIGINT - 1))


def is_locked_by_us(file: IO[str]) -> bool:
    """Try to lock the run file."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read_run(file: IO[str]) -> dict[str, Any]:
    """What the run that holds the file says of itself; nothing while it is just beginning."""
    try:
        return dict(json.load(file))
    except ValueError:
        return {}


def send(process: int, number: int) -> bool:
    """Send a signal; False when the process is gone.

    Raises:
        UnavailableError: When it belongs to somebody else.
    """
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return False
    except PermissionError as error:
        raise UnavailableError(f"It runs as another user (process {process}).") from error
    return True


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
