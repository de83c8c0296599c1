"""When something was measured: reading the ways in which files write a time.

Pure rules. An instant with a clock is given its zone; a **day, month or year has no clock and no
zone**: it is kept as its first midnight UTC, so that it reads the same everywhere and falls into
its own month. Only a description that names a zone changes that.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gis.errors import InvalidInputError

LOCAL_ZONE = "Asia/Ho_Chi_Minh"

# How a column writes its times. `dmy`, `mdy`, `ymd`: the order of day, month and year in text.
ORDERS = ("ymd", "dmy", "mdy")
NUMBERS = ("excel", "yyyymmdd", "yyyymmddhhmm", "unix", "year")
KINDS = (*ORDERS, *NUMBERS, "year-month")

_STAMP = re.compile(
    r"(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})"
    r"(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp][Mm])?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?"
)
_COMPACT = re.compile(r"\d{8}(?:\d{4})?")
# Day 0 of Excel's calendar; its leap day of 1900 never was, so days before 61 are not trusted.
_EXCEL_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
_EXCEL_DAYS = (20_000, 80_000)
_UNIX_SECONDS = (300_000_000, 4_200_000_000)
_YEARS = (1800, 2200)


@dataclass(frozen=True)
class TimeRule:
    """How the time of a row is read.

    Attributes:
        kind: One of `KINDS`, or a format of `datetime.strptime`.
        zone: IANA name of the zone of clock times; None: `LOCAL_ZONE`, and days in UTC.
    """

    kind: str
    zone: str | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown zone or kind at once."""
        if self.kind not in KINDS and "%" not in self.kind:
            raise InvalidInputError(
                f"{self.kind} is no way of writing time. Known: {', '.join(KINDS)}, or a format"
                " such as %d/%m/%Y %H:%M."
            )
        find_zone(self.zone or LOCAL_ZONE)

    def read(self, cells: Sequence[Any]) -> datetime:
        """Give the instant in UTC that the time cells of one row say.

        Raises:
            ValueError: When they are no such time.
        """
        first = cells[0]
        match self.kind:
            case "year-month":
                return self._day(int(first), int(cells[1]), 1)
            case "ymd" | "dmy" | "mdy":
                return self._from_text(str(first).strip())
            case "excel":
                return self._from_excel(float(first))
            case "yyyymmdd" | "yyyymmddhhmm":
                return self._from_compact(str(first).strip())
            case "unix":
                return datetime.fromtimestamp(float(first), UTC)
            case "year":
                return self._day(int(float(first)), 1, 1)
        read = datetime.strptime(str(first).strip(), self.kind)  # noqa: DTZ007  placed below
        has_clock = any(mark in self.kind for mark in ("%H", "%I", "%X", "%c"))
        return read.astimezone(UTC) if read.tzinfo else self._place(read, has_clock=has_clock)

    def _from_text(self, text: str) -> datetime:
        found = _STAMP.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no date")
        year, month, day = _order(self.kind, (found[1], found[2], found[3]))
        if found[4] is None:
            return self._day(year, month, day)
        hour = int(found[4])
        if found[8]:
            if not 1 <= hour <= 12:
                raise ValueError(f"{text!r} is no time of a 12-hour clock")
            hour = hour % 12 + (12 if found[8].lower() == "pm" else 0)
        # 24:00 is the midnight that ends a day; loggers write it.
        is_end = hour == 24 and int(found[5]) == 0
        microsecond = int((found[7] or "0").ljust(6, "0")[:6])
        read = datetime(  # noqa: DTZ001  placed below
            year,
            month,
            day,
            0 if is_end else hour,
            int(found[5]),
            int(found[6] or 0),
            microsecond,
        ) + timedelta(days=int(is_end))
        if found[9]:
            return read.replace(tzinfo=_offset(found[9])).astimezone(UTC)
        return self._place(read, has_clock=True)

    def _from_excel(self, days: float) -> datetime:
        if not _EXCEL_DAYS[0] <= days <= _EXCEL_DAYS[1]:
            raise ValueError(f"{days} is no day number of Excel between 1954 and 2119")
        # The number holds a second to some microseconds only.
        read = _EXCEL_EPOCH + timedelta(seconds=round(days * 86400))
        return self._place(read.replace(tzinfo=None), has_clock=days != int(days))

    def _from_compact(self, text: str) -> datetime:
        digits = text.removesuffix(".0")
        if not _COMPACT.fullmatch(digits):
            raise ValueError(f"{text!r} is not {self.kind}")
        day = (int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
        if len(digits) == 8:
            return self._day(*day)
        clock = datetime(*day, int(digits[8:10]), int(digits[10:12]))  # noqa: DTZ001
        return self._place(clock, has_clock=True)

    def _day(self, year: int, month: int, day: int) -> datetime:
        return self._place(datetime(year, month, day), has_clock=False)  # noqa: DTZ001

    def _place(self, read: datetime, *, has_clock: bool) -> datetime:
        """Give a time read without a zone its place on the time line."""
        if self.zone is None and not has_clock:
            return read.replace(tzinfo=UTC)
        zone = find_zone(self.zone or LOCAL_ZONE)
        placed = read.replace(tzinfo=zone).astimezone(UTC)
        if placed.astimezone(zone).replace(tzinfo=None) != read:
            raise ValueError(f"{read} does not exist in {zone}: clocks were put forward")
        return placed


def find_zone(name: str) -> tzinfo:
    """Find a zone by its IANA name.

    Raises:
        InvalidInputError: When there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInputError(f"{name} is no time zone: give one like {LOCAL_ZONE}.") from error


def guess_kind(cells: Sequence[Any]) -> str | None:
    """Guess how a column writes its times; None: it is no column of times.

    All cells count: only a 13th day tells `2/1/2022` from `1/2/2022`. Where none does, the
    Vietnamese order day-month is taken.

    Args:
        cells: The cells that are not empty.
    """
    if not cells:
        return None
    if all(isinstance(cell, str) and not _is_digits(cell) for cell in cells):
        return _guess_order([str(cell) for cell in cells])
    try:
        numbers = [float(cell) for cell in cells]
    except (TypeError, ValueError):
        return None
    low, high = min(numbers), max(numbers)
    is_whole = all(number.is_integer() for number in numbers)
    if is_whole and low >= 18000101 and high <= 22001231 and _is_compact(numbers):
        return "yyyymmdd"
    if is_whole and low >= 180001010000 and high <= 220012312359:
        return "yyyymmddhhmm"
    if is_whole and low >= _YEARS[0] and high <= _YEARS[1]:
        return "year"
    if low >= _EXCEL_DAYS[0] and high <= _EXCEL_DAYS[1]:
        return "excel"
    if low >= _UNIX_SECONDS[0] and high <= _UNIX_SECONDS[1]:
        return "unix"
    return None


def describe_kind(kind: str) -> str:
    """Say in a few words how times are written."""
    return {
        "ymd": "yyyy-mm-dd",
        "dmy": "d/m/yyyy",
        "mdy": "m/d/yyyy",
        "excel": "day numbers of Excel",
        "yyyymmdd": "YYYYMMDD numbers",
        "yyyymmddhhmm": "YYYYMMDDhhmm numbers",
        "unix": "seconds since 1970 UTC",
        "year": "years",
        "year-month": "a year and a month",
    }.get(kind, kind)


def parse_instant(value: str | date) -> datetime:
    """Read an ISO 8601 date or time as a description or a command gives it, in UTC.

    Raises:
        InvalidInputError: When it is none.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    text = value.isoformat() if isinstance(value, datetime) else value
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError(
            f"{text} is no date or time: write it like 2026-11-22 or 2026-11-22T07:00+07:00."
        ) from error
    if read.tzinfo is None:
        read = read.replace(tzinfo=UTC if len(text) <= 10 else find_zone(LOCAL_ZONE))
    return read.astimezone(UTC)


def show_instant(instant: datetime, zone: str | None = None) -> str:
    """Write an instant as ISO 8601 in its zone; midnights UTC (days, years) stay in UTC."""
    if zone is None and instant.astimezone(UTC).time() == time.min:
        return instant.astimezone(UTC).isoformat()
    return instant.astimezone(find_zone(zone or LOCAL_ZONE)).isoformat()


def _order(kind: str, parts: tuple[str, str, str]) -> tuple[int, int, int]:
    first, second, third = parts
    if len(first) == 4:
        return int(first), int(second), int(third)
    year = int(third) if len(third) == 4 else 2000 + int(third)
    if len(third) not in (2, 4) or kind == "ymd":
        raise ValueError(f"{'/'.join(parts)} is not {describe_kind(kind)}")
    return (year, int(first), int(second)) if kind == "mdy" else (year, int(second), int(first))


def _guess_order(texts: list[str]) -> str | None:
    found = [match for text in texts if (match := _STAMP.fullmatch(text.strip()))]
    if len(found) < 0.9 * len(texts):
        return None
    if all(len(match[1]) == 4 for match in found):
        return "ymd"
    firsts = max(int(match[1]) for match in found if len(match[1]) < 4)
    seconds = max(int(match[2]) for match in found)
    return "mdy" if seconds > 12 >= firsts else "dmy"


def _is_digits(cell: Any) -> bool:
    return str(cell).strip().replace(".", "", 1).isdigit()


def _is_compact(numbers: list[float]) -> bool:
    days = {int(number) % 100 for number in numbers}
    months = {int(number) // 100 % 100 for number in numbers}
    return days <= set(range(1, 32)) and months <= set(range(1, 13))


def _offset(text: str) -> tzinfo:
    zone = datetime.fromisoformat(f"2000-01-01T00:00{text}").tzinfo
    if zone is None:  # pragma: no cover - the pattern admits offsets only
        raise ValueError(text)
    return zone
