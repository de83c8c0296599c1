"""Cadastral parcels and fields."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Boundary, EditableLayer, Name, area_of


class Parcel(EditableLayer, Base):
    """A field or cadastral parcel; `code` is the land-parcel identifier, kept as issued.

    Circular 19/2026/TT-BNNMT Appendix I makes it a 12-character GeoHash.
    """

    __tablename__ = "parcel"
    __table_args__ = (
        CheckConstraint("ST_IsValid(boundary)", name="boundary_valid"),
        Index("uq_parcel_code", "code", unique=True, postgresql_where=text("code IS NOT NULL")),
        Index("uq_parcel_source", "source", "source_id", unique=True),
        {"schema": "gis"},
    )

    code: Mapped[str | None]
    name: Mapped[Name | None]
    party_id: Mapped[int | None] = mapped_column(ForeignKey("gis.party.id"))
    crop_id: Mapped[int | None] = mapped_column(ForeignKey("gis.crop.id"))
    commune_id: Mapped[int | None] = mapped_column(ForeignKey("gis.administrative_unit.id"))
    boundary: Mapped[Boundary]
    area_ha: Mapped[float] = mapped_column(area_of("boundary"))
