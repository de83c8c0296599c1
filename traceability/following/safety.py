"""Whether a lot may bear the "safe" badge, and if not, why not.

`earliest harvest = max(applied on + pre-harvest interval)`, DOMAIN 1.5: a lot harvested earlier has
no badge, nor has what was made from it, through any number of steps.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any, Literal

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from gis.diary import Interval, find_intervals
from traceability.following.lineage import Ancestor, find_ancestors
from traceability.following.stocks import lot_keys
from traceability.models import Lot, LotSource, Product

_VERDICTS = text((files("traceability.following") / "verdicts.sql").read_text("utf-8"))

Reason = Literal["early-harvest", "non-conformant", "not-inspected"]


@dataclass(frozen=True, slots=True)
class EarlyHarvest:
    """A harvest before its interval was over: which lot, on which day, because of what."""

    product_name: str
    lot_code: str
    harvested_on: date
    interval: Interval


@dataclass(frozen=True, slots=True)
class Safety:
    """Whether a lot bears the badge; `reason` is why not, the gravest one.

    `early` are the harvests that came too early, of the lot or of what it was made from.
    """

    badge: bool
    reason: Reason | None
    early: tuple[EarlyHarvest, ...] = ()
    inspected_on: date | None = None


def safety_of(session: Session, lot: Lot, *, lineage: list[Ancestor] | None = None) -> Safety:
    """Say whether a lot bears the badge: inspected conformant, and no harvest too early.

    `lineage` is the lot's, where it is known already.
    """
    if lineage is not None:
        return _judge_all(session, {lot.id: lineage})[lot.id]
    product = session.get(Product, lot.product_id)
    assert product is not None
    return safety_of_lots(session, [(product, lot)])[lot.id]


def safety_of_lots(session: Session, lots: Iterable[tuple[Product, Lot]]) -> dict[int, Safety]:
    """Say it of many lots, by the lot's id, in a few statements however many there are."""
    return _judge_all(session, find_ancestors(session, lots))


def _judge_all(session: Session, lineages: dict[int, list[Ancestor]]) -> dict[int, Safety]:
    everything = {each.lot.id: each for line in lineages.values() for each in line}
    sources = session.execute(
        select(LotSource.lot_id, LotSource.growing_area_id, LotSource.harvested_on)
        .where(LotSource.lot_id.in_(everything))
        .order_by(LotSource.harvested_on, LotSource.id)
    ).all()
    early = _early_harvests(session, everything, sources)
    verdicts = _verdicts(session, everything)
    grown = {row.lot_id for row in sources}
    return {lot_id: _judge(line, early, verdicts, grown) for lot_id, line in lineages.items()}


def _judge(
    line: list[Ancestor],
    early: dict[int, list[EarlyHarvest]],
    verdicts: dict[int, tuple[bool, date]],
    grown: set[int],
) -> Safety:
    found = tuple(one for each in line for one in early.get(each.lot.id, ()))
    own = verdicts.get(line[0].lot.id)
    if found:
        return Safety(False, "early-harvest", found, own[1] if own else None)
    if any(not verdicts[each.lot.id][0] for each in line if each.lot.id in verdicts):
        return Safety(False, "non-conformant", (), own[1] if own else None)
    if own is not None:
        return Safety(True, None, (), own[1])
    # What was made from inspected lots only needs no inspection of its own: all that went into it
    # last, or all that came from the fields.
    for origins in (
        [each.lot.id for each in line if each.depth == 1],
        [each.lot.id for each in line if each.depth and each.lot.id in grown],
    ):
        days = [verdicts[lot_id][1] for lot_id in origins if lot_id in verdicts]
        if origins and len(days) == len(origins):
            return Safety(True, None, (), max(days))
    return Safety(False, "not-inspected")


def _early_harvests(
    session: Session, everything: dict[int, Ancestor], rows: Sequence[Any]
) -> dict[int, list[EarlyHarvest]]:
    found: dict[int, list[EarlyHarvest]] = {}
    asked = {(area_id, day or everything[lot_id].lot.harvested_on) for lot_id, area_id, day in rows}
    intervals = {
        (interval.growing_area_id, day): interval
        for day in {day for _, day in asked if day is not None}
        for interval in find_intervals(
            session, {area_id: day for area_id, each in asked if each == day}
        ).values()
    }
    for lot_id, area_id, harvested_on in rows:
        each = everything[lot_id]
        day = harvested_on or each.lot.harvested_on
        interval = intervals.get((area_id, day)) if day else None
        if day is not None and interval is not None and day < interval.ends_on:
            found.setdefault(lot_id, []).append(
                EarlyHarvest(each.product.name, each.lot.code, day, interval)
            )
    return found


def _verdicts(session: Session, everything: dict[int, Ancestor]) -> dict[int, tuple[bool, date]]:
    """The newest verdict on each lot: whether it conformed, and the day."""
    of = {
        key: each.lot.id
        for each in everything.values()
        for key in lot_keys(each.product, each.lot.code)
    }
    return {
        of[row.key]: (row.disposition == "conformant", row.inspected_on)
        for row in session.execute(_VERDICTS, {"keys": list(of)})
    }
