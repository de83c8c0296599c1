"""The two rounds a year of province and ministry (QĐ 26/2026/QĐ-TTg); pure.

A round takes what was requested before its first day named here and is done before its second one.
"Before 30 April" leaves that day out, as the decision says it.
"""

from dataclasses import dataclass
from datetime import date

# (month, day) requested before → (month, day) done before, in the year of the request.
_PROVINCE = (((4, 30), (6, 30)), ((10, 30), (12, 30)))
_MINISTRY = (((1, 30), (3, 30)), ((7, 30), (9, 30)))


@dataclass(frozen=True, slots=True)
class Round:
    """One round: both days are the first ones too late."""

    requested_before: date
    done_before: date


def province_round(requested_on: date) -> Round:
    """The province's round that a commune's request of a day belongs to."""
    return _round(_PROVINCE, requested_on)


def ministry_round(requested_on: date) -> Round:
    """The ministry's round that a province's request of a day belongs to."""
    return _round(_MINISTRY, requested_on)


def _round(
    rounds: tuple[tuple[tuple[int, int], tuple[int, int]], ...], requested_on: date
) -> Round:
    for year in (requested_on.year, requested_on.year + 1):
        for requested, done in rounds:
            if requested_on < date(year, *requested):
                return Round(date(year, *requested), date(year, *done))
    raise AssertionError("a year later every day is before the first round's")
