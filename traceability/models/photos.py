"""The picture of a product."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Identifier, Instant


class ProductPhoto(Base):
    """A picture of a product: at most one is shown, at most one waits to be looked at.

    `attachment_id` is the file's row of `etl.attachment` (no foreign key: that package stands on
    this one), `token` its part of the picture's address, which therefore changes with the picture.
    `width` and `height` are pixels; `alt` says what is seen, for those who do not see it.
    """

    __tablename__ = "product_photo"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'ready', 'refused', 'replaced')", name="state"),
        CheckConstraint("state <> 'ready' OR (width > 0 AND height > 0)", name="size"),
        CheckConstraint("(state = 'refused') = (reason IS NOT NULL)", name="reason"),
        Index(
            "uq_product_photo_ready",
            "product_id",
            unique=True,
            postgresql_where=text("state = 'ready'"),
        ),
        Index(
            "uq_product_photo_waiting",
            "product_id",
            unique=True,
            postgresql_where=text("state = 'waiting'"),
        ),
        {"schema": "traceability"},
    )

    id: Mapped[Identifier]
    product_id: Mapped[int] = mapped_column(
        ForeignKey("traceability.product.id", ondelete="CASCADE")
    )
    attachment_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    token: Mapped[str] = mapped_column(unique=True)
    alt: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"), default="waiting")
    reason: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    created_by: Mapped[str]
    created_at: Mapped[Instant]
