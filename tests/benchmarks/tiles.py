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
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from math import asinh, floor, pi, radians, tan
from pathlib import Path

from gis.layer import View
from gis.layers import PARCELS
from gis.tiles.drawing import TileAddress, statement_of
from tests.benchmarks.parcels import EAST, NORTH, SOUTH, WEST
from tests.benchmarks.serving import (
    COUNT,
    MOST_SCRIPTS,
    database,
    fill,
    lacks_tools,
    medians,
    run_pgbench,
    run_wrk,
    say,
    serve_site,
    serve_tipg,
    wait_for,
)
from tests.conftest import ROOT

ZOOMS = (14,)
# As every browser asks; the cold cases are measured unpacked, as pgbench and the peer answer.
PACKED = {"Accept-Encoding": "gzip"}


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
    step = max(1, -(-len(every) // MOST_SCRIPTS))
    return every[::step]


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


def measure(count: int, zooms: tuple[int, ...]) -> None:
    """Measure and print the tables."""
    with database() as url:
        fill(url, count)
        with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
            _measure_servers(url, zooms, Path(name), stack)


def _measure_servers(url: str, zooms: tuple[int, ...], folder: Path, stack: ExitStack) -> None:
    environment = {"DATABASE_URL": url, "LANGBIANG_HOME": str(folder / "home")}
    flask = [sys.executable, "-m", "flask", "--app", "web", "accounts"]
    run = {"cwd": ROOT, "env": {**os.environ, **environment}, "check": True}
    subprocess.run([*flask, "add", "bench", "--role", "researcher"], capture_output=True, **run)  # type: ignore[call-overload]
    said = subprocess.run([*flask, "token", "bench"], capture_output=True, text=True, **run)  # type: ignore[call-overload]
    token = {"Authorization": f"Bearer {said.stdout.split()[-1]}"}

    ours = serve_site(stack, environment, folder / "ours.log")
    cold = serve_site(stack, {**environment, "LANGBIANG_TILE_CACHE_MB": "0"}, folder / "cold.log")
    peer = serve_tipg(stack, url, folder / "tipg.log")
    for zoom in zooms:
        _measure_zoom(zoom, url, (ours, cold), token, peer, folder)


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
    rate = medians(cases)

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


def main() -> None:
    """Run it, if what it needs is there."""
    if lacks_tools("tiles"):
        return
    numbers = [int(argument) for argument in sys.argv[1:]]
    measure(numbers[0] if numbers else COUNT, tuple(numbers[1:]) or ZOOMS)


if __name__ == "__main__":
    main()
