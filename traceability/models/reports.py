"""Cases that an officer looks into: problems buyers report, doubtful scans, dead links."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Attributes, Identifier, Instant


class Report(Base):
    """One case, with the ticket that names it.

    `origin` says who opened it: a buyer, a scan, the check of a link. What the platform opens by
    itself is open at most once per kind, product and serial; `occurrences` counts the rest.
    `product_id` is null where the code that was scanned belongs to nothing here (`code` holds it
    then); `serial` is text, because it may never have been issued. `photo_id` is a file of
    `etl.attachment`, a package above this one, so no key refers to it.
    """

    __tablename__ = "report"
    __table_args__ = (
        CheckConstraint("ticket ~ '^BC-'", name="ticket"),
        CheckConstraint("origin IN ('buyer', 'scan', 'link')", name="origin"),
        CheckConstraint("kind ~ '^[a-z][a-z-]{1,39}$'", name="kind"),
        CheckConstraint("state IN ('new', 'working', 'closed')", name="state"),
        CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL)"
            " AND (state = 'closed') = (close_reason IS NOT NULL)",
            name="closed",
        ),
        CheckConstraint(
            "close_reason IN ('solved', 'unfounded', 'passed-on', 'duplicate')",
            name="close_reason",
        ),
        CheckConstraint("occurrences > 0", name="occurrences"),
        CheckConstraint("product_id IS NOT NULL OR code IS NOT NULL", name="about"),
        Index(
            "uq_report_open_case",
            "kind",
            "product_id",
            text("coalesce(serial, '')"),
            unique=True,
            postgresql_where=text("origin <> 'buyer' AND state <> 'closed'"),
        ),
        Index("ix_report_inbox", "state", "due_on"),
        {"schema": "traceability"},
    )

    id: Mapped[Identifier]
    ticket: Mapped[str] = mapped_column(unique=True)
    origin: Mapped[str]
    kind: Mapped[str]
    product_id: Mapped[int | None] = mapped_column(
        ForeignKey("traceability.product.id", ondelete="CASCADE"), index=True
    )
    lot_id: Mapped[int | None] = mapped_column(
        ForeignKey("traceability.lot.id", ondelete="SET NULL"), index=True
    )
    serial: Mapped[str | None]
    code: Mapped[str | None]
    commune_id: Mapped[int | None] = mapped_column(
        ForeignKey("gis.administrative_unit.id"), index=True
    )
    words: Mapped[str | None] = mapped_column("text")
    photo_id: Mapped[int | None] = mapped_column(BigInteger)
    facts: Mapped[Attributes]
    state: Mapped[str] = mapped_column(server_default=text("'new'"), default="new")
    occurrences: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    assigned_to: Mapped[str | None]
    due_on: Mapped[date]
    created_at: Mapped[Instant]
    last_at: Mapped[Instant]
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    close_reason: Mapped[str | None]
    answer: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"), default=1)


class ReportStep(Base):
    """What was done about a case: opened, taken, assigned, commented, closed, reopened."""

    __tablename__ = "report_step"
    __table_args__ = ({"schema": "traceability"},)

    id: Mapped[Identifier]
    report_id: Mapped[int] = mapped_column(
        ForeignKey("traceability.report.id", ondelete="CASCADE"), index=True
    )
    action: Mapped[str]
    actor: Mapped[str]
    note: Mapped[str | None]
    at: Mapped[Instant]


class ReportPrivate(Base):
    """How to reach who reported; read by officers alone, each read logged, erased on `erase_on`.

    `consent_text` is the version of the text that was agreed to (Decree 356/2025/NĐ-CP art. 6).
    """

    __tablename__ = "report_private"
    __table_args__ = ({"schema": "traceability"},)

    report_id: Mapped[int] = mapped_column(
        ForeignKey("traceability.report.id", ondelete="CASCADE"), primary_key=True
    )
    contact: Mapped[str]
    consent_text: Mapped[str]
    consented_at: Mapped[Instant]
    erase_on: Mapped[date] = mapped_column(index=True)
