"""Names placed so that no two overlap: greedy, the important ones first; pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from gis.sheets.layout import Rect

# The side of the cells in which rectangles are looked up, mm.
_CELL = 12.0


@dataclass(frozen=True, slots=True)
class Label:
    """A name of one or several lines that wants to stand near a point; lengths in mm.

    `beside` is how far from the point a name stands that is not written over it; None: only over
    it. The larger `weight`, the earlier it is placed.
    """

    lines: tuple[str, ...]
    x: float
    y: float
    width: float
    line_height: float
    weight: float
    style: str
    beside: float | None = None

    @property
    def height(self) -> float:
        """Of all lines."""
        return self.line_height * len(self.lines)


@dataclass(frozen=True, slots=True)
class Placed:
    """A label with the rectangle that it got."""

    label: Label
    rect: Rect


def place_labels(
    labels: Sequence[Label], inside: Rect, obstacles: Sequence[Rect] = ()
) -> list[Placed]:
    """Place as many labels as fit; what finds no free place is left out.

    Args:
        labels: In any order.
        inside: No label leaves it.
        obstacles: Rectangles that stay free, such as symbols.
    """
    taken = _Taken()
    for obstacle in obstacles:
        taken.add(obstacle)
    placed = []
    for label in sorted(labels, key=lambda one: (-one.weight, one.y, one.x, one.lines)):
        for rect in _candidates(label):
            fits = (
                rect.x >= inside.x
                and rect.y >= inside.y
                and rect.right <= inside.right
                and rect.top <= inside.top
            )
            if fits and not taken.hits(rect):
                taken.add(rect)
                placed.append(Placed(label, rect))
                break
    return placed


def _candidates(label: Label) -> list[Rect]:
    """Where a label may stand, the best place first."""
    width, height = label.width, label.height
    left, low = label.x - width / 2, label.y - height / 2
    if label.beside is None:
        shift = height * 0.9
        return [
            Rect(left + dx * width / 3, low + dy * shift, width, height)
            for dx, dy in ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))
        ]
    off = label.beside
    right_of, left_of = label.x + off, label.x - off - width
    above, below = label.y + off, label.y - off - height
    return [
        Rect(right_of, low, width, height),
        Rect(left, below, width, height),
        Rect(left, above, width, height),
        Rect(left_of, low, width, height),
        Rect(right_of, above - off / 2, width, height),
        Rect(right_of, below + off / 2, width, height),
        Rect(left_of, above - off / 2, width, height),
        Rect(left_of, below + off / 2, width, height),
    ]


class _Taken:
    """Rectangles by the cells that they touch."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[Rect]] = defaultdict(list)

    def add(self, rect: Rect) -> None:
        for cell in self._touched(rect):
            self._cells[cell].append(rect)

    def hits(self, rect: Rect) -> bool:
        return any(
            other.x < rect.right
            and rect.x < other.right
            and other.y < rect.top
            and rect.y < other.top
            for cell in self._touched(rect)
            for other in self._cells.get(cell, ())
        )

    @staticmethod
    def _touched(rect: Rect) -> list[tuple[int, int]]:
        return [
            (column, row)
            for column in range(int(rect.x // _CELL), int(rect.right // _CELL) + 1)
            for row in range(int(rect.y // _CELL), int(rect.top // _CELL) + 1)
        ]
