"""What an operator may say about a file."""

import shlex
from dataclasses import dataclass
from datetime import date

# What a column of a table may be mapped to instead of a field: its place.
PLACE_NAMES = ("lon", "lat", "x", "y", "wkt")


@dataclass(frozen=True)
class LoadOptions:
    """What the operator said about a file; most names are those of the command line.

    Attributes:
        unmapped: Fields of the layer that no field of the file shall be guessed for.
        commune: Code of the only commune whose rows may be written; None: all.
        reason: Why, for the history; None: the file's name says it.
    """

    source_layer: str | None = None
    crs: str | None = None
    encoding: str = "auto"
    mapping: tuple[str, ...] = ()
    key: str | None = None
    valid_from: date | None = None
    anywhere: bool = False
    repair: bool = False
    dry_run: bool = False
    actor: str = "etl"
    unmapped: frozenset[str] = frozenset()
    commune: str | None = None
    reason: str | None = None

    @property
    def places(self) -> dict[str, str] | None:
        """The mapped columns of a table that hold its places; None: none were."""
        pairs = (pair.rpartition("=") for pair in self.mapping)
        said = {goal: origin for origin, _, goal in pairs if goal in PLACE_NAMES}
        return said or None

    @property
    def fields(self) -> tuple[str, ...]:
        """The other mapped columns."""
        return tuple(pair for pair in self.mapping if pair.rpartition("=")[2] not in PLACE_NAMES)

    def command(self, layer: str, file: str) -> str:
        """Write the command these options came from, without `--crs`."""
        words = ["python", "-m", "etl", "load", layer, file]
        if self.source_layer:
            words += ["--source-layer", self.source_layer]
        if self.encoding != "auto":
            words += ["--encoding", self.encoding]
        for pair in self.mapping:
            words += ["--map", pair]
        if self.key:
            words += ["--key", self.key]
        if self.valid_from:
            words += ["--valid-from", self.valid_from.isoformat()]
        words += ["--anywhere"] * self.anywhere + ["--repair"] * self.repair
        words += ["--dry-run"] * self.dry_run
        return shlex.join(words)
