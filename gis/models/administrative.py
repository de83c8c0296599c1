"""Provinces, districts and communes, and how the ones of 2025 were made of the older ones."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Boundary, EditableLayer, Identifier, Name, area_of


class AdministrativeUnit(EditableLayer, Base):
    """A unit during one period; its code alone is not a key.

    Codes were used again for other areas on 1 July 2025 (24934 was Lạc Xuân and is D'Ran), so the
    key is `(code, valid_from)` (QĐ 19/2025/QĐ-TTg). `valid_to` is the last day, inclusive.
    """

    __tablename__ = "administrative_unit"
    __table_args__ = (
        UniqueConstraint("code", "valid_from", name="uq_administrative_unit_code_valid_from"),
        CheckConstraint("level IN ('province', 'district', 'commune')", name="level"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="period"),
        CheckConstraint("ST_IsValid(boundary)", name="boundary_valid"),
        {"schema": "gis"},
    )

    code: Mapped[str]
    name: Mapped[Name]
    full_name: Mapped[str | None]
    level: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("gis.administrative_unit.id"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    declared_area_ha: Mapped[Decimal | None] = mapped_column(Numeric(14, 4))
    population: Mapped[int | None]
    boundary: Mapped[Boundary]
    area_ha: Mapped[float] = mapped_column(area_of("boundary"))


class AdministrativeSuccession(Base):
    """One old unit gave `share` of its area to one new unit."""

    __tablename__ = "administrative_succession"
    __table_args__ = (
        UniqueConstraint("old_id", "new_id", name="uq_administrative_succession_old_id_new_id"),
        CheckConstraint("share > 0 AND share <= 1", name="share"),
        {"schema": "gis"},
    )

    id: Mapped[Identifier]
    old_id: Mapped[int] = mapped_column(ForeignKey("gis.administrative_unit.id"))
    new_id: Mapped[int] = mapped_column(ForeignKey("gis.administrative_unit.id"), index=True)
    share: Mapped[Decimal] = mapped_column(Numeric(6, 5))
    basis: Mapped[str | None]
