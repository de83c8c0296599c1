"""What was done in a growing area, as far as harvests depend on it."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Computed, DateTime, ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Identifier, Instant


class DiaryEntry(Base):
    """One line of a growing area's diary.

    `phi_days` is the pre-harvest interval of what was applied (Luật 41/2013/QH13 art. 3.22), in
    days; `earliest_harvest_on`, kept by the database, the first day on which harvesting is right.
    A line is never changed: a wrong one is cancelled and written anew.
    """

    __tablename__ = "diary_entry"
    __table_args__ = (
        CheckConstraint(
            "activity IN ('spraying', 'fertilising', 'watering', 'pruning', 'sowing', 'other')",
            name="activity",
        ),
        CheckConstraint("phi_days BETWEEN 0 AND 365", name="phi_days"),
        CheckConstraint("dose > 0", name="dose"),
        CheckConstraint(
            "activity <> 'spraying' OR (product_name IS NOT NULL AND phi_days IS NOT NULL)",
            name="spraying",
        ),
        CheckConstraint("(cancelled_at IS NULL) = (cancelled_by IS NULL)", name="cancelled"),
        Index("ix_diary_entry_area_day", "growing_area_id", "done_on"),
        {"schema": "gis"},
    )

    id: Mapped[Identifier]
    growing_area_id: Mapped[int] = mapped_column(
        ForeignKey("gis.growing_area.id", ondelete="CASCADE")
    )
    done_on: Mapped[date]
    activity: Mapped[str]
    product_name: Mapped[str | None]
    active_ingredient: Mapped[str | None]
    dose: Mapped[Decimal | None] = mapped_column(Numeric(12, 3))
    unit: Mapped[str | None]
    phi_days: Mapped[int | None]
    earliest_harvest_on: Mapped[date | None] = mapped_column(
        Computed("done_on + phi_days", persisted=True)
    )
    note: Mapped[str | None]
    created_by: Mapped[str]
    cancelled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    cancelled_by: Mapped[str | None]
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    created_at: Mapped[Instant]
