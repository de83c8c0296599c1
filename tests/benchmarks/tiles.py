"""Vector tiles over 200,000 parcels: against the same SQL under pgbench, and against tipg 1.6.

Cold: tiles of one zoom drawn by PostGIS at each request (the memory for tiles set to 0); ours
through the site's own route, tipg's with all columns, as it serves them. Again: the same tiles from
memory, packed, for a browser that has none of them, and with If-None-Match, for one that has;
against a route of the same site that does one SELECT through the same session. Parcels are opened
to the public for it, since neither peer asks who is calling; what a token costs is a line of its
own. Two worker processes each, eight connections, the cases in turn, medians.

It needs `wrk`, `pgbench` (of PostgreSQL) and, for the peer, a package index: tipg goes into a
virtual environment of its own under `var/bench`, since it is no dependency of ours.
`python -m tests.benchmarks.tiles [PARCELS] [ZOOM…]`, or `make bench`.
"""

import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from math import asinh, floor, pi, radians, tan
from pathlib import Path
from urllib.parse import quote

import psycopg
import shapely
from psycopg.conninfo import conninfo_to_dict

from gis import server
from gis.layer import View
from gis.layers import PARCELS
from gis.settings import Settings
from gis.tiles import TileAddress, statement_of
from tests import databases
from tests.benchmarks.parcels import EAST, NORTH, SOUTH, WEST, make_mosaic
from tests.conftest import ROOT, migrate

COUNT = 200_000
ZOOMS = (14,)
ROUNDS = 3
SECONDS = 4
WORKERS = 2
CONNECTIONS = 8
MOST_TILES = 120  # pgbench takes at most 128 scripts
# As every browser asks; the cold cases are measured unpacked, as pgbench and the peer answer.
PACKED = {"Accept-Encoding": "gzip"}
TIPG = ("tipg==1.6.1", "uvicorn==0.54.0")


def fill(url: str, count: int) -> None:
    """Put the parcels in, neighbours beside each other as a loaded and clustered table has them."""
    shapes = make_mosaic(count)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TEMP TABLE raw (n int, shape text)")
        with connection.cursor().copy("COPY raw FROM STDIN") as copy:
            for n, shape in enumerate(shapely.to_wkb(shapes, hex=True)):
                copy.write_row((n, shape))
        connection.execute(
            "INSERT INTO gis.parcel (code, crop_id, boundary, attributes, source, source_id)"
            " SELECT CASE WHEN n % 2 = 0 THEN 'VN-LDOR-' || lpad(n::text, 6, '0') END,"
            " 1 + n % 15, shape, jsonb_build_object('owner', 'Hộ nông dân số ' || n % 80000,"
            " 'planted', '2021-03-15', 'watering', 'nho_giot'), 'bench', n::text"
            " FROM (SELECT n, ST_Multi(ST_SetSRID(ST_GeomFromWKB(decode(shape, 'hex')), 4326))"
            "       AS shape FROM raw) AS given ORDER BY shape"
        )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE gis.parcel")


def tiles_of(zoom: int) -> list[TileAddress]:
    """Tiles spread evenly over the parcels' land."""

    def column(lon: float) -> int:
        return floor((lon + 180) / 360 * 2**zoom)

    def row(lat: float) -> int:
        return floor((1 - asinh(tan(radians(lat))) / pi) / 2 * 2**zoom)

    every = [
        TileAddress(zoom, y, x)
        for y in range(row(NORTH), row(SOUTH) + 1)
        for x in range(column(WEST), column(EAST) + 1)
    ]
    step = max(1, -(-len(every) // MOST_TILES))
    return every[::step]


def wait_for(url: str, headers: dict[str, str] | None = None) -> bytes:
    """The body of an address as soon as it answers."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {})) as got:
                return bytes(got.read())
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def serve(stack: ExitStack, command: list[str], environment: dict[str, str], log: Path) -> None:
    """Start a server that ends with the stack."""
    file = stack.enter_context(log.open("wb"))
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=file,
        stderr=file,
        start_new_session=True,
    )

    def end() -> None:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)

    stack.callback(end)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_wrk(base: str, paths: list[str], headers: dict[str, str], folder: Path) -> float:
    """Requests a second, the paths in turn; an answer that is not 200 or 304 is an error."""
    script = folder / "paths.lua"
    lines = ",".join(f'"{path}"' for path in paths)
    fields = ",".join(f'["{name}"]=[[{value}]]' for name, value in headers.items())
    script.write_text(
        f"local paths = {{{lines}}}\nlocal headers = {{{fields}}}\nlocal n = 0\n"
        "function setup(thread) thread:set('start', math.random(#paths)) end\n"
        "function request() n = n + 1\n"
        "  return wrk.format('GET', paths[(start + n) % #paths + 1], headers) end\n"
    )
    done = subprocess.run(
        ["wrk", f"-c{CONNECTIONS}", "-t2", f"-d{SECONDS}s", "-s", str(script), base],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    if "Non-2xx" in done or "Socket errors" in done:
        raise RuntimeError(done)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done)[1])  # type: ignore[index]


def run_pgbench(url: str, scripts: list[Path]) -> float:
    """Transactions a second of the bare SQL, prepared, the tiles at random."""
    files = [part for script in scripts for part in ("-f", str(script))]
    done = subprocess.run(
        ["pgbench", "-n", "-M", "prepared", f"-c{CONNECTIONS}", "-j2", f"-T{SECONDS}", *files, url],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return float(re.search(r"tps = ([\d.]+)", done)[1])  # type: ignore[index]


def write_scripts(tiles: list[TileAddress], folder: Path) -> list[Path]:
    """The product's own statement and parameters, one pgbench script for each tile."""
    scripts = []
    for tile in tiles:
        statement, parameters = statement_of(PARCELS, View.EXACT, tile)
        path = folder / f"{tile.z}-{tile.row}-{tile.column}.sql"
        settings = "".join(f"\\set {name} {value!r}\n" for name, value in parameters.items())
        path.write_text(f"{settings}{statement.text.rstrip()};\n", encoding="utf-8")
        scripts.append(path)
    return scripts


def install_tipg(folder: Path) -> Path | None:
    """The Python of an environment with tipg in it, or None when no index gives it."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    done = subprocess.run([python, "-m", "pip", "install", "-q", *TIPG], capture_output=True)
    return python if done.returncode == 0 else None


def with_host(url: str) -> str:
    """The same address with its socket's folder as the host: tipg takes no address without one."""
    parts = {name: quote(str(value), safe="") for name, value in conninfo_to_dict(url).items()}
    password = f":{parts['password']}" if "password" in parts else ""
    return f"postgresql://{parts['user']}{password}@{parts['host']}/{parts['dbname']}"


def measure(count: int, zooms: tuple[int, ...]) -> None:
    """Measure and print the tables."""
    settings = Settings(home=ROOT / "var" / "test")
    server.start(settings, durable=False)
    base = server.database_url(settings)
    url = databases.make(base, "bench")
    try:
        migrate(url)
        fill(url, count)
        with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
            _measure_servers(url, zooms, Path(name), stack)
    finally:
        databases.drop(url, base)


def _measure_servers(url: str, zooms: tuple[int, ...], folder: Path, stack: ExitStack) -> None:
    environment = {"DATABASE_URL": url, "LANGBIANG_HOME": str(folder / "home")}
    flask = [sys.executable, "-m", "flask", "--app", "web", "accounts"]
    run = {"cwd": ROOT, "env": {**os.environ, **environment}, "check": True}
    subprocess.run([*flask, "add", "bench", "--role", "researcher"], capture_output=True, **run)  # type: ignore[call-overload]
    said = subprocess.run([*flask, "token", "bench"], capture_output=True, text=True, **run)  # type: ignore[call-overload]
    token = {"Authorization": f"Bearer {said.stdout.split()[-1]}"}

    ours = _serve_site(stack, environment, folder / "ours.log")
    cold = _serve_site(stack, {**environment, "LANGBIANG_TILE_CACHE_MB": "0"}, folder / "cold.log")

    peer = None
    if python := install_tipg(ROOT / "var" / "bench" / "tipg"):
        port = free_port()
        peer = f"http://127.0.0.1:{port}"
        uvicorn = ["-m", "uvicorn", "tipg.main:app", "--port", str(port), "--log-level", "warning"]
        peer_settings = {"DATABASE_URL": with_host(url), "TIPG_DB_SCHEMAS": '["gis"]'}
        command = [str(python), *uvicorn, "--workers", str(WORKERS)]
        serve(stack, command, peer_settings, folder / "tipg.log")
        try:
            wait_for(f"{peer}/collections/gis.parcel")
        except OSError as error:
            raise RuntimeError(f"tipg: {(folder / 'tipg.log').read_text()[-2000:]}") from error

    for zoom in zooms:
        _measure_zoom(zoom, url, (ours, cold), token, peer, folder)


def _serve_site(stack: ExitStack, environment: dict[str, str], log: Path) -> str:
    port = free_port()
    gunicorn = ["-m", "gunicorn", "tests.benchmarks.tile_server:make_app()", "--bind"]
    threads = ["--worker-class", "gthread", "--threads", "4", "--workers", str(WORKERS)]
    command = [sys.executable, *gunicorn, f"127.0.0.1:{port}", *threads]
    serve(stack, command, environment, log)
    wait_for(f"http://127.0.0.1:{port}/bench/one-select")
    return f"http://127.0.0.1:{port}"


def _measure_zoom(
    zoom: int,
    url: str,
    sites: tuple[str, str],
    token: dict[str, str],
    peer: str | None,
    folder: Path,
) -> None:
    ours, cold = sites
    tiles = tiles_of(zoom)
    own = "/ogc/collections/parcels/tiles/WebMercatorQuad"
    paths = [f"{own}/{tile.z}/{tile.row}/{tile.column}" for tile in tiles]
    peers = "/collections/gis.parcel/tiles/WebMercatorQuad"
    peer_paths = [f"{peers}/{tile.z}/{tile.column}/{tile.row}" for tile in tiles]
    scripts = write_scripts(tiles, folder)
    with urllib.request.urlopen(ours + paths[0]) as answer:
        unchanged = {"If-None-Match": answer.headers["ETag"]}
    cases: dict[str, Callable[[], float]] = {
        "pgbench, same SQL": lambda: run_pgbench(url, scripts),
        "ours, cold": lambda: run_wrk(cold, paths, {}, folder),
        "with a token": lambda: run_wrk(cold, paths, token, folder),
        "ours, kept": lambda: run_wrk(ours, paths, PACKED, folder),
        "one SELECT": lambda: run_wrk(ours, ["/bench/one-select"], {}, folder),
        "ours, unchanged": lambda: run_wrk(ours, paths, unchanged, folder),
    }
    if peer is not None:
        cases["tipg 1.6"] = lambda: run_wrk(peer, peer_paths, {}, folder)
    rates: dict[str, list[float]] = {case: [] for case in cases}
    for _ in range(ROUNDS):
        for case, run in cases.items():
            rates[case].append(run())
    rate = {case: statistics.median(found) for case, found in rates.items()}

    def bytes_of(base: str, asked: list[str], headers: dict[str, str]) -> float:
        return statistics.fmean(len(wait_for(base + path, headers)) for path in asked)

    size = bytes_of(ours, paths, {})
    say(f"z{zoom}, {len(tiles)} tiles", "requests/s", "ratio", "wanted")
    say("pgbench, same SQL", rate["pgbench, same SQL"])
    say("ours, cold", rate["ours, cold"], rate["ours, cold"] / rate["pgbench, same SQL"], "0.7")
    say("  with a token", rate["with a token"], rate["with a token"] / rate["pgbench, same SQL"])
    if peer is not None:
        peer_size = bytes_of(peer, peer_paths, {})
        say("tipg 1.6, all columns", rate["tipg 1.6"])
        say("  ours against it", "", rate["ours, cold"] / rate["tipg 1.6"], "2.0")
        say(f"  bytes {size:,.0f} : {peer_size:,.0f}", "", size / peer_size, "at most 0.5")
        say("  ours kept against it", "", rate["ours, kept"] / rate["tipg 1.6"], "15")
        say("  ours unchanged against it", "", rate["ours, unchanged"] / rate["tipg 1.6"], "15")
    else:
        say("tipg could not be installed: no package index", "")
    say("a route with one SELECT", rate["one SELECT"])
    for case in ("ours, kept", "ours, unchanged"):
        say(case, rate[case], rate[case] / rate["one SELECT"], "0.8")


def say(name: str, rate: float | str, ratio: float | str = "", wanted: str = "") -> None:
    """Print one line of the table."""
    figure = f"{rate:10.1f}" if isinstance(rate, float) else f"{rate:>10}"
    share = f"{ratio:8.2f}" if isinstance(ratio, float) else f"{ratio:>8}"
    sys.stdout.write(f"{name:44} {figure} {share}   {wanted}\n")
    sys.stdout.flush()


def main() -> None:
    """Run it, if what it needs is there."""
    missing = [tool for tool in ("wrk", "pgbench") if shutil.which(tool) is None]
    if missing:
        sys.stdout.write(
            f"tiles: {' and '.join(missing)} missing (apt-get install wrk postgresql)\n"
        )
        return
    numbers = [int(argument) for argument in sys.argv[1:]]
    measure(numbers[0] if numbers else COUNT, tuple(numbers[1:]) or ZOOMS)


if __name__ == "__main__":
    main()
