"""What a server must offer, asked of the server itself, with a sentence for each lack."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import conninfo, sql

from gis.errors import UnavailableError
from gis.server.installation import OLDEST_MAJOR

EXTENSIONS = ("postgis", "unaccent", "pg_trgm")
_STARTING = ("starting up", "not yet accepting connections", "recovery mode")


def plain_url(url: str) -> str:
    """The address as libpq reads it, without SQLAlchemy's name of the driver."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}{separator}{rest}"


def connect_plainly(url: str, *, patience_s: float = 120) -> psycopg.Connection[tuple[Any, ...]]:
    """Open a connection in autocommit mode.

    Args:
        url: An address of libpq or SQLAlchemy.
        patience_s: How long to wait for a server that is just starting up or recovering.

    Raises:
        UnavailableError: When the server does not let us in; never shows the password.
    """
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return psycopg.connect(
                plain_url(url),
                autocommit=True,
                connect_timeout=10,
                application_name="langbiang",
            )
        except psycopg.ProgrammingError as error:
            raise UnavailableError(
                "DATABASE_URL is no address of PostgreSQL: postgresql://user:password@host/name."
            ) from error
        except psycopg.OperationalError as error:
            said = str(error)
            if any(words in said for words in _STARTING) and time.monotonic() < deadline:
                time.sleep(0.2)
                continue
            raise UnavailableError(
                f"The database at {_where(url)} does not answer: {_first_sentence(said)}"
            ) from error


def check_rights(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Check version, encoding, rights and extensions of the database connected to.

    Raises:
        UnavailableError: For the first thing missing, with its remedy.
    """
    name, user = connection.info.dbname, connection.info.user
    if (major := connection.info.server_version // 10000) < OLDEST_MAJOR:
        raise UnavailableError(
            f"The server of DATABASE_URL is PostgreSQL {major}; {OLDEST_MAJOR} or newer is needed."
        )
    facts = _row(
        connection,
        """
        SELECT pg_encoding_to_char(encoding) AS encoding,
               has_database_privilege(oid, 'CREATE') AS may_create,
               (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser,
               EXISTS (SELECT FROM pg_collation WHERE collname = 'vi-x-icu') AS has_vietnamese
        FROM pg_database WHERE datname = current_database()
        """,
    )
    if facts["encoding"] != "UTF8":
        raise UnavailableError(
            f"The database {name} is encoded in {facts['encoding']}:"
            " make one with `createdb --encoding=UTF8 --template=template0`."
        )
    if not facts["has_vietnamese"]:
        raise UnavailableError("The server was built without ICU; Vietnamese sorting needs it.")
    if not facts["may_create"]:
        raise UnavailableError(
            f"The role {user} may not make schemas:"
            f' GRANT CREATE ON DATABASE "{name}" TO "{user}", as a superuser.'
        )
    for extension in EXTENSIONS:
        _check_extension(connection, extension, is_superuser=facts["is_superuser"])


def describe(url: str) -> tuple[str, int, str | None]:
    """The server's version, the size of the database in bytes, and the migration it is at.

    Raises:
        UnavailableError: When the server does not let us in.
    """
    with connect_plainly(url, patience_s=5) as connection:
        facts = _row(
            connection,
            """
            SELECT current_setting('server_version') AS version,
                   pg_database_size(current_database()) AS size,
                   (SELECT min(schemaname) FROM pg_tables
                    WHERE tablename = 'alembic_version') AS schema
            """,
        )
        revision = None
        if facts["schema"]:
            found = connection.execute(
                sql.SQL("SELECT version_num FROM {}").format(
                    sql.Identifier(facts["schema"], "alembic_version")
                )
            ).fetchone()
            revision = found[0] if found else None
        return f"PostgreSQL {facts['version']}", facts["size"], revision


def _check_extension(
    connection: psycopg.Connection[tuple[Any, ...]],
    extension: str,
    *,
    is_superuser: bool,
) -> None:
    facts = _row(
        connection,
        """
        SELECT EXISTS (SELECT FROM pg_extension WHERE extname = %(name)s) AS is_there,
               EXISTS (SELECT FROM pg_available_extensions WHERE name = %(name)s) AS is_available,
               coalesce((SELECT bool_or(trusted) FROM pg_available_extension_versions
                         WHERE name = %(name)s), false) AS is_trusted
        """,
        {"name": extension},
    )
    if facts["is_there"]:
        return
    major = connection.info.server_version // 10000
    if not facts["is_available"]:
        package = f"postgresql-{major}-postgis-3" if extension == "postgis" else "contrib"
        raise UnavailableError(
            f"The server has no {extension}: install its package ({package}) where it runs."
        )
    if not is_superuser and not facts["is_trusted"]:
        raise UnavailableError(
            f"The role {connection.info.user} may not make the extension {extension}:"
            f" CREATE EXTENSION {extension}, as a superuser, in {connection.info.dbname}."
        )


def _row(
    connection: psycopg.Connection[tuple[Any, ...]],
    query: str,
    parameters: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
    found = cursor.execute(query, parameters).fetchone()
    return dict(found or {})


def _where(url: str) -> str:
    """Host and name of the database, without user and password."""
    try:
        parts = conninfo.conninfo_to_dict(plain_url(url))
    except psycopg.Error:
        return urlsplit(url).hostname or "DATABASE_URL"
    host, port = parts.get("host") or "the local socket", parts.get("port")
    return f"{host}{f':{port}' if port and not str(host).startswith('/') else ''}"


def _first_sentence(said: str) -> str:
    """What libpq says last: the reason, without the list of addresses tried."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    reasons = [line for line in lines if "failed: " in line]
    reason = (reasons or lines or ["no reason given"])[-1]
    return reason.rpartition("failed: ")[2].removeprefix("FATAL:").strip()
