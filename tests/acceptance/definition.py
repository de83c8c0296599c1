"""The OpenAPI definition against the site, by schemathesis: no 5xx, nothing undocumented.

`python -m tests.acceptance.definition [EXAMPLES]`. Every operation is asked, as nobody and as an
administrator (who writes, too), with what the definition allows and with what it does not.
"""

import subprocess
import sys

from tests.acceptance.site import Site, environment_of, serve_demo

SCHEMATHESIS = "schemathesis==4.32.5"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


def run(python: str, site: Site, examples: str, *more: str) -> int:
    """Run it once; 0 if it found nothing."""
    command = [
        *(python, "-m", "schemathesis.cli", "run", f"{site.ogc}/api", "--url", site.ogc),
        *("--max-examples", examples, "--mode", "all"),
        *("--phases", "examples,coverage,fuzzing", "--workers", "2", "--continue-on-failure"),
        *("--checks", ",".join(CHECKS)),
    ]
    return subprocess.run([*command, *more], cwd="/tmp").returncode


def main() -> int:
    """Run it for both callers."""
    python = str(environment_of("schemathesis", SCHEMATHESIS))
    examples = sys.argv[1] if len(sys.argv) > 1 else "10"
    with serve_demo() as site:
        failed = run(python, site, examples)
        return run(python, site, examples, "-H", f"Authorization: Bearer {site.token}") or failed


if __name__ == "__main__":
    sys.exit(main())
