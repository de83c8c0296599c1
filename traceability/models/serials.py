"""Serialised codes printed on labels."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Identifier, Instant


class Serial(Base):
    """One serial number of a product, AI (21): 12 Crockford-base32 characters from `secrets`."""

    __tablename__ = "serial"
    __table_args__ = (
        UniqueConstraint("product_id", "serial", name="uq_serial_product_serial"),
        CheckConstraint("state IN ('issued', 'active', 'sold', 'void', 'recalled')", name="state"),
        {"schema": "traceability"},
    )

    id: Mapped[Identifier]
    product_id: Mapped[int] = mapped_column(ForeignKey("traceability.product.id"))
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("traceability.lot.id"), index=True)
    serial: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'issued'"), default="issued")
    issued_at: Mapped[Instant]
    activated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
