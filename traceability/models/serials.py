"""Serialised codes printed on labels: their batches, their states, and how that came about."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, INT4MULTIRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Identifier, Instant


class SerialBatch(Base):
    """Serials issued together, such as one roll of labels; they are numbered from 1 to `count`.

    `run_id` is the `etl.run` of the job that printed them: one run never issues twice.
    """

    __tablename__ = "serial_batch"
    __table_args__ = (
        CheckConstraint("count BETWEEN 1 AND 100000", name="count"),
        {"schema": "traceability"},
    )

    id: Mapped[Identifier]
    product_id: Mapped[int] = mapped_column(ForeignKey("traceability.product.id"), index=True)
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("traceability.lot.id"), index=True)
    count: Mapped[int]
    run_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    created_by: Mapped[str]
    created_at: Mapped[Instant]


class Serial(Base):
    """One serial number of a product, AI (21): 12 Crockford-base32 characters from `secrets`.

    `position` is its number in the batch. A serial without a batch was commissioned by an event of
    its producer, who numbers items himself. The database admits only the changes of state that
    `traceability.labelling.serials` names, and records each in `serial_change`.
    """

    __tablename__ = "serial"
    __table_args__ = (
        UniqueConstraint("product_id", "serial", name="uq_serial_product_serial"),
        UniqueConstraint("batch_id", "position", name="uq_serial_batch_position"),
        CheckConstraint("state IN ('issued', 'active', 'sold', 'void', 'recalled')", name="state"),
        CheckConstraint(
            "(batch_id IS NULL) = (position IS NULL) AND position > 0", name="position"
        ),
        {"schema": "traceability"},
    )

    id: Mapped[Identifier]
    product_id: Mapped[int] = mapped_column(ForeignKey("traceability.product.id"))
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("traceability.lot.id"), index=True)
    serial: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'issued'"), default="issued")
    issued_at: Mapped[Instant]
    activated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("traceability.serial_batch.id"))
    position: Mapped[int | None]
    sold_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SerialChange(Base):
    """One change of state of serials of one batch, written by the database, never altered.

    `positions` names the serials of a batch by their numbers in it; `serials` those without one.
    """

    __tablename__ = "serial_change"
    __table_args__ = (
        CheckConstraint(
            "(batch_id IS NULL) = (positions IS NULL) AND (positions IS NULL) <> (serials IS NULL)",
            name="named",
        ),
        {"schema": "traceability"},
    )

    id: Mapped[Identifier]
    product_id: Mapped[int] = mapped_column(ForeignKey("traceability.product.id"), index=True)
    batch_id: Mapped[int | None] = mapped_column(
        ForeignKey("traceability.serial_batch.id"), index=True
    )
    positions: Mapped[list[Range[int]] | None] = mapped_column(INT4MULTIRANGE)
    serials: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    count: Mapped[int]
    from_state: Mapped[str]
    to_state: Mapped[str]
    reason: Mapped[str | None]
    actor: Mapped[str]
    changed_at: Mapped[Instant]
