"""What an operator may say about a file."""

import shlex
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class LoadOptions:
    """What the operator said about a file; the names are those of the command line."""

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
