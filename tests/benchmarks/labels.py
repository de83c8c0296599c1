"""QR codes and labels a second, against `qrcode.make()` of the same library on the same machine.

CPU time of one process, best of several rounds taken in turn, so that a busy machine slows both
alike. `python -m tests.benchmarks.labels`, or with all the others `make bench`.
"""

import io
import sys
import time
from collections.abc import Callable

import qrcode

from traceability import qr
from traceability.identifiers import new_serials
from traceability.labels import Label, write_sheets

ROUNDS = 5
CODES = 500
BASE = "https://truyxuat.langbiang.example.vn/01/09520009000012/10/L2610/21/"
WANTED = 6.0


def measure() -> list[tuple[str, float, float | None]]:
    """Measure and return (what, codes a second, times `qrcode.make()`)."""
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
    floor = next(iter(best.values()))
    return [
        (name, rate, None if name.endswith("(peer)") else rate / floor)
        for name, rate in best.items()
    ]


def main() -> None:
    """Print the table."""
    for name, rate, ratio in measure():
        shown = f"{ratio:5.1f}× (at least {WANTED:.0f}×)" if ratio is not None else ""
        sys.stdout.write(f"{name:32} {rate:8.0f} codes/s  {shown}\n")


if __name__ == "__main__":
    main()
