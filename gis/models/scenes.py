"""Rasters registered with the platform, and statistics taken from them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Attributes, Identifier, Instant, Name, OptionalBoundary


class Scene(Base):
    """A raster file kept under the files folder; `code` is what people call it by.

    `crs` is WKT2 or an authority code; `footprint` is EPSG:4326, lon/lat; `nodata` one value per
    band or null. `path` is relative to the files folder.
    """

    __tablename__ = "scene"
    __table_args__ = ({"schema": "gis"},)

    id: Mapped[Identifier]
    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[Name]
    acquired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    path: Mapped[str]
    sha256: Mapped[str]
    crs: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    bands: Mapped[list[dict[str, object]]] = mapped_column(JSONB)
    footprint: Mapped[OptionalBoundary]
    attributes: Mapped[Attributes]
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    created_at: Mapped[Instant]


class SceneStatistic(Base):
    """One statistic of one band inside one feature of one layer.

    `rule` says which cells count: `centre` (cell centre inside) or `exact` (by covered fraction).
    """

    __tablename__ = "scene_statistic"
    __table_args__ = (
        UniqueConstraint(
            "scene_id",
            "layer",
            "feature_id",
            "band",
            "statistic",
            "rule",
            name="uq_scene_statistic_key",
        ),
        CheckConstraint("rule IN ('centre', 'exact')", name="rule"),
        {"schema": "gis"},
    )

    id: Mapped[Identifier]
    scene_id: Mapped[int] = mapped_column(ForeignKey("gis.scene.id", ondelete="CASCADE"))
    layer: Mapped[str]
    feature_id: Mapped[int]
    feature_version: Mapped[int]
    band: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    statistic: Mapped[str]
    rule: Mapped[str]
    value: Mapped[float | None]
    computed_at: Mapped[Instant]
