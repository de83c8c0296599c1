"""The report of a load: the JSON of the contract, and the few lines a person reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reject:
    """A row that was refused.

    Attributes:
        row: Its number in the file, the first row is 1.
        reason: Two or three words, the same for all rows refused for the same cause.
        detail: What exactly, and where (lon lat, degrees).
    """

    row: int
    reason: str
    detail: str


@dataclass(frozen=True)
class Repair:
    """A geometry that was made valid, with what changed (areas geodesic, hectares)."""

    row: int
    what: str


@dataclass
class LoadReport:
    """What a load did, or would do.

    Attributes:
        file: Name of the file.
        layer: The layer it went into.
        crs: Coordinate system its coordinates were read in; None for a table.
        encoding: How its text was written.
        read: Features of the layer taken.
        accepted: Inserted, updated and unchanged.
        updated: Of these, changed in the database.
        unchanged: Of these, already there just so.
        rejected: Refused, each listed in `rejects`.
        repaired: Of the accepted, made valid, each listed in `repairs`.
        area_ha: Geodesic area (WGS84) of the accepted, after repair.
        seconds: Time taken by step; not part of the contract.
        mapping: Field of the layer to field of the file; for previews, as `refused`: some of the
            refused shapes (row, WKB in EPSG:4326).
    """

    file: str
    layer: str
    crs: str | None
    encoding: str
    read: int = 0
    accepted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    repaired: int = 0
    area_ha: float = 0.0
    rejects: list[Reject] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    dry_run: bool = False
    mapping: Mapping[str, str] = field(default_factory=dict)
    refused: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def inserted(self) -> int:
        """Rows that were not there before."""
        return self.accepted - self.updated - self.unchanged

    def as_json(self) -> dict[str, Any]:
        """Give the report as the contract has it, and the time of each step."""
        return {
            **self.summary(),
            "rejects": [
                {"row": reject.row, "reason": reject.reason, "detail": reject.detail}
                for reject in self.rejects
            ],
            "repairs": [{"row": repair.row, "what": repair.what} for repair in self.repairs],
        }

    def summary(self) -> dict[str, Any]:
        """Give the report without the lists that may be as long as the file."""
        return {
            "file": self.file,
            "layer": self.layer,
            "crs": self.crs,
            "encoding": self.encoding,
            "read": self.read,
            "accepted": self.accepted,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "repaired": self.repaired,
            "area_ha": round(self.area_ha, 6),
            "rejects": [],
            "repairs": [],
            "warnings": self.warnings,
            "seconds": {step: round(taken, 3) for step, taken in self.seconds.items()},
        }

    def lines(self) -> list[str]:
        """Give the summary for a person, a line each."""
        done = "would be " if self.dry_run else ""
        lines = [
            f"{self.file} -> {self.layer}"
            + (f" ({self.crs}, text {self.encoding})" if self.crs else f" (text {self.encoding})"),
            f"read {self.read}, accepted {self.accepted} ({done}inserted {self.inserted},"
            f" updated {self.updated}, unchanged {self.unchanged}), rejected {self.rejected},"
            f" repaired {self.repaired}, area {self.area_ha:,.4f} ha",
        ]
        lines += [f"row {item.row}: {item.reason}: {item.detail}" for item in self.rejects[:20]]
        if len(self.rejects) > 20:
            lines.append(f"… and {len(self.rejects) - 20} more rejected rows: see --report")
        lines += [f"row {item.row} repaired: {item.what}" for item in self.repairs[:20]]
        lines += [f"warning: {warning}" for warning in self.warnings]
        if self.dry_run:
            lines.append("dry run: nothing was written")
        return lines
