"""Growing areas, who takes part, and the codes issued for their markets."""

from datetime import date
from decimal import Decimal

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import (
    EditableLayer,
    Identifier,
    Instant,
    Location,
    Name,
    OptionalBoundary,
)


class GrowingArea(EditableLayer, Base):
    """Land under one crop followed as one (Luật Trồng trọt 31/2018/QH14 art. 64).

    An area without a drawn boundary has a point and a declared area. `location` is the label
    point: a point on the boundary's surface unless one is given.
    """

    __tablename__ = "growing_area"
    __table_args__ = (
        CheckConstraint("boundary IS NULL OR ST_IsValid(boundary)", name="boundary_valid"),
        CheckConstraint("boundary IS NOT NULL OR declared_area_ha IS NOT NULL", name="has_area"),
        CheckConstraint("declared_area_ha > 0", name="declared_area_positive"),
        CheckConstraint("status IN ('active', 'suspended', 'closed')", name="status"),
        Index("uq_growing_area_source", "source", "source_id", unique=True),
        {"schema": "gis"},
    )

    name: Mapped[Name]
    crop_id: Mapped[int | None] = mapped_column(ForeignKey("gis.crop.id"), index=True)
    party_id: Mapped[int | None] = mapped_column(ForeignKey("gis.party.id"), index=True)
    commune_id: Mapped[int | None] = mapped_column(
        ForeignKey("gis.administrative_unit.id"), index=True
    )
    status: Mapped[str] = mapped_column(server_default=text("'active'"), default="active")
    variety: Mapped[str | None]
    planted_year: Mapped[int | None]
    household_count: Mapped[int | None]
    standard: Mapped[str | None]
    declared_area_ha: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    boundary: Mapped[OptionalBoundary]
    location: Mapped[Location]
    area_ha: Mapped[float] = mapped_column(
        Computed(
            "coalesce(ST_Area(boundary::geography) / 10000.0, declared_area_ha::double precision)",
            persisted=True,
        )
    )

    @property
    def shape(self) -> WKBElement:
        """The boundary, or the point of an area that has none (EPSG:4326, lon/lat)."""
        return self.boundary if self.boundary is not None else self.location


class GrowingAreaMember(Base):
    """A household or other party that farms part of a growing area."""

    __tablename__ = "growing_area_member"
    __table_args__ = (
        UniqueConstraint("growing_area_id", "party_id", name="uq_growing_area_member_party"),
        {"schema": "gis"},
    )

    id: Mapped[Identifier]
    growing_area_id: Mapped[int] = mapped_column(
        ForeignKey("gis.growing_area.id", ondelete="CASCADE")
    )
    party_id: Mapped[int] = mapped_column(ForeignKey("gis.party.id"), index=True)
    parcel_id: Mapped[int | None] = mapped_column(ForeignKey("gis.parcel.id"))
    area_ha: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))


class GrowingAreaCode(Base):
    """A growing-area code (mã số vùng trồng) of one area for one market, kept as issued."""

    __tablename__ = "growing_area_code"
    __table_args__ = (
        CheckConstraint("status IN ('active', 'warned', 'suspended', 'revoked')", name="status"),
        Index(
            "uq_growing_area_code_market",
            "growing_area_id",
            "market",
            unique=True,
            postgresql_where=text("status <> 'revoked'"),
        ),
        {"schema": "gis"},
    )

    id: Mapped[Identifier]
    growing_area_id: Mapped[int] = mapped_column(ForeignKey("gis.growing_area.id"), index=True)
    code: Mapped[str] = mapped_column(unique=True)
    market: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'active'"), default="active")
    issued_on: Mapped[date]
    expires_on: Mapped[date | None]
    issued_by: Mapped[str | None]
    status_reason: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


class CodeSeries(Base):
    """The letters and the next serial of a province's codes.

    An editable table: the official list of letters is not published (DOMAIN 1.2).
    """

    __tablename__ = "code_series"
    __table_args__ = (
        CheckConstraint("kind IN ('OR', 'PH')", name="kind"),
        {"schema": "gis"},
    )

    province_code: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    letters: Mapped[str]
    next_serial: Mapped[int] = mapped_column(server_default=text("1"), default=1)
