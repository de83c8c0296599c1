"""The migrations: one line, both ways, and equal to the models."""

import re

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from etl.staging import create_staging
from gis.database import connect
from gis.editing.undo import CREATE_UNDO
from tests.conftest import ROOT, migrate


def configuration(connection=None) -> Config:
    made = Config(toml_file=ROOT / "pyproject.toml")
    if connection is not None:
        made.attributes["connection"] = connection
    return made


def test_one_head():
    assert len(ScriptDirectory.from_config(configuration()).get_heads()) == 1


def test_down_and_up_again(clone):
    engine = connect(clone, statement_timeout_s=0)
    with engine.begin() as connection:
        command.downgrade(configuration(connection), "base")
    with engine.begin() as connection:
        left = connection.scalar(
            text("SELECT count(*) FROM pg_namespace WHERE nspname IN ('gis', 'etl', 'web')")
        )
        assert left == 0
    engine.dispose()
    migrate(clone)


def test_models_equal_migrations(clone):
    engine = connect(clone, statement_timeout_s=0)
    with engine.begin() as connection:
        command.check(configuration(connection))
    engine.dispose()


@pytest.mark.parametrize(
    ("srid", "east", "north", "lon", "lat"),
    [
        (5899, 583345.851, 1304648.000, 108.5166, 11.7963),
        (9208, 557743.884, 2090588.828, 105.3, 18.9),
    ],
)
def test_vn2000_in_the_database(session, srid, east, north, lon, lat):
    """The test vectors of the domain page, to the millimetre, in PostGIS."""
    row = session.execute(
        text(
            "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform("
            "ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), :srid) AS p) AS t"
        ),
        {"lon": lon, "lat": lat, "srid": srid},
    ).one()
    assert row == pytest.approx((east, north), abs=0.001)


def test_accent_free_search_folds_vietnamese(session):
    row = session.execute(
        text(
            "SELECT f_unaccent(lower('ĐƠN DƯƠNG')), f_unaccent(normalize('Đưng K''Nớ', NFD)),"
            " similarity(f_unaccent(lower('Đơn Dương')), 'don duong')"
        )
    ).one()
    assert row == ("don duong", "Dung K'No", 1.0)


def test_every_query_file_explains(session):
    """A renamed column breaks here, not in a request: each .sql file with null parameters."""

    found = [
        path
        for package in ("gis", "traceability", "etl", "web")
        for path in (ROOT / package).rglob("*.sql")
    ]
    assert found
    create_staging(session, "parcels")  # the temporary tables that a load's statements work on
    session.execute(CREATE_UNDO)  # and the one of an undo
    for path in found:
        statement = path.read_text("utf-8")
        if path.stem == "create_staging" or re.search(r"\bstaged_", statement):
            continue  # makes or works on temporary tables, which its own tests run
        body = re.sub(r"--[^\n]*", "", statement)
        body = re.sub(r"(?<!:):([a-z_]\w*)", "NULL", body)
        body = re.sub(r"%\((\w+)\)s", "NULL", body)
        with session.begin_nested():
            session.connection().exec_driver_sql("EXPLAIN " + body.replace("%", "%%"))


def test_history_records_an_edit_that_nobody_announced(clone):
    """An edit made with psql or QGIS is in the history too, and cannot be taken out of it."""

    square = "ST_Multi(ST_MakeEnvelope(108.5, 11.8, 108.51, 11.81, 4326))"
    with psycopg.connect(clone) as connection:
        feature = connection.execute(
            f"INSERT INTO gis.growing_area (name, boundary) VALUES ('A', {square}) RETURNING id"
        ).fetchone()[0]
        connection.execute("UPDATE gis.growing_area SET name = 'B' WHERE id = %s", (feature,))
    with psycopg.connect(clone) as connection:
        rows = connection.execute(
            "SELECT action, actor, before ->> 'name', after ->> 'name', after ->> 'version',"
            " ST_Area(after_shape::geography) / 10000 FROM gis.revision ORDER BY id"
        ).fetchall()
        user = connection.execute("SELECT session_user").fetchone()[0]
        assert [row[:5] for row in rows] == [
            ("insert", user, None, "A", "1"),
            ("update", user, "A", "B", "2"),
        ]
        assert rows[0][5] == pytest.approx(120.555, abs=0.001)
        state = connection.execute(
            "SELECT version, features FROM gis.layer_state WHERE layer = 'growing-areas'"
        ).fetchone()
        assert state == (1, 1), "one transaction is one version; one feature is counted"
        connection.execute("UPDATE gis.growing_area SET name = 'C' WHERE id = -1")
        connection.commit()
        assert connection.execute(
            "SELECT version FROM gis.layer_state WHERE layer = 'growing-areas'"
        ).fetchone() == (1,), "a statement that touches no row is no change"
        connection.execute("SELECT gis.fold_layer_changes(interval '0')")
        assert connection.execute(
            "SELECT version, features FROM gis.layer_state WHERE layer = 'growing-areas'"
        ).fetchone() == (1, 1), "folding keeps both sums"
    for statement in (
        "DELETE FROM gis.revision",
        "UPDATE gis.revision SET actor = 'x'",
        "TRUNCATE gis.revision",
        "TRUNCATE gis.growing_area CASCADE",
    ):
        with (
            psycopg.connect(clone) as connection,
            pytest.raises(psycopg.errors.RestrictViolation),
        ):
            connection.execute(statement)


def test_version_grows_when_an_older_transaction_commits_last(clone):
    """A cache that asks for the version is not left stale by commits out of order."""

    insert = (
        "INSERT INTO gis.facility (name, location)"
        " VALUES ('x', ST_SetSRID(ST_MakePoint(108.5, 11.8), 4326))"
    )
    version = "SELECT version FROM gis.layer_state WHERE layer = 'facilities'"
    with psycopg.connect(clone) as first, psycopg.connect(clone) as second:
        first.execute(insert)
        second.execute(insert)
        second.commit()
        between = second.execute(version).fetchone()[0]
        second.rollback()
        first.commit()
        assert second.execute(version).fetchone()[0] == between + 1
