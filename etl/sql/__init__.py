"""Statements too long to stand in Python, one per file."""

from functools import cache
from importlib import resources


@cache
def load_sql(name: str) -> str:
    """Read a statement of this folder."""
    return resources.files("etl.sql").joinpath(name).read_text("utf-8")
