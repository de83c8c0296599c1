"""OCOP products and the certificates that grade them."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Attributes, Identifier, Instant, Name


class Product(Base):
    """A product with a GTIN, or with the platform's own trace code, or both.

    `gtin` has 14 digits (GS1 General Specifications 2.1); `trace_code` contains letters so that it
    is never taken for a GS1 key (Decree 37/2026/NĐ-CP art. 28.4b). `ocop_group` is 1–6 and
    `ocop_set` 1–26 of QĐ 26/2026/QĐ-TTg.
    """

    __tablename__ = "product"
    __table_args__ = (
        CheckConstraint("gtin ~ '^[0-9]{14}$'", name="gtin"),
        CheckConstraint("trace_code ~ '[A-Z]'", name="trace_code"),
        CheckConstraint("ocop_group BETWEEN 1 AND 6", name="ocop_group"),
        CheckConstraint("ocop_set BETWEEN 1 AND 26", name="ocop_set"),
        Index("uq_product_source", "source", "source_id", unique=True),
        {"schema": "traceability"},
    )

    id: Mapped[Identifier]
    gtin: Mapped[str | None] = mapped_column(unique=True)
    trace_code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[Name]
    brand: Mapped[str | None]
    ocop_group: Mapped[int | None]
    ocop_set: Mapped[int | None]
    producer_id: Mapped[int | None] = mapped_column(ForeignKey("gis.party.id"), index=True)
    commune_id: Mapped[int | None] = mapped_column(
        ForeignKey("gis.administrative_unit.id"), index=True
    )
    summary: Mapped[str | None]
    story: Mapped[str | None]
    net_content: Mapped[str | None]
    shelf_life: Mapped[str | None]
    standards: Mapped[str | None]
    attributes: Mapped[Attributes]
    source: Mapped[str | None]
    source_id: Mapped[str | None]
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    version: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


class Certificate(Base):
    """An OCOP certificate: stars, number, decision and period (QĐ 26/2026/QĐ-TTg: 36 months).

    `expires_on` is the last day it holds. `rubric_version` names the rubric it was graded by.
    `dossier_id` is the one it came from, where it was graded here.
    """

    __tablename__ = "certificate"
    __table_args__ = (
        CheckConstraint("stars BETWEEN 3 AND 5", name="stars"),
        CheckConstraint("expires_on >= issued_on", name="period"),
        CheckConstraint("status IN ('valid', 'withdrawn')", name="status"),
        CheckConstraint(
            "withdrawal_ground IN ('false-dossier', 'criteria-lost', 'law-broken', 'mark-misused',"
            " 'stopped', 'authority')",
            name="withdrawal_ground",
        ),
        CheckConstraint("withdrawn_on IS NULL OR status = 'withdrawn'", name="withdrawn_on"),
        {"schema": "traceability"},
    )

    id: Mapped[Identifier]
    product_id: Mapped[int] = mapped_column(
        ForeignKey("traceability.product.id", ondelete="CASCADE"), index=True
    )
    number: Mapped[str | None] = mapped_column(unique=True)
    stars: Mapped[int]
    decision: Mapped[str]
    issued_by: Mapped[str]
    issued_on: Mapped[date]
    expires_on: Mapped[date]
    rubric_version: Mapped[str] = mapped_column(ForeignKey("traceability.rubric.version"))
    dossier_id: Mapped[int | None] = mapped_column(
        ForeignKey("traceability.dossier.id"), unique=True
    )
    status: Mapped[str] = mapped_column(server_default=text("'valid'"), default="valid")
    withdrawn_on: Mapped[date | None]
    withdrawal_ground: Mapped[str | None]
    withdrawal_decision: Mapped[str | None]
    created_at: Mapped[Instant]
