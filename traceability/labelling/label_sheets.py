"""The papers that labels are printed on: office sheets of A4, and rolls with a page a label.

All lengths in millimetres. A sheet is named by how many labels it holds, a roll by its label.
"""

from dataclasses import dataclass

from gis.errors import InvalidInputError

A4 = (210.0, 297.0)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Labels in rows and columns on a page; `name_size` is in points."""

    columns: int
    rows: int
    width: float
    height: float
    left: float
    top: float
    step_x: float
    step_y: float
    name_size: float
    page: tuple[float, float] = A4
    is_round: bool = False

    @property
    def count(self) -> int:
        """Labels on one page."""
        return self.columns * self.rows

    @property
    def is_roll(self) -> bool:
        """Whether each label is a page of its own."""
        return self.count == 1

    @property
    def module_mm(self) -> float:
        """Width of one module of a symbol of version 5 (37 modules and the quiet zone).

        GS1 asks for at least 0.396 mm where labels are read by phones (General Specifications,
        section 5.12.3.1, extended packaging).
        """
        side = 0.62 * self.width if self.is_round else min(self.height, self.width * 0.52) - 1
        return side / 45


def _roll(width: float, height: float, name_size: float, *, is_round: bool = False) -> Sheet:
    page = (width, height)
    return Sheet(1, 1, width, height, 0, 0, width, height, name_size, page, is_round)


SHEETS = {
    "8": Sheet(2, 4, 99.1, 67.7, 4.65, 13.1, 101.6, 67.7, 14.0),
    "24": Sheet(3, 8, 63.5, 33.9, 7.25, 12.9, 66.0, 33.9, 8.5),
    "65": Sheet(5, 13, 38.1, 21.2, 4.75, 10.7, 40.6, 21.2, 5.4),
    "roll-50x30": _roll(50.0, 30.0, 7.0),
    "round-40": _roll(40.0, 40.0, 6.0, is_round=True),
}


def check_start(sheet: str, start: int) -> None:
    """Refuse a first sheet that has no such place.

    Raises:
        InvalidInputError: The place is beyond the sheet; a roll has one place.
    """
    if not 1 <= start <= SHEETS[sheet].count:
        raise InvalidInputError(
            f"The sheet {sheet} has places 1 to {SHEETS[sheet].count} to start at.",
            parameter="start",
        )
