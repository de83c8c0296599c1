"""Serials: numbers of single items, unguessable, issued before they are printed; and their states.

    issued → active → sold
       ↘       ↓       ↓
         void · recalled            (recalled → void)

The database admits no other change and records each (`serial_change`). What an event did by mistake
is taken back by `undo_states` alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gis.errors import ConflictError, InvalidInputError
from traceability.gs1.identifiers import new_serials
from traceability.models import Lot, Product, Serial, SerialBatch, SerialChange

MOST_AT_ONCE = 100_000
_PORTION = 5_000
# From which states each may be reached; the migration's trigger holds the same table.
BEFORE = {
    "active": ("issued",),
    "sold": ("active",),
    "recalled": ("issued", "active", "sold"),
    "void": ("issued", "active", "sold", "recalled"),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """Serials of a product: those listed, or those of a lot, or a range of a batch; all of them.

    `first` and `last` are numbers in the batch, both included.
    """

    product_id: int
    serials: tuple[str, ...] | None = None
    lot_id: int | None = None
    batch_id: int | None = None
    first: int | None = None
    last: int | None = None

    def condition(self) -> ColumnElement[bool]:
        """The rows of `Serial` that are meant."""
        held: list[ColumnElement[bool]] = [Serial.product_id == self.product_id]
        if self.serials is not None:
            # One array however many: a list of parameters has its end.
            held.append(Serial.serial == func.any(list(self.serials)))
        if self.lot_id is not None:
            held.append(Serial.lot_id == self.lot_id)
        if self.batch_id is not None:
            held.append(Serial.batch_id == self.batch_id)
        if self.first is not None:
            held.append(Serial.position >= self.first)
        if self.last is not None:
            held.append(Serial.position <= self.last)
        return and_(*held)


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change did: serials changed, serials that were in the state already, the others.

    `refused` holds some of those whose state does not lead there, as (serial, state).
    """

    changed: int
    unchanged: int
    refused: tuple[tuple[str, str], ...]


def open_batch(
    session: Session,
    product: Product,
    count: int,
    lot: Lot | None,
    *,
    created_by: str,
    run_id: int | None = None,
) -> SerialBatch:
    """Record a batch whose serials `issue_batch` draws; flushes.

    Raises:
        InvalidInputError: When the count is not 1 to 100,000, or the lot is another product's.
    """
    if not 1 <= count <= MOST_AT_ONCE:
        raise InvalidInputError(f"Between 1 and {MOST_AT_ONCE} serials are issued at once.")
    if lot is not None and lot.product_id != product.id:
        raise InvalidInputError(f"Lot {lot.code} is not a lot of product {product.id}.")
    batch = SerialBatch(
        product_id=product.id,
        lot_id=lot.id if lot else None,
        count=count,
        run_id=run_id,
        created_by=created_by,
    )
    session.add(batch)
    session.flush()
    return batch


def issue_serials(
    session: Session,
    product: Product,
    count: int,
    lot: Lot | None = None,
    *,
    created_by: str = "command line",
    run_id: int | None = None,
) -> Iterator[str]:
    """Issue serials of a product, in portions; each is recorded (state `issued`) when it comes.

    Executes as it is read, does not commit: nothing is issued unless the caller's transaction
    ends well. They are one batch, numbered in the order they come.

    Raises:
        InvalidInputError: When the count is not 1 to 100,000, or the lot is another product's.
    """
    batch = open_batch(session, product, count, lot, created_by=created_by, run_id=run_id)
    return issue_batch(session, batch)


def issue_batch(session: Session, batch: SerialBatch) -> Iterator[str]:
    """Draw and record the serials of a new batch, in the order of their numbers in it."""
    done = 0
    while done < batch.count:
        drawn = new_serials(min(batch.count - done, _PORTION))
        rows = [
            {
                "product_id": batch.product_id,
                "lot_id": batch.lot_id,
                "serial": one,
                "batch_id": batch.id,
                "position": done + place,
            }
            for place, one in enumerate(drawn, 1)
        ]
        # One in 10^18 may exist already: it is skipped, and another drawn for its place.
        statement = insert(Serial).on_conflict_do_nothing(constraint="uq_serial_product_serial")
        kept = set(session.scalars(statement.returning(Serial.serial), rows))
        while missing := [row for row in rows if row["serial"] not in kept]:
            for row, one in zip(missing, new_serials(len(missing)), strict=True):
                row["serial"] = one
            kept.update(session.scalars(statement.returning(Serial.serial), missing))
        yield from (str(row["serial"]) for row in rows)
        done += len(rows)


def find_serial(session: Session, product_id: int, serial: str) -> Serial | None:
    """Return what is recorded of a serial, or None."""
    return session.scalar(
        select(Serial).where(Serial.product_id == product_id, Serial.serial == serial)
    )


def change_states(
    session: Session,
    chosen: Chosen,
    to: str,
    *,
    reason: str | None = None,
    lot_id: int | None = None,
) -> Changed:
    """Bring serials into a state: the one place where states change. Done twice, it is done once.

    Those whose state does not lead there stay as they are and are told; a recall passes over what
    is void, for instance.

    Args:
        session: The open transaction; its actor goes into the history.
        chosen: Which.
        to: active, sold, void or recalled.
        reason: Why, for the history.
        lot_id: For those without a lot: the lot that they belong to from now on.

    Raises:
        InvalidInputError: There is no such state to go to.
    """
    if to not in BEFORE:
        raise InvalidInputError(f"Serials become {', '.join(BEFORE)}, not {to!r}.")
    condition = chosen.condition()
    # Locked in one order: two people at one roll wait for each other and never deadlock.
    locked = (
        select(Serial.id, Serial.state)
        .where(condition)
        .order_by(Serial.id)
        .with_for_update()
        .cte("locked")
        .prefix_with("MATERIALIZED")
    )
    states: dict[str, int] = dict(
        session.execute(select(locked.c.state, func.count()).group_by(locked.c.state)).all()
    )
    values: dict[str, Any] = {"state": to}
    if lot_id is not None:
        values["lot_id"] = func.coalesce(Serial.lot_id, lot_id)
    _say_why(session, reason)
    if any(states.get(state) for state in BEFORE[to]):
        session.execute(
            update(Serial)
            .where(condition, Serial.state.in_(BEFORE[to]))
            .values(values)
            .execution_options(synchronize_session="fetch" if _few(chosen) else False)
        )
    _say_why(session, None)
    return Changed(
        changed=sum(states.get(state, 0) for state in BEFORE[to]),
        unchanged=states.get(to, 0),
        refused=_refused(session, condition, to, states),
    )


def undo_states(session: Session, chosen: Chosen, undone: str, *, reason: str | None = None) -> int:
    """Take back what an event did by mistake; those in another state meanwhile stay as they are.

    Args:
        session: The open transaction.
        chosen: Which.
        undone: The state that they should never have had: active, sold, void or recalled.
        reason: Why, for the history.

    Returns:
        How many went back: to sold, active or issued, whichever they were.
    """
    if undone not in BEFORE:
        raise InvalidInputError(f"What can be undone is {', '.join(BEFORE)}, not {undone!r}.")
    before: ColumnElement[str] | str
    if undone == "active":
        before = "issued"
    elif undone == "sold":
        before = "active"
    else:
        before = case(
            (Serial.sold_at.is_not(None), "sold"),
            (Serial.activated_at.is_not(None), "active"),
            else_="issued",
        )
    _say_why(session, reason)
    session.execute(text("SELECT set_config('langbiang.correcting', 'on', true)"))
    result = session.execute(
        update(Serial)
        .where(chosen.condition(), Serial.state == undone)
        .values(state=before)
        .returning(Serial.id)
        .execution_options(synchronize_session="fetch" if _few(chosen) else False)
    )
    count = len(result.all())
    session.execute(text("SELECT set_config('langbiang.correcting', '', true)"))
    _say_why(session, None)
    return count


def demand_complete(changed: Changed, to: str) -> None:
    """Refuse a change that some serials could not follow.

    Raises:
        ConflictError: Naming some of them and their states.
    """
    if changed.refused:
        named = ", ".join(f"{serial} ({state})" for serial, state in changed.refused)
        raise ConflictError(f"Some serials cannot become {to}: {named}.")


def list_changes(session: Session, serial: Serial) -> list[SerialChange]:
    """The history of one serial's states, oldest first."""
    mine: ColumnElement[bool]
    if serial.batch_id is not None:
        mine = and_(
            SerialChange.batch_id == serial.batch_id,
            SerialChange.positions.contains(serial.position),
        )
    else:
        mine = and_(
            SerialChange.product_id == serial.product_id,
            SerialChange.serials.contains([serial.serial]),
        )
    return list(session.scalars(select(SerialChange).where(mine).order_by(SerialChange.id)))


def list_batch_changes(session: Session, batch_id: int, *, limit: int = 100) -> list[SerialChange]:
    """What was done with a batch, newest first."""
    return list(
        session.scalars(
            select(SerialChange)
            .where(SerialChange.batch_id == batch_id)
            .order_by(SerialChange.id.desc())
            .limit(limit)
        )
    )


def _refused(
    session: Session, condition: ColumnElement[bool], to: str, states: dict[str, int]
) -> tuple[tuple[str, str], ...]:
    if not set(states) - {to, *BEFORE[to]}:
        return ()
    rows = session.execute(
        select(Serial.serial, Serial.state)
        .where(condition, Serial.state.not_in((to, *BEFORE[to])))
        .order_by(Serial.id)
        .limit(5)
    )
    return tuple((serial, state) for serial, state in rows)


def _say_why(session: Session, reason: str | None) -> None:
    session.execute(
        text("SELECT set_config('langbiang.serial_reason', :reason, true)"),
        {"reason": reason or ""},
    )


def _few(chosen: Chosen) -> bool:
    # Objects of the session are brought up to date where that costs nothing.
    return chosen.serials is not None and len(chosen.serials) <= 100
