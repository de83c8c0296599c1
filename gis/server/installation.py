"""The PostgreSQL programs of this machine: which there are, and how they are run.

The server refuses to run as root, so everything that touches a data directory is run as an
`Account`: ourselves, or an unprivileged user when we are root. Linux keeps a process's folder and
name in /proc; where that is missing, PostgreSQL's own checks have to do.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gis.errors import UnavailableError

OLDEST_MAJOR = 15
_PROGRAMS = ("postgres", "initdb", "pg_ctl", "pg_dump", "pg_restore")
_INSTALL = (
    f"Install PostgreSQL {OLDEST_MAJOR} or newer with PostGIS 3"
    " (Debian and Ubuntu: `scripts/bootstrap`, or apt install postgresql postgresql-postgis),"
    " or name a server in DATABASE_URL."
)


@dataclass(frozen=True)
class Account:
    """The user a program runs as; None where that is ourselves."""

    name: str
    uid: int
    gid: int

    def is_other(self) -> bool:
        """Tell whether running as this account means changing to it."""
        return os.geteuid() != self.uid

    def own(self, path: Path) -> None:
        """Give `path` to this account (only root can, and only then is it needed)."""
        if self.is_other():
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


@dataclass(frozen=True)
class Installation:
    """One PostgreSQL on this machine."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """The path of one of its programs."""
        return str(self.folder / name)

    def has_postgis(self) -> bool:
        """Tell whether PostGIS lies beside it, in the places where packages put it."""
        shares = (
            Path(f"/usr/share/postgresql/{self.major}"),
            self.folder.parent / "share",
            self.folder.parent / "share/postgresql",
        )
        return any((share / "extension/postgis.control").exists() for share in shares)


def find_installations() -> list[Installation]:
    """List the complete PostgreSQL installations, newest first, whatever their version."""
    folders = [
        *Path("/usr/lib/postgresql").glob("*/bin"),
        *Path("/usr").glob("pgsql-*/bin"),
    ]
    if found := shutil.which("pg_config"):
        folders.append(Path(_answer([found, "--bindir"]).strip() or "/nonexistent"))
    if found := shutil.which("postgres"):
        folders.append(Path(found).resolve().parent)
    installations = {}
    for folder in folders:
        if all(os.access(folder / name, os.X_OK) for name in _PROGRAMS):
            said = _answer([str(folder / "postgres"), "--version"])
            if version := re.search(r"\(PostgreSQL\) (\d+)", said):
                installations[folder.resolve()] = Installation(folder, int(version[1]))
    return sorted(installations.values(), key=lambda each: each.major, reverse=True)


def choose_installation() -> Installation:
    """Pick the PostgreSQL for a new cluster: the newest that has PostGIS.

    Raises:
        UnavailableError: When there is none, too old a one, or none with PostGIS.
    """
    installations = find_installations()
    if not installations:
        raise UnavailableError(f"PostgreSQL is not installed on this machine. {_INSTALL}")
    recent = [each for each in installations if each.major >= OLDEST_MAJOR]
    if not recent:
        raise UnavailableError(
            f"PostgreSQL {installations[0].major} of this machine is too old. {_INSTALL}"
        )
    with_postgis = [each for each in recent if each.has_postgis()]
    if not with_postgis:
        raise UnavailableError(
            f"PostgreSQL {recent[0].major} is here, but its PostGIS is not. {_INSTALL}"
        )
    return with_postgis[0]


def installation_for(data: Path, major: int) -> Installation:
    """Find the PostgreSQL that a data directory was made by.

    Raises:
        UnavailableError: When no installed one has that major version; the sentence is the remedy.
    """
    installations = find_installations()
    for each in installations:
        if each.major == major:
            return each
    here = ", ".join(str(each.major) for each in installations) or "none"
    raise UnavailableError(
        f"The data in {data} were made by PostgreSQL {major}, and this machine has {here}."
        f" Install postgresql-{major} with postgresql-{major}-postgis-3 and start again;"
        " to change the version, then `python -m gis backup FILE`, move that folder away,"
        " `python -m gis up` and `python -m gis restore FILE`."
    )


def run_as(
    account: Account,
    command: Sequence[str],
    *,
    timeout_s: float | None = 900,
    secrets: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program of the server as `account`, in English, without this shell's PG* settings.

    Args:
        account: Who runs it.
        command: Program and arguments.
        timeout_s: When to give up; None = never.
        secrets: Environment variables, which other users cannot see as they see arguments.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "LC_")) and name != "LANGUAGE"
    }
    environment |= {"LC_ALL": "C.UTF-8", "LC_MESSAGES": "C"}
    environment |= secrets or {}
    change: dict[str, Any] = {}
    if account.is_other():
        environment |= {"HOME": "/", "USER": account.name}
        groups = os.getgrouplist(account.name, account.gid)
        change = {"user": account.uid, "group": account.gid, "extra_groups": groups}
    return subprocess.run(  # noqa: S603 - our own lists of arguments, no shell
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
        env=environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        **change,
    )


def _answer(command: Sequence[str]) -> str:
    """What a program prints about itself."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout


def can_reach(account: Account, folder: Path) -> bool:
    """Tell whether `account` may enter `folder` (asked of the system, so ACLs count too)."""
    return run_as(account, ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]).returncode == 0


def own_account() -> Account:
    """The account of this process.

    Raises:
        UnavailableError: When it has no name: PostgreSQL refuses to run then.
    """
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError as error:
        raise UnavailableError(
            f"The user with number {os.geteuid()} has no name on this machine, and PostgreSQL needs"
            " one: add it to /etc/passwd, or name a server in DATABASE_URL."
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def unprivileged_account(folder: Path) -> Account:
    """The account that a server started by root runs as.

    The owner of `folder` where that is a person (then both can use it), else `postgres`.

    Raises:
        UnavailableError: When the machine has no such user.
    """
    try:
        owner = pwd.getpwuid(folder.stat().st_uid)
        if owner.pw_uid != 0:
            return Account(owner.pw_name, owner.pw_uid, owner.pw_gid)
    except KeyError:
        pass  # a number without a name, as in bind mounts: PostgreSQL would refuse it
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError as error:
        raise UnavailableError(
            "PostgreSQL does not run as root, and there is no user `postgres` here:"
            " `useradd --system postgres`, or start as an ordinary user."
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def processes_in(folder: Path) -> list[int]:
    """The server processes at work in `folder`; for a postmaster and its children, their data."""
    numbers = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
    return [number for number in numbers if is_server_in(folder, number)]


def is_server_in(folder: Path, process: int) -> bool:
    """Tell whether this process is PostgreSQL working in `folder`, and has not ended."""
    entry = Path(f"/proc/{process}")
    try:
        if (entry / "cwd").readlink() != folder:
            return False
        before, _, after = (entry / "stat").read_text().rpartition(")")
    except OSError:
        return False  # ended meanwhile, or somebody else's
    return "(postgres" in before and after.split()[0] not in "ZX"


def end_orphans(data: Path, *, patience_s: float = 3) -> None:
    """Wait for the children of a killed postmaster to end, then end those that linger.

    They end by themselves when they notice, unless a long statement holds them; while one is
    attached to the old shared memory, a new server must not start.
    """
    for number in (None, signal.SIGQUIT, signal.SIGKILL):
        if number is not None:
            for process in processes_in(data):
                try:
                    os.kill(process, number)
                except ProcessLookupError:
                    continue
        deadline = time.monotonic() + patience_s
        while processes_in(data):
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        else:
            return
