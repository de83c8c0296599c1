"""Restore: verified in a scratch database first, then exchanged in one go.

Until the last step nothing that is in use is touched. The last step renames: inside one transaction
the scratch database takes the place of the present one, and folders of files and keys are exchanged
just before its commit. Whatever fails is put back.
"""

import contextlib
import os
import secrets
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from gis.backups import dumps, manifest
from gis.backups.manifest import Manifest
from gis.errors import ConflictError, InvalidInputError, PlatformError, UnavailableError
from gis.server import roles as database_roles
from gis.server import running as server
from gis.server.checks import connect_plainly
from gis.server.migrating import upgrade
from gis.settings import PREFIX, Settings

_SCRATCH = "_restore_"
_FORMER = "_former_"
_LOCK = "langbiang-restore"
# A restored layer must not count on from an old version: the browsers that saw what is gone would
# take the next edits for what they have. Each restoration leaps over all that were given out.
_LEAP = (
    "UPDATE gis.layer_version SET changes = changes"
    " + (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
)


def restore(
    settings: Settings, file: Path, tell: Callable[[str], None] = lambda _: None
) -> Manifest:
    """Put the state of a backup in the place of the present one.

    Args:
        settings: Where to.
        file: What `back_up` wrote.
        tell: Called with a sentence at each step.

    Raises:
        InvalidInputError: When the file is damaged or no backup; nothing is changed.
        ConflictError: When it is of a newer version, or another restoration runs.
        UnavailableError: When the server, a right or room on the disk is missing.
    """
    server.start(settings)
    try:
        with tarfile.open(file, "r:") as archive, _staging(settings) as staging:
            tell(f"Verifying {file} …")
            made = manifest.read_manifest(archive)
            _check_room(made, staging)
            for name, member in made.members.items():
                manifest.take_file(archive, name, member, staging.place(name))
            staging.give_away()
            return _restore(settings, made, staging, tell)
    except tarfile.TarError as error:
        raise InvalidInputError(
            f"{file} is no backup of the platform, or is damaged: {error}."
        ) from error
    except psycopg.Error as error:
        raise UnavailableError(
            f"The server did not let it be restored: {str(error).strip().partition(chr(10))[0]}"
        ) from error
    except OSError as error:
        raise UnavailableError(
            f"{error.filename or file} cannot be used: {error.strerror or error}."
        ) from error


class Staging:
    """Folders beside those to be replaced, so that a rename can exchange them."""

    def __init__(self, settings: Settings) -> None:
        """Choose their names; nothing is made yet."""
        mark = secrets.token_hex(4)
        keys = settings.home / "keys"
        self.work = settings.home / f".restore-{mark}"
        self.targets = {
            manifest.FILES: settings.files_folder,
            manifest.KEYS: keys,
        }
        self.fresh = {
            prefix: target.parent / f".{target.name}-restore-{mark}"
            for prefix, target in self.targets.items()
        }
        self.former = {
            prefix: target.parent / f".{target.name}-former-{mark}"
            for prefix, target in self.targets.items()
        }

    def place(self, name: str) -> Path:
        """Where a part of the backup is unpacked."""
        for prefix, folder in self.fresh.items():
            if name.startswith(prefix):
                return folder / name.removeprefix(prefix)
        return self.work / name

    def give_away(self) -> None:
        """Let root's files belong to whom the home belongs to, and folders stay as open as now."""
        owner = self.work.parent.stat()
        for prefix, folder in self.fresh.items():
            if prefix == manifest.FILES and self.targets[prefix].exists():
                shutil.copymode(self.targets[prefix], folder)
            if os.geteuid() == 0:
                for path in (folder, *folder.rglob("*")):
                    os.chown(path, owner.st_uid, owner.st_gid)

    @contextlib.contextmanager
    def exchanged(self) -> Iterator[None]:
        """Exchange the folders; put them back when the block fails."""
        done: list[str] = []
        try:
            for prefix, target in self.targets.items():
                if target.exists():
                    target.rename(self.former[prefix])
                done.append(prefix)
                self.fresh[prefix].rename(target)
            yield
        except BaseException:
            for prefix in done:
                target = self.targets[prefix]
                if target.exists():
                    target.rename(self.fresh[prefix])
                if self.former[prefix].exists():
                    self.former[prefix].rename(target)
            raise

    def clear(self) -> None:
        """Remove what is left of the work."""
        for folder in (self.work, *self.fresh.values(), *self.former.values()):
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _staging(settings: Settings) -> Iterator[Staging]:
    staging = Staging(settings)
    try:
        for folder in (staging.work, *staging.fresh.values()):
            folder.mkdir(parents=True, mode=0o700)
        yield staging
    finally:
        staging.clear()


def _check_room(made: Manifest, staging: Staging) -> None:
    needed = sum(member.size for member in made.members.values())
    free = shutil.disk_usage(staging.work).free
    if free < needed:
        raise UnavailableError(
            f"The disk of {staging.work.parent} has {free // 1_000_000} MB free and unpacking"
            f" needs {needed // 1_000_000} MB: free some space; nothing was changed."
        )


def _restore(
    settings: Settings, made: Manifest, staging: Staging, tell: Callable[[str], None]
) -> Manifest:
    url = server.database_url(settings)
    with connect_plainly(url) as connection:
        name = connection.info.dbname
    with _maintenance(url, name) as control:
        if made.postgresql > control.info.server_version // 10000:
            raise ConflictError(
                f"The backup is of PostgreSQL {made.postgresql}, newer than this server:"
                f" restore it on PostgreSQL {made.postgresql} or newer."
            )
        _drop_left_over(control, name)
        scratch = f"{name}{_SCRATCH}{secrets.token_hex(4)}"
        former = f"{name}{_FORMER}{secrets.token_hex(4)}"
        _execute(control, "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", scratch)
        try:
            tell("Restoring into a scratch database …")
            _fill(settings, url, scratch, made, staging.place(manifest.DATABASE))
            tell("Exchanging …")
            _keep_own(settings, staging)
            _exchange(control, name, scratch, former, staging)
        except BaseException:
            _execute(control, "DROP DATABASE IF EXISTS {} WITH (FORCE)", scratch)
            raise
        # The exchange is done: a former database that does not go is litter, not a failure.
        with contextlib.suppress(psycopg.Error):
            _execute(control, "DROP DATABASE IF EXISTS {} WITH (FORCE)", former)
    present = settings.model_dump(mode="json", exclude_defaults=True)
    for setting, value in made.settings.items():
        if setting not in {"home", "files", "secret_key"} and present.get(setting) != value:
            tell(f"The backup was made with {PREFIX}{setting.upper()}={value}: set it here, too.")
    tell("Programs that run on the former state (`make run`) should be started again.")
    return made


def _fill(settings: Settings, url: str, scratch: str, made: Manifest, dump: Path) -> None:
    """Load the dump, compare it with the manifest, and migrate it to this checkout."""
    target = with_database(url, scratch)
    dumps.load(target, dump)
    with connect_plainly(target) as connection:
        rows = dumps.count_rows(connection)
        differing = [
            f"{table} has {rows.get(table, 0)} rows instead of {made.rows.get(table, 0)}"
            for table in sorted(rows.keys() | made.rows.keys())
            if rows.get(table, 0) != made.rows.get(table, 0)
        ]
        if differing:
            raise InvalidInputError(f"The backup does not match its manifest: {differing[0]}.")
        dumps.add_reference_systems(connection, made.reference_systems)
    upgrade(settings.model_copy(update={"database_url": target}))
    with connect_plainly(target) as connection:
        connection.execute(_LEAP)
        database_roles.renew_after_restore(connection, make_url(url).database or "")
        connection.execute("ANALYZE")


def _keep_own(settings: Settings, staging: Staging) -> None:
    """The password of this cluster is not the backup's."""
    own = settings.home / "keys" / manifest.PASSWORD
    if own.exists():
        shutil.copy2(own, staging.fresh[manifest.KEYS] / manifest.PASSWORD)


def _exchange(
    control: dumps.Connection, name: str, scratch: str, former: str, staging: Staging
) -> None:
    """Let the scratch database, files and keys take the place of the present ones."""
    # From here on nobody comes in, and whoever is in goes; both are undone when it fails.
    _execute(control, "ALTER DATABASE {} ALLOW_CONNECTIONS false", name)
    try:
        control.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname IN (%s, %s) AND pid <> pg_backend_pid()",
            (name, scratch),
        )
        with contextlib.ExitStack() as folders, control.transaction():
            _execute(control, "ALTER DATABASE {} RENAME TO {}", name, former)
            _execute(control, "ALTER DATABASE {} RENAME TO {}", scratch, name)
            folders.enter_context(staging.exchanged())
    except BaseException:
        _execute(control, "ALTER DATABASE {} ALLOW_CONNECTIONS true", name)
        raise


@contextlib.contextmanager
def _maintenance(url: str, name: str) -> Iterator[dumps.Connection]:
    """A connection to the server beside our database, alone in restoring."""
    try:
        connection = connect_plainly(with_database(url, "postgres"))
    except PlatformError:
        connection = connect_plainly(with_database(url, "template1"))
    with connection:
        found = connection.execute(
            "SELECT pg_try_advisory_lock(hashtext(%s)), rolcreatedb OR rolsuper"
            " FROM pg_roles WHERE rolname = current_user",
            (f"{_LOCK} {name}",),
        ).fetchone()
        is_alone, may_create = found or (False, False)
        if not is_alone:
            raise ConflictError(f"Another restoration of the database {name} is running.")
        if not may_create:
            raise UnavailableError(
                f"The role {connection.info.user} may not make the scratch database:"
                f' ALTER ROLE "{connection.info.user}" CREATEDB, as a superuser.'
            )
        yield connection


def _drop_left_over(control: dumps.Connection, name: str) -> None:
    """Drop the scratch databases of restorations that were killed."""
    left = control.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (f"{name}{_SCRATCH}",)
    ).fetchall()
    for (database,) in left:
        _execute(control, "DROP DATABASE IF EXISTS {} WITH (FORCE)", database)


def with_database(url: str, name: str) -> str:
    """The address of another database of the same server."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _execute(connection: dumps.Connection, statement: str, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))
