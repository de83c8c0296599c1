"""Where a private cluster is: its data, its socket, its password, and who runs it."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from gis.errors import UnavailableError
from gis.server import installation as postgres
from gis.settings import Settings

NAME = "langbiang"  # of the database, and of the role that owns everything in it
PORT = 5432  # names the socket only; fixed, so that a PGPORT in somebody's shell changes nothing
SHARED_HOMES = Path("/var/lib/langbiang")
# sun_path holds 108 bytes with its final zero; the socket is called .s.PGSQL.5432
_LONGEST_FOLDER = 107 - len("/.s.PGSQL.5432")


@dataclass(frozen=True)
class Cluster:
    """Where a private cluster is, and who runs it."""

    home: Path
    data: Path
    sockets: Path
    account: postgres.Account

    @property
    def password_file(self) -> Path:
        """Where the password of the one role lies."""
        return self.home / "keys/database-password"

    @property
    def is_elsewhere(self) -> bool:
        """Tell whether the data lie outside the home, which the server cannot enter."""
        return self.data.parent.parent == SHARED_HOMES

    def exists(self) -> bool:
        """Tell whether there are data; a folder without this file is no cluster."""
        return _is_data(self.data)

    def major(self) -> int:
        """The PostgreSQL major version that made the data."""
        return int((self.data / "PG_VERSION").read_text().strip())

    def is_running(self) -> bool:
        """Tell whether its postmaster lives (a pid file alone may be left from a crash)."""
        try:
            process = int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return False
        if not Path("/proc/self/cwd").exists():
            return _exists(process)
        return postgres.is_server_in(self.data, process)

    def url(self, database: str = NAME) -> str:
        """The address of one of its databases.

        Raises:
            UnavailableError: When the password cannot be read: not set up yet, or not ours.
        """
        try:
            password = self.password_file.read_text().strip()
        except FileNotFoundError as error:
            raise UnavailableError(
                "There is no database yet: `make run` or `python -m gis up` makes it."
            ) from error
        except PermissionError as error:
            raise UnavailableError(
                f"The database belongs to another user: {self.password_file} cannot be read."
            ) from error
        host = quote(str(self.sockets), safe="")
        return f"postgresql://{NAME}:{password}@/{database}?host={host}&port={PORT}"


def find_cluster(settings: Settings) -> Cluster:
    """Find out where the private cluster of this home is, or would be made."""
    home = settings.home
    data = home.resolve() / "postgres"
    if data.is_symlink():
        data = SHARED_HOMES / _hash(home) / "postgres" if _is_copied(data, home) else data.resolve()
    if _is_data(data):
        account = postgres.unprivileged_account(data) if _is_root() else postgres.own_account()
    elif not _is_root():
        account = postgres.own_account()
    else:
        account = postgres.unprivileged_account(_nearest_existing(home))
        if not postgres.can_reach(account, _nearest_existing(home)):
            data = SHARED_HOMES / _hash(home) / "postgres"
    return Cluster(home, data, _socket_folder(data, home), account)


def _socket_folder(data: Path, home: Path) -> Path:
    """A folder short enough for a socket: beside the data, else in /tmp."""
    beside = data.parent / "socket"
    if len(os.fsencode(beside)) <= _LONGEST_FOLDER:
        return beside
    return Path("/tmp") / f"langbiang-{_hash(home)}"  # noqa: S108 - its owner is checked


def _is_copied(link: Path, home: Path) -> bool:
    """Tell whether the link came with a copy of another home that still uses the data."""
    try:
        first = Path((link.resolve().parent / "home").read_text().strip())
    except OSError:
        return False
    return first != home and (first / "postgres").resolve() == link.resolve()


def _hash(home: Path) -> str:
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:16]


def _is_root() -> bool:
    return os.geteuid() == 0


def _is_data(folder: Path) -> bool:
    """Tell whether this is a data directory; one that we may not look into counts as one."""
    try:
        return (folder / "PG_VERSION").exists()
    except PermissionError:
        return True


def _nearest_existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.exists())


def _exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
