"""Resolver entries: where a GS1 Digital Link, or a trace code, leads."""

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Identifier, Instant


class LinkEntry(Base):
    """All links of one key, such as `/01/09520000100025/10/L2610`.

    `product_id` is set on the entry made automatically for a registered product; a posted entry
    replaces it whole and clears it. `root` is the entry of the bare primary key, below which alone
    there may be one of a lot or a serial (GS1-Conformant Resolver Standard 1.2, section 2.5.9); own
    trace codes have none, for a box has a code and no product.
    """

    __tablename__ = "link_entry"
    __table_args__ = (
        CheckConstraint("key ~ '^/'", name="key"),
        CheckConstraint(
            "split_part(key, '/', 6) NOT IN ('21', 'tem') AND split_part(key, '/', 8) <> '21'",
            name="serial_alone",
        ),
        {"schema": "traceability"},
    )

    id: Mapped[Identifier]
    key: Mapped[str] = mapped_column(unique=True)
    root: Mapped[str | None] = mapped_column(
        Computed(
            "CASE WHEN key !~ '^/t/'"
            " THEN '/' || split_part(key, '/', 2) || '/' || split_part(key, '/', 3) END",
            persisted=True,
        ),
        ForeignKey(
            "traceability.link_entry.key",
            ondelete="CASCADE",
            deferrable=True,
            initially="DEFERRED",
        ),
        index=True,
    )
    description: Mapped[str | None]
    product_id: Mapped[int | None] = mapped_column(
        ForeignKey("traceability.product.id", ondelete="CASCADE"), index=True
    )
    version: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    updated_at: Mapped[Instant]


class Link(Base):
    """One typed link of an entry; exactly one default per entry.

    `href` beginning with `/` is on this site: the public address is put before it when answered.
    """

    __tablename__ = "link"
    __table_args__ = (
        Index("uq_link_default", "entry_id", unique=True, postgresql_where=text("is_default")),
        Index("ix_link_entry", "entry_id", "position"),
        {"schema": "traceability"},
    )

    id: Mapped[Identifier]
    entry_id: Mapped[int] = mapped_column(
        ForeignKey("traceability.link_entry.id", ondelete="CASCADE")
    )
    position: Mapped[int]
    is_default: Mapped[bool]
    link_type: Mapped[str]
    href: Mapped[str]
    title: Mapped[str]
    media_type: Mapped[str | None]
    hreflang: Mapped[list[str]] = mapped_column(ARRAY(TEXT), server_default=text("'{}'"))
    context: Mapped[str | None]
