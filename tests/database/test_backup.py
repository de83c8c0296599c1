"""Backup and restore: what comes back is what was there, and a damaged file changes nothing."""

import json
import os
import shutil
import stat
import tarfile
from io import BytesIO
from pathlib import Path

import psycopg
import pytest

from gis.backups.making import back_up
from gis.backups.restoring import restore
from gis.errors import ConflictError, InvalidInputError, PlatformError, UnavailableError
from gis.settings import Settings

GUESTS = "SELECT array_agg(name ORDER BY name) FROM guest"


@pytest.fixture
def house(clone: str, tmp_path: Path) -> Settings:
    """A database with a table of the test's own, a file, a key."""
    home = tmp_path / "home"
    (home / "files/scenes").mkdir(parents=True)
    (home / "keys").mkdir()
    (home / "files/scenes/slope.tif").write_bytes(os.urandom(5000))
    (home / "keys/secret").write_text("of the first day")
    (home / "keys/database-password").write_text("of this cluster")
    ask(clone, "CREATE TABLE guest (name text PRIMARY KEY)")
    ask(clone, "INSERT INTO guest VALUES ('Lạc Dương'), ('Đơn Dương')")
    return Settings(DATABASE_URL=clone, home=home, public_url="https://first.example")


def ask(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def state(settings: Settings) -> tuple[object, ...]:
    """Everything a restoration may touch: rows, files, keys, and no litter beside them."""
    base = settings.database_url or ""
    files = {
        str(path.relative_to(settings.home)): path.read_bytes()
        for path in sorted(settings.home.rglob("*"))
        if path.is_file()
    }
    name = base.partition("?")[0].rpartition("/")[2]
    databases = ask(base, f"SELECT count(*) FROM pg_database WHERE datname LIKE '{name}%'")
    return ask(base, GUESTS), files, databases


def change(settings: Settings) -> None:
    """Go on living after the backup."""
    ask(settings.database_url or "", "INSERT INTO guest VALUES ('Nai')")
    ask(settings.database_url or "", "DELETE FROM spatial_ref_sys WHERE srid = 9205")
    (settings.home / "files/later.txt").write_text("later")
    (settings.home / "keys/secret").write_text("of the second day")
    (settings.home / "keys/database-password").write_text("renewed")


def rewrite(file: Path, part: str, alter) -> None:
    """Alter one part of a backup, leaving the rest as it is."""
    with tarfile.open(file) as archive:
        parts = [(entry, archive.extractfile(entry).read()) for entry in archive.getmembers()]
    with tarfile.open(file, "w") as archive:
        for entry, content in parts:
            told = alter(content) if entry.name == part else content
            entry.size = len(told)
            archive.addfile(entry, BytesIO(told))


def test_what_was_there_comes_back(house, tmp_path):
    file = tmp_path / "day.tar"
    made = back_up(house, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made.rows["public.guest"] == 2
    assert "keys/database-password" not in made.members
    rows, files, databases = state(house)
    change(house)
    told: list[str] = []
    restore(house.model_copy(update={"public_url": None}), file, told.append)
    files["keys/database-password"] = b"renewed"  # belongs to the cluster, not to its content
    assert state(house) == (rows, files, databases)
    # The provincial systems of VN-2000 are rows that PostGIS itself does not bring.
    url = house.database_url or ""
    assert ask(url, "SELECT count(*) FROM spatial_ref_sys WHERE srid BETWEEN 9205 AND 9218") == 14
    assert any("LANGBIANG_PUBLIC_URL=https://first.example" in line for line in told)
    # No version that a browser saw before comes again with other content.
    assert ask(url, "SELECT min(changes) FROM gis.layer_version") > 1_700_000_000_000


def test_rows_written_during_a_backup_do_not_spoil_it(house, tmp_path, monkeypatch):
    from gis.backups import dumps

    dump = dumps.dump

    def dump_while_others_write(url: str, file: Path, *, snapshot: str) -> None:
        ask(url, "INSERT INTO guest VALUES ('Langbiang')")
        dump(url, file, snapshot=snapshot)

    monkeypatch.setattr(dumps, "dump", dump_while_others_write)
    made = back_up(house, tmp_path / "day.tar")
    assert made.rows["public.guest"] == 2
    restore(house, tmp_path / "day.tar")
    assert ask(house.database_url or "", "SELECT count(*) FROM guest") == 2


def miscount(content: bytes) -> bytes:
    document = json.loads(content)
    document["rows"]["public.guest"] = 3
    return json.dumps(document).encode()


def make_newer(content: bytes) -> bytes:
    return json.dumps(json.loads(content) | {"postgresql": 99}).encode()


def leave_its_place(content: bytes) -> bytes:
    document = json.loads(content)
    document["members"]["files/../../escaped"] = document["members"]["keys/secret"]
    return json.dumps(document).encode()


DAMAGES = [
    ("files/scenes/slope.tif", lambda was: was[:-1] + b"!", "checksum of files/scenes/slope.tif"),
    ("database.dump", lambda was: was[:-9], "checksum of database"),
    ("manifest.json", miscount, "guest has 2 rows instead of 3"),
    ("manifest.json", make_newer, "PostgreSQL 99"),
    ("manifest.json", leave_its_place, "strange name"),
    ("manifest.json", lambda was: was[: len(was) // 2], "cannot be read"),
]


def test_a_damaged_backup_changes_nothing(house, tmp_path):
    whole, damaged = tmp_path / "day.tar", tmp_path / "damaged.tar"
    back_up(house, whole)
    change(house)
    before = state(house)
    for part, alter, said in DAMAGES:
        shutil.copy(whole, damaged)
        rewrite(damaged, part, alter)
        with pytest.raises((InvalidInputError, ConflictError), match=said):
            restore(house, damaged)
        assert state(house) == before


def test_a_cut_or_foreign_file_changes_nothing(house, tmp_path):
    file = tmp_path / "day.tar"
    back_up(house, file)
    before = state(house)
    for content in (file.read_bytes()[:-30_000], b"", b"\x1f\x8b not a tar", os.urandom(20_000)):
        file.write_bytes(content)
        with pytest.raises(PlatformError, match="backup"):
            restore(house, file)
        assert state(house) == before


def test_a_failing_exchange_puts_everything_back(house, tmp_path, monkeypatch):
    file = tmp_path / "day.tar"
    back_up(house, file)
    change(house)
    before = state(house)
    rename = Path.rename

    def rename_all_but_the_last(self: Path, target: Path) -> Path:
        if self.name.startswith(".keys-restore"):
            raise OSError(5, "Input/output error", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", rename_all_but_the_last)
    with pytest.raises(UnavailableError, match="Input/output error"):
        restore(house, file)
    assert state(house) == before
