"""OCOP: rubrics, dossiers, scores, certificates and their re-grading."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "20261122_rubric"
down_revision: str | None = "20261122_trade"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# By number of decision; the first day of each.
VERSIONS = (
    ("QĐ 1048/QĐ-TTg", "2019-08-21"),
    ("QĐ 148/QĐ-TTg", "2023-02-24"),
    ("QĐ 1489/QĐ-TTg", "2025-07-06"),
    ("QĐ 26/2026/QĐ-TTg", "2026-05-22"),
)
NOW = sa.text("now()")


def upgrade() -> None:
    rubric = op.create_table(
        "rubric",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_rubric")),
        schema="traceability",
    )
    op.bulk_insert(rubric, [{"version": name, "valid_from": day} for name, day in VERSIONS])
    # A certificate whose version nobody listed keeps its name.
    op.execute(
        "INSERT INTO traceability.rubric SELECT rubric_version, min(issued_on)"
        " FROM traceability.certificate GROUP BY rubric_version ON CONFLICT DO NOTHING"
    )
    op.create_table(
        "ocop_serial",
        sa.Column("commune_code", sa.Text(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.CheckConstraint("last > 0", name=op.f("ck_ocop_serial_last")),
        sa.PrimaryKeyConstraint("commune_code", name=op.f("pk_ocop_serial")),
        schema="traceability",
    )
    # Kept with the other procedures, from the day the decision is in force.
    op.execute(
        "INSERT INTO gis.procedure_rule (procedure, variant, valid_from, working_days, authority,"
        " basis) VALUES ('ocop-commune-check', 'any', '2026-05-22', 15, 'UBND xã',"
        " 'QĐ 26/2026/QĐ-TTg')"
    )
    _create_dossier()
    _create_parts()
    for column in (
        sa.Column("dossier_id", sa.BigInteger()),
        sa.Column("withdrawn_on", sa.Date()),
        sa.Column("withdrawal_ground", sa.Text()),
        sa.Column("withdrawal_decision", sa.Text()),
    ):
        op.add_column("certificate", column, schema="traceability")
    op.create_unique_constraint(
        op.f("uq_certificate_dossier_id"), "certificate", ["dossier_id"], schema="traceability"
    )
    for name, column, table, target in (
        ("fk_certificate_dossier_id", "dossier_id", "dossier", "id"),
        ("fk_certificate_rubric_version", "rubric_version", "rubric", "version"),
    ):
        op.create_foreign_key(
            op.f(name),
            "certificate",
            table,
            [column],
            [target],
            source_schema="traceability",
            referent_schema="traceability",
        )
    op.create_check_constraint(
        op.f("ck_certificate_withdrawal_ground"),
        "certificate",
        "withdrawal_ground IN ('false-dossier', 'criteria-lost', 'law-broken', 'mark-misused',"
        " 'stopped', 'authority')",
        schema="traceability",
    )
    op.create_check_constraint(
        op.f("ck_certificate_withdrawn_on"),
        "certificate",
        "withdrawn_on IS NULL OR status = 'withdrawn'",
        schema="traceability",
    )


def _create_dossier() -> None:
    op.create_table(
        "dossier",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=True),
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("applicant_kind", sa.Text(), nullable=False),
        sa.Column("ocop_set", sa.Integer(), nullable=False),
        sa.Column("rubric_version", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("product_number", sa.Text(), nullable=True),
        sa.Column("form_number", sa.Text(), nullable=True),
        sa.Column("has_samples", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("stars", sa.Integer(), nullable=True),
        sa.Column("total", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column(
            "stops", postgresql.ARRAY(sa.TEXT()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("kind IN ('first', 'upgrade', 'again')", name=op.f("ck_dossier_kind")),
        sa.CheckConstraint(
            "applicant_kind IN ('cooperative', 'cooperative-group', 'enterprise', 'farm',"
            " 'household', 'association')",
            name=op.f("ck_dossier_applicant_kind"),
        ),
        sa.CheckConstraint(
            "applicant_kind <> 'association' OR ocop_set = 26",
            name=op.f("ck_dossier_association_tourism"),
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'submitted', 'returned', 'checked', 'graded', 'recognised',"
            " 'rejected')",
            name=op.f("ck_dossier_status"),
        ),
        sa.CheckConstraint("ocop_set BETWEEN 1 AND 26", name=op.f("ck_dossier_ocop_set")),
        sa.CheckConstraint("stars BETWEEN 0 AND 5", name=op.f("ck_dossier_stars")),
        sa.CheckConstraint(
            "(stars IS NULL) = (total IS NULL)", name=op.f("ck_dossier_graded_whole")
        ),
        sa.CheckConstraint(
            "status NOT IN ('graded', 'recognised') OR stars IS NOT NULL",
            name=op.f("ck_dossier_graded_stars"),
        ),
        sa.CheckConstraint(
            "status <> 'recognised' OR stars >= 3", name=op.f("ck_dossier_recognised_stars")
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'returned') OR submitted_at IS NOT NULL",
            name=op.f("ck_dossier_submitted"),
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["traceability.product.id"], name=op.f("fk_dossier_product_id")
        ),
        sa.ForeignKeyConstraint(["party_id"], ["gis.party.id"], name=op.f("fk_dossier_party_id")),
        sa.ForeignKeyConstraint(
            ["commune_id"], ["gis.administrative_unit.id"], name=op.f("fk_dossier_commune_id")
        ),
        sa.ForeignKeyConstraint(
            ["rubric_version"],
            ["traceability.rubric.version"],
            name=op.f("fk_dossier_rubric_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier")),
        sa.UniqueConstraint("product_number", name=op.f("uq_dossier_product_number")),
        sa.UniqueConstraint("form_number", name=op.f("uq_dossier_form_number")),
        schema="traceability",
    )
    for column in ("product_id", "party_id"):
        op.create_index(op.f(f"ix_dossier_{column}"), "dossier", [column], schema="traceability")
    op.create_index(
        "ix_dossier_desk", "dossier", ["commune_id", "status", "due_on"], schema="traceability"
    )
    op.create_index(
        "uq_dossier_open",
        "dossier",
        ["product_id"],
        unique=True,
        schema="traceability",
        postgresql_where=sa.text("status NOT IN ('recognised', 'rejected')"),
    )


def _create_parts() -> None:
    op.create_table(
        "dossier_private",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("representative", sa.Text(), nullable=False),
        sa.Column("sex", sa.Text(), nullable=True),
        sa.Column("ethnicity", sa.Text(), nullable=True),
        sa.Column("permanent_address", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column(
            "priority", postgresql.ARRAY(sa.TEXT()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.CheckConstraint(
            "sex IN ('female', 'male', 'other')", name=op.f("ck_dossier_private_sex")
        ),
        sa.CheckConstraint(
            "priority <@ ARRAY['woman', 'ethnic-minority', 'disabled']::text[]",
            name=op.f("ck_dossier_private_priority"),
        ),
        _to_dossier("dossier_private"),
        sa.PrimaryKeyConstraint("dossier_id", name=op.f("pk_dossier_private")),
        schema="traceability",
    )
    op.create_table(
        "dossier_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        _to_dossier("dossier_step"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_step")),
        schema="traceability",
    )
    op.create_table(
        "dossier_evidence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("criterion", sa.Text(), nullable=True),
        sa.Column("attachment_id", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        _to_dossier("dossier_evidence"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_evidence")),
        sa.UniqueConstraint("attachment_id", name=op.f("uq_dossier_evidence_attachment_id")),
        schema="traceability",
    )
    op.create_table(
        "assessment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column(
            "scores",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "stops", postgresql.ARRAY(sa.TEXT()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("kind IN ('self', 'council')", name=op.f("ck_assessment_kind")),
        sa.CheckConstraint("jsonb_typeof(scores) = 'object'", name=op.f("ck_assessment_scores")),
        _to_dossier("assessment"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
        schema="traceability",
    )
    for table in ("dossier_step", "dossier_evidence"):
        op.create_index(
            op.f(f"ix_{table}_dossier_id"), table, ["dossier_id"], schema="traceability"
        )
    op.create_index(
        "uq_assessment_sheet",
        "assessment",
        ["dossier_id", "kind", "member"],
        unique=True,
        schema="traceability",
    )


def _to_dossier(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["dossier_id"],
        ["traceability.dossier.id"],
        name=op.f(f"fk_{table}_dossier_id"),
        ondelete="CASCADE",
    )


def downgrade() -> None:
    for name, kind in (
        ("ck_certificate_withdrawn_on", "check"),
        ("ck_certificate_withdrawal_ground", "check"),
        ("fk_certificate_rubric_version", "foreignkey"),
        ("fk_certificate_dossier_id", "foreignkey"),
        ("uq_certificate_dossier_id", "unique"),
    ):
        op.drop_constraint(op.f(name), "certificate", schema="traceability", type_=kind)
    for column in ("withdrawal_decision", "withdrawal_ground", "withdrawn_on", "dossier_id"):
        op.drop_column("certificate", column, schema="traceability")
    for table in (
        "assessment",
        "dossier_evidence",
        "dossier_step",
        "dossier_private",
        "dossier",
        "ocop_serial",
        "rubric",
    ):
        op.drop_table(table, schema="traceability")
    op.execute("DELETE FROM gis.procedure_rule WHERE procedure = 'ocop-commune-check'")
