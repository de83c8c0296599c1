"""Serials: numbers of single items, unguessable, issued before they are printed."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError
from traceability.identifiers import new_serials
from traceability.models import Lot, Product, Serial

MOST_AT_ONCE = 100_000
_PORTION = 5_000


def issue_serials(
    session: Session, product: Product, count: int, lot: Lot | None = None
) -> Iterator[str]:
    """Issue serials of a product, in portions; each is recorded (state `issued`) when it comes.

    Executes as it is read, does not commit: nothing is issued unless the caller's transaction
    ends well.

    Raises:
        InvalidInputError: When the count is not 1 to 100,000, or the lot is another product's.
    """
    if not 1 <= count <= MOST_AT_ONCE:
        raise InvalidInputError(f"Between 1 and {MOST_AT_ONCE} serials are issued at once.")
    if lot is not None and lot.product_id != product.id:
        raise InvalidInputError(f"Lot {lot.code} is not a lot of product {product.id}.")
    return _issue(session, product.id, count, lot.id if lot else None)


def find_serial(session: Session, product_id: int, serial: str) -> Serial | None:
    """Return what is recorded of a serial, or None."""
    return session.scalar(
        select(Serial).where(Serial.product_id == product_id, Serial.serial == serial)
    )


def _issue(session: Session, product_id: int, count: int, lot_id: int | None) -> Iterator[str]:
    remaining = count
    while remaining:
        drawn = new_serials(min(remaining, _PORTION))
        rows = [{"product_id": product_id, "lot_id": lot_id, "serial": one} for one in drawn]
        # One in 10^18 may exist already: it is skipped and another drawn.
        statement = insert(Serial).on_conflict_do_nothing(constraint="uq_serial_product_serial")
        issued = session.scalars(statement.returning(Serial.serial), rows).all()
        yield from issued
        remaining -= len(issued)
