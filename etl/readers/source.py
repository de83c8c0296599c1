"""What a reader gives: one layer of a file, and its rows in batches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Batch:
    """Some consecutive rows of a layer.

    Attributes:
        first_row: Number of the first row in its layer; the first row of a file is 1.
        ids: Feature id of each row as the file has it, or its place from 0.
        geometry: WKB of each row (bytes, or None without a shape), in the layer's own CRS, x then
            y; None altogether for a table without geometry.
        columns: The other fields, name to cells as plain Python values.
        problems: Rows that could not be read, by their place in the batch: reason and detail.
    """

    first_row: int
    ids: list[str]
    geometry: NDArray[np.object_] | None
    columns: dict[str, list[Any]]
    problems: dict[int, tuple[str, str]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.ids)


@dataclass
class Source:
    """One layer of a file, ready to be read once or several times.

    Attributes:
        name: The file's name, without folders.
        layer: The layer read; None where the format knows no layers.
        others: The other layers of the file that could have been read.
        format: The format's usual name.
        crs: The coordinate system as the file states it (`EPSG:n`, WKT or PROJJSON), or None.
        crs_note: Why a coordinate system is taken for granted although the file has none.
        fields: The names of the other columns.
        encoding: How text was read, and, after reading, what it turned out to be.
        count: Number of rows, when the format tells before reading.
        has_geometry: False for a plain table.
        batches: Starts reading.
        warnings: What the person should know, one sentence each; grows while reading.
    """

    name: str
    layer: str | None
    others: tuple[str, ...]
    format: str
    crs: str | None
    fields: tuple[str, ...]
    encoding: str
    count: int | None
    batches: Callable[[], Iterator[Batch]]
    has_geometry: bool = True
    crs_note: str | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What goes into the `source` column: the file, and the layer when there are several."""
        return f"{self.name}/{self.layer}" if self.layer and self.others else self.name
