"""GDAL as a client: its OAPIF driver lists, filters and pages every collection, with right counts.

`python -m tests.acceptance.gdal_client`: the GDAL of pyogrio, and `ogrinfo` of the machine if there
is one (3.6 on Debian 12). Then its tiles driver (OGCAPI) opens the vector tiles.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from typing import Any

from tests.acceptance.site import Site, serve_demo

# GDAL is asked in a process of its own: it keeps what it read of a server.
_READ = """
import json, sys, pyogrio
asked = json.loads(sys.argv[1])
bbox = asked.pop("bbox", None)
frame = pyogrio.read_dataframe(asked.pop("source"), bbox=tuple(bbox) if bbox else None, **asked)
print(json.dumps({"count": len(frame), "bounds": list(frame.total_bounds)}))
"""
_WHERE = {
    "administrative-units": "level = 'commune' AND valid_to >= '2025-06-30'",
    "growing-areas": "crop = 'ca-phe' AND area_ha > 5",
    "high-tech-zones": "recognised_year > 2000",
    "facilities": "kind = 'packing-house'",
    "parcels": "crop IN ('rau', 'ca-phe')",
    "applications": "status = 'submitted'",
    "tracks": "version = 1",
}


def expected(site: Site, collection: str, query: str = "") -> list[dict[str, Any]]:
    """All features of a collection by plain HTTP, page by page."""
    url, found = f"{site.ogc}/collections/{collection}/items?limit=7{query}", []
    while url:
        headers = {"Authorization": f"Bearer {site.token}"}
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            page = json.load(answer)
        found += page["features"]
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    return found


def environment(site: Site) -> dict[str, str]:
    """The token as GDAL's password: what its own drivers send everywhere."""
    return {**os.environ, "GDAL_HTTP_AUTH": "BASIC", "GDAL_HTTP_USERPWD": f"any:{site.token}"}


def read(site: Site, **asked: Any) -> dict[str, Any]:
    """What pyogrio's GDAL reads."""
    done = subprocess.run(
        [sys.executable, "-c", _READ, json.dumps(asked)],
        capture_output=True,
        text=True,
        env=environment(site),
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def count_by_ogrinfo(site: Site, collection: str, *more: str) -> int:
    """What the machine's own GDAL counts."""
    done = subprocess.run(
        ["ogrinfo", "-ro", "-so", f"OAPIF:{site.ogc}", collection, *more],
        capture_output=True,
        text=True,
        env=environment(site),
    )
    match = re.search(r"Feature Count: (\d+)", done.stdout)
    if match is None:
        raise RuntimeError(done.stdout + done.stderr)
    return int(match[1])


def try_collection(site: Site, collection: str) -> list[str]:
    """What differs, as sentences."""
    source = f"OAPIF:{site.ogc}"
    every = expected(site, collection)
    box = (108.4, 11.9, 108.5, 12.1)
    boxed = expected(site, collection, f"&bbox={','.join(map(str, box))}")
    cases: list[tuple[str, int, int]] = []
    for size in ("5", "1000"):
        asked = {"source": source, "layer": collection, "PAGE_SIZE": size}
        cases.append((f"all, pages of {size}", len(every), read(site, **asked)["count"]))
        cases.append((f"box, pages of {size}", len(boxed), read(site, **asked, bbox=box)["count"]))
    where = _WHERE[collection]
    asked = {"source": source, "layer": collection, "PAGE_SIZE": "10", "where": where}
    by_gdal = read(site, **asked)["count"]
    by_cql2 = len(expected(site, collection, "&filter=" + urllib.request.quote(where)))
    cases.append((f"where {where}", by_cql2, by_gdal))
    if shutil.which("ogrinfo"):
        spat = ["-spat", *map(str, box)]
        cases.append(("ogrinfo", len(every), count_by_ogrinfo(site, collection)))
        cases.append(("ogrinfo -spat", len(boxed), count_by_ogrinfo(site, collection, *spat)))
        if every:
            # GDAL 3.6 knows no fields of what is empty.
            counted = count_by_ogrinfo(site, collection, "-where", where)
            cases.append(("ogrinfo -where", by_cql2, counted))
    sys.stdout.write(f"{collection:22} {len(every)} features, {len(boxed)} in the box\n")
    return [
        f"{collection}, {name}: {right} expected, {found} found"
        for name, right, found in cases
        if right != found
    ]


def main() -> int:
    """Try every collection, then the tiles."""
    wrong = []
    with serve_demo() as site:
        for collection in _WHERE:
            wrong += try_collection(site, collection)
        tiles = f"OGCAPI:{site.ogc}/collections/growing-areas"
        found = read(site, source=tiles, API="TILES", TILEMATRIX="12")
        sys.stdout.write(f"tiles of growing-areas by GDAL's OGCAPI driver: {found}\n")
        if not found["count"]:
            wrong.append("GDAL's OGCAPI driver found no tiles")
    for sentence in wrong:
        sys.stdout.write(f"WRONG {sentence}\n")
    sys.stdout.write("GDAL counts as the site does.\n" if not wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
