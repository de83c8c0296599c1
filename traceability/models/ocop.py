"""OCOP dossiers: their steps, sheets of scores, evidence; personal fields apart."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, Numeric, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Attributes, Identifier, Instant


class Rubric(Base):
    """A version of the OCOP rubric by the number of its decision, in force from a day on.

    The criteria of the one in force are data of `traceability.ocop`; of older ones the name is kept
    for the certificates graded by them.
    """

    __tablename__ = "rubric"
    __table_args__ = ({"schema": "traceability"},)

    version: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date]


class OcopSerial(Base):
    """The last serial (STT) that a commune gave to an OCOP product."""

    __tablename__ = "ocop_serial"
    __table_args__ = (CheckConstraint("last > 0", name="last"), {"schema": "traceability"})

    commune_code: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


class Dossier(Base):
    """A request to grade a product (forms 01 and 02 of QĐ 26/2026/QĐ-TTg).

    `due_on` is the last day of whoever has it now. `stars` (0 to 5) and `total` are what the
    council gave; `stops` disqualified it. No personal field is here.
    """

    __tablename__ = "dossier"
    __table_args__ = (
        CheckConstraint("kind IN ('first', 'upgrade', 'again')", name="kind"),
        CheckConstraint(
            "applicant_kind IN ('cooperative', 'cooperative-group', 'enterprise', 'farm',"
            " 'household', 'association')",
            name="applicant_kind",
        ),
        CheckConstraint(
            "applicant_kind <> 'association' OR ocop_set = 26", name="association_tourism"
        ),
        CheckConstraint(
            "status IN ('draft', 'submitted', 'returned', 'checked', 'graded', 'recognised',"
            " 'rejected')",
            name="status",
        ),
        CheckConstraint("ocop_set BETWEEN 1 AND 26", name="ocop_set"),
        CheckConstraint("stars BETWEEN 0 AND 5", name="stars"),
        CheckConstraint("(stars IS NULL) = (total IS NULL)", name="graded_whole"),
        CheckConstraint(
            "status NOT IN ('graded', 'recognised') OR stars IS NOT NULL", name="graded_stars"
        ),
        CheckConstraint("status <> 'recognised' OR stars >= 3", name="recognised_stars"),
        CheckConstraint(
            "status IN ('draft', 'returned') OR submitted_at IS NOT NULL", name="submitted"
        ),
        Index("ix_dossier_desk", "commune_id", "status", "due_on"),
        # Of one product only one dossier is under way.
        Index(
            "uq_dossier_open",
            "product_id",
            unique=True,
            postgresql_where=text("status NOT IN ('recognised', 'rejected')"),
        ),
        {"schema": "traceability"},
    )

    id: Mapped[Identifier]
    product_id: Mapped[int] = mapped_column(ForeignKey("traceability.product.id"), index=True)
    party_id: Mapped[int | None] = mapped_column(ForeignKey("gis.party.id"), index=True)
    commune_id: Mapped[int] = mapped_column(ForeignKey("gis.administrative_unit.id"))
    kind: Mapped[str]
    applicant_kind: Mapped[str]
    ocop_set: Mapped[int]
    rubric_version: Mapped[str] = mapped_column(ForeignKey("traceability.rubric.version"))
    status: Mapped[str] = mapped_column(server_default=text("'draft'"), default="draft")
    product_number: Mapped[str | None] = mapped_column(unique=True)
    form_number: Mapped[str | None] = mapped_column(unique=True)
    has_samples: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    due_on: Mapped[date | None]
    stars: Mapped[int | None]
    # Rounded down for people; stars were decided by the exact average of the sheets.
    total: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    stops: Mapped[list[str]] = mapped_column(ARRAY(TEXT), server_default=text("'{}'"), default=list)
    created_by: Mapped[str]
    submitted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


class DossierPrivate(Base):
    """The representative as a person: sensitive (Decree 356/2025/NĐ-CP art. 4), each read logged.

    `priority` are the facts behind criterion 3.2; only its points leave this table.
    """

    __tablename__ = "dossier_private"
    __table_args__ = (
        CheckConstraint("sex IN ('female', 'male', 'other')", name="sex"),
        CheckConstraint(
            "priority <@ ARRAY['woman', 'ethnic-minority', 'disabled']::text[]", name="priority"
        ),
        {"schema": "traceability"},
    )

    dossier_id: Mapped[int] = mapped_column(
        ForeignKey("traceability.dossier.id", ondelete="CASCADE"), primary_key=True
    )
    representative: Mapped[str]
    sex: Mapped[str | None]
    ethnicity: Mapped[str | None]
    permanent_address: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    priority: Mapped[list[str]] = mapped_column(
        ARRAY(TEXT), server_default=text("'{}'"), default=list
    )


class DossierStep(Base):
    """One dated step of a dossier's way, and the deadline that it set."""

    __tablename__ = "dossier_step"
    __table_args__ = ({"schema": "traceability"},)

    id: Mapped[Identifier]
    dossier_id: Mapped[int] = mapped_column(
        ForeignKey("traceability.dossier.id", ondelete="CASCADE"), index=True
    )
    action: Mapped[str]
    actor: Mapped[str]
    note: Mapped[str | None]
    due_on: Mapped[date | None]
    at: Mapped[Instant]


class DossierEvidence(Base):
    """A file that proves a criterion, or the dossier as a whole (`criterion` null).

    `attachment_id` is a row of `etl.attachment`, which this layer does not know.
    """

    __tablename__ = "dossier_evidence"
    __table_args__ = ({"schema": "traceability"},)

    id: Mapped[Identifier]
    dossier_id: Mapped[int] = mapped_column(
        ForeignKey("traceability.dossier.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str]
    criterion: Mapped[str | None]
    attachment_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    note: Mapped[str | None]
    added_by: Mapped[str]
    added_at: Mapped[Instant]


class Assessment(Base):
    """One sheet: the points by criterion that the producer (`self`) or a member gave."""

    __tablename__ = "assessment"
    __table_args__ = (
        CheckConstraint("kind IN ('self', 'council')", name="kind"),
        CheckConstraint("jsonb_typeof(scores) = 'object'", name="scores"),
        Index("uq_assessment_sheet", "dossier_id", "kind", "member", unique=True),
        {"schema": "traceability"},
    )

    id: Mapped[Identifier]
    dossier_id: Mapped[int] = mapped_column(
        ForeignKey("traceability.dossier.id", ondelete="CASCADE")
    )
    kind: Mapped[str]
    member: Mapped[str]
    scores: Mapped[Attributes]
    stops: Mapped[list[str]] = mapped_column(ARRAY(TEXT), server_default=text("'{}'"), default=list)
    entered_by: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
