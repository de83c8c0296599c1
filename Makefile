# Lang Biang. The two commands of a newcomer: `make run` and `make test`.
SHELL = /bin/sh
PYTHON = .venv/bin/python
# Everything runs from the checkout, nothing of ours is installed.
export PYTHONPATH = $(CURDIR)
# Compiled modules are kept, whatever the shell says: a run of the tests starts Python many times.
unexport PYTHONDONTWRITEBYTECODE
PACKAGES = gis traceability etl web

.DEFAULT_GOAL = help
.PHONY: help run stop setup test test-long check bench acceptance notebook lock

help:
	@echo "make run        install what is missing, start everything, serve on http://127.0.0.1:8000"
	@echo "                (HOST=0.0.0.0 for phones on the same network, PORT=8001 for another port)"
	@echo "make stop       stop what make run left"
	@echo "make setup      install everything, start nothing"
	@echo "make test       lint, types, layers and the tests; beside a running make run, too"
	@echo "make test-long  growth, fuzz and fault tests"
	@echo "make check      lint, types and layers only"
	@echo "make bench      the benchmarks, ratios in a table"
	@echo "make acceptance what programs of others find: OGC's tests, GDAL, schemathesis, QGIS"
	@echo "make notebook   JupyterLab on the notebooks"
	@echo "make lock       pin the dependencies of pyproject.toml again"

# A port that is taken is said before anything long is begun (without Python yet: afterwards).
run:
	@! command -v python3 >/dev/null || python3 scripts/port.py
	@scripts/bootstrap run
	@exec $(PYTHON) scripts/serve.py

stop:
	@! $(PYTHON) -c 'import psycopg, pydantic' 2>/dev/null || $(PYTHON) scripts/serve.py stop

setup:
	@scripts/bootstrap test

check: setup
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check --quiet .
	@$(PYTHON) -m mypy $(PACKAGES)
	@.venv/bin/lint-imports

# The tests have a cluster of their own; it ends with them.
END_OF_TESTS = code=$$?; LANGBIANG_HOME=var/test $(PYTHON) -m gis down >/dev/null; exit $$code

# Every process migrates a database of its own, so more than four gain nothing.
SPREAD = --numprocesses=logical --maxprocesses=4 --dist=worksteal

test: check
	@$(PYTHON) -m pytest -m "not long" $(SPREAD); $(END_OF_TESTS)

test-long: setup
	@$(PYTHON) -m pytest -m long $(SPREAD); $(END_OF_TESTS)

bench: setup
	@for each in $$(grep -l __main__ tests/benchmarks/*.py); do \
		$(PYTHON) -m tests.benchmarks.$$(basename $$each .py) || bad=1; \
	done; exit $${bad:-0}

# Each installs what it needs into an environment of its own under var/acceptance.
acceptance: setup
	@for each in $$(grep -l __main__ tests/acceptance/*.py); do \
		echo "== $$(basename $$each .py)"; \
		$(PYTHON) -m tests.acceptance.$$(basename $$each .py) || bad=1; \
	done; exit $${bad:-0}

notebook: setup
	@$(PYTHON) -m gis up
	@exec env PYTHONPATH="$(CURDIR)" $(PYTHON) -m jupyterlab $$([ "$$(id -u)" != 0 ] || echo --allow-root) notebooks

# The lock files name no index; uv is used once and thrown away.
lock:
	@scripts/lock
