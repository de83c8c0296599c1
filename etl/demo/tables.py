"""Reading the demo's own tables, and the mark that its rows carry."""

import csv
import json
from importlib import resources
from typing import Any

# `source` of every demo row that has one; with `source_id` it is the row's key.
SOURCE = "demo"


def read_text(name: str) -> str:
    """Read a file of `etl/demo/data`."""
    return (resources.files("etl.demo") / "data" / name).read_text(encoding="utf-8")


def read_table(name: str) -> list[dict[str, str]]:
    """Read a CSV table of `etl/demo/data`: one dictionary per row, empty cells as ''."""
    return list(csv.DictReader(read_text(name).splitlines()))


def read_json(name: str) -> Any:
    """Read a JSON file of `etl/demo/data`."""
    return json.loads(read_text(name))
