"""Loading 200,000 polygons from a GeoPackage, against ogr2ogr with COPY into the same table.

Both write the same rows into `gis.parcel` of a database migrated just before, its constraints,
indexes and triggers (history, versions) on. Ours also judges text, checks validity, keys, communes
and overlaps, and reports; the overlap check's share is stated apart. Wall clock of the whole
process, start included; best of several rounds taken in turn, so that a busy machine slows both
alike.

The peer is `ogr2ogr -f PGDump | psql`: writing straight to PostgreSQL, ogr2ogr 3.6 takes the
generated column `area_ha` for one with a default, gives up COPY and inserts row by row, which takes
over ten times as long. `python -m tests.benchmarks.load [ROWS]`, or `make bench`.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

import psycopg

from gis.server import running as server
from gis.settings import Settings
from tests import databases
from tests.benchmarks.parcels import write_geopackage
from tests.conftest import ROOT, migrate

ROWS = 200_000
ROUNDS = 3
WANTED = 0.7
MEMORY_MB = 1500

# As the loader writes them: the crop by number, the other fields as JSON, a key without a code.
SELECT = """
SELECT code,
       json_object('owner', owner, 'planted', planted, 'variety', variety, 'watering', watering)
           AS attributes,
       'parcels.gpkg' AS source,
       CASE WHEN code IS NULL THEN CAST(fid AS TEXT) END AS source_id,
       1 AS crop_id,
       geom AS boundary
FROM parcels
"""


def run_peer(file: Path, url: str) -> float:
    """Load with ogr2ogr and psql; give the seconds."""
    options = "CREATE_TABLE=OFF CREATE_SCHEMA=OFF DROP_TABLE=OFF SPATIAL_INDEX=NONE LAUNDER=NO"
    layout = [*options.split(), "GEOMETRY_NAME=boundary", "FID=id", "SRID=4326"]
    command = ["ogr2ogr", "-f", "PGDump", "/vsistdout/", str(file), "-nln", "gis.parcel"]
    command += ["-nlt", "PROMOTE_TO_MULTI", "--config", "PG_USE_COPY", "YES"]
    command += [part for option in layout for part in ("-lco", option)]
    command += ["-dialect", "SQLite", "-sql", SELECT]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as dump:
        subprocess.run(
            ["psql", "-q", "-v", "ON_ERROR_STOP=1", url],
            stdin=dump.stdout,
            stderr=subprocess.DEVNULL,
            check=True,
        )
    return time.perf_counter() - start


def run_ours(file: Path, url: str, folder: Path) -> tuple[float, dict[str, float], int]:
    """Load with our door; give the seconds, those of each step, and the memory in MB."""
    report = folder / "report.json"
    command = [sys.executable, "-m", "etl", "load", "parcels", str(file), "--report", str(report)]
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the load failed with exit code {process.returncode}")
    return seconds, json.loads(report.read_text())["seconds"], usage.ru_maxrss // 1024


def count_rows(url: str) -> tuple[int, int]:
    """Count parcels and revisions, which both ways must leave behind."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM gis.parcel), (SELECT count(*) FROM gis.revision)"
        ).fetchone()
    if row is None:
        raise RuntimeError("no answer")
    return row[0], row[1]


def measure(rows: int) -> None:
    """Measure and print the table."""
    settings = Settings(home=ROOT / "var" / "test")
    server.start(settings, durable=False)
    base = server.database_url(settings)
    template = databases.make(base, "bench")
    peer, ours, alone, steps, memory = [], [], [], {}, 0
    try:
        migrate(template)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            file = folder / "parcels.gpkg"
            # Apart, or its memory would be counted as the loader's (a child begins as its parent).
            maker = get_context("spawn").Process(target=write_geopackage, args=(file, rows))
            maker.start()
            maker.join()
            for _ in range(ROUNDS):
                for who in ("peer", "ours"):
                    url = databases.make(base, "bench", databases.name_of(template))
                    try:
                        if who == "peer":
                            peer.append(run_peer(file, url))
                        else:
                            seconds, steps, taken = run_ours(file, url, folder)
                            ours.append(seconds)
                            alone.append(seconds - steps.get("overlaps", 0.0))
                            memory = max(memory, taken)
                        if count_rows(url) != (rows, rows):
                            raise RuntimeError(f"{who} left {count_rows(url)} rows")
                    finally:
                        databases.drop(url, base)
    finally:
        databases.drop(template, base)
    floor = min(peer)
    say("ogr2ogr COPY (peer)", rows, floor, None)
    say("ours without overlaps", rows, min(alone), floor)
    say("ours with overlaps", rows, min(ours), floor)
    told = ", ".join(f"{step} {taken:.1f}" for step, taken in steps.items())
    sys.stdout.write(f"{'':28} seconds of the last round: {told}\n")
    sys.stdout.write(f"{'':28} memory {memory} MB (under {MEMORY_MB})\n")


def say(name: str, rows: int, seconds: float, floor: float | None) -> None:
    """Print one line."""
    ratio = ""
    if floor is not None:
        wanted = f" (at least {WANTED}×)" if "without" in name else ""
        ratio = f"{floor / seconds:5.2f}×{wanted}"
    sys.stdout.write(f"{name:28} {rows / seconds:8.0f} polygons/s  {seconds:6.1f} s  {ratio}\n")


def main() -> None:
    """Run it, if the peer is there."""
    if shutil.which("ogr2ogr") is None:
        sys.stdout.write("load: the peer ogr2ogr is not installed (apt-get install gdal-bin)\n")
        return
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)


if __name__ == "__main__":
    main()
