"""Working-day deadlines, checkable on a wall calendar."""

from datetime import UTC, date, datetime

import pytest

from gis.calendar import add_working_days, is_working_day, local_day, working_days_between

HOLIDAYS = {date(2026, 9, 2), date(2027, 1, 1)}


@pytest.mark.parametrize(
    ("received", "term", "due"),
    [
        # Friday 20 November 2026: Monday, Tuesday, Wednesday.
        (date(2026, 11, 20), 3, date(2026, 11, 25)),
        # Received on a Sunday: counting begins on Monday as well.
        (date(2026, 11, 22), 3, date(2026, 11, 25)),
        # Tuesday 1 September 2026: the 2nd is a holiday, so Thursday 3, Friday 4, Monday 7.
        (date(2026, 9, 1), 3, date(2026, 9, 7)),
        # Ten working days are two weeks.
        (date(2026, 11, 16), 10, date(2026, 11, 30)),
        (date(2026, 12, 30), 2, date(2027, 1, 4)),
        (date(2026, 11, 16), 0, date(2026, 11, 16)),
    ],
)
def test_a_term_ends_on_the_day_the_calendar_says(received, term, due):
    assert add_working_days(received, term, HOLIDAYS) == due
    assert working_days_between(received, due, HOLIDAYS) == term


def test_days_left_are_negative_after_the_deadline():
    due = date(2026, 11, 25)
    assert working_days_between(date(2026, 11, 25), due, ()) == 0
    assert working_days_between(date(2026, 11, 26), due, ()) == -1
    # Thursday to Monday after: Thursday, Friday, Monday.
    assert working_days_between(date(2026, 11, 30), due, ()) == -3
    assert not is_working_day(date(2026, 11, 21), ())


def test_a_day_begins_at_midnight_in_vietnam():
    assert local_day(datetime(2026, 11, 22, 16, 59, tzinfo=UTC)) == date(2026, 11, 22)
    assert local_day(datetime(2026, 11, 22, 17, 0, tzinfo=UTC)) == date(2026, 11, 23)
