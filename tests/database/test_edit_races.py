"""Shapes drawn at the same time: what overlaps is refused, whoever was first, and nobody waits
in a circle."""

import json
import random
import threading
import time

import psycopg
import pytest
from psycopg.errors import ExclusionViolation, FeatureNotSupported

from tests.map_factories import LAT, LON, square

INSERT = "INSERT INTO gis.parcel (boundary) VALUES (%s) RETURNING id"
MOVE = "UPDATE gis.parcel SET boundary = %s WHERE id = %s"
SIDE = 0.001


@pytest.fixture
def connect(clone):
    """Open connections to the test's own database; they are closed at the end."""
    opened = []

    def open_one(**options) -> psycopg.Connection:
        opened.append(psycopg.connect(clone, **options))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()


def at(column: float, row: float = 0.0, side: float = SIDE) -> str:
    """A square counted in sides of the small one from the usual place."""
    return square(LON + column * SIDE, LAT + row * SIDE, side)


def run_beside(connection, statement, parameters):
    """Run a statement in a thread until it waits for a lock; return how to hear how it ended."""
    ended = []

    def run() -> None:
        try:
            with connection.transaction():
                ended.append(connection.execute(statement, parameters).rowcount)
        except psycopg.Error as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    deadline = time.monotonic() + 60
    with psycopg.connect(connection.info.dsn, password=connection.info.password) as watcher:
        while not watcher.execute(
            "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s",
            (connection.info.backend_pid,),
        ).fetchone()[0]:
            watcher.rollback()
            assert thread.is_alive(), f"did not wait: {ended}"
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def result():
        thread.join(60)
        assert ended, "still waiting"
        return ended[0]

    return result


def test_what_is_drawn_upon_a_neighbour_is_refused_with_whom_and_how_much(connect):
    """0.001° × 0.0005° at 12.05° N is 108.9 m × 55.3 m."""
    connection = connect(autocommit=True)
    (first,) = connection.execute(INSERT, (at(0),)).fetchone()
    connection.execute(INSERT, (at(1),))  # a shared border is no overlap
    with pytest.raises(ExclusionViolation) as caught:
        connection.execute(INSERT, (at(0, 0.5),))
    diagnosis = caught.value.diag
    assert (diagnosis.constraint_name, diagnosis.table_name) == ("no_overlap", "parcel")
    facts = json.loads(diagnosis.message_detail)
    assert (facts["layer"], facts["with"]) == ("parcels", first)
    assert facts["overlap_m2"] == pytest.approx(108.9 * 55.3, rel=2e-3)


def test_up_to_a_square_metre_is_digitising_noise(connect):
    connection = connect(autocommit=True)
    connection.execute(INSERT, (at(0),))
    connection.execute(INSERT, (at(0.99995, 0),))  # a strip of 0.005 m × 110 m
    with pytest.raises(ExclusionViolation):
        connection.execute(INSERT, (at(-0.9998),))  # of 0.02 m


def test_an_overlap_that_was_there_may_stay_or_shrink_but_not_grow(connect):
    connection = connect(autocommit=True)
    with connection.transaction():
        connection.execute("SELECT set_config('langbiang.overlaps', 'report', true)")
        (first,) = connection.execute(INSERT, (at(0),)).fetchone()
        (second,) = connection.execute(INSERT, (at(0.5),)).fetchone()
    connection.execute("UPDATE gis.parcel SET name = 'x'")
    connection.execute(MOVE, (at(0.6), second))
    connection.execute(MOVE, (at(0.6, side=2 * SIDE), second))  # larger, on the other side
    with pytest.raises(ExclusionViolation):
        connection.execute(MOVE, (at(0.5), second))
    # One statement that moves both by the same: neither overlaps more than before.
    connection.execute(
        "UPDATE gis.parcel SET boundary = ST_Translate(boundary, 0.1, 0) WHERE id = ANY(%s)",
        ([first, second],),
    )
    with pytest.raises(ExclusionViolation):
        connection.execute(
            "UPDATE gis.parcel SET boundary = ST_Translate(boundary, CASE id WHEN %s THEN 0.0001"
            " ELSE 0 END, 0)",
            (first,),
        )


def test_a_closed_area_takes_up_no_room_until_it_opens_again(connect):
    connection = connect(autocommit=True)
    insert = "INSERT INTO gis.growing_area (name, status, boundary) VALUES ('x', %s, %s)"
    connection.execute(insert, ("closed", at(0)))
    connection.execute(insert, ("active", at(0.5)))
    connection.execute(
        "INSERT INTO gis.growing_area (name, declared_area_ha, location) VALUES ('p', 1,"
        " ST_Centroid(%s::geometry))",
        (at(0.5),),
    )
    with pytest.raises(ExclusionViolation):
        connection.execute("UPDATE gis.growing_area SET status = 'active' WHERE status = 'closed'")
    connection.execute(insert, ("closed", at(0.2)))


@pytest.mark.parametrize("side", [SIDE, 500 * SIDE], ids=["small", "large beside small"])
def test_of_two_inserts_at_once_one_commits(connect, side):
    first, second = connect(), connect()
    first.execute(INSERT, (at(-0.5, side=side),))
    ended = run_beside(second, INSERT, (at(0),))
    first.commit()
    assert isinstance(ended(), ExclusionViolation)
    assert first.execute("SELECT count(*) FROM gis.parcel").fetchone() == (1,)


def test_a_large_shape_waits_for_a_small_one(connect):
    first, second = connect(), connect()
    first.execute(INSERT, (at(0),))
    ended = run_beside(second, INSERT, (at(-0.5, side=500 * SIDE),))
    first.commit()
    assert isinstance(ended(), ExclusionViolation)


def test_an_update_and_an_insert_at_once(connect):
    first, second = connect(), connect()
    (moved,) = first.execute(INSERT, (at(5),)).fetchone()
    first.commit()
    first.execute(MOVE, (at(0), moved))
    ended = run_beside(second, INSERT, (at(0.5),))
    first.rollback()  # the place is free after all
    assert ended() == 1


def test_what_was_committed_while_we_waited_is_seen_or_nothing_is_written(connect):
    connection = connect()
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with pytest.raises(FeatureNotSupported):
        connection.execute(INSERT, (at(0),))
    connection.rollback()
    connection.execute("UPDATE gis.parcel SET name = 'attributes may'")


def test_places_locked_beforehand_let_a_split_go_in_several_statements(connect):
    first, second = connect(), connect()
    (whole,) = first.execute(INSERT, (at(0),)).fetchone()
    first.commit()
    first.execute("SELECT gis.lock_places('parcels', %s)", (at(0),))
    ended = run_beside(second, INSERT, (at(0.25, 0.25, SIDE / 4),))
    first.execute(MOVE, (at(0, side=SIDE / 2), whole))
    first.execute(INSERT, (at(0.5, 0, side=SIDE / 2),))
    first.execute(INSERT, (at(0, 0.5, side=SIDE / 2),))
    first.commit()
    assert isinstance(ended(), ExclusionViolation)


@pytest.mark.long
def test_many_writers_on_the_same_land_neither_overlap_nor_lock_each_other_up(connect):
    """Eight writers throw squares of all sizes on one place, singly and several at once."""
    outcomes: list[str] = []

    def write(seed: int) -> None:
        chance = random.Random(seed)
        connection = connect(autocommit=True)
        own: list[int] = []
        for _ in range(60):
            shapes = [
                at(chance.uniform(0, 60), chance.uniform(0, 60), chance.choice((1, 3, 90)) * SIDE)
                for _ in range(chance.choice((1, 1, 3)))
            ]
            try:
                if own and chance.random() < 0.5:
                    connection.execute(MOVE, (shapes[0], chance.choice(own)))
                else:
                    made = connection.execute(
                        "INSERT INTO gis.parcel (boundary) SELECT unnest(%s::text[])::geometry"
                        " RETURNING id",
                        (shapes,),
                    )
                    own += [row[0] for row in made]
                outcomes.append("written")
            except psycopg.Error as error:
                outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(outcomes) == {"written", "ExclusionViolation"}
    assert len(outcomes) == 480
    assert outcomes.count("written") > 20
    left = connect().execute(
        "SELECT count(*) FROM gis.parcel AS a JOIN gis.parcel AS b ON a.id < b.id"
        " AND a.boundary && b.boundary"
        " AND ST_Area(ST_Intersection(a.boundary, b.boundary)::geography) > 1"
    )
    assert left.fetchone() == (0,)
