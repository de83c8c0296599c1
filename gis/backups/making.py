"""Backup: database, uploaded files, settings and keys in one file that can be verified."""

import os
import tarfile
import tempfile
import time
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from psycopg import IsolationLevel

from gis.backups import dumps, manifest
from gis.backups.manifest import Manifest, Member
from gis.errors import UnavailableError
from gis.server import running as server
from gis.server.checks import connect_plainly, describe
from gis.settings import Settings


def back_up(settings: Settings, file: Path) -> Manifest:
    """Write everything that a new machine needs into `file`, mode 0600.

    The dump and the counts of rows are of one instant, whatever is written meanwhile; the file
    appears under its name only when it is whole.

    Args:
        settings: What to back up.
        file: A tar archive; replaced.

    Raises:
        UnavailableError: When the server, a right or room on the disk is missing.
    """
    file = file.expanduser().absolute()
    if not file.parent.is_dir():
        raise UnavailableError(f"There is no folder {file.parent} to write the backup into.")
    url = server.database_url(settings)
    try:
        # Beside the target, so that room is needed in one place and the last step is a rename.
        with tempfile.TemporaryDirectory(prefix=f".{file.name}-", dir=file.parent) as scratch:
            return _write(settings, url, file, Path(scratch))
    except OSError as error:
        raise UnavailableError(
            f"The backup could not be written to {file.parent}: {error.strerror or error}."
        ) from error


def _write(settings: Settings, url: str, file: Path, scratch: Path) -> Manifest:
    dump, partial = scratch / "dump", scratch / "backup"
    with connect_plainly(url) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.transaction():
            found = connection.execute("SELECT pg_export_snapshot()").fetchone()
            dumps.dump(url, dump, snapshot=found[0] if found else "")
            rows = dumps.count_rows(connection)
            systems = dumps.added_reference_systems(connection)
        major = connection.info.server_version // 10000
    members: dict[str, Member] = {}
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as output:
        with tarfile.open(fileobj=output, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for name, path in {manifest.DATABASE: dump, **_files(settings)}.items():
                members[name] = manifest.add_file(archive, name, path)
            made = Manifest(
                made_at=datetime.now(UTC).isoformat(timespec="seconds"),
                postgresql=major,
                migration=describe(url)[2],
                rows=rows,
                reference_systems=systems,
                # The address of the server belongs to the place, and holds a password.
                settings=settings.model_dump(
                    mode="json", exclude={"database_url"}, exclude_defaults=True
                ),
                members=members,
            )
            text = made.to_json()
            entry = tarfile.TarInfo(manifest.NAME)
            entry.size, entry.mode, entry.mtime = len(text), 0o600, int(time.time())
            archive.addfile(entry, BytesIO(text))
        output.flush()
        os.fsync(output.fileno())
    partial.replace(file)
    return made


def _files(settings: Settings) -> dict[str, Path]:
    """The uploaded files and the keys, by their name in the backup; links are not followed."""
    found = {}
    for prefix, folder in (
        (manifest.FILES, settings.files_folder),
        (manifest.KEYS, settings.home / "keys"),
    ):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and path.name != manifest.PASSWORD:
                found[prefix + path.relative_to(folder).as_posix()] = path
    return found
