"""The database server: a private PostgreSQL cluster, or the one that `DATABASE_URL` names.

The private cluster needs no administrator and no port: it listens on a socket only, with a password
(SCRAM) kept under the home, and holds one database. Where its data lie: `postgres/` in the home;
when root starts it and the unprivileged user it then runs as cannot enter the home, in
`/var/lib/langbiang/<hash of the home>`, with a symbolic link at the usual place.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from gis.errors import PlatformError, UnavailableError
from gis.server import installation as postgres
from gis.server.checks import check_rights, connect_plainly, describe
from gis.server.cluster import NAME, SHARED_HOMES, Cluster, find_cluster
from gis.server.tuning import write_configuration
from gis.settings import Settings


@dataclass(frozen=True)
class Status:
    """What `python -m gis status` says."""

    is_private: bool
    place: str
    is_running: bool
    version: str | None = None
    size_bytes: int | None = None
    revision: str | None = None


def database_url(settings: Settings) -> str:
    """The address of the database: `DATABASE_URL`, or the private cluster's.

    Says nothing about whether the server runs.

    Raises:
        UnavailableError: When neither is there yet.
    """
    return settings.database_url or find_cluster(settings).url()


def start(settings: Settings, *, durable: bool = True) -> None:
    """Start the private cluster, made first if need be, with its database; or check `DATABASE_URL`.

    Safe to call at any time and from several processes: what is done already is left alone.

    Args:
        settings: Where the home is, or the server to use.
        durable: False gives up safety against crashes for speed (tests).

    Raises:
        UnavailableError: When that cannot be; the sentence says what to do.
    """
    if settings.database_url:
        with connect_plainly(settings.database_url) as connection:
            check_rights(connection)
        return
    with _no_room_explained(settings.home), _locked(settings.home):
        cluster = find_cluster(settings)
        if not cluster.exists():
            _create(cluster, postgres.choose_installation(), durable=durable)
        installation = postgres.installation_for(cluster.data, cluster.major())
        if not cluster.is_running():
            _start(cluster, installation, durable=durable)
        try:
            _prepare(cluster)
        except (UnavailableError, psycopg.OperationalError):
            if cluster.is_running():
                raise
            # Killed a moment ago, it was still on its way out.
            _start(cluster, installation, durable=durable)
            _prepare(cluster)


def stop(settings: Settings) -> None:
    """Stop the private cluster; nothing happens when it does not run or is not ours.

    Raises:
        UnavailableError: When it does not end.
    """
    if settings.database_url or not settings.home.exists():
        return
    with _locked(settings.home):
        cluster = find_cluster(settings)
        if not cluster.exists() or not cluster.is_running():
            return
        control = postgres.installation_for(cluster.data, cluster.major()).program("pg_ctl")
        for how in ("fast", "immediate"):
            done = postgres.run_as(
                cluster.account,
                [control, "stop", "-D", str(cluster.data), "-m", how, "-w", "-t", "60"],
            )
            if done.returncode == 0 or not cluster.is_running():
                return
        raise UnavailableError(f"The database did not stop: {_last_line(done.stderr)}")


def status(settings: Settings) -> Status:
    """Say whether the server runs, its version, the size of the database, and its migration.

    Raises:
        UnavailableError: When `DATABASE_URL` does not answer.
    """
    if settings.database_url:
        version, size, revision = describe(settings.database_url)
        return Status(False, "DATABASE_URL", True, version, size, revision)
    cluster = find_cluster(settings)
    try:
        version, size, revision = describe(cluster.url())
    except UnavailableError:
        return Status(True, str(cluster.data), False)
    return Status(True, str(cluster.data), True, version, size, revision)


def _create(cluster: Cluster, installation: postgres.Installation, *, durable: bool) -> None:
    """Make the data directory beside its place and move it there: never a half-made one."""
    if cluster.data.exists() and any(cluster.data.iterdir()):
        raise UnavailableError(
            f"{cluster.data} holds something that is no database: move it away and start again."
        )
    parent = cluster.data.parent
    parent.mkdir(parents=True, exist_ok=True)
    if cluster.is_elsewhere:
        for folder in (SHARED_HOMES, parent):
            folder.chmod(0o755)  # whatever the umask, the server must pass through
    password = _make_password(cluster)
    for left in parent.glob("postgres.new-*"):
        shutil.rmtree(left)
    fresh = parent / f"postgres.new-{os.getpid()}"
    fresh.mkdir(mode=0o700)
    cluster.account.own(fresh)
    given = fresh / "password"
    _write_secret(given, password)
    cluster.account.own(given)
    # initdb wants an empty folder, so the data are made one level below.
    done = postgres.run_as(
        cluster.account,
        [
            installation.program("initdb"),
            f"--pgdata={fresh}/data", f"--username={NAME}", f"--pwfile={given}",
            "--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8", "--locale=C.UTF-8",
            *([] if durable else ["--no-sync"]),
        ],
    )  # fmt: skip
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise UnavailableError(f"The database could not be made: {_last_line(done.stderr)}")
    with (fresh / "data/postgresql.conf").open("a") as file:
        file.write(
            "\n# Written at each start from the machine's size; ALTER SYSTEM goes over it.\n"
        )
        file.write("include_if_exists = 'langbiang.conf'\n")
    if cluster.data.exists():
        cluster.data.rmdir()
    (fresh / "data").rename(cluster.data)
    shutil.rmtree(fresh)
    if cluster.is_elsewhere:
        (cluster.home / "postgres").unlink(missing_ok=True)
        (cluster.home / "postgres").symlink_to(cluster.data)


def _prepare(cluster: Cluster) -> None:
    """Make the database where it is missing."""
    with connect_plainly(cluster.url("postgres")) as connection:
        check_rights(connection)
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (NAME,))
        if not found.fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(NAME))
            )


def _start(cluster: Cluster, installation: postgres.Installation, *, durable: bool) -> None:
    """Start the postmaster after clearing away what a crash left."""
    postgres.end_orphans(cluster.data)
    # A pid in these files may belong to another program by now, and PostgreSQL would believe it.
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)
    if cluster.is_elsewhere:  # again at each start: a checkout may have been moved
        (cluster.data.parent / "home").write_text(f"{cluster.home}\n")
    _prepare_sockets(cluster)
    write_configuration(
        cluster.data / "langbiang.conf",
        cluster.sockets,
        cluster.account,
        durable=durable,
    )
    if not cluster.password_file.exists():
        _replace_password(cluster, installation)
    log = cluster.data / "start.log"
    log.unlink(missing_ok=True)
    done = postgres.run_as(
        cluster.account,
        [
            installation.program("pg_ctl"), "start", "-D", str(cluster.data), "-l", str(log),
            "-w", "-t", "600",
        ],
    )  # fmt: skip
    if done.returncode != 0:
        raise UnavailableError(
            f"The database did not start: {_reason(cluster.data) or _last_line(done.stderr)}",
            log=str(log),
        )


def _prepare_sockets(cluster: Cluster) -> None:
    folder = cluster.sockets
    folder.mkdir(exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid not in {
        0,
        os.geteuid(),
        cluster.account.uid,
    }:
        raise UnavailableError(f"{folder} belongs to somebody else: remove it and start again.")
    folder.chmod(0o755)
    cluster.account.own(folder)
    for left in folder.glob(".s.PGSQL.*"):
        left.unlink()


def _make_password(cluster: Cluster) -> str:
    """Write a new password, readable only by the owner of the home."""
    folder = cluster.password_file.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = folder.parent.stat()
    password = secrets.token_urlsafe(24)
    scratch = folder / f".database-password-{os.getpid()}"
    _write_secret(scratch, password)
    if os.geteuid() == 0:
        os.chown(folder, owner.st_uid, owner.st_gid)
        os.chown(scratch, owner.st_uid, owner.st_gid)
    scratch.rename(cluster.password_file)
    return password


def _replace_password(cluster: Cluster, installation: postgres.Installation) -> None:
    """Give the role a new password when the file was lost; the data's owner may."""
    password = _make_password(cluster)
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(NAME), password)
    script = cluster.data / "password.sql"
    _write_secret(script, statement.as_string(None))
    cluster.account.own(script)
    shell = 'exec "$1" --single -D "$2" postgres < "$3"'
    done = postgres.run_as(
        cluster.account,
        [
            "/bin/sh", "-c", shell, "sh",
            installation.program("postgres"), str(cluster.data), str(script),
        ],
    )  # fmt: skip
    script.unlink()
    if done.returncode != 0:
        cluster.password_file.unlink()
        raise UnavailableError(f"The password could not be renewed: {_last_line(done.stderr)}")


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Let one process at a time start or stop; the lock is the folder's, and dies with us."""
    try:
        if not home.exists():
            # Another process may make it in the same instant: two test workers of a new checkout.
            home.mkdir(parents=True, exist_ok=True)
            if os.geteuid() == 0:  # sudo in a person's checkout must not lock that person out
                os.chown(home, home.parent.stat().st_uid, home.parent.stat().st_gid)
        descriptor = os.open(home, os.O_RDONLY)
    except OSError as error:
        raise UnavailableError(f"{home} cannot be used: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _no_room_explained(home: Path) -> Iterator[None]:
    """Turn what the system says about folders and disks into a sentence."""
    try:
        yield
    except PlatformError as error:
        if "No space left on device" in error.detail:
            raise UnavailableError(
                f"The disk that holds {home} is full: free some space and start again."
            ) from error
        raise
    except OSError as error:
        raise UnavailableError(
            f"{error.filename or home} cannot be used: {error.strerror}."
        ) from error


def _write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{text}\n")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wanted = [line for line in lines if "FATAL" in line or "error" in line.lower()]
    return (wanted or lines or ["it gave no reason"])[-1]


def _reason(data: Path) -> str | None:
    """The last FATAL line of the newest log."""
    logs = sorted(
        [*(data / "log").glob("*.log"), data / "start.log"],
        key=lambda each: each.stat().st_mtime if each.exists() else 0,
    )
    for log in reversed(logs):
        if log.exists():
            lines = log.read_text(errors="replace").splitlines()[-200:]
            if fatal := [line for line in lines if "FATAL" in line or "PANIC" in line]:
                return fatal[-1].partition("FATAL:")[2].strip() or fatal[-1]
    return None
