"""Questions to the journal: events by what they say, page by page, and the values that occur.

A page continues behind the last event of the one before (its time and sequence), so events that
are captured meanwhile neither shift nor repeat anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    any_,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Session

from traceability.epcis.patterns import Pattern
from traceability.models import Event, EventItem, Product

Order = Literal["eventTime", "recordTime"]
Column = Literal["biz_step", "disposition", "read_point", "biz_location"]
# So many events are looked up by their sequences; above, one in a few hundred is a producer's own.
_FEW = 5_000
_NEWEST = 10_000
_NAMED = ("epc", "parent", "child", "input", "output")


@dataclass(frozen=True, slots=True)
class Match:
    """Events with an item in one of the roles whose key matches one of the patterns.

    `is_class`: of lots and products, or of single things, or (None) of both.
    """

    roles: tuple[str, ...]
    is_class: bool | None
    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader who sees only what he captured, or his party, or what is about its products."""

    name: str
    party_id: int | None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended: the time that orders, and the sequence."""

    at: datetime
    sequence: int


@dataclass(frozen=True, slots=True)
class EventQuery:
    """What is asked; empty tuples and None ask nothing. Times: from, inclusive, to, exclusive."""

    event_time: tuple[datetime | None, datetime | None] = (None, None)
    record_time: tuple[datetime | None, datetime | None] = (None, None)
    types: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    biz_steps: tuple[str, ...] = ()
    dispositions: tuple[str, ...] = ()
    read_points: tuple[Pattern, ...] = ()
    biz_locations: tuple[Pattern, ...] = ()
    transformation_ids: tuple[str, ...] = ()
    event_ids: tuple[str, ...] = ()
    matches: tuple[Match, ...] = field(default=())
    declared_errors: bool = False
    error_reasons: tuple[str, ...] = ()
    order: Order = "recordTime"
    descending: bool = False
    reader: Reader | None = None


def list_events(
    session: Session, query: EventQuery, *, limit: int, after: Position | None = None
) -> Sequence[Event]:
    """The events that match, in the order asked for.

    Args:
        session: Only read.
        query: What is asked.
        limit: At most so many.
        after: Behind which one to go on.
    """
    at = Event.event_time if query.order == "eventTime" else Event.recorded_at
    statement = select(Event).where(*_conditions(session, query)).limit(limit)
    if after is not None:
        here, there = tuple_(at, Event.sequence), tuple_(literal(after.at), literal(after.sequence))
        statement = statement.where(here < there if query.descending else here > there)
    columns = (at, Event.sequence)
    statement = statement.order_by(*((c.desc() for c in columns) if query.descending else columns))
    return session.scalars(statement).all()


def position_of(event: Event, query: EventQuery) -> Position:
    """Where a page that ends with this event ended."""
    at = event.event_time if query.order == "eventTime" else event.recorded_at
    return Position(at, event.sequence)


def is_more_than(session: Session, query: EventQuery, most: int) -> bool:
    """Whether more events match than so many, without counting all."""
    some = select(Event.sequence).where(*_conditions(session, query)).limit(most + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) > most


def list_values(
    session: Session, column: Column, *, limit: int, after: str | None, reader: Reader | None
) -> Sequence[str]:
    """The values of a column that occur in events, in their order.

    Args:
        session: Only read.
        column: Of `traceability.event`.
        limit: At most so many.
        after: Behind which value to go on.
        reader: Sees only values of his own newest events.
    """
    found = getattr(Event, column)
    if reader is None:
        return _skip_through(session, found, limit, after)
    newest = _newest_of(session, reader)
    value = newest.c[column]
    statement = select(value).where(value.is_not(None))
    if after is not None:
        statement = statement.where(value > after)
    return session.scalars(statement.distinct().order_by(value).limit(limit)).all()


def list_epcs(
    session: Session, *, limit: int, after: str | None, reader: Reader | None
) -> Sequence[str]:
    """The keys of single things that occur in events, in their order."""
    statement = select(EventItem.key).where(~EventItem.is_class, EventItem.role.in_(_NAMED))
    if after is not None:
        statement = statement.where(EventItem.key > after)
    if reader is not None:
        own = _newest_of(session, reader)
        statement = statement.where(EventItem.event_sequence.in_(select(own.c.sequence)))
    return session.scalars(statement.distinct().order_by(EventItem.key).limit(limit)).all()


def _newest_of(session: Session, reader: Reader) -> Any:
    """The events of a reader that his lists of values are made of."""
    visible = select(Event).where(_visible(session, reader)).order_by(Event.event_time.desc())
    return visible.limit(_NEWEST).subquery()


def _skip_through(session: Session, column: Any, limit: int, after: str | None) -> Sequence[str]:
    """Each value once, by jumping along the index from one to the next."""
    first = select(func.min(column).label("value"))
    if after is not None:
        first = first.where(column > after)
    values = first.cte("values", recursive=True)
    step = select(func.min(column)).where(column > values.c.value).scalar_subquery()
    values = values.union_all(select(step).where(values.c.value.is_not(None)))
    statement = select(values.c.value).where(values.c.value.is_not(None)).limit(limit)
    return session.scalars(statement).all()


def _conditions(session: Session, query: EventQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, (since, until) in (
        (Event.event_time, query.event_time),
        (Event.recorded_at, query.record_time),
    ):
        if since is not None:
            found.append(column >= since)
        if until is not None:
            found.append(column < until)
    for name, values in (
        (Event.type, query.types),
        (Event.action, query.actions),
        (Event.biz_step, query.biz_steps),
        (Event.disposition, query.dispositions),
        (Event.transformation_id, query.transformation_ids),
        (Event.reason, query.error_reasons),
    ):
        if values:
            found.append(name.in_(values))
    for place, patterns in (
        (Event.read_point, query.read_points),
        (Event.biz_location, query.biz_locations),
    ):
        if patterns:
            found.append(_matches(place, patterns))
    found += [Event.sequence.in_(_sequences(match)) for match in query.matches]
    if query.declared_errors:
        found.append(Event.corrects.is_not(None))
    if query.event_ids:
        ids = any_(literal(list(query.event_ids), ARRAY(TEXT)))
        found.append(or_(Event.event_id == ids, Event.hash_id == ids))
    else:
        # What was sent again in other words is found by its name only.
        found.append(Event.repeats.is_(None))
    if query.reader is not None:
        found.append(_visible(session, query.reader))
    return found


def _matches(column: Any, patterns: Sequence[Pattern]) -> ColumnElement[bool]:
    exact = [key for pattern in patterns for key in pattern.exact]
    prefixes = [prefix for pattern in patterns for prefix in pattern.prefixes]
    # A range of the index: what begins with a prefix comes before what begins with the next one.
    ways = [
        and_(column >= prefix, column < prefix[:-1] + chr(ord(prefix[-1]) + 1))
        for prefix in prefixes
    ]
    if exact:
        ways.append(column == any_(literal(exact, ARRAY(TEXT))))
    return or_(*ways)


def _sequences(match: Match) -> Any:
    found = select(EventItem.event_sequence).where(
        EventItem.role.in_(match.roles), _matches(EventItem.key, match.patterns)
    )
    return found if match.is_class is None else found.where(EventItem.is_class == match.is_class)


def _visible(session: Session, reader: Reader) -> ColumnElement[bool]:
    ways: list[ColumnElement[bool]] = [Event.captured_by == reader.name]
    if reader.party_id is not None:
        ways.append(Event.party_id == reader.party_id)
        keys = _keys_of(session, reader.party_id)
        if keys:
            ways.append(_about(session, keys))
    return or_(*ways)


def _keys_of(session: Session, party_id: int) -> list[str]:
    """The keys of a party's products, by GTIN and by trace code."""
    products = select(Product.gtin, Product.trace_code).where(Product.producer_id == party_id)
    return [
        key
        for gtin, code in session.execute(products)
        for key in (gtin and f"/01/{gtin}", f"/t/{code}")
        if key
    ]


def _about(session: Session, keys: list[str]) -> ColumnElement[bool]:
    """Events about products, their lots and items.

    A few events are named to the database; of many it meets one soon, whatever it orders by.
    """
    # A key and all below it: "/" is the character before "0".
    below = or_(*(and_(EventItem.key >= key, EventItem.key < f"{key}0") for key in keys))
    some = select(EventItem.event_sequence).where(below).limit(_FEW + 1)
    sequences = session.scalars(some).all()
    if len(sequences) <= _FEW:
        return Event.sequence == any_(literal(list(set(sequences)), ARRAY(BigInteger)))
    return exists().where(EventItem.event_sequence == Event.sequence, below)
