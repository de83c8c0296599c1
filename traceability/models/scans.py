"""How often codes were scanned: by day and commune, no time of day, no address, no device."""

import uuid
from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Identifier, Instant


class ScanDay(Base):
    """Scans of one code on one day (of Vietnam) in one commune, or at a place not known.

    `is_issued` is false for a serial of the product that was never issued here.
    """

    __tablename__ = "scan_day"
    __table_args__ = (
        UniqueConstraint(
            "product_id",
            "serial",
            "day",
            "lot_id",
            "commune_id",
            name="uq_scan_day",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("scans > 0", name="scans"),
        Index("ix_scan_day_day", "day", "product_id"),
        Index("ix_scan_day_unissued", "product_id", "day", postgresql_where=text("NOT is_issued")),
        {"schema": "traceability"},
    )

    id: Mapped[Identifier]
    day: Mapped[date]
    product_id: Mapped[int] = mapped_column(
        ForeignKey("traceability.product.id", ondelete="CASCADE")
    )
    lot_id: Mapped[int | None] = mapped_column(
        ForeignKey("traceability.lot.id", ondelete="CASCADE")
    )
    serial: Mapped[str | None]
    commune_id: Mapped[int | None] = mapped_column(ForeignKey("gis.administrative_unit.id"))
    is_issued: Mapped[bool]
    scans: Mapped[int] = mapped_column(BigInteger)


class ScanWriter(Base):
    """A process that counts scans and the number of its last flush: none is counted twice."""

    __tablename__ = "scan_writer"
    __table_args__ = ({"schema": "traceability"},)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    flushed: Mapped[int] = mapped_column(BigInteger)
    flushed_at: Mapped[Instant]


class ScanCheck(Base):
    """A serial scanned since the rules of suspicion last looked at it.

    It may be here twice: nobody who counts scans waits for whoever looks at them.
    """

    __tablename__ = "scan_check"
    __table_args__ = (
        Index("ix_scan_check_product_id_serial", "product_id", "serial"),
        {"schema": "traceability"},
    )

    id: Mapped[Identifier]
    product_id: Mapped[int] = mapped_column(
        ForeignKey("traceability.product.id", ondelete="CASCADE")
    )
    serial: Mapped[str]
