"""Checks of lots: an inspection and its verdict, a recall."""

from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from traceability.following.places import Place
from traceability.models import Event
from traceability.recording import bodies
from traceability.recording.keeping import (
    Keeper,
    Share,
    capture,
    demand_begun,
    demand_own,
    demand_past,
    lot_uri,
    place_uri,
    wrong,
)

LONGEST_REASON = 300


def record_inspection(
    session: Session,
    keeper: Keeper,
    share: Share,
    *,
    at: datetime,
    verdict: Literal["conformant", "non_conformant"],
    place: Place | None = None,
    result_number: str | None = None,
    destructive: bool = False,
) -> Event:
    """Record that a lot was inspected and what came of it; flushes.

    Args:
        session: The transaction.
        keeper: Who records, of their own products.
        share: The lot; the amount that was looked at, or all of it.
        at: When.
        verdict: Whether it conforms.
        place: Where.
        result_number: The number of the test result.
        destructive: Whether samples were used up (CBV: sampling).

    Raises:
        InvalidInputError: A moment to come, or before the lot began.
        ForbiddenError: The product is not the keeper's.
    """
    demand_own(session, keeper, share.product)
    demand_past(at)
    demand_begun(session, [share], at)
    event = bodies.body(
        "ObjectEvent",
        at,
        action="OBSERVE",
        step="sampling" if destructive else "inspecting",
        disposition=verdict,
        read_point=place_uri(keeper, place),
        bizTransactionList=bodies.document(
            "testres", bodies.paper_uri(keeper.base, result_number) if result_number else None
        ),
        quantityList=[_line(keeper, share)],
    )
    [captured] = capture(session, keeper, [event])
    return captured


def record_recall(
    session: Session,
    keeper: Keeper,
    share: Share,
    *,
    at: datetime,
    reason: str,
    place: Place | None = None,
) -> Event:
    """Recall a whole lot: every item of it, and all that was made from it; flushes.

    `reason` is shown on the public pages: it names no person.

    Raises:
        InvalidInputError: No reason, a long one, a moment to come or before the lot began.
        ForbiddenError: The product is not the keeper's.
    """
    demand_own(session, keeper, share.product)
    demand_past(at)
    demand_begun(session, [share], at)
    reason = " ".join(reason.split())
    if not reason:
        raise wrong("reason", "missing", "A recall says why.")
    if len(reason) > LONGEST_REASON:
        raise wrong("reason", "too-long", f"A reason has at most {LONGEST_REASON} characters.")
    event = bodies.body(
        "ObjectEvent",
        at,
        action="OBSERVE",
        step="holding",
        disposition="recalled",
        read_point=place_uri(keeper, place),
        # Without an amount: the whole lot.
        quantityList=[bodies.quantity(lot_uri(keeper, share.product, share.lot))],
    )
    event["langbiang:recallReason"] = reason
    [captured] = capture(session, keeper, [event])
    return captured


def _line(keeper: Keeper, share: Share) -> bodies.Body:
    return bodies.quantity(lot_uri(keeper, share.product, share.lot), share.amount, share.unit)
