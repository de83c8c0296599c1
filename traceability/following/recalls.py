"""Recalls: which of them reach a product's lot or item, through all that was made and packed.

A recall is an event (disposition `recalled`), whoever captured it and by which door; it is lifted
by the error declaration that revokes it. Nothing is copied: the journal itself is asked.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from gis.calendar import local_day
from traceability.errors import InvalidIdentifierError
from traceability.following.finding import BOX
from traceability.gs1.trace_link import TraceLink
from traceability.labelling.serials import find_serial
from traceability.linking.links import parse_code, product_codes
from traceability.models import Lot, Product, Serial

_RECALLS = text((files("traceability.following") / "recalls.sql").read_text("utf-8"))
_ANY = text("SELECT EXISTS (SELECT FROM traceability.event WHERE disposition = 'recalled')")
REASON = "langbiang:recallReason"


@dataclass(frozen=True, slots=True)
class RecallNotice:
    """A recall as a buyer hears of it.

    `lot_codes` are the lots (or boxes) that were recalled, `direct` whether the asked thing is one
    of them rather than made from one. `event_sequence` is the newest recall's place in the journal.
    """

    recalled_on: date
    reason: str
    lot_codes: tuple[str, ...]
    direct: bool
    event_sequence: int


def recall_of(
    session: Session, product: Product, lot: Lot | None = None, serial: Serial | str | None = None
) -> RecallNotice | None:
    """Return the recall that reaches a product, its lot or its item, or None.

    An item is reached by a recall of itself, of its lot, of anything either was made from, and of
    the boxes it was in; a product as a whole by one of its bare number alone.

    Args:
        session: The transaction.
        product: The product.
        lot: The lot; an item's own lot is found without it.
        serial: The item, or its number.
    """
    number = serial.serial if isinstance(serial, Serial) else serial
    keys = [code.path for code in product_codes(product)]
    if lot is not None:
        keys += [code.path for code in product_codes(product, lot.code)]
    if number is not None:
        keys += [code.path for code in product_codes(product, None, number)]
        known = serial if isinstance(serial, Serial) else find_serial(session, product.id, number)
        if (
            known is not None
            and known.lot_id is not None
            and (lot is None or lot.id != known.lot_id)
        ):
            own = session.get(Lot, known.lot_id)
            keys += [code.path for code in product_codes(product, own.code)] if own else []
    return find_recalls(session, {"asked": keys}).get("asked")


def recalls_of_lots(
    session: Session, lots: Iterable[tuple[Product, Lot]]
) -> dict[int, RecallNotice]:
    """Return the recalls that reach some lots, by the lot's id, in one statement."""
    asked = {
        str(lot.id): [code.path for code in product_codes(product, lot.code)]
        for product, lot in lots
    }
    return {int(name): notice for name, notice in find_recalls(session, asked).items()}


def find_recalls(
    session: Session, asked: dict[str, Sequence[str]] | dict[str, list[str]]
) -> dict[str, RecallNotice]:
    """Return the recalls that reach some canonical keys, by the name they are asked under."""
    pairs = [(name, key) for name, keys in asked.items() for key in dict.fromkeys(keys)]
    if not pairs or not session.scalar(_ANY):
        return {}
    rows = session.execute(
        _RECALLS, {"asked": [name for name, _ in pairs], "keys": [key for _, key in pairs]}
    )
    found: dict[str, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.asked, []).append(row)
    return {name: _notice(each) for name, each in found.items()}


def _notice(rows: list[Row[Any]]) -> RecallNotice:
    direct = [row for row in rows if row.is_direct]
    newest = (direct or rows)[0]
    reasons = (json.loads(row.body).get(REASON) for row in (newest, *rows))
    return RecallNotice(
        local_day(newest.event_time),
        next((str(reason) for reason in reasons if reason), ""),
        tuple(dict.fromkeys(_called(row.key) for row in rows)),
        bool(direct),
        newest.sequence,
    )


def _called(key: str) -> str:
    """What people call the thing of a key: the lot's number, the serial, the box's code."""
    try:
        code = parse_code(key)
    except InvalidIdentifierError:
        return key
    if isinstance(code, TraceLink):
        return code.lot or (code.serial if code.serial != BOX else None) or code.code
    return code.get("10") or code.get("21") or code.value
