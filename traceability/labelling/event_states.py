"""States of serials as events bring them: many at once, whose states are known and held.

`serials.py` asks and tells what became of each; here that is known beforehand, and a document of
many events takes one statement for each.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from traceability.labelling.serials import BEFORE
from traceability.models import Serial, SerialBatch

# Objects of the session are brought up to date where that costs nothing.
_FEW = 100
_ADOPT = text(
    "INSERT INTO traceability.serial (product_id, serial, lot_id, state)"
    " SELECT CAST(:product AS bigint), serial, lot_id, 'active'"
    " FROM unnest(CAST(:serials AS text[]), CAST(:lots AS bigint[])) AS given (serial, lot_id)"
    " ON CONFLICT ON CONSTRAINT uq_serial_product_serial DO NOTHING"
)
_FORGET = text(
    "SELECT set_config('langbiang.serial_reason', '', true),"
    " set_config('langbiang.correcting', '', true)"
)


def adopt_serials(session: Session, product_id: int, serials: Mapping[str, int | None]) -> None:
    """Record serials that were never issued here, as active: their producer numbers items himself.

    Args:
        session: The open transaction.
        product_id: Of what.
        serials: Each with the lot that it belongs to.
    """
    given = {"product": product_id, "serials": list(serials), "lots": list(serials.values())}
    session.execute(_ADOPT, given)


def move_serials(
    session: Session,
    product_id: int,
    serials: Sequence[str],
    to: str,
    *,
    reason: str,
    lot_id: int | None = None,
) -> None:
    """Bring serials into a state to which theirs lead; `end_changes` follows.

    Args:
        session: The open transaction.
        product_id: Of what.
        serials: Held, and in a state that leads to the new one.
        to: active, sold, void or recalled.
        reason: Why, for the history.
        lot_id: For those without a lot: the lot that they belong to from now on.
    """
    values: dict[str, Any] = {"state": to}
    if lot_id is not None:
        values["lot_id"] = func.coalesce(Serial.lot_id, lot_id)
    _change(session, product_id, serials, values, reason, Serial.state.in_(BEFORE[to]))


def correct_serials(
    session: Session, product_id: int, serials: Sequence[str], to: str, *, reason: str
) -> None:
    """Bring serials to the state that they have if an event never happened; `end_changes` follows.

    What becomes `issued` has the lot again that its batch was printed for, or none.
    """
    values: dict[str, Any] = {"state": to}
    if to == "issued":
        printed_for = select(SerialBatch.lot_id).where(SerialBatch.id == Serial.batch_id)
        values["lot_id"] = printed_for.scalar_subquery()
    correcting = func.set_config("langbiang.correcting", "on", True)
    session.execute(select(correcting))
    _change(session, product_id, serials, values, reason)


def forget_moment(session: Session, product_id: int, serials: Sequence[str], undone: str) -> None:
    """Forget when serials, recalled or void since, were activated or sold: they never were."""
    column = {"begin": Serial.activated_at, "sell": Serial.sold_at}[undone]
    session.execute(
        update(Serial)
        .where(Serial.product_id == product_id, Serial.serial == func.any(list(serials)))
        .values({column: None})
        .execution_options(synchronize_session=False)
    )


def end_changes(session: Session) -> None:
    """Forget the reason of the changes, and that something was corrected."""
    session.execute(_FORGET)


def _change(
    session: Session,
    product_id: int,
    serials: Sequence[str],
    values: Mapping[str, Any],
    reason: str,
    *further: Any,
) -> None:
    # Evaluated once, before the first row: the trigger that writes the history reads it.
    why = select(func.set_config("langbiang.serial_reason", reason, True)).scalar_subquery()
    session.execute(
        update(Serial)
        .where(
            why.is_not(None),
            Serial.product_id == product_id,
            Serial.serial == func.any(list(serials)),
            *further,
        )
        .values(values)
        .execution_options(synchronize_session="fetch" if len(serials) <= _FEW else False)
    )
