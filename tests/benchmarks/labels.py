"""QR codes and labels a second, against `qrcode.make()` and against segno used at its best.

CPU time of one process, best of several rounds taken in turn, so that a busy machine slows all
alike. segno is no dependency of ours: it is put into `var/bench` for the comparison, at its own
PNG writer and with our writer on its matrix, with the mask and the version given as we give them.
`python -m tests.benchmarks.labels`, or with all the others `make bench`.
"""

import importlib
import io
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import qrcode

from tests.conftest import ROOT
from traceability.gs1.identifiers import new_serials
from traceability.labelling import qr
from traceability.labelling.labels import Label, write_sheets

ROUNDS = 5
CODES = 500
BASE = "https://truyxuat.langbiang.example.vn/01/09520009000012/10/L2610/21/"
WANTED = 6.0
# Ours over the best of the alternatives: at most 1.3 times slower.
WANTED_OF_BEST = 1 / 1.3
SEGNO = "segno==1.6.6"


def measure() -> dict[str, float]:
    """Measure and return codes a second by what was made; peers are marked as such."""
    uris = [BASE + serial for serial in new_serials(CODES)]

    def peer() -> int:
        for uri in uris[:60]:
            qrcode.make(uri).save(io.BytesIO())
        return 60

    def ours_png() -> int:
        symbols = qr.Symbols(uris[0])
        for uri in uris:
            qr.png(symbols.modules(uri))
        return CODES

    def ours_svg() -> int:
        symbols = qr.Symbols(uris[0])
        for uri in uris:
            qr.svg(symbols.modules(uri), "x")
        return CODES

    def ours_single() -> int:
        for uri in uris[:60]:
            qr.png(qr.make_modules(uri))
        return 60

    def ours_sheets() -> int:
        labels = [Label(uri, "Cà phê Arabica Langbiang", "L2610", uri[-12:]) for uri in uris]
        write_sheets(io.BytesIO(), labels, like=labels[0])
        return CODES

    works: dict[str, Callable[[], int]] = {
        "qrcode.make() to PNG (peer)": peer,
        **_segno_works(uris),
        "PNG, a batch": ours_png,
        "SVG, a batch": ours_svg,
        "PNG, one by one": ours_single,
        "A4 label sheets, vector PDF": ours_sheets,
    }
    best = dict.fromkeys(works, 0.0)
    for _ in range(ROUNDS):
        for name, work in works.items():
            start = time.process_time()
            count = work()
            best[name] = max(best[name], count / (time.process_time() - start))
    return best


def _segno_works(uris: list[str]) -> dict[str, Callable[[], int]]:
    segno = _segno()
    if segno is None:
        sys.stdout.write("segno: no package index gives it; compared with qrcode alone\n")
        return {}
    version = qr.Symbols(uris[0]).version
    options = {"version": version, "error": "m", "mask": qr.MASK, "micro": False}
    options["boost_error"] = False
    few = uris[:120]

    def own_writer() -> int:
        for uri in few:
            segno.make(uri, **options).save(io.BytesIO(), kind="png", scale=8)
        return len(few)

    def svg() -> int:
        for uri in few:
            segno.make(uri, **options).save(io.BytesIO(), kind="svg")
        return len(few)

    def our_writer() -> int:
        for uri in few:
            matrix = segno.make(uri, **options).matrix
            qr.png(np.array([list(row) for row in matrix], dtype=bool))
        return len(few)

    return {
        "segno to PNG (peer)": own_writer,
        "segno to SVG (peer)": svg,
        "segno's matrix, our PNG writer (peer)": our_writer,
    }


def _segno() -> Any:
    folder = ROOT / "var" / "bench" / "segno"
    if not (folder / "segno").is_dir():
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder)]
        subprocess.run([*pip, SEGNO], check=False, capture_output=True)
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module("segno")
    except ImportError:
        return None
    finally:
        sys.path.remove(str(folder))


def main() -> None:
    """Print the table."""
    rates = measure()
    floor = rates["qrcode.make() to PNG (peer)"]
    others = [rate for name, rate in rates.items() if name.startswith("segno")]
    for name, rate in rates.items():
        shown = ""
        if not name.endswith("(peer)"):
            shown = f"{rate / floor:5.1f}× (at least {WANTED:.0f}×)"
        if name == "PNG, a batch" and others:
            shown += f"  {rate / max(others):5.2f}× the best of segno ({WANTED_OF_BEST:.2f}×)"
        sys.stdout.write(f"{name:38} {rate:8.0f} codes/s  {shown}\n")


if __name__ == "__main__":
    main()
