"""Packing houses, greenhouses, stores, stations: what stands at a point."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import EditableLayer, Location, Name


class Facility(EditableLayer, Base):
    """A facility at a point (EPSG:4326, lon/lat)."""

    __tablename__ = "facility"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('packing-house', 'greenhouse', 'nursery', 'processing', 'store',"
            " 'weather-station', 'laboratory', 'other')",
            name="kind",
        ),
        Index("uq_facility_code", "code", unique=True, postgresql_where=text("code IS NOT NULL")),
        Index("uq_facility_source", "source", "source_id", unique=True),
        {"schema": "gis"},
    )

    code: Mapped[str | None]
    name: Mapped[Name | None]
    kind: Mapped[str] = mapped_column(server_default=text("'other'"), default="other")
    party_id: Mapped[int | None] = mapped_column(ForeignKey("gis.party.id"))
    commune_id: Mapped[int | None] = mapped_column(ForeignKey("gis.administrative_unit.id"))
    location: Mapped[Location]
