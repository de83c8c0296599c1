"""Days and deadlines in Vietnam: local days, working days, public holidays."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta, timezone

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.errors import NotFoundError
from gis.models import ProcedureRule, PublicHoliday

# Asia/Ho_Chi_Minh has kept UTC+7 without summer time since 1975: no time-zone database is needed.
VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
GROWING_AREA_CODE = "growing-area-code"


def local_day(instant: datetime) -> date:
    """The day in Vietnam on which an instant (with a time zone) falls."""
    return instant.astimezone(VIETNAM).date()


def today() -> date:
    """The day that it is in Vietnam now."""
    return local_day(datetime.now(UTC))


def is_working_day(day: date, holidays: Collection[date]) -> bool:
    """Whether offices work on a day: not a Saturday, a Sunday or a holiday.

    Days that are worked in exchange for a bridge day are not known here: they count as days off.
    """
    return day.weekday() < 5 and day not in holidays


def add_working_days(day: date, count: int, holidays: Collection[date]) -> date:
    """The last day of a term of `count` working days that begins the day after `day`.

    The day of the event itself is not counted (Bộ luật Dân sự 2015 art. 147).

    Raises:
        ValueError: When the count is negative.
    """
    if count < 0:
        raise ValueError("a term cannot be negative")
    while count > 0:
        day += timedelta(days=1)
        if is_working_day(day, holidays):
            count -= 1
    return day


def working_days_between(start: date, end: date, holidays: Collection[date]) -> int:
    """The working days after `start` up to and including `end`; negative when `end` is earlier.

    From today to a deadline these are the days left; 0 = due today, or the rest is days off.
    """
    if end < start:
        return -working_days_between(end, start, holidays)
    span = (start + timedelta(days=offset) for offset in range(1, (end - start).days + 1))
    return sum(is_working_day(day, holidays) for day in span)


def load_holidays(session: Session, start: date, end: date) -> frozenset[date]:
    """The public holidays from `start` to `end`, both inclusive."""
    query = select(PublicHoliday.day).where(PublicHoliday.day.between(start, end))
    return frozenset(session.scalars(query))


def procedure_rule(session: Session, procedure: str, variant: str, day: date) -> ProcedureRule:
    """The rule of a procedure that is in force on a day.

    Raises:
        NotFoundError: No rule covers that day.
    """
    rule = session.scalar(
        select(ProcedureRule)
        .where(
            ProcedureRule.procedure == procedure,
            ProcedureRule.variant == variant,
            ProcedureRule.valid_from <= day,
        )
        .order_by(ProcedureRule.valid_from.desc())
        .limit(1)
    )
    if rule is None:
        raise NotFoundError(f"No rule for {procedure}, {variant}, is in force on {day}.")
    return rule


def deadline(session: Session, procedure: str, variant: str, day: date) -> date:
    """The day by which something received on `day` must be answered.

    Raises:
        NotFoundError: No rule covers that day.
    """
    rule = procedure_rule(session, procedure, variant, day)
    # Five days off in a row for Tết, weekends: three times the term and two weeks always suffice.
    horizon = day + timedelta(days=3 * rule.working_days + 21)
    return add_working_days(day, rule.working_days, load_holidays(session, day, horizon))
