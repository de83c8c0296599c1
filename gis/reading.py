"""Statements made once and run often, through the driver itself.

Writing a statement of SQLAlchemy's out as text costs as much as PostgreSQL takes to answer it, so
what is read often is written out once for each shape of a question, with named parameters.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Select, exc
from sqlalchemy.dialects.postgresql import psycopg as psycopg_dialect
from sqlalchemy.orm import Session

_DIALECT = psycopg_dialect.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL as the driver takes it, and the values that are part of it."""

    sql: str
    fixed: Mapping[str, Any]


def prepare(query: Select[Any]) -> Statement:
    """Write a query out; its named parameters have None as their value."""
    compiled = query.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    return Statement(str(compiled), compiled.params)


def fetch(
    session: Session, statement: Statement, given: Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """Run a statement in the session's own transaction.

    Args:
        session: Reads only.
        statement: What to run.
        given: The values of its named parameters; ones that it lacks are left out.

    Raises:
        DBAPIError: As SQLAlchemy would raise it.
    """
    values = {**statement.fixed, **(given or {})} if given else statement.fixed
    driver: Any = session.connection().connection.driver_connection
    try:
        # Binary: numbers and texts are taken over as they are.
        with driver.cursor(binary=True) as cursor:
            cursor.execute(statement.sql, values)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows
    except psycopg.Error as error:
        raise exc.DBAPIError.instance(
            statement.sql, None, error, psycopg.Error, dialect=_DIALECT
        ) from error
