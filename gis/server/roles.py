"""Database roles of officers, for QGIS or psql on PostGIS itself.

A role may read what an officer's map shows and write the editable layers of its commune; the rest
the database holds by itself (`migrations/versions/20261122_editing.py`): policies for where,
triggers for overlap and history. Roles belong to the server and not to the database, so they and
their grants are made here and never by a migration, and a backup holds none of them.

Names begin with the database's, since two databases of one server may have officers of one name:
`langbiang_officer`, in the group `langbiang_officers` that holds the grants.
"""

import secrets
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import errors, sql
from sqlalchemy import delete
from sqlalchemy.orm import Session

from gis.errors import ConflictError, InvalidInputError, UnavailableError
from gis.models import DatabaseRole

Connection = psycopg.Connection[tuple[Any, ...]]

READABLE = (
    "administrative_unit", "administrative_succession", "parcel", "growing_area",
    "growing_area_code", "facility", "high_tech_zone", "zone_indicator", "zone_assessment",
    "track", "application", "crop", "party_name", "layer_state",
)  # fmt: skip
# table: what an officer may do besides UPDATE of the columns that are an officer's to say.
WRITABLE: dict[str, LiteralString] = {
    "parcel": "INSERT, DELETE",
    "growing_area": "INSERT, DELETE",
    "facility": "INSERT, DELETE",
    "high_tech_zone": "INSERT, DELETE",
    "administrative_unit": "INSERT",
}
_KEPT = ("id", "version", "source", "source_id", "is_demo", "created_at", "updated_at")
# A forgotten window of QGIS must not hold up the site.
_LIMITS = {
    "statement_timeout": "60s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "10min",
}
_MOST_BYTES = 63  # of a name in PostgreSQL; longer ones are cut without a word


@dataclass(frozen=True, slots=True)
class Login:
    """How to connect; the password is kept nowhere."""

    host: str
    port: int
    database: str
    role: str
    password: str


def make_login(session: Session, account: str, commune_code: str | None) -> Login:
    """Make the account's role, or renew its password, commune and grants; in this transaction.

    Args:
        session: As a role that may make roles: a superuser, or one with CREATEROLE.
        account: Whose edits they are; the caller knows that it is an officer's.
        commune_code: Where the role may write; None = the whole province.

    Raises:
        ConflictError: When a role of that name is not of this database's officers.
        InvalidInputError: When the name would be too long.
        UnavailableError: When the application's own role may not make roles.
    """
    connection = _raw(session)
    database = connection.info.dbname
    role, group = role_of(database, account), group_of(database)
    password = secrets.token_urlsafe(18)
    # Made unreadable here, so that no log of statements shows it.
    kept = connection.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    ).decode()
    try:
        _ensure(connection, group, "NOLOGIN", _mark(database))
        _ensure(connection, role, "LOGIN", _mark(database, account))
        _run(
            connection,
            "ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT CONNECTION LIMIT 10"
            " PASSWORD {}",
            sql.Identifier(role),
            sql.Literal(kept),
        )
        for name, value in _LIMITS.items():
            _run(
                connection,
                "ALTER ROLE {} SET {} = {}",
                sql.Identifier(role),
                sql.Identifier(name),
                sql.Literal(value),
            )
        _run(connection, "GRANT {} TO {}", sql.Identifier(group), sql.Identifier(role))
        _grant(connection, group)
    except errors.InsufficientPrivilege as error:
        raise UnavailableError(
            f"The role {connection.info.user} may not make roles of the database:"
            f' ALTER ROLE "{connection.info.user}" CREATEROLE, as a superuser.'
        ) from error
    session.execute(delete(DatabaseRole).where(DatabaseRole.account == account))
    session.add(DatabaseRole(role=role, account=account, commune_code=commune_code))
    session.flush()
    return Login(connection.info.host, connection.info.port, database, role, password)


def drop_login(session: Session, account: str) -> bool:
    """Take the account's role away; False when it has none. Open connections write no more."""
    connection = _raw(session)
    database = connection.info.dbname
    role = role_of(database, account)
    had = session.execute(
        delete(DatabaseRole).where(DatabaseRole.account == account).returning(DatabaseRole.role)
    ).all()
    if _description(connection, role) == _mark(database, account):
        _run(connection, "DROP ROLE {}", sql.Identifier(role))
        return True
    return bool(had)


def renew_after_restore(connection: Connection, database: str) -> None:
    """Give the officers of this server their rights in a restored database, and forget others.

    Args:
        connection: To the restored database, whatever it is called for now.
        database: The name it will have.
    """
    known = connection.execute("SELECT role, account FROM gis.database_role").fetchall()
    for role, account in known:
        if role != role_of(database, account) or _description(connection, role) != _mark(
            database, account
        ):
            connection.execute("DELETE FROM gis.database_role WHERE role = %s", (role,))
    group = group_of(database)
    if _description(connection, group) == _mark(database):
        _grant(connection, group)


def role_of(database: str, account: str) -> str:
    """The name of the role of an account.

    Raises:
        InvalidInputError: When it would be too long.
    """
    return _fitting(f"{database}_{account}")


def group_of(database: str) -> str:
    """The name of the group of a database's officers."""
    return _fitting(f"{database}_officers")


def _fitting(name: str) -> str:
    if len(name.encode()) > _MOST_BYTES:
        raise InvalidInputError(f"The role {name} would have more than {_MOST_BYTES} bytes.")
    return name


def _mark(database: str, account: str | None = None) -> str:
    """What the server keeps beside our roles, so that no other one is ever taken for ours."""
    return f"Lang Biang {database}: {'officers' if account is None else f'account {account}'}"


def _description(connection: Connection, role: str) -> str | None:
    """What is kept beside a role: the empty text when nothing, None when there is no such role."""
    row = connection.execute(
        "SELECT coalesce(shobj_description(oid, 'pg_authid'), '') FROM pg_roles WHERE rolname = %s",
        (role,),
    ).fetchone()
    return row[0] if row else None


def _ensure(connection: Connection, role: str, kind: LiteralString, mark: str) -> None:
    present = _description(connection, role)
    if present is None:
        _run(connection, "CREATE ROLE {} {}", sql.Identifier(role), sql.SQL(kind))
        _run(connection, "COMMENT ON ROLE {} IS {}", sql.Identifier(role), sql.Literal(mark))
    elif present != mark:
        raise ConflictError(f"The server has a role {role} already that is not ours to change.")


def _grant(connection: Connection, group: str) -> None:
    """Give the group exactly its rights; a second time changes nothing."""
    to = sql.Identifier(group)
    _run(
        connection, "GRANT CONNECT ON DATABASE {} TO {}", sql.Identifier(connection.info.dbname), to
    )
    _run(connection, "REVOKE ALL ON ALL TABLES IN SCHEMA gis FROM {}", to)
    _run(connection, "GRANT USAGE ON SCHEMA gis TO {}", to)
    for table in READABLE:
        _run(connection, "GRANT SELECT ON gis.{} TO {}", sql.Identifier(table), to)
    for table, rights in WRITABLE.items():
        columns = connection.execute(
            "SELECT attname FROM pg_attribute"
            " WHERE attrelid = format('gis.%%I', %s::text)::regclass"
            " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attname <> ALL(%s)",
            (table, list(_KEPT)),
        ).fetchall()
        _run(
            connection,
            "GRANT {}, UPDATE ({}) ON gis.{} TO {}",
            sql.SQL(rights),
            sql.SQL(", ").join(sql.Identifier(name) for (name,) in columns),
            sql.Identifier(table),
            to,
        )
        _run(
            connection,
            "GRANT USAGE ON SEQUENCE gis.{} TO {}",
            sql.Identifier(f"{table}_id_seq"),
            to,
        )


def _raw(session: Session) -> Connection:
    """The connection itself: names of roles are no parameters that a statement could bind."""
    raw: Connection = session.connection().connection.driver_connection  # type: ignore[assignment]
    return raw


def _run(connection: Connection, statement: LiteralString, *parts: sql.Composable) -> None:
    connection.execute(sql.SQL(statement).format(*parts))
