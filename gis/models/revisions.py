"""The history of every editable layer, and the versions that caches go by. Written by triggers."""

from datetime import datetime

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Identifier


class Revision(Base):
    """Who changed what, when and why, with the row before and after.

    The rows are without their geometry; the shapes stand beside them (EPSG:4326, lon/lat).
    Append-only by trigger.
    """

    __tablename__ = "revision"
    __table_args__ = (
        CheckConstraint("action IN ('insert', 'update', 'delete')", name="action"),
        Index("ix_revision_feature", "layer", "feature_id", "id"),
        Index("ix_revision_transaction", "transaction"),
        {"schema": "gis"},
    )

    id: Mapped[Identifier]
    layer: Mapped[str]
    feature_id: Mapped[int] = mapped_column(BigInteger)
    action: Mapped[str]
    actor: Mapped[str]
    reason: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    transaction: Mapped[int] = mapped_column(BigInteger)
    before: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    before_shape: Mapped[WKBElement | None] = mapped_column(
        Geometry("GEOMETRY", srid=4326, spatial_index=False)
    )
    after_shape: Mapped[WKBElement | None] = mapped_column(
        Geometry("GEOMETRY", srid=4326, spatial_index=False)
    )


class LayerChange(Base):
    """One row per layer and transaction that changed it: no hot row, so edits never queue.

    A layer's version is `layer_version.changes` + the number of these rows; the count of its
    features is `layer_version.features` + the sum of `features`. `gis.fold_layer_changes()` moves
    old rows into the totals without changing either sum.
    """

    __tablename__ = "layer_change"
    __table_args__ = ({"schema": "gis"},)

    layer: Mapped[str] = mapped_column(primary_key=True)
    transaction: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    features: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class LayerVersion(Base):
    """The folded totals of `LayerChange`, one row per layer."""

    __tablename__ = "layer_version"
    __table_args__ = ({"schema": "gis"},)

    layer: Mapped[str] = mapped_column(primary_key=True)
    changes: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    features: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
