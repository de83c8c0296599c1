"""The house keeps its plan: doors, layers, sizes, documentation."""

import ast
import importlib
import importlib.metadata
import re
import subprocess
from functools import cache
from pathlib import Path

import click
import pytest

from gis.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("gis", "traceability", "etl", "web")
DOORS = {*(f"{package}/__main__.py" for package in PACKAGES), "web/commands.py"}


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def sources() -> list[Path]:
    return [
        path for package in PACKAGES for path in tracked(f"{package}/*.py", f"{package}/**/*.py")
    ]


@cache
def read(path: Path) -> tuple[set[str], set[str]]:
    """The methods that a file calls, and the packages that it imports from."""
    calls: set[str] = set()
    imports: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            calls.add(node.func.attr)
        elif isinstance(node, ast.Import):
            imports |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imports.add(node.module.split(".")[0])
    return calls, imports


def calls(path: Path) -> set[str]:
    return read(path)[0]


def imports(path: Path) -> set[str]:
    return read(path)[1]


def test_nobody_commits_but_the_doors_transactions():
    """Doors use `sessions.begin()`; nothing calls commit or rollback by hand (STYLE B4.1)."""
    guilty = [
        str(path.relative_to(ROOT)) for path in sources() if calls(path) & {"commit", "rollback"}
    ]
    assert guilty == []


def test_only_doors_know_the_command_line():
    guilty = [
        name
        for path in sources()
        if (name := str(path.relative_to(ROOT))) not in DOORS and "click" in imports(path)
    ]
    assert guilty == []


def test_migrations_import_no_application_code():
    for path in tracked("migrations/versions/*.py"):
        assert not imports(path) & set(PACKAGES), path.name


def test_only_problems_speak_http():
    """Domain errors carry no status; gis and traceability do not import Flask (import-linter)."""
    for path in tracked("gis/*.py", "traceability/*.py", "etl/*.py"):
        assert not imports(path) & {"flask", "werkzeug"}, path


def test_no_file_outgrows_its_subject():
    kinds = ("*.py", "*.js", "*.mjs", "*.sql", "*.html", "*.css")
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked(*kinds)
        if "migrations/versions" not in str(path)
        and (lines := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert long == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_come_from_this_checkout(package):
    module = importlib.import_module(package)
    assert Path(module.__file__ or "").parent == ROOT / package
    owners = importlib.metadata.packages_distributions().get(package, [])
    assert owners in ([], ["langbiang"]), f"{owners} own our name {package}"
    assert len((module.__doc__ or "").split()) > 40, "the docstring is the architecture page"


def test_every_setting_is_documented():
    readme = (ROOT / "README.md").read_text("utf-8")
    for name, field in Settings.model_fields.items():
        shown = "DATABASE_URL" if name == "database_url" else PREFIX + name.upper()
        assert f"`{shown}`" in readme, shown
        assert field.description, shown


@pytest.mark.parametrize("package", ["gis", "etl", "traceability"])
def test_every_command_is_documented(package):
    readme = (ROOT / "README.md").read_text("utf-8")
    door = importlib.import_module(f"{package}.__main__")
    group = next(item for item in vars(door).values() if isinstance(item, click.Group))
    for name, command in group.commands.items():
        assert re.search(rf"python -m {package} [^`\n]*\b{name}\b", readme), f"{package} {name}"
        assert command.help, name


def test_nothing_committed_names_a_registry_or_a_machine():
    hosts = re.compile(
        r"https?://(pypi|files\.pythonhosted|registry\.npmjs|deb\.debian)\b|/work/main"
    )
    guilty = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.suffix in {".py", ".toml", ".lock", ".json", ".md", ".mjs", ".sh", ""}
        and path != Path(__file__)
        and hosts.search(path.read_text("utf-8", errors="ignore"))
    ]
    assert guilty == []
