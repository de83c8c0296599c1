"""The database as one file: PostgreSQL's own pg_dump and pg_restore, and what to compare after."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import conninfo, sql

from gis.errors import UnavailableError
from gis.server import installation as postgres
from gis.server.checks import plain_url

Connection = psycopg.Connection[tuple[Any, ...]]
# PostGIS makes these rows itself, each version its own set; ours among them travel apart.
_NOT_OURS = "spatial_ref_sys"


def dump(url: str, file: Path, *, snapshot: str) -> None:
    """Write the database into `file` in pg_dump's custom format.

    Args:
        url: The database.
        file: Absolute; replaced.
        snapshot: An exported snapshot, held open by the caller: what the dump will hold.

    Raises:
        UnavailableError: When pg_dump is too old, lacks a right, or finds no room.
    """
    _run(
        url,
        "pg_dump",
        [
            "--format=custom",
            "--no-owner",
            # Grants name roles, which another server does not have; ours are given anew.
            "--no-privileges",
            f"--snapshot={snapshot}",
            f"--exclude-table-data=*.{_NOT_OURS}",
            f"--file={file}",
        ],
        "The database could not be written down",
    )


def load(url: str, file: Path) -> None:
    """Read what `dump` wrote into an empty database.

    Raises:
        UnavailableError: At the first thing that does not go in.
    """
    jobs = min(4, os.cpu_count() or 1)
    _run(
        url,
        "pg_restore",
        ["--exit-on-error", "--no-owner", "--no-privileges", f"--jobs={jobs}", str(file)],
        "The backup could not be read into a scratch database",
    )


def count_rows(connection: Connection) -> dict[str, int]:
    """Count the rows of every table of ours: `schema.table` → rows.

    Partitions are counted, not the tables they make up; what extensions bring is left out.
    """
    tables = connection.execute(
        """
        SELECT n.nspname, c.relname
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND c.relpersistence = 'p'
          AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                          AND d.objid = c.oid AND d.deptype = 'e')
        ORDER BY 1, 2
        """
    ).fetchall()
    rows = {}
    for schema, table in tables:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
        found = connection.execute(query).fetchone()
        rows[f"{schema}.{table}"] = found[0] if found else 0
    return rows


def added_reference_systems(connection: Connection) -> list[list[Any]]:
    """The rows of `spatial_ref_sys` that PostGIS did not bring itself.

    PostGIS keeps, as a condition, which rows these are; pg_dump goes by it too.
    """
    found = connection.execute(
        "SELECT extcondition[1] FROM pg_extension WHERE extname = 'postgis'"
    ).fetchone()
    if not found:
        return []
    query = sql.SQL(
        "SELECT srid, auth_name, auth_srid, srtext, proj4text FROM spatial_ref_sys {}"
    ).format(sql.SQL(found[0] or ""))
    return [list(row) for row in connection.execute(query)]


def add_reference_systems(connection: Connection, systems: Sequence[Sequence[Any]]) -> None:
    """Put back what `added_reference_systems` found, where this PostGIS lacks it."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, srtext, proj4text)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (srid) DO NOTHING",
            systems,
        )


def _run(url: str, program: str, arguments: list[str], failure: str) -> None:
    parameters = conninfo.conninfo_to_dict(plain_url(url))
    password = parameters.pop("password", None)
    major = _server_major(url)
    installations = [each for each in postgres.find_installations() if each.major >= major]
    if not installations:
        raise UnavailableError(
            f"{program} of PostgreSQL {major} or newer is needed:"
            f" install postgresql-client-{major}."
        )
    database = conninfo.make_conninfo("", **parameters)
    done = postgres.run_as(
        postgres.own_account(),
        [installations[-1].program(program), f"--dbname={database}", "--no-password", *arguments],
        timeout_s=None,
        secrets={"PGPASSWORD": str(password)} if password else None,
    )
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        said = (lines or done.stderr.splitlines() or ["no reason given"])[0]
        raise UnavailableError(f"{failure}: {said.removeprefix(f'{program}: ')}")


def _server_major(url: str) -> int:
    with psycopg.connect(plain_url(url), connect_timeout=10) as connection:
        return connection.info.server_version // 10000
