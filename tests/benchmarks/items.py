"""Features of a box of about 2 km as GeoJSON, at most 100 of 470: against the same SQL, two peers.

The floor is the question under pgbench: as plain SQL that builds the features with
`json_build_object`, and as the product's own statement, which is faster. tipg 1.6 counts what
matches whatever is asked; pygeoapi 0.21 is told not to. Then what the same box costs over 10,000,
100,000 and 1,000,000 parcels of the same size, by the middle of 200 requests one after another: it
must not grow with the layer.

It needs what `serving.py` says. `python -m tests.benchmarks.items [PARCELS]`, or `make bench`.
"""

import random
import re
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from gis.conditions import bind_selection
from gis.features import page_statement
from gis.layer import View
from gis.layers import PARCELS
from gis.selection import Selection, parse_box
from tests.benchmarks.parcels import EAST, NORTH, SOUTH, WEST
from tests.benchmarks.serving import (
    COUNT,
    MOST_SCRIPTS,
    WORKERS,
    database,
    fill,
    free_port,
    install,
    lacks_tools,
    medians,
    run_pgbench,
    run_wrk,
    say,
    serve,
    serve_site,
    serve_tipg,
    wait_for,
)
from tests.conftest import ROOT

LIMIT = 100
# About 2.2 km.
SIDE = 0.02
GROWTH = (10_000, 100_000, 1_000_000)
PYGEOAPI = ("pygeoapi==0.21.0", "psycopg2-binary", "gunicorn==27.0.1", "GeoAlchemy2<0.20")
_ITEMS = "/ogc/collections/parcels/items"


def boxes(count: int) -> list[tuple[float, float, float, float]]:
    """Boxes all over the parcels' land, the same ones each time."""
    rng = random.Random(2026)
    corners = [
        (rng.uniform(WEST + 0.05, EAST - 0.07), rng.uniform(SOUTH + 0.05, NORTH - 0.07))
        for _ in range(count)
    ]
    return [
        (round(west, 5), round(south, 5), round(west + SIDE, 5), round(south + SIDE, 5))
        for west, south in corners
    ]


def write_scripts(asked: list[tuple[float, float, float, float]], folder: Path) -> list[Path]:
    """The product's own statement, one pgbench script for each box."""
    scripts = []
    for number, box in enumerate(asked):
        selection = Selection(box=parse_box(",".join(map(str, box))))
        statement = page_statement(PARCELS, View.EXACT, selection)
        given = {**bind_selection(PARCELS, selection), "most": LIMIT + 1}
        values = {**statement.fixed, **given}
        numbers = {
            name: value
            for name, value in values.items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        }

        def write(match: re.Match[str], values=values, numbers=numbers) -> str:
            name = match[1]
            return f":{name}" if name in numbers else "'{}'".format(values[name].replace("'", "''"))

        sql = re.sub(r"%\((\w+)\)s", write, statement.sql).replace("%%", "%")
        path = folder / f"box-{number}.sql"
        settings = "".join(
            f"\\set {name} {value!r}\n" for name, value in numbers.items() if f":{name}" in sql
        )
        path.write_text(f"{settings}{' '.join(sql.split())};\n", encoding="utf-8")
        scripts.append(path)
    return scripts


def write_plain_scripts(asked: list[tuple[float, float, float, float]], folder: Path) -> list[Path]:
    """The same question and answer as plain SQL, one pgbench script for each box."""
    scripts = []
    for number, (west, south, east, north) in enumerate(asked):
        path = folder / f"plain-{number}.sql"
        settings = f"\\set west {west}\n\\set south {south}\n\\set east {east}\n"
        path.write_text(f"{settings}\\set north {north}\n{_PLAIN}", encoding="utf-8")
        scripts.append(path)
    return scripts


def serve_pygeoapi(stack: ExitStack, url: str, folder: Path) -> str | None:
    """Start pygeoapi over the same table and return its address; None without a package index."""
    python = install(ROOT / "var" / "bench" / "pygeoapi", PYGEOAPI)
    if python is None:
        return None
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    parts = conninfo_to_dict(url)
    config, openapi = folder / "pygeoapi.yml", folder / "pygeoapi-openapi.yml"
    config.write_text(
        _PYGEOAPI.format(
            address=address,
            port=port,
            host=parts["host"],
            dbname=parts["dbname"],
            user=parts["user"],
            password=parts.get("password", ""),
            box=f"[{WEST}, {SOUTH}, {EAST}, {NORTH}]",
        ),
        encoding="utf-8",
    )
    openapi.write_text("openapi: 3.0.3\ninfo: {title: bench, version: '1'}\npaths: {}\n")
    settings = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
    gunicorn = ["-m", "gunicorn", "pygeoapi.flask_app:APP", "--bind", f"127.0.0.1:{port}"]
    threads = ["--worker-class", "gthread", "--threads", "4", "--workers", str(WORKERS)]
    log = folder / "pygeoapi.log"
    serve(stack, [str(python), *gunicorn, *threads], settings, log)
    try:
        wait_for(f"{address}/collections/parcels/items?limit=1")
    except OSError as error:
        raise RuntimeError(f"pygeoapi: {log.read_text()[-2000:]}") from error
    return address


def measure(count: int) -> None:
    """Measure and print the tables."""
    with database() as url, tempfile.TemporaryDirectory() as name:
        fill(url, count)
        with ExitStack() as stack:
            _measure_servers(url, Path(name), stack)
    say("", "", "", "")
    say(f"bbox of 2 km, limit {LIMIT}", "ms, median", "", "the same")
    for size in GROWTH:
        _measure_growth(size)


def _measure_servers(url: str, folder: Path, stack: ExitStack) -> None:
    environment = {"DATABASE_URL": url, "LANGBIANG_HOME": str(folder / "home")}
    asked = boxes(MOST_SCRIPTS)
    scripts, plain = write_scripts(asked, folder), write_plain_scripts(asked, folder)
    ours = serve_site(stack, environment, folder / "ours.log")
    tipg = serve_tipg(stack, url, folder / "tipg.log")
    pygeoapi = serve_pygeoapi(stack, url, folder)
    query = [f"bbox={','.join(map(str, box))}&limit={LIMIT}" for box in asked]

    def load(base: str, path: str, more: str = "") -> Callable[[], float]:
        return lambda: run_wrk(base, [f"{path}?{part}{more}" for part in query], {}, folder)

    cases = {
        "pgbench, plain SQL": lambda: run_pgbench(url, plain),
        "pgbench, our statement": lambda: run_pgbench(url, scripts),
        "ours": load(ours, _ITEMS),
    }
    if tipg:
        cases["tipg 1.6"] = load(tipg, "/collections/gis.parcel/items", "&f=geojson")
    if pygeoapi:
        cases["pygeoapi 0.21"] = load(pygeoapi, "/collections/parcels/items", "&f=json")
    rate = medians(cases)
    size = len(wait_for(f"{ours}{_ITEMS}?{query[0]}"))
    say(f"bbox of 2 km, limit {LIMIT}, {size:,} bytes", "requests/s", "ratio", "wanted")
    say("pgbench, plain SQL", rate["pgbench, plain SQL"])
    say("ours", rate["ours"], rate["ours"] / rate["pgbench, plain SQL"], "0.6")
    own = rate["pgbench, our statement"]
    say("pgbench, our statement", own)
    say("  ours against it", "", rate["ours"] / own)
    for peer, wanted in (("tipg 1.6", "5"), ("pygeoapi 0.21", "20")):
        if peer in rate:
            say(peer, rate[peer])
            say("  ours against it", "", rate["ours"] / rate[peer], wanted)
        else:
            say(f"{peer} could not be installed: no package index", "")


def _measure_growth(count: int) -> None:
    """The same ground with more parcels around it: density stays, the layer grows."""
    with database() as url, tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        fill(url, 10_000)
        _spread(url, count)
        environment = {"DATABASE_URL": url, "LANGBIANG_HOME": str(Path(name) / "home")}
        ours = serve_site(stack, environment, Path(name) / "ours.log")
        # 10,000 parcels lie 20 times as far apart as 200,000 on the same ground.
        side = SIDE * (COUNT / 10_000) ** 0.5
        times, rng = [], random.Random(7)
        for _ in range(200):
            west, south = rng.uniform(WEST, EAST - side), rng.uniform(SOUTH, NORTH - side)
            box = f"{west:.5f},{south:.5f},{west + side:.5f},{south + side:.5f}"
            start = time.perf_counter()
            with urllib.request.urlopen(f"{ours}{_ITEMS}?bbox={box}&limit={LIMIT}") as answer:
                answer.read()
            times.append((time.perf_counter() - start) * 1000)
        say(f"  among {count:,} parcels", statistics.median(times))


def _spread(url: str, count: int) -> None:
    """Copy the parcels beside themselves, without their history, until there are so many."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE gis.parcel DISABLE TRIGGER USER")
        connection.execute(
            "INSERT INTO gis.parcel (crop_id, boundary, source, source_id)"
            " SELECT crop_id, ST_Translate(boundary, 0.55 * (n %% 10), 0.55 * (n / 10)), 'bench',"
            " source_id || '-' || n FROM gis.parcel, generate_series(1, %s) AS n",
            (count // 10_000 - 1,),
        )
        connection.execute("VACUUM ANALYZE gis.parcel")


_PLAIN = """SELECT p.id, json_build_object('type', 'Feature', 'id', p.id, 'geometry',
    ST_AsGeoJSON(p.boundary, 7)::json, 'properties', json_build_object('code', p.code,
    'name', p.name, 'crop', c.code, 'crop_name', c.name, 'commune_code', u.code,
    'commune_name', u.name, 'area_ha', p.area_ha, 'is_demo', p.is_demo,
    'version', p.version))::text AS feature
FROM gis.parcel AS p LEFT JOIN gis.crop AS c ON c.id = p.crop_id
LEFT JOIN gis.administrative_unit AS u ON u.id = p.commune_id
WHERE p.boundary && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
  AND ST_Intersects(p.boundary, ST_MakeEnvelope(:west, :south, :east, :north, 4326))
ORDER BY p.id LIMIT 101;
"""
_PYGEOAPI = """
server:
  bind: {{host: 127.0.0.1, port: {port}}}
  url: {address}
  mimetype: application/json; charset=UTF-8
  encoding: utf-8
  language: en-US
  limits: {{default_items: 10, max_items: 1000}}
  map: {{url: "https://example.org/{{z}}/{{x}}/{{y}}.png", attribution: none}}
logging: {{level: ERROR}}
metadata:
  identification:
    {{title: bench, description: bench, keywords: [bench], url: "https://example.org"}}
  license: {{name: none}}
  provider: {{name: bench}}
  contact: {{name: bench}}
resources:
  parcels:
    type: collection
    title: parcels
    description: parcels
    keywords: [parcels]
    extents:
      spatial: {{bbox: {box}, crs: http://www.opengis.net/def/crs/OGC/1.3/CRS84}}
    providers:
      - type: feature
        name: PostgreSQL
        data:
          host: {host}
          port: 5432
          dbname: {dbname}
          user: {user}
          password: "{password}"
          search_path: [gis, public]
        id_field: id
        table: parcel
        geom_field: boundary
        count: false
"""


def main() -> None:
    """Run it, if what it needs is there."""
    if lacks_tools("items"):
        return
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)


if __name__ == "__main__":
    main()
