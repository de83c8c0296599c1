"""Databases for tests: made from a template, dropped whoever is connected."""

import secrets

import psycopg
from psycopg import sql


def with_database(url: str, name: str) -> str:
    """The same server's address with another database."""
    head, _, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


def name_of(url: str) -> str:
    """The name of an address's database."""
    return url.partition("?")[0].rpartition("/")[2]


def make(url: str, prefix: str, template: str | None = None) -> str:
    """Make a database beside the one of `url`, or a copy of a closed one; return its address."""
    name = f"{prefix}_{secrets.token_hex(6)}"
    with psycopg.connect(url, autocommit=True) as connection:
        if template is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        else:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
    return with_database(url, name)


def close(url: str, base: str) -> None:
    """Let nobody connect to a database any more: only one that nobody is on can be copied."""
    name = name_of(url)
    with psycopg.connect(base, autocommit=True) as connection:
        closed = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false")
        connection.execute(closed.format(sql.Identifier(name)))
        # Waits until they are gone.
        connection.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = %s",
            (name,),
        )


def drop(url: str, base: str) -> None:
    """Drop the database of `url`, asked for from `base`."""
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name_of(url)))
        )
