"""What the benchmarks of served maps share: 200,000 parcels, servers, load, lines of a table.

Parcels are opened to the public (`tile_server.py`), since no peer asks who is calling. Two worker
processes each, eight connections, the cases in turn, medians. `wrk` and `pgbench` (of PostgreSQL)
make the load; the peers are installed into virtual environments of their own under `var/bench`,
since they are no dependencies of ours.
"""

import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import shapely
from psycopg.conninfo import conninfo_to_dict

from gis.server import running as server
from gis.settings import Settings
from tests import databases
from tests.benchmarks.parcels import make_mosaic
from tests.conftest import ROOT, migrate

COUNT = 200_000
ROUNDS = 3
SECONDS = 4
WORKERS = 2
CONNECTIONS = 8
MOST_SCRIPTS = 120  # pgbench takes at most 128
TIPG = ("tipg==1.6.1", "uvicorn==0.54.0")


@contextmanager
def database() -> Iterator[str]:
    """The address of a migrated database of the benchmark's own, dropped at the end."""
    settings = Settings(home=ROOT / "var" / "test")
    server.start(settings, durable=False)
    base = server.database_url(settings)
    url = databases.make(base, "bench")
    try:
        migrate(url)
        yield url
    finally:
        databases.drop(url, base)


def fill(url: str, count: int) -> None:
    """Put the parcels in, neighbours beside each other as a loaded and clustered table has them."""
    shapes = make_mosaic(count)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TEMP TABLE raw (n int, shape text)")
        with connection.cursor().copy("COPY raw FROM STDIN") as copy:
            for n, shape in enumerate(shapely.to_wkb(shapes, hex=True)):
                copy.write_row((n, shape))
        # As a load does it: a mosaic that was bent overlaps a little here and there.
        connection.execute("SELECT set_config('langbiang.overlaps', 'report', true)")
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
        [
            "wrk",
            f"-c{CONNECTIONS}",
            "-t2",
            f"-d{SECONDS}s",
            "--timeout",
            "20s",
            "-s",
            str(script),
            base,
        ],
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


def with_host(url: str) -> str:
    """The same address with its socket's folder as the host: tipg takes no address without one."""
    parts = {name: quote(str(value), safe="") for name, value in conninfo_to_dict(url).items()}
    password = f":{parts['password']}" if "password" in parts else ""
    return f"postgresql://{parts['user']}{password}@{parts['host']}/{parts['dbname']}"


def say(name: str, rate: float | str, ratio: float | str = "", wanted: str = "") -> None:
    """Print one line of the table."""
    figure = f"{rate:10.1f}" if isinstance(rate, float) else f"{rate:>10}"
    share = f"{ratio:8.2f}" if isinstance(ratio, float) else f"{ratio:>8}"
    sys.stdout.write(f"{name:44} {figure} {share}   {wanted}\n")
    sys.stdout.flush()


def serve_site(stack: ExitStack, environment: dict[str, str], log: Path) -> str:
    """Start the site and return its address."""
    port = free_port()
    gunicorn = ["-m", "gunicorn", "tests.benchmarks.tile_server:make_app()", "--bind"]
    threads = ["--worker-class", "gthread", "--threads", "4", "--workers", str(WORKERS)]
    command = [sys.executable, *gunicorn, f"127.0.0.1:{port}", *threads]
    serve(stack, command, environment, log)
    wait_for(f"http://127.0.0.1:{port}/bench/one-select")
    return f"http://127.0.0.1:{port}"


def serve_tipg(stack: ExitStack, url: str, log: Path) -> str | None:
    """Start tipg over the same database and return its address; None without a package index."""
    python = install(ROOT / "var" / "bench" / "tipg", TIPG)
    if python is None:
        return None
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    uvicorn = ["-m", "uvicorn", "tipg.main:app", "--port", str(port), "--log-level", "warning"]
    settings = {"DATABASE_URL": with_host(url), "TIPG_DB_SCHEMAS": '["gis"]'}
    serve(stack, [str(python), *uvicorn, "--workers", str(WORKERS)], settings, log)
    try:
        wait_for(f"{address}/collections/gis.parcel")
    except OSError as error:
        raise RuntimeError(f"tipg: {log.read_text()[-2000:]}") from error
    return address


def install(folder: Path, packages: tuple[str, ...]) -> Path | None:
    """The Python of an environment with these packages, or None when no index gives them."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    done = subprocess.run([python, "-m", "pip", "install", "-q", *packages], capture_output=True)
    return python if done.returncode == 0 else None


def medians(cases: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Measure the cases in turn, some rounds of it."""
    rates: dict[str, list[float]] = {case: [] for case in cases}
    for _ in range(ROUNDS):
        for case, run in cases.items():
            rates[case].append(run())
    return {case: statistics.median(found) for case, found in rates.items()}


def lacks_tools(name: str) -> bool:
    """Whether a tool is missing, which is said."""
    missing = [tool for tool in ("wrk", "pgbench") if shutil.which(tool) is None]
    if missing:
        tools = " and ".join(missing)
        sys.stdout.write(f"{name}: {tools} missing (apt-get install wrk postgresql)\n")
    return bool(missing)
