"""Backgrounds that an administrator puts under the map."""

from sqlalchemy import CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Identifier, Instant, Name


class Background(Base):
    """A background: tiles at an address, or a file that the site serves piece by piece.

    `address` is an https address (a template for `xyz` and `wmts`), `file` a path relative to the
    files folder; a background has one of them. `opacity` 0..1, `position` counts from the lowest.
    Zooms are those of WebMercatorQuad. `is_public` false: only for roles that see exact places.
    """

    __tablename__ = "background"
    __table_args__ = (
        CheckConstraint("kind IN ('xyz', 'wmts', 'pmtiles', 'cog')", name="kind"),
        CheckConstraint("(address IS NULL) <> (file IS NULL)", name="one_source"),
        CheckConstraint("file IS NULL OR kind IN ('pmtiles', 'cog')", name="file_kind"),
        CheckConstraint("opacity BETWEEN 0 AND 1", name="opacity"),
        CheckConstraint("min_zoom >= 0 AND max_zoom <= 24 AND min_zoom <= max_zoom", name="zooms"),
        {"schema": "gis"},
    )

    id: Mapped[Identifier]
    name: Mapped[Name]
    kind: Mapped[str]
    address: Mapped[str | None]
    file: Mapped[str | None]
    attribution: Mapped[str] = mapped_column(server_default=text("''"), default="")
    opacity: Mapped[float] = mapped_column(server_default=text("1"), default=1.0)
    min_zoom: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    max_zoom: Mapped[int] = mapped_column(server_default=text("22"), default=22)
    position: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    is_shown: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    is_public: Mapped[bool] = mapped_column(server_default=text("true"), default=True)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"), default=True)
    created_by: Mapped[str]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
