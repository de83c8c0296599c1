"""Changes of many codes asked for through the site: a roll put to use, a roll that was stolen.

A few are changed while the asker waits; a roll of thousands becomes a run for the worker.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from etl.deferring import defer
from etl.models import Run
from gis.errors import InvalidInputError
from traceability.epcis.captor import Captor
from traceability.labelling.serials import MOST_AT_ONCE, Changed, Chosen
from traceability.models import Lot
from traceability.products import get_product
from traceability.recording.activation import activate, withdraw
from traceability.recording.keeping import Keeper

CHANGE_CODES = "etl.change_codes"
TASK = "codes"
# What a request does itself: some two seconds.
MOST_AT_HAND = 1_000


@dataclass(frozen=True)
class CodeChange:
    """Which serials become active or void, by whom, and why."""

    chosen: Chosen
    to: str
    keeper: Keeper
    lot_id: int | None = None
    reason: str | None = None
    at: datetime | None = None

    def __post_init__(self) -> None:
        """Check what needs no database.

        Raises:
            InvalidInputError: Another state; no reason for making void; too many; a range that ends
                before it begins.
        """
        if self.to not in ("active", "void"):
            raise InvalidInputError("Codes are made active or void.", parameter="state")
        if self.to == "void" and not (self.reason or "").strip():
            raise InvalidInputError("Say why these codes become void.", parameter="reason")
        if len(self.chosen.serials or ()) > MOST_AT_ONCE:
            raise InvalidInputError(f"At most {MOST_AT_ONCE} codes at once.", parameter="serials")
        first, last = self.chosen.first, self.chosen.last
        if first is not None and first < 1:
            raise InvalidInputError("The numbers of a batch begin with 1.", parameter="range")
        if first is not None and last is not None and last < first:
            raise InvalidInputError("The range ends before it begins.", parameter="last")


def count_chosen(session: Session, chosen: Chosen) -> int:
    """How many serials are meant."""
    return session.scalar(select(func.count()).where(chosen.condition())) or 0


def make_change(session: Session, change: CodeChange) -> Changed:
    """Make a change now; flushes.

    Raises:
        PlatformError: As `traceability.recording.activation` says.
    """
    product = get_product(session, change.chosen.product_id)
    if change.to == "void":
        return withdraw(
            session, change.keeper, product, change.chosen, reason=(change.reason or "").strip()
        )
    lot = session.get(Lot, change.lot_id) if change.lot_id is not None else None
    return activate(
        session,
        change.keeper,
        product,
        change.chosen,
        at=change.at or datetime.now(UTC),
        lot=lot,
    )


def request_change(session: Session, change: CodeChange) -> Run:
    """Ask the worker for a change, inside this transaction."""
    keeper, chosen = change.keeper, change.chosen
    run = Run(
        task=TASK,
        subject=f"batch {chosen.batch_id}" if chosen.batch_id else f"product {chosen.product_id}",
        state="waiting",
        started_by=keeper.captor.name,
    )
    run.report = {
        "request": {
            "product_id": chosen.product_id,
            "serials": list(chosen.serials) if chosen.serials is not None else None,
            "batch_id": chosen.batch_id,
            "first": chosen.first,
            "last": chosen.last,
            "to": change.to,
            "lot_id": change.lot_id,
            "reason": change.reason,
            "at": (change.at or datetime.now(UTC)).isoformat(),
        },
        "keeper": {
            "party_id": keeper.captor.party_id,
            "roles": sorted(keeper.captor.roles),
            "base": keeper.base,
            "commune_code": keeper.commune_code,
        },
    }
    session.add(run)
    session.flush()
    defer(session, CHANGE_CODES, {"run_id": run.id})
    return run


def change_of(run: Run) -> CodeChange:
    """What a run asks for; the rights are those its asker had."""
    given: dict[str, Any] = run.report["request"]
    held: dict[str, Any] = run.report["keeper"]
    captor = Captor(
        run.started_by, held["party_id"], frozenset(held["roles"]), held["commune_code"]
    )
    return CodeChange(
        chosen=Chosen(
            given["product_id"],
            serials=tuple(given["serials"]) if given["serials"] is not None else None,
            batch_id=given["batch_id"],
            first=given["first"],
            last=given["last"],
        ),
        to=given["to"],
        keeper=Keeper(captor, held["base"], held["commune_code"]),
        lot_id=given["lot_id"],
        reason=given["reason"],
        # The moment it was asked for: done twice, it is the same events.
        at=datetime.fromisoformat(given["at"]),
    )
