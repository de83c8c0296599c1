"""Tracks: the only layer that holds lines."""

from datetime import datetime

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, Computed, DateTime, Index
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import EditableLayer, Name


class Track(EditableLayer, Base):
    """A walk or a way point recorded by a phone (EPSG:4326, lon/lat, without heights)."""

    __tablename__ = "track"
    __table_args__ = (
        CheckConstraint(
            "GeometryType(path) IN ('MULTILINESTRING', 'POINT', 'MULTIPOINT')", name="path_kind"
        ),
        CheckConstraint("ST_IsValid(path)", name="path_valid"),
        Index("uq_track_source", "source", "source_id", unique=True),
        {"schema": "gis"},
    )

    name: Mapped[Name | None]
    recorded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    path: Mapped[WKBElement] = mapped_column(Geometry("GEOMETRY", srid=4326))
    length_m: Mapped[float] = mapped_column(Computed("ST_Length(path::geography)", persisted=True))
