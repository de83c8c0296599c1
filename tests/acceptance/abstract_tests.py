"""OGC's abstract test suite of Features Part 1 and 2, by `ogctests`: all of it must pass.

`python -m tests.acceptance.abstract_tests`. Its own command ends with 0 even with errors, so its
Python function is called.
"""

import subprocess
import sys

from tests.acceptance.site import environment_of, serve_demo

OGCTESTS = "ogctests==0.1.15"
_RUN = """
import sys
from ogctests.main import run_ogctests
flags = ["-q", "-c", "/dev/null", "-p", "no:cacheprovider"]
sys.exit(run_ogctests("features/core", sys.argv[1], flags))
"""


def main() -> int:
    """Run the suite; its exit code is ours."""
    python = environment_of("ogctests", OGCTESTS)
    with serve_demo() as site:
        return subprocess.run([python, "-c", _RUN, f"{site.ogc}/"]).returncode


if __name__ == "__main__":
    sys.exit(main())
