"""Scans a second: 307 and counted, against a route that asks the database once, over 10⁶ serials.

Both through the same site, the same two worker processes, eight connections, the cases in turn.
The ratio is what counting and resolving cost; p99 against the median shows whether the flush of
each second makes anybody wait; at the end the server is told to stop and what it counted is held
against what it answered. `python -m tests.benchmarks.scans`, or with all the others `make bench`.
"""

import os
import re
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psycopg

from tests.benchmarks.serving import (
    CONNECTIONS,
    ROUNDS,
    SECONDS,
    database,
    lacks_tools,
    say,
    serve_site,
)
from traceability.gs1.identifiers import check_digit

SERIALS = int(os.environ.get("BENCH_SERIALS", "1000000"))
EVENTS = int(os.environ.get("BENCH_EVENTS", "1000000"))
PRODUCTS = 20
PATHS = 20_000
WANTED = 0.5
WANTED_TAIL = 5.0
REFERENCE_MS = 102.0
_HOST = "https://bench.example"


def fill(url: str) -> list[str]:
    """Put in products, serials and events; return addresses of serials, spread over all."""
    gtins = [body + check_digit(body) for body in (f"095200{n:07d}" for n in range(900, 920))]
    with psycopg.connect(url) as connection:
        # The rows stand for what came in over years: their triggers are measured elsewhere.
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "INSERT INTO traceability.product (gtin, trace_code, name) SELECT gtin,"
            " 'TX-0000-A' || to_char(n, 'FM000'), 'Sản phẩm ' || n"
            " FROM unnest(%s::text[]) WITH ORDINALITY AS given (gtin, n)",
            (gtins,),
        )
        connection.execute(
            "INSERT INTO traceability.lot (product_id, code)"
            " SELECT id, 'L' || n FROM traceability.product, generate_series(1, 50) AS n"
        )
        connection.execute(
            "INSERT INTO traceability.serial (product_id, lot_id, serial, state)"
            " SELECT l.product_id, l.id, upper(substr(md5(l.id || '-' || n), 1, 12)), 'active'"
            " FROM traceability.lot AS l, generate_series(1, %s) AS n ON CONFLICT DO NOTHING",
            (SERIALS // (PRODUCTS * 50),),
        )
        _fill_events(connection)
        connection.execute("SET session_replication_role = origin")
        _publish(connection)
        rows = connection.execute(
            "SELECT '/01/' || p.gtin || '/21/' || s.serial FROM traceability.serial AS s"
            " JOIN traceability.product AS p ON p.id = s.product_id"
            " WHERE s.id %% greatest(1, %s) = 0 LIMIT %s",
            (SERIALS // PATHS, PATHS),
        ).fetchall()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return [path for (path,) in rows]


def _fill_events(connection: psycopg.Connection) -> None:
    connection.execute("SELECT traceability.ensure_event_month(current_date)")
    connection.execute(
        "INSERT INTO traceability.event (sequence, recorded_at, identity, hash_id, event_time,"
        " time_zone_offset, type, action, biz_step, context, body, captured_by)"
        " SELECT n, now(), sha256(n::text::bytea), 'ni:///sha-256;' || n, now(), '+07:00',"
        " 'ObjectEvent', 'OBSERVE', 'inspecting', '[]', '{\"type\":\"ObjectEvent\"}', 'bench'"
        " FROM generate_series(1, %s) AS n",
        (EVENTS,),
    )
    connection.execute(
        "INSERT INTO traceability.event_item (event_sequence, number, role, key, is_class)"
        " SELECT s.n, 0, 'epc', '/01/' || p.gtin || '/21/' || s.serial, false"
        " FROM (SELECT row_number() OVER () AS n, product_id, serial FROM traceability.serial) AS s"
        " JOIN traceability.product AS p ON p.id = s.product_id WHERE s.n <= %s",
        (EVENTS,),
    )


def _publish(connection: psycopg.Connection) -> None:
    """The automatic entries: default, retailers, certificate, journey."""
    connection.execute(
        "INSERT INTO traceability.link_entry (key, description, product_id)"
        " SELECT '/01/' || gtin, name, id FROM traceability.product"
    )
    connection.execute(
        "INSERT INTO traceability.link_entry (key, description, product_id)"
        " SELECT '/01/' || p.gtin || '/10/' || l.code, p.name, p.id"
        " FROM traceability.product AS p JOIN traceability.lot AS l ON l.product_id = p.id"
    )
    connection.execute(
        "INSERT INTO traceability.link (entry_id, position, is_default, link_type, href, title)"
        " SELECT e.id, n, n = 0, (ARRAY['gs1:defaultLink', 'gs1:hasRetailers',"
        " 'gs1:certificationInfo', 'gs1:traceability'])[n + 1], '/san-pham/' || e.product_id || '#'"
        " || n, e.description FROM traceability.link_entry AS e, generate_series(0, 3) AS n"
    )


def measure(base: str, paths: list[str], folder: Path) -> tuple[int, float, float, float]:
    """Answers, answers a second, and the median and 99th percentile in ms, of one round of wrk."""
    script = folder / "scan.lua"
    script.write_text(
        "local paths = {}\nfor line in io.lines('" + str(folder / "paths") + "') do"
        " paths[#paths + 1] = line end\nmath.randomseed(os.time())\n"
        "local headers = {['User-Agent'] = 'Mozilla/5.0 (Linux; Android 12) Chrome/120 Mobile'}\n"
        "function request() return wrk.format('GET', paths[math.random(#paths)], headers) end\n"
    )
    (folder / "paths").write_text("\n".join(paths))
    command = ["wrk", f"-c{CONNECTIONS}", "-t2", f"-d{SECONDS}s", "--latency", "-s", str(script)]
    said = subprocess.run([*command, base], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    answers = int(_found(r"(\d+) requests in", said))
    rate = float(_found(r"Requests/sec:\s+([\d.]+)", said))
    return answers, rate, _ms("50%", said), _ms("99%", said)


def _found(pattern: str, said: str) -> str:
    match = re.search(pattern, said)
    assert match is not None, said
    return match[1]


def _ms(share: str, said: str) -> float:
    value, unit = re.findall(rf"{share}\s+([\d.]+)(us|ms|s)\b", said)[0]
    return float(value) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def main() -> None:
    """Measure and print the table."""
    if lacks_tools("scans"):
        return
    with database() as url, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = fill(url)
        sys.stdout.write(f"{SERIALS:,} serials, {EVENTS:,} events, {len(paths):,} scanned\n")
        environment = {
            "DATABASE_URL": url,
            "LANGBIANG_HOME": name,
            "LANGBIANG_PUBLIC_URL": _HOST,
        }
        rounds: dict[str, list[tuple[int, float, float, float]]] = {"select": [], "scan": []}
        with ExitStack() as stack:
            base = serve_site(stack, environment, folder / "site.log")
            cases = {"select": ["/bench/one-select"], "scan": paths}
            for case, given in cases.items():
                rounds[case].append(measure(base, given, folder))  # warm
            for _ in range(ROUNDS):
                for case, given in cases.items():
                    rounds[case].append(measure(base, given, folder))
        # The server has stopped: whatever it answered is in the table.
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT sum(scans) FROM traceability.scan_day").fetchone()
        counted = int(row[0]) if row is not None else 0
    _print(rounds, counted)


def _print(rounds: dict[str, list[tuple[int, float, float, float]]], counted: int) -> None:
    middle = {
        case: sorted(found[1:], key=lambda one: one[1])[ROUNDS // 2]
        for case, found in rounds.items()
    }
    select, scan = middle["select"], middle["scan"]
    say("a route doing one SELECT (floor), requests/s", select[1])
    say("that route, p99 ms", select[3], select[3] / select[2], "times its median")
    ratio = scan[1] / select[1]
    say("scan → 307, counted, requests/s", scan[1], ratio, f"at least {WANTED} of the floor")
    say("scan, median ms", scan[2], REFERENCE_MS / scan[2], "times the reference resolver's 102 ms")
    say("scan, p99 ms", scan[3], scan[3] / scan[2], f"under {WANTED_TAIL} times its median")
    answered = sum(one[0] for one in rounds["scan"])
    # What was under way when wrk stopped was counted too, but not by wrk.
    under_way = CONNECTIONS * len(rounds["scan"])
    whole = answered <= counted <= answered + under_way
    say("scans answered", str(answered))
    say("scans in the table after the stop", str(counted), "" if whole else "LOST")


if __name__ == "__main__":
    main()
