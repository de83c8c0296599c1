"""Connections that died in the pool are replaced before anybody notices."""

import psycopg
from sqlalchemy import text


def test_a_server_that_ended_its_connections_is_not_noticed(clone: str, clone_sessions):
    with clone_sessions.begin() as session:
        first = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with psycopg.connect(clone, autocommit=True) as operator:
        operator.execute("SELECT pg_terminate_backend(%s, 60000)", (first,))
    with clone_sessions.begin() as session:
        assert session.execute(text("SELECT pg_backend_pid()")).scalar_one() != first


def test_a_living_connection_is_used_again_without_a_question(clone_sessions):
    with clone_sessions.begin() as session:
        first = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with clone_sessions.begin() as session:
        again = session.execute(
            text("SELECT pg_backend_pid(), query FROM pg_stat_activity WHERE pid = :pid"),
            {"pid": first},
        ).one()
    assert again[0] == first
