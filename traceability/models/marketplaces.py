"""Marketplaces, where a product is listed on them, and how often buyers went there."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    UniqueConstraint,
    func,
    text,
)
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
    """Where a product is sold on a marketplace.

    `http_status` and `last_checked_at` are of the last check, null until there was one;
    `check_error` says what kept it from an answer. `failures` counts the failed checks since it was
    last found (`last_found_at`), `times_gone` those of them that answered 404 or 410. It is hidden,
    never deleted: by us since `dead_since`, when its marketplace said repeatedly that it is gone;
    by its producer since `retired_at`. `price_vnd` is what its producer said on `price_updated_on`,
    in đồng.
    """

    __tablename__ = "listing"
    __table_args__ = (
        UniqueConstraint("product_id", "url", name="uq_listing_product_url"),
        CheckConstraint("url ~ '^https://'", name="url"),
        CheckConstraint("price_vnd BETWEEN 1 AND 10000000000", name="price_vnd"),
        CheckConstraint("(price_vnd IS NULL) = (price_updated_on IS NULL)", name="price_day"),
        CheckConstraint(
            "availability IN ('in_stock', 'out_of_stock', 'preorder')", name="availability"
        ),
        CheckConstraint("failures >= 0 AND times_gone >= 0", name="failures"),
        Index("ix_listing_due", "next_check_at", postgresql_where=text("retired_at IS NULL")),
        {"schema": "traceability"},
    )

    id: Mapped[Identifier]
    product_id: Mapped[int] = mapped_column(
        ForeignKey("traceability.product.id", ondelete="CASCADE")
    )
    marketplace_id: Mapped[int] = mapped_column(ForeignKey("traceability.marketplace.id"))
    url: Mapped[str]
    price_vnd: Mapped[int | None] = mapped_column(BigInteger)
    price_updated_on: Mapped[date | None]
    availability: Mapped[str | None]
    last_checked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    http_status: Mapped[int | None]
    check_error: Mapped[str | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    next_check_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )
    times_gone: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    last_found_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    dead_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    version: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    created_at: Mapped[Instant]


class ClickDay(Base):
    """How often buyers followed a listing from here on one day (in Vietnam); nothing about them."""

    __tablename__ = "click_day"
    __table_args__ = (
        CheckConstraint("clicks > 0", name="clicks"),
        {"schema": "traceability"},
    )

    listing_id: Mapped[int] = mapped_column(
        ForeignKey("traceability.listing.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    clicks: Mapped[int] = mapped_column(BigInteger)
