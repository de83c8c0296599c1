"""All benchmarks, one after the other, each in a process of its own: `make bench`.

Figures are ratios against a peer or a floor of the same run; a target that is missed is printed
like one that is met.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Run each module of this folder that has a `main`; 1 when one of them broke."""
    broken = 0
    for path in sorted(HERE.glob("*.py")):
        if path.stem.startswith("_") or "\ndef main()" not in path.read_text("utf-8"):
            continue
        sys.stdout.write(f"\n== {path.stem}\n")
        sys.stdout.flush()
        broken |= subprocess.run(
            [sys.executable, "-m", f"tests.benchmarks.{path.stem}"], check=False
        ).returncode
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
