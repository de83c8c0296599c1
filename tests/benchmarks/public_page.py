"""Server time of the page that a scan opens, with 10⁶ serials and 10⁶ events in the tables.

The demo gives places and a map; the journal holds the chains of `tracing.py`, and each page asked
for is of a lot (and a serial of it) at the end of such a chain: three fields, a mixing, a roasting,
boxes, a pallet, a sale. Asked is the whole application in one process, page after page, never the
same twice: routing, all statements, the map, the template. The aim: p95 below 50 ms.
On a machine that others use as well, the wall clock measures them: the processor's own time of both
processes, the web's and the database's, is printed beside it.

`python -m tests.benchmarks.public_page [EVENTS…]`, or with all the others `make bench`.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
from flask import Flask
from sqlalchemy import Engine, event, text

from gis.database import connect, make_sessions
from gis.settings import Settings
from tests.benchmarks import tracing
from tests.benchmarks.serving import database, say
from traceability.gs1.identifiers import new_trace_code
from web import create_app

GROWTH = (10_000, 1_000_000)
SERIALS = int(os.environ.get("BENCH_SERIALS", "1000000"))
PAGES = 300
AIM_MS = 50.0
MOST_BYTES = 60_000

# Lots of the chains' three products, and of the last one's serials as many as asked for.
_REGISTER = """
    INSERT INTO traceability.product (gtin, trace_code, name, brand, ocop_set, ocop_group,
        producer_id, commune_id, summary, story, standards)
    SELECT given.gtin, given.code, 'Cà phê ' || given.n, 'Chuỗi', 13, 1,
        like_it.producer_id, like_it.commune_id, like_it.summary, like_it.story, 'TCVN 5250:2015'
    FROM unnest(%(gtins)s::text[], %(codes)s::text[]) WITH ORDINALITY AS given (gtin, code, n),
        (SELECT * FROM traceability.product WHERE commune_id IS NOT NULL ORDER BY id LIMIT 1)
        AS like_it
"""
_LOTS = """
    INSERT INTO traceability.lot (product_id, code, produced_on, expires_on)
    SELECT product.id, kind.letter || lpad(chain::text, 7, '0') || kind.suffix,
        current_date - 20, current_date + 300
    FROM unnest(%(gtins)s::text[], ARRAY['F', 'F', 'F', 'M', 'P'], ARRAY['-0', '-1', '-2', '', ''])
            AS kind (gtin, letter, suffix)
    JOIN traceability.product ON product.gtin = kind.gtin,
        generate_series(1, %(chains)s) AS chain
"""
_SOURCES = """
    INSERT INTO traceability.lot_source (lot_id, growing_area_id, harvested_on)
    SELECT lot.id, area.id, current_date - 40
    FROM traceability.lot
    JOIN traceability.product ON product.id = lot.product_id AND product.gtin = %(field)s,
        LATERAL (SELECT id FROM gis.growing_area WHERE lot.id IS NOT NULL
            AND id %% 7 = lot.id %% 7 LIMIT 2) AS area
"""
_SERIALS = """
    INSERT INTO traceability.serial (product_id, lot_id, serial, state)
    SELECT lot.product_id, lot.id, 'S' || substr(lot.code, 2) || '-' || to_char(n, 'FM00'), 'active'
    FROM traceability.lot
    JOIN traceability.product ON product.id = lot.product_id AND product.gtin = %(packed)s,
        generate_series(0, greatest(23, %(serials)s / %(chains)s)) AS n
    ON CONFLICT DO NOTHING
"""


_OURS = "(SELECT id FROM traceability.product WHERE brand = 'Chuỗi')"
_FORGET = (
    f"DELETE FROM traceability.serial WHERE product_id IN {_OURS}",
    "DELETE FROM traceability.lot_source WHERE lot_id IN"
    f" (SELECT id FROM traceability.lot WHERE product_id IN {_OURS})",
    f"DELETE FROM traceability.lot WHERE product_id IN {_OURS}",
    "DELETE FROM traceability.product WHERE brand = 'Chuỗi'",
)


def main() -> int:
    """Fill, ask, print; 1 when nothing could be measured."""
    growth = tuple(map(int, sys.argv[1:])) or GROWTH
    with database() as url, tempfile.TemporaryDirectory() as name:
        environment = {**os.environ, "DATABASE_URL": url, "LANGBIANG_HOME": name}
        command = [sys.executable, "-m", "etl", "demo"]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        engine = connect(url, statement_timeout_s=0, application="bench")
        # Of the application as it runs: with the statement timeout of a web process.
        app = create_app(
            Settings(home=Path(name), public_url="https://bench.example"),
            make_sessions(connect(url, application="bench")),
        )
        app.extensions["langbiang.limiter"].enabled = False
        try:
            told = _measure(app, engine, url, growth)
        finally:
            engine.dispose()
    for size, (median, p95, statements, heaviest) in zip(growth, told, strict=True):
        say(f"page of a serial, {size:,} events, median ms", median)
        say(f"page of a serial, {size:,} events, p95 ms", p95, AIM_MS / p95, f"aim {AIM_MS:.0f} ms")
        say("its statements", str(statements))
        say("heaviest page without style, bytes", str(heaviest), f"aim {MOST_BYTES}")
    if len(told) > 1:
        say("growth of the median", told[-1][0] / told[0][0])
    return 0


def _measure(
    app: Flask, engine: Engine, url: str, growth: tuple[int, ...]
) -> list[tuple[float, float, int, int]]:
    sessions = make_sessions(engine)
    with sessions.begin() as session:
        # After the demo's own events: the chain that is copied begins the numbering anew.
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for table in ("journal_entry", "event_item", "event_identity", "event"):
            session.execute(text(f"DELETE FROM traceability.{table}"))
        session.execute(text("SET LOCAL session_replication_role = origin"))
        span = tracing.capture_chain(session)
    filled, told = 0, []
    for size in growth:
        chains = max(size // span - 1, filled + 1)
        with sessions.begin() as session:
            tracing._copy(session, span, filled + 1, chains)
        _register(url, chains, SERIALS * size // max(growth))
        filled = chains
        told.append(_ask(app, chains))
    return told


def _register(url: str, chains: int, serials: int) -> None:
    field, mixed, packed = tracing._FIELD, tracing._MIXED, tracing._PACKED
    values = {
        "gtins": [field, field, field, mixed, packed],
        "field": field,
        "packed": packed,
        "chains": chains,
        "serials": serials,
    }
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in _FORGET:
            connection.execute(statement)
        codes = [new_trace_code() for _ in range(3)]
        connection.execute(_REGISTER, {"gtins": [field, mixed, packed], "codes": codes})
        for statement in (_LOTS, _SOURCES, _SERIALS):
            connection.execute(statement, values)
        connection.execute("SET session_replication_role = origin")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _ask(app: Flask, chains: int) -> tuple[float, float, int, int]:
    client = app.test_client()
    rng = random.Random(2026)
    engine = app.extensions["langbiang.reading"].kw["bind"]
    counted = []
    with engine.connect() as connection:
        product = connection.execute(
            text("SELECT id FROM traceability.product WHERE gtin = :gtin"),
            {"gtin": tracing._PACKED},
        ).scalar_one()
    times, heaviest, own = [], 0, 0.0
    for number in range(PAGES + 20):
        chain = f"{rng.randint(1, chains):07d}"
        path = f"/san-pham/{product}/lo/P{chain}?tem=S{chain}-07"
        if number == PAGES + 19:
            own = time.process_time() + _backend_seconds(engine) - own
            # The last one is only counted: listening costs time of its own.
            event.listen(Engine, "before_cursor_execute", lambda *_: counted.append(1))
        if number == 20:
            own = time.process_time() + _backend_seconds(engine)
        began = time.perf_counter()
        answer = client.get(path, headers={"Accept": "text/html"})
        took = (time.perf_counter() - began) * 1000
        if answer.status_code != 200 or "hanh-trinh" not in answer.text:
            raise RuntimeError(f"{path}: {answer.status_code}")
        heaviest = max(heaviest, len(answer.data))
        if 20 <= number < PAGES + 19:
            times.append(took)
    steps = answer.text.count('class="step-')
    say("steps told on the last page", str(steps))
    say("of a page: processor's time, web and database, mean ms", own * 1000 / len(times))
    return statistics.median(times), statistics.quantiles(times, n=20)[18], len(counted), heaviest


def _backend_seconds(engine: Engine) -> float:
    """The processor's time of the server's processes that work for this benchmark, in seconds."""
    with engine.connect() as connection:
        numbers = connection.execute(
            text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        ).scalars()
        total = 0
        for number in numbers:
            try:
                fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
