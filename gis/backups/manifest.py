"""What a backup says of itself: parts with their checksums, rows of each table, versions."""

import hashlib
import json
import tarfile
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from gis.errors import InvalidInputError

FORMAT = 1
NAME = "manifest.json"
DATABASE = "database.dump"
FILES = "files/"
KEYS = "keys/"
# This one belongs to the cluster, not to what is in it.
PASSWORD = "database-password"  # noqa: S105 - the name of a file
LARGEST = 50_000_000  # bytes of a manifest
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Member:
    """One part of a backup."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The first thing to read of a backup, and the measure of its restoration."""

    made_at: str
    postgresql: int
    migration: str | None
    rows: dict[str, int]
    reference_systems: list[list[Any]]
    settings: dict[str, Any]
    members: dict[str, Member]

    def to_json(self) -> bytes:
        """Write it down."""
        document = {"format": FORMAT, **asdict(self)}
        return json.dumps(document, ensure_ascii=False, indent=1, default=str).encode()


def read_manifest(archive: tarfile.TarFile) -> Manifest:
    """Read the manifest of an opened backup.

    Raises:
        InvalidInputError: When there is none, or not one of ours.
    """
    try:
        entry = archive.getmember(NAME)
        stream = archive.extractfile(entry)
        if stream is None or entry.size > LARGEST:
            raise InvalidInputError("This is no backup of the platform: its manifest is no file.")
        document = json.loads(stream.read())
        if document.pop("format") != FORMAT:
            raise InvalidInputError("This backup is of another format: use a newer version.")
        members = {name: Member(**facts) for name, facts in document.pop("members").items()}
        manifest = Manifest(**document, members=members)
    except KeyError as error:
        raise InvalidInputError("This is no backup of the platform: it has no manifest.") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidInputError("The backup is damaged: its manifest cannot be read.") from error
    for name in manifest.members:
        check_name(name)
    if DATABASE not in manifest.members:
        raise InvalidInputError("The backup is damaged: it holds no database.")
    return manifest


def check_name(name: str) -> None:
    """Refuse a part that would leave its place.

    Raises:
        InvalidInputError: When `name` is none that `back_up` writes.
    """
    path = PurePosixPath(name)
    # `files//etc/x` names a part below files/, and joined to a folder leads to /etc/x.
    is_plain = path.as_posix() == name and ".." not in path.parts and "\0" not in name
    if name != DATABASE and not (
        is_plain and name.startswith((FILES, KEYS)) and len(path.parts) > 1
    ):
        raise InvalidInputError(f"The backup holds a part of a strange name: {name!r}.")


def add_file(archive: tarfile.TarFile, name: str, path: Path) -> Member:
    """Put a file into the backup under `name`, and return its checksum.

    Raises:
        OSError: When it cannot be read, or became shorter meanwhile.
    """
    with path.open("rb") as file:
        info = archive.gettarinfo(arcname=name, fileobj=file)
        info.mode, info.uname, info.gname, info.uid, info.gid = 0o600, "", "", 0, 0
        reader = _Hashing(file)
        archive.addfile(info, reader)
        return Member(info.size, reader.digest.hexdigest())


def take_file(archive: tarfile.TarFile, name: str, expected: Member, target: Path) -> None:
    """Write one part of a backup to `target`, mode 0600, and compare its checksum.

    Raises:
        InvalidInputError: When the part is missing or differs.
    """
    try:
        stream = archive.extractfile(name)
    except KeyError:
        stream = None
    if stream is None:
        raise InvalidInputError(f"The backup is damaged: {name} is missing.")
    digest = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        target.chmod(0o600)
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != expected.sha256:
        raise InvalidInputError(f"The backup is damaged: the checksum of {name} does not match.")


class _Hashing:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read and hash."""
        chunk = self.file.read(size)
        self.digest.update(chunk)
        return chunk
