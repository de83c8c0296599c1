"""Lots and the growing areas they came from."""

from datetime import date
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Attributes, Identifier, Instant


class Lot(Base):
    """A batch of one product; `code` is AI (10): at most 20 characters of GS1's CSET 82."""

    __tablename__ = "lot"
    __table_args__ = (
        UniqueConstraint("product_id", "code", name="uq_lot_product_code"),
        CheckConstraint("length(code) BETWEEN 1 AND 20", name="code"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("(quantity IS NULL) = (unit IS NULL)", name="quantity_unit"),
        CheckConstraint("status IN ('active', 'closed')", name="status"),
        {"schema": "traceability"},
    )

    id: Mapped[Identifier]
    product_id: Mapped[int] = mapped_column(ForeignKey("traceability.product.id"))
    code: Mapped[str]
    harvested_on: Mapped[date | None]
    produced_on: Mapped[date | None]
    expires_on: Mapped[date | None]
    quantity: Mapped[Decimal | None] = mapped_column(Numeric(14, 3))
    unit: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=text("'active'"), default="active")
    attributes: Mapped[Attributes]
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    version: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


class LotSource(Base):
    """How much of a lot came from which growing area on which day (in the lot's unit, when known).

    `event_sequence` is the harvest's place in the journal, where it was recorded there.
    """

    __tablename__ = "lot_source"
    __table_args__ = (
        UniqueConstraint(
            "lot_id",
            "growing_area_id",
            "harvested_on",
            "event_sequence",
            name="uq_lot_source_harvest",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("quantity > 0", name="quantity"),
        {"schema": "traceability"},
    )

    id: Mapped[Identifier]
    lot_id: Mapped[int] = mapped_column(ForeignKey("traceability.lot.id", ondelete="CASCADE"))
    growing_area_id: Mapped[int] = mapped_column(ForeignKey("gis.growing_area.id"), index=True)
    quantity: Mapped[Decimal | None] = mapped_column(Numeric(14, 3))
    harvested_on: Mapped[date | None]
    event_sequence: Mapped[int | None] = mapped_column(BigInteger)
