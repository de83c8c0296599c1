"""The database of the whole house: declarative base, engine, sessions, who acts and why."""

from select import select
from time import monotonic
from typing import Any

import psycopg
from sqlalchemy import Engine, MetaData, Text, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from gis.errors import UnavailableError

# Stable names: errors are recognised by constraint name, migrations drop by name.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The declarative base of all four packages; each puts its tables in its own schema."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {str: Text}  # noqa: RUF012  SQLAlchemy reads it as a class attribute


_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 9))")


def connect(
    url: str,
    *,
    application: str = "langbiang",
    statement_timeout_s: int = 30,
    pool_size: int = 8,
) -> Engine:
    """Make the engine of this process (one per process; no connection is opened yet).

    Args:
        url: A libpq or SQLAlchemy address of PostgreSQL; psycopg 3 is used whatever it says.
        application: Shown in `pg_stat_activity`.
        statement_timeout_s: A statement that runs longer is cancelled; 0 = never (bulk work).
        pool_size: Connections kept open.

    Raises:
        UnavailableError: When the address is none; its password is not shown.
    """
    _, _, rest = url.partition("://")
    try:
        address = make_url(f"postgresql+psycopg://{rest}")
    except (ArgumentError, ValueError):
        # Its own sentence might show the address, and with it the password.
        raise UnavailableError(
            "DATABASE_URL is no address of PostgreSQL: postgresql://user:password@host/name."
        ) from None
    engine = create_engine(
        address,
        pool_size=pool_size,
        max_overflow=4,
        connect_args={
            "application_name": application,
            "connect_timeout": 5,
            "options": (
                f"-c timezone=UTC -c statement_timeout={statement_timeout_s * 1000}"
                " -c lock_timeout=10000 -c idle_in_transaction_session_timeout=600000"
                # As on the private server (gis.server.tuning): compiling takes longer than asking.
                " -c jit=off"
            ),
        },
    )
    _watch(engine)
    return engine


# A connection that lay idle for longer is asked whether it still answers.
_ASKED_AFTER_S = 30.0


def _watch(engine: Engine) -> None:
    """Replace connections that died while they lay in the pool, without asking each one each time.

    A server that ended closes its sockets, and a socket that has something to say while nothing was
    asked is suspect: looking costs no round trip, where `pool_pre_ping` costs two a request.
    """

    @event.listens_for(engine, "checkin")
    def note(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["idle_since"] = monotonic()

    @event.listens_for(engine, "checkout")
    def look(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        idle_since = record.info.get("idle_since")
        if idle_since is None:
            return
        quiet = select([connection.fileno()], [], [], 0) == ([], [], [])
        if quiet and monotonic() - idle_since < _ASKED_AFTER_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            # The pool takes the next one, or makes one, when it hears this.
            raise DisconnectionError from error


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """Make the session factory; doors open a transaction with `sessions.begin()`."""
    return sessionmaker(engine, expire_on_commit=False)


def sign_as(session: Session, actor: str, reason: str | None = None) -> None:
    """Say who acts, and why, until the end of this transaction; `gis.revision` records it."""
    session.execute(
        text(
            "SELECT set_config('langbiang.actor', :actor, true),"
            " set_config('langbiang.reason', :reason, true)"
        ),
        {"actor": actor, "reason": reason or ""},
    )


def wait_for_turn(session: Session, name: str) -> None:
    """Let transactions that would do the same thing act one after the other, until each ends.

    What one looks for before it writes (a button tapped twice) is then seen by the next.
    """
    session.execute(_TURN, {"name": name})


def report_overlaps(session: Session) -> None:
    """Let rows be written that lie upon each other, until the end of this transaction.

    For loads, which report overlaps as warnings; edits are refused by the database. It heeds this
    only from the owner of the tables.
    """
    with session.no_autoflush:  # rows that wait are written under it, too
        session.execute(text("SELECT set_config('langbiang.overlaps', 'report', true)"))
