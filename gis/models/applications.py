"""Applications for a growing-area code, their dated steps, and the rules that set deadlines."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Numeric, func, text
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import (
    Attributes,
    EditableLayer,
    Identifier,
    Instant,
    Location,
    OptionalBoundary,
)


class ProcedureRule(Base):
    """How many working days a procedure may take from a day on, and on what basis.

    Kept as data because the rules moved often (NQ 36/2026/NQ-CP: 3 working days, 10 for export).
    """

    __tablename__ = "procedure_rule"
    __table_args__ = (
        CheckConstraint("working_days > 0", name="working_days"),
        {"schema": "gis"},
    )

    procedure: Mapped[str] = mapped_column(primary_key=True)
    variant: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    working_days: Mapped[int]
    min_area_ha: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    authority: Mapped[str]
    basis: Mapped[str]


class PublicHoliday(Base):
    """A day on which deadlines do not run, besides Saturdays and Sundays."""

    __tablename__ = "public_holiday"
    __table_args__ = ({"schema": "gis"},)

    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str]


class Application(EditableLayer, Base):
    """A farmer's request for a growing-area code, sent once however often the phone retries.

    `uuid` is made on the phone; `receipt` is the code the farmer keeps.
    """

    __tablename__ = "application"
    __table_args__ = (
        CheckConstraint("boundary IS NULL OR ST_IsValid(boundary)", name="boundary_valid"),
        CheckConstraint("boundary IS NOT NULL OR declared_area_ha IS NOT NULL", name="has_area"),
        CheckConstraint("declared_area_ha > 0", name="declared_area_positive"),
        CheckConstraint(
            "status IN ('submitted', 'returned', 'approved', 'rejected', 'withdrawn')",
            name="status",
        ),
        CheckConstraint(
            "(status IN ('approved', 'rejected', 'withdrawn')) = (decided_at IS NOT NULL)",
            name="decided",
        ),
        Index("ix_application_inbox", "commune_id", "status", "due_on"),
        {"schema": "gis"},
    )

    uuid: Mapped[UUID] = mapped_column(unique=True)
    receipt: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(server_default=text("'submitted'"), default="submitted")
    area_name: Mapped[str]
    crop_id: Mapped[int | None] = mapped_column(ForeignKey("gis.crop.id"))
    market: Mapped[str]
    commune_id: Mapped[int | None] = mapped_column(ForeignKey("gis.administrative_unit.id"))
    party_id: Mapped[int | None] = mapped_column(ForeignKey("gis.party.id"))
    household_count: Mapped[int | None]
    declared_area_ha: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    boundary: Mapped[OptionalBoundary]
    location: Mapped[Location]
    determination_method: Mapped[str | None]
    submitted_by: Mapped[str | None]
    submitted_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )
    due_on: Mapped[date]
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[str | None]
    decision_reason: Mapped[str | None]
    growing_area_id: Mapped[int | None] = mapped_column(ForeignKey("gis.growing_area.id"))

    @property
    def shape(self) -> WKBElement:
        """The boundary, or the point of an application without one (EPSG:4326, lon/lat)."""
        return self.boundary if self.boundary is not None else self.location


class ApplicationPrivate(Base):
    """The applicant's personal fields; read only by roles that need them, each read logged."""

    __tablename__ = "application_private"
    __table_args__ = ({"schema": "gis"},)

    application_id: Mapped[int] = mapped_column(
        ForeignKey("gis.application.id", ondelete="CASCADE"), primary_key=True
    )
    applicant_name: Mapped[str]
    phone: Mapped[str]
    personal_number: Mapped[str | None]
    home_address: Mapped[str | None]


class ApplicationStep(Base):
    """One dated step of an application's way: submitted, returned, approved, and so on."""

    __tablename__ = "application_step"
    __table_args__ = ({"schema": "gis"},)

    id: Mapped[Identifier]
    application_id: Mapped[int] = mapped_column(
        ForeignKey("gis.application.id", ondelete="CASCADE"), index=True
    )
    action: Mapped[str]
    actor: Mapped[str]
    note: Mapped[str | None]
    facts: Mapped[Attributes]
    at: Mapped[Instant]
