"""Dates as GS1 writes them: YYMMDD or YYYYMMDD (General Specifications 7.12)."""

_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def wrong_in_day(digits: str, *, whole_month: bool = False) -> str | None:
    """Say what is wrong with a date, or None.

    Args:
        digits: Six digits (two for the year) or eight.
        whole_month: Day 00 means the whole month.
    """
    year, month, day = int(digits[:-4]), int(digits[-4:-2]), int(digits[-2:])
    if not 1 <= month <= 12:
        return f"there is no month {digits[-4:-2]}"
    if day == 0 and whole_month:
        return None
    # A year of two digits is one of 1951 to 2050: there, every fourth is a leap year.
    is_leap = year % 4 == 0 and (len(digits) == 6 or year % 100 != 0 or year % 400 == 0)
    if not 1 <= day <= (28 if month == 2 and not is_leap else _DAYS[month - 1]):
        return f"that month has no day {digits[-2:]}"
    return None


def is_day(digits: str) -> bool:
    """Whether six or eight digits are a day of the calendar."""
    return wrong_in_day(digits) is None
