"""What is said of a file of observations after it was loaded."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from etl.instants import show_instant

_LISTED_REJECTS = 1000


@dataclass
class VariableFigures:
    """What came of one variable; `total` is the sum of its values, in its unit."""

    values: int = 0
    missing: int = 0
    total: float = 0.0
    low: float = math.inf
    high: float = -math.inf

    def add(self, value: float | None) -> None:
        """Count one observation."""
        self.values += 1
        if value is None:
            self.missing += 1
            return
        self.total += value
        self.low = min(self.low, value)
        self.high = max(self.high, value)

    def to_json(self) -> dict[str, object]:
        """Give the figures for the report; null where there is no value."""
        count = self.values - self.missing
        return {
            "values": self.values,
            "missing": self.missing,
            "sum": round(self.total, 6),
            "mean": round(self.total / count, 6) if count else None,
            "min": self.low if count else None,
            "max": self.high if count else None,
        }


@dataclass
class ObservationReport:
    """The report of one file.

    `read`, `accepted`, `rejected`, `inserted`, `updated` and `unchanged` count rows of the file;
    `values` and `missing` count observations.
    """

    file: str
    dataset: str
    sheet: str | None = None
    encoding: str = "utf-8"
    columns: int = 0
    read: int = 0
    accepted: int = 0
    rejected: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    subjects: int = 0
    first: datetime | None = None
    last: datetime | None = None
    zone: str | None = None
    variables: dict[str, VariableFigures] = field(default_factory=dict)
    rejects: list[dict[str, object]] = field(default_factory=list)
    layout: dict[str, object] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def values(self) -> int:
        """Number of observations, missing ones included."""
        return sum(figures.values for figures in self.variables.values())

    @property
    def missing(self) -> int:
        """Number of observations without a value."""
        return sum(figures.missing for figures in self.variables.values())

    def reject(self, row: int, reason: str, detail: str) -> None:
        """Note a row that is refused."""
        self.rejected += 1
        self.rejects.append({"row": row, "reason": reason, "detail": detail})

    def to_json(self) -> dict[str, object]:
        """Give the report as the contract has it (DESIGN 2)."""
        return {
            "file": self.file,
            "dataset": self.dataset,
            "sheet": self.sheet,
            "encoding": self.encoding,
            "read": self.read,
            "accepted": self.accepted,
            "inserted": self.inserted,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "columns": self.columns,
            "values": self.values,
            "missing": self.missing,
            "sum": round(math.fsum(figures.total for figures in self.variables.values()), 6),
            "subjects": self.subjects,
            "first": show_instant(self.first, self.zone) if self.first else None,
            "last": show_instant(self.last, self.zone) if self.last else None,
            "variables": {code: figures.to_json() for code, figures in self.variables.items()},
            "layout": self.layout,
            "rejects": self.rejects[:_LISTED_REJECTS],
            "warnings": self.warnings,
        }

    def lines(self) -> list[str]:
        """Give the summary for a person, a line each."""
        lines = [
            f"{self.file} -> {self.dataset}",
            f"read {self.read} rows, accepted {self.accepted} (inserted {self.inserted}, updated"
            f" {self.updated}, unchanged {self.unchanged}), rejected {self.rejected}",
            f"{self.values} values of {len(self.variables)} variables and {self.subjects} subjects,"
            f" {self.missing} missing",
        ]
        if self.first and self.last:
            lines[-1] += (
                f", from {show_instant(self.first, self.zone)}"
                f" to {show_instant(self.last, self.zone)}"
            )
        time = self.layout.get("time")
        lines.append(f"time: {time}; subject: {self.layout.get('subject')}")
        lines += [
            f"row {one['row']}: {one['reason']}: {one['detail']}" for one in self.rejects[:20]
        ]
        if len(self.rejects) > 20:
            lines.append(f"… and {len(self.rejects) - 20} more rejected rows: see --report")
        return lines + [f"warning: {warning}" for warning in self.warnings]


def merge_reports(reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Join the reports of several files of one data set: their sums, and each in `files`."""
    names = ("read", "accepted", "inserted", "updated", "unchanged", "rejected", "values")
    return {
        "dataset": reports[0]["dataset"],
        **{name: sum(one[name] for one in reports) for name in (*names, "missing")},
        "files": list(reports),
    }
