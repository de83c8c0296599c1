"""High-tech agricultural zones, their indicators and assessments."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Boundary, EditableLayer, Identifier, Name, area_of


class HighTechZone(EditableLayer, Base):
    """A high-tech agricultural zone (QĐ 66/2015/QĐ-TTg): one contiguous area in one province."""

    __tablename__ = "high_tech_zone"
    __table_args__ = (
        CheckConstraint("ST_IsValid(boundary)", name="boundary_valid"),
        Index("uq_high_tech_zone_source", "source", "source_id", unique=True),
        {"schema": "gis"},
    )

    code: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[Name]
    product: Mapped[str | None]
    commune_id: Mapped[int | None] = mapped_column(ForeignKey("gis.administrative_unit.id"))
    party_id: Mapped[int | None] = mapped_column(ForeignKey("gis.party.id"))
    recognised_on: Mapped[date | None]
    recognised_year: Mapped[int | None]
    declared_area_ha: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    note: Mapped[str | None]
    boundary: Mapped[Boundary]
    area_ha: Mapped[float] = mapped_column(area_of("boundary"))


class ZoneIndicator(Base):
    """What a zone is measured by: `value operator threshold`, and on what basis.

    Most are what zones reported, not legal thresholds (DOMAIN 3); `basis` says which.
    """

    __tablename__ = "zone_indicator"
    __table_args__ = (
        CheckConstraint("operator IN ('=', '>', '>=', '<', '<=', 'is')", name="operator"),
        CheckConstraint("(operator = 'is') = (threshold IS NULL)", name="threshold"),
        {"schema": "gis"},
    )

    id: Mapped[Identifier]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_en: Mapped[str]
    unit: Mapped[str | None]
    operator: Mapped[str]
    threshold: Mapped[Decimal | None] = mapped_column(Numeric(12, 3))
    basis: Mapped[str]
    position: Mapped[int] = mapped_column(server_default=text("0"), default=0)


class ZoneAssessment(Base):
    """One indicator of one zone on one day, as reported.

    `value` is a number in the indicator's unit, or 1/0 for yes/no; `qualifier` says `>` where the
    report only gives a bound.
    """

    __tablename__ = "zone_assessment"
    __table_args__ = (
        UniqueConstraint(
            "zone_id", "indicator_id", "assessed_on", name="uq_zone_assessment_zone_indicator_day"
        ),
        CheckConstraint("qualifier IN ('', '>', '>=', '<', '<=')", name="qualifier"),
        {"schema": "gis"},
    )

    id: Mapped[Identifier]
    zone_id: Mapped[int] = mapped_column(ForeignKey("gis.high_tech_zone.id", ondelete="CASCADE"))
    indicator_id: Mapped[int] = mapped_column(ForeignKey("gis.zone_indicator.id"))
    assessed_on: Mapped[date]
    value: Mapped[Decimal] = mapped_column(Numeric(12, 3))
    qualifier: Mapped[str] = mapped_column(server_default=text("''"), default="")
    source: Mapped[str]
