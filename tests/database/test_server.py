"""The private cluster: made once, closed to others, and back after any crash."""

import os
import shutil
import signal
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from gis.errors import ConflictError, UnavailableError
from gis.server import running as server
from gis.server.cluster import SHARED_HOMES, Cluster, find_cluster
from gis.server.installation import processes_in
from gis.server.migrating import upgrade
from gis.settings import Settings


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A home of its own, whose cluster three callers made at the same time."""
    settings = Settings(home=tmp_path_factory.mktemp("cluster"))
    with ThreadPoolExecutor(3) as together:
        for done in [together.submit(server.start, settings) for _ in range(3)]:
            done.result()
    yield settings
    cluster = find_cluster(settings)
    server.stop(settings)
    if cluster.is_elsewhere:
        shutil.rmtree(cluster.data.parent)


@pytest.fixture
def running(own: Settings) -> Cluster:
    server.start(own)
    return find_cluster(own)


def ask(settings: Settings, query: str) -> object:
    with psycopg.connect(server.database_url(settings), autocommit=True) as connection:
        cursor = connection.execute(query)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def kill(processes: list[int]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):  # children end when they miss their postmaster
            os.kill(process, signal.SIGKILL)


def test_it_has_checksums_unicode_and_vietnamese_and_no_port(own, running):
    assert ask(own, "SHOW data_checksums") == "on"
    assert ask(own, "SHOW listen_addresses") == ""
    assert ask(own, "SHOW server_encoding") == "UTF8"
    assert ask(own, "SHOW fsync") == "on"
    assert ask(own, "SELECT 'Đà Lạt' < 'Lạc Dương' COLLATE \"vi-x-icu\"") is True
    assert len(os.fsencode(running.sockets / ".s.PGSQL.5432")) <= 107


def test_only_who_reads_the_password_comes_in(own, running):
    assert stat.S_IMODE(running.password_file.stat().st_mode) == 0o600
    wrong = server.database_url(own).replace(running.password_file.read_text().strip(), "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_the_data_lie_where_their_unprivileged_user_reaches_them(own, running):
    assert running.data.stat().st_uid != 0
    if os.geteuid() == 0:  # pytest's own folder is closed to everybody else
        assert running.data.parent.parent == SHARED_HOMES
        assert (own.home / "postgres").resolve() == running.data
    else:
        assert running.data == own.home / "postgres"


def test_what_was_committed_survives_the_death_of_every_process(own, running):
    ask(own, "CREATE TABLE IF NOT EXISTS kept (n int)")
    ask(own, "INSERT INTO kept VALUES (1)")
    kill(processes_in(running.data))
    server.start(own)  # at once, while they may still be on their way out
    assert ask(own, "SELECT count(*) FROM kept") == 1


def test_children_of_a_dead_postmaster_do_not_hinder_the_next(own, running):
    left = psycopg.connect(server.database_url(own))
    kill([int((running.data / "postmaster.pid").read_text().split()[0])])
    server.start(own)
    assert ask(own, "SELECT 1") == 1
    left.close()


def test_a_pid_file_that_names_another_server_is_seen_through(own, running):
    server.stop(own)
    assert not running.is_running()
    # As after a restart of the machine: the number belongs to another PostgreSQL now.
    (running.data / "postmaster.pid").write_text(f"{os.getpid()}\n{running.data}\n1\n5432\n")
    (running.sockets / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")
    server.start(own)
    assert ask(own, "SELECT 1") == 1


def test_a_lost_password_is_renewed(own, running):
    server.stop(own)
    running.password_file.unlink()
    with pytest.raises(UnavailableError, match="make run"):
        server.database_url(own)
    server.start(own)
    assert ask(own, "SELECT 1") == 1


def test_data_of_another_version_are_refused_with_the_remedy(own, running):
    server.stop(own)
    version = running.data / "PG_VERSION"
    present = version.read_text()
    version.write_text("9\n")
    try:
        with pytest.raises(UnavailableError, match=r"PostgreSQL 9, .*Install postgresql-9 "):
            server.start(own)
    finally:
        version.write_text(present)
    server.start(own)


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres/letter.txt").write_text("mine")
    if os.geteuid() == 0:
        tmp_path.chmod(0o755)
    cluster = find_cluster(Settings(home=tmp_path))
    if cluster.data == tmp_path / "postgres":
        with pytest.raises(UnavailableError, match="move it away"):
            server.start(Settings(home=tmp_path))
    assert (tmp_path / "postgres/letter.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://who:hush@/x?host=/nonexistent", "does not answer"),
        ("postgresql://who:hush@127.0.0.1:1/x", "127.0.0.1:1 does not answer"),
        ("postgresql://who:hush@[", "no address of PostgreSQL"),
    ],
)
def test_an_unreachable_server_is_one_sentence_without_its_password(url, said):
    with pytest.raises(UnavailableError, match=said) as caught:
        server.start(Settings(DATABASE_URL=url))
    assert "hush" not in caught.value.detail
    assert "\n" not in caught.value.detail


def test_a_role_without_rights_is_told_what_to_grant(own, running):
    ask(own, "DROP ROLE IF EXISTS guest")
    ask(own, "CREATE ROLE guest LOGIN PASSWORD 'guest'")
    owner = running.password_file.read_text().strip()
    url = server.database_url(own).replace(f"langbiang:{owner}@", "guest:guest@")
    with pytest.raises(UnavailableError, match='GRANT CREATE ON DATABASE "langbiang" TO "guest"'):
        server.start(Settings(DATABASE_URL=url))
    ask(own, 'GRANT CREATE ON DATABASE langbiang TO "guest"')
    with pytest.raises(UnavailableError, match="CREATE EXTENSION postgis, as a superuser"):
        server.start(Settings(DATABASE_URL=url))


def test_a_database_newer_than_the_checkout_is_refused(clone):
    with psycopg.connect(clone, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'of_tomorrow'")
    with pytest.raises(ConflictError, match="of_tomorrow, which this checkout does not know"):
        upgrade(Settings(DATABASE_URL=clone))


def test_the_door_says_what_runs(run_command, clone):
    done = run_command("gis", "status")
    assert done.returncode == 0, done.stderr
    facts = dict(line.split(":", 1) for line in done.stdout.splitlines())
    assert facts["runs"].strip() == "yes"
    assert facts["migration"].strip() not in {"", "none"}
    away = run_command("gis", "status", DATABASE_URL="postgresql:///x?host=/nonexistent")
    assert (away.returncode, away.stderr.count("\n")) == (1, 1)
    assert Path("/nonexistent").name in away.stderr
