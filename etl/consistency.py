"""Columns of one file that say the same thing twice, and do not always agree."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from etl.targets import fold_name

# `province` beside `province_vn` is one thing in two spellings; `_en` would be a translation.
_SUFFIXES = ("_vn", "_vi")


class DisagreementCounter:
    """Counts rows in which a column and its Vietnamese twin name different things."""

    def __init__(self, fields: Sequence[str]) -> None:
        """Find the pairs of columns to be compared."""
        known = {field.lower(): field for field in fields}
        self._pairs = [
            (known[name[: -len(suffix)]], field)
            for name, field in known.items()
            for suffix in _SUFFIXES
            if name.endswith(suffix) and name[: -len(suffix)] in known
        ]
        self._counts: Counter[tuple[str, str, str, str]] = Counter()

    def add(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Compare the rows of one batch."""
        for plain, twin in self._pairs:
            for one, other in zip(columns.get(plain, ()), columns.get(twin, ()), strict=False):
                if isinstance(one, str) and isinstance(other, str) and not _agree(one, other):
                    self._counts[plain, twin, one, other] += 1

    def sentences(self) -> list[str]:
        """Give one sentence per pair of columns, with its most frequent disagreement."""
        totals: Counter[tuple[str, str]] = Counter()
        examples: dict[tuple[str, str], tuple[str, str]] = {}
        for (plain, twin, one, other), count in self._counts.most_common():
            totals[plain, twin] += count
            examples.setdefault((plain, twin), (one, other))
        return [
            f"{twin} contradicts {plain} in {count} rows, for example {examples[plain, twin][1]!r}"
            f" beside {examples[plain, twin][0]!r}."
            for (plain, twin), count in totals.items()
        ]


def _agree(one: str, other: str) -> bool:
    """Say whether one name is contained in the other, apart from case, accents and signs."""
    first, second = (fold_name(name).replace("_", "") for name in (one, other))
    return first in second or second in first
