"""The farm diary: what was applied in a growing area, and from when harvesting is right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.database import wait_for_turn
from gis.errors import ConflictError, InvalidInputError, NotFoundError
from gis.models import DiaryEntry, GrowingArea
from gis.models.columns import choices

ACTIVITIES = choices(DiaryEntry.activity)
LONGEST_INTERVAL_DAYS = 365


@dataclass(frozen=True, slots=True)
class Interval:
    """A pre-harvest interval that a harvest of an area has to wait for; `ends_on` is its first day.

    Law 41/2013/QH13 art. 3.22: from the last use of a pesticide to the harvest, in days.
    """

    growing_area_id: int
    entry_id: int
    product_name: str
    done_on: date
    phi_days: int
    ends_on: date


def write_entry(
    session: Session,
    growing_area_id: int,
    *,
    done_on: date,
    activity: str,
    by: str,
    today: date,
    product_name: str | None = None,
    active_ingredient: str | None = None,
    dose: Decimal | None = None,
    unit: str | None = None,
    phi_days: int | None = None,
    note: str | None = None,
    is_demo: bool = False,
) -> DiaryEntry:
    """Write one line of an area's diary; flushes. What is written twice stands there once.

    Args:
        session: The transaction.
        growing_area_id: The area.
        done_on: The day; not after `today`.
        activity: One of `ACTIVITIES`; spraying needs a product and its interval.
        by: The account that writes.
        today: Vietnam's day.
        product_name: As on its label.
        active_ingredient: Of what is applied.
        dose: How much, in `unit`.
        unit: Such as `ml/ha`.
        phi_days: The pre-harvest interval on the label, 0 to 365 days.
        note: Anything else.
        is_demo: Invented for the demonstration.

    Raises:
        InvalidInputError: With `errors`, each a pointer and a rule.
        NotFoundError: When there is no such area.
    """
    product_name = (product_name or "").strip() or None
    mistakes = []
    if activity not in ACTIVITIES:
        mistakes.append(("/activity", "unknown"))
    if done_on > today:
        mistakes.append(("/done_on", "future"))
    if phi_days is not None and not 0 <= phi_days <= LONGEST_INTERVAL_DAYS:
        mistakes.append(("/phi_days", "range"))
    if dose is not None and not 0 < dose < 10**9:
        mistakes.append(("/dose", "range"))
    if activity == "spraying" and product_name is None:
        mistakes.append(("/product_name", "missing"))
    if activity == "spraying" and phi_days is None:
        mistakes.append(("/phi_days", "missing"))
    if mistakes:
        raise InvalidInputError(
            "This cannot be written into the diary: "
            + ", ".join(f"{pointer[1:]} ({rule})" for pointer, rule in mistakes),
            errors=[{"pointer": pointer, "rule": rule} for pointer, rule in mistakes],
        )
    if session.get(GrowingArea, growing_area_id) is None:
        raise NotFoundError(f"There is no growing area {growing_area_id}.")
    said = {
        "growing_area_id": growing_area_id,
        "done_on": done_on,
        "activity": activity,
        "product_name": product_name,
        "active_ingredient": (active_ingredient or "").strip() or None,
        "dose": dose,
        "unit": (unit or "").strip() or None,
        "phi_days": phi_days,
        "note": (note or "").strip() or None,
        "cancelled_at": None,
    }
    wait_for_turn(session, f"diary {growing_area_id}")
    same = session.scalars(select(DiaryEntry).filter_by(**said).limit(1)).first()
    if same is not None:
        return same
    entry = DiaryEntry(**said, created_by=by, is_demo=is_demo)
    session.add(entry)
    session.flush()
    return entry


def get_entry(session: Session, entry_id: int) -> DiaryEntry:
    """Return a line of the diary.

    Raises:
        NotFoundError: When there is none.
    """
    entry = session.get(DiaryEntry, entry_id) if 0 < entry_id < 2**63 else None
    if entry is None:
        raise NotFoundError(f"There is no diary entry {entry_id}.")
    return entry


def cancel_entry(session: Session, entry_id: int, *, by: str) -> DiaryEntry:
    """Cancel a line that was written by mistake; it stays readable; flushes.

    Raises:
        NotFoundError: When there is none.
        ConflictError: When it is cancelled already.
    """
    entry = session.scalar(select(DiaryEntry).where(DiaryEntry.id == entry_id).with_for_update())
    if entry is None:
        raise NotFoundError(f"There is no diary entry {entry_id}.")
    if entry.cancelled_at is not None:
        raise ConflictError(f"Diary entry {entry_id} is cancelled already.")
    entry.cancelled_at, entry.cancelled_by = datetime.now(UTC), by
    session.flush()
    return entry


def list_entries(
    session: Session, growing_area_ids: Sequence[int], *, limit: int = 100
) -> list[DiaryEntry]:
    """List the lines of some areas, the newest day first; cancelled ones too."""
    query = (
        select(DiaryEntry)
        .where(DiaryEntry.growing_area_id.in_(growing_area_ids))
        .order_by(DiaryEntry.done_on.desc(), DiaryEntry.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def find_intervals(session: Session, harvests: Mapping[int, date]) -> dict[int, Interval]:
    """Find, for each area and the day it is harvested on, the interval that ends last.

    Only what was applied up to that day counts: `earliest harvest = max(done_on + phi_days)`.
    The harvest is too early when its day lies before the interval's `ends_on`.

    Args:
        session: The transaction.
        harvests: The day of harvest by growing area.
    """
    if not harvests:
        return {}
    rows = session.scalars(
        select(DiaryEntry)
        .where(
            DiaryEntry.growing_area_id.in_(harvests),
            DiaryEntry.phi_days.is_not(None),
            DiaryEntry.cancelled_at.is_(None),
            DiaryEntry.done_on <= max(harvests.values()),
        )
        .order_by(DiaryEntry.earliest_harvest_on, DiaryEntry.id)
    )
    found: dict[int, Interval] = {}
    for row in rows:
        if row.done_on <= harvests[row.growing_area_id]:
            assert row.phi_days is not None
            assert row.earliest_harvest_on is not None
            # The last one stays: rows come in the order in which their intervals end.
            found[row.growing_area_id] = Interval(
                row.growing_area_id,
                row.id,
                row.product_name or "",
                row.done_on,
                row.phi_days,
                row.earliest_harvest_on,
            )
    return found
