"""Marketplaces and where a product is listed on them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Identifier, Instant


class Marketplace(Base):
    """A marketplace; a listing's host must be one of `hosts` (or a subdomain of one)."""

    __tablename__ = "marketplace"
    __table_args__ = ({"schema": "traceability"},)

    id: Mapped[Identifier]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    hosts: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    position: Mapped[int] = mapped_column(server_default=text("0"), default=0)


class Listing(Base):
    """Where a product is sold on a marketplace; `http_status` is null until it was checked."""

    __tablename__ = "listing"
    __table_args__ = (
        UniqueConstraint("product_id", "url", name="uq_listing_product_url"),
        CheckConstraint("url ~ '^https://'", name="url"),
        {"schema": "traceability"},
    )

    id: Mapped[Identifier]
    product_id: Mapped[int] = mapped_column(
        ForeignKey("traceability.product.id", ondelete="CASCADE")
    )
    marketplace_id: Mapped[int] = mapped_column(ForeignKey("traceability.marketplace.id"))
    url: Mapped[str]
    last_checked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    http_status: Mapped[int | None]
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    created_at: Mapped[Instant]
