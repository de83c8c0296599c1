"""One edit of one parcel among 200,000, all that the database does included, against a bare UPDATE.

Ours: version, history, place locks, overlap check, the layer's version, all by triggers. The peer
is the same UPDATE on a copy of the table with its indexes and constraints and without triggers.
Shape edits move one corner inwards and back out again, so that half of them add land along the
borders of neighbours; attribute edits change the name. One connection, prepared statements, each in
its own transaction, the two tables in turn, medians. Commits do not wait for the disk, which would
make the two more alike than they are.

`python -m tests.benchmarks.edits [PARCELS…]`, or `make bench`; several numbers show growth.
"""

import random
import statistics
import sys
import time

import psycopg
import shapely

from tests.benchmarks.serving import database, fill, say

COUNT = 200_000
EDITS = 1_500
WARM_UP = 50  # plans are made, pages come into memory
WANTED = 2.5

Case = dict[str, list[float]]


def copy_table(connection: psycopg.Connection) -> None:
    """Make `bare.parcel`: the same rows, indexes and constraints, no triggers."""
    connection.execute("CREATE SCHEMA bare")
    connection.execute("CREATE TABLE bare.parcel (LIKE gis.parcel INCLUDING ALL)")
    columns = "id, code, crop_id, boundary, attributes, source, source_id, version"
    connection.execute(
        f"INSERT INTO bare.parcel ({columns}) SELECT {columns} FROM gis.parcel ORDER BY id"
    )
    connection.execute("VACUUM ANALYZE bare.parcel")


def choose_edits(connection: psycopg.Connection, count: int) -> list[tuple[int, str, str]]:
    """Parcels at random, their shape and the same with a corner moved in, as hexadecimal WKB.

    Only those that lie upon no neighbour: giving up land there and taking it back is refused.
    """
    ids = [row[0] for row in connection.execute("SELECT id FROM gis.parcel ORDER BY id")]
    random.Random(20261122).shuffle(ids)
    chosen: list[tuple[int, str, str]] = []
    for feature in ids:
        row = connection.execute(
            "SELECT ST_AsBinary(boundary), EXISTS (SELECT FROM gis.parcel AS p"
            " WHERE p.boundary && a.boundary AND p.id <> a.id"
            " AND ST_Relate(p.boundary, a.boundary, '2********'))"
            " FROM gis.parcel AS a WHERE id = %s",
            (feature,),
        ).fetchone()
        if row is None or row[1]:
            continue
        shape = shapely.from_wkb(row[0])
        points = shapely.get_coordinates(shape)
        middle = shapely.get_coordinates(shape.centroid)[0]
        points[2] += (middle - points[2]) * 0.03
        moved = shapely.multipolygons([shapely.Polygon(points)])
        if moved.is_valid and shape.covers(moved):
            kept, edited = (
                str(shapely.to_wkb(shapely.set_srid(each, 4326), hex=True, include_srid=True))
                for each in (shape, moved)
            )
            chosen.append((feature, kept, edited))
        if len(chosen) == count:
            break
    return chosen


def measure(count: int) -> None:
    """Measure and print the table."""
    with database() as url:
        fill(url, count)
        with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:
            copy_table(connection)
            connection.execute("CHECKPOINT")
            chosen = choose_edits(connection, min(EDITS, count // 4))
            shapes = _time(
                connection,
                "UPDATE {}.parcel SET boundary = %s WHERE id = %s",
                [(shape, feature) for feature, kept, moved in chosen for shape in (moved, kept)],
            )
            names = _time(
                connection,
                "UPDATE {}.parcel SET name = %s WHERE id = %s",
                [(f"Ruộng {feature}", feature) for feature, _, _ in chosen],
            )
    say(f"{count:,} parcels", "ms", "ratio", "wanted")
    for name, times in (("shape", shapes), ("attribute", names)):
        for figure, of in (("median", 0.5), ("95 %", 0.95)):
            bare, ours = (_quantile(times[schema], of) for schema in ("bare", "gis"))
            say(f"{name}, {figure}: bare UPDATE", f"{bare:.3f}")
            wanted = f"under {WANTED}" if of == 0.5 else ""
            say(f"{name}, {figure}: with everything", f"{ours:.3f}", ours / bare, wanted)


def _time(connection: psycopg.Connection, statement: str, rows: list[tuple[object, int]]) -> Case:
    """Run each edit on both tables in turn; milliseconds, without the warm-up."""
    times: Case = {"bare": [], "gis": []}
    statements = {schema: statement.format(schema) for schema in times}
    for number, row in enumerate(rows):
        for schema in ("bare", "gis") if number // 2 % 2 else ("gis", "bare"):
            began = time.perf_counter()
            connection.execute(statements[schema], row)
            times[schema].append((time.perf_counter() - began) * 1000)
    return {schema: found[WARM_UP:] for schema, found in times.items()}


def _quantile(times: list[float], of: float) -> float:
    return statistics.quantiles(times, n=100)[round(of * 100) - 1]


def main() -> None:
    """Run it."""
    for count in [int(argument) for argument in sys.argv[1:]] or [COUNT]:
        measure(count)


if __name__ == "__main__":
    main()
