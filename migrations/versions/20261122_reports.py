"""Cases an officer looks into: what buyers report, doubtful scans, dead links; their tickets."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "20261122_reports"
down_revision: str | None = "20261122_shops"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# No law sets these terms: they are the platform's own, to be changed here by whoever runs it.
_BASIS = "Thời hạn do nền tảng đặt, không phải thời hạn luật định"
RULES = [("urgent", 1), ("usual", 5)]


def upgrade() -> None:
    op.create_table(
        "report",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("lot_id", sa.BigInteger(), nullable=True),
        sa.Column("serial", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("commune_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("photo_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "facts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("state", sa.Text(), server_default=sa.text("'new'"), nullable=False),
        sa.Column("occurrences", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("assigned_to", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "last_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("ticket ~ '^BC-'", name=op.f("ck_report_ticket")),
        sa.CheckConstraint("origin IN ('buyer', 'scan', 'link')", name=op.f("ck_report_origin")),
        sa.CheckConstraint("kind ~ '^[a-z][a-z-]{1,39}$'", name=op.f("ck_report_kind")),
        sa.CheckConstraint("state IN ('new', 'working', 'closed')", name=op.f("ck_report_state")),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL)"
            " AND (state = 'closed') = (close_reason IS NOT NULL)",
            name=op.f("ck_report_closed"),
        ),
        sa.CheckConstraint(
            "close_reason IN ('solved', 'unfounded', 'passed-on', 'duplicate')",
            name=op.f("ck_report_close_reason"),
        ),
        sa.CheckConstraint("occurrences > 0", name=op.f("ck_report_occurrences")),
        sa.CheckConstraint(
            "product_id IS NOT NULL OR code IS NOT NULL", name=op.f("ck_report_about")
        ),
        sa.ForeignKeyConstraint(
            ["commune_id"], ["gis.administrative_unit.id"], name=op.f("fk_report_commune_id")
        ),
        sa.ForeignKeyConstraint(
            ["lot_id"],
            ["traceability.lot.id"],
            name=op.f("fk_report_lot_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["traceability.product.id"],
            name=op.f("fk_report_product_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("ticket", name=op.f("uq_report_ticket")),
        schema="traceability",
    )
    for column in ("commune_id", "lot_id", "product_id"):
        op.create_index(
            op.f(f"ix_report_{column}"), "report", [column], unique=False, schema="traceability"
        )
    op.create_index(
        "ix_report_inbox", "report", ["state", "due_on"], unique=False, schema="traceability"
    )
    # However often a stamp is scanned, its officer has one case of it open.
    op.create_index(
        "uq_report_open_case",
        "report",
        ["kind", "product_id", sa.text("coalesce(serial, '')")],
        unique=True,
        schema="traceability",
        postgresql_where=sa.text("origin <> 'buyer' AND state <> 'closed'"),
    )
    op.create_table(
        "report_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["traceability.report.id"],
            name=op.f("fk_report_step_report_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_step")),
        schema="traceability",
    )
    op.create_index(
        op.f("ix_report_step_report_id"),
        "report_step",
        ["report_id"],
        unique=False,
        schema="traceability",
    )
    op.create_table(
        "report_private",
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("consent_text", sa.Text(), nullable=False),
        sa.Column(
            "consented_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("erase_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["traceability.report.id"],
            name=op.f("fk_report_private_report_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_report_private")),
        schema="traceability",
    )
    op.create_index(
        op.f("ix_report_private_erase_on"),
        "report_private",
        ["erase_on"],
        unique=False,
        schema="traceability",
    )
    for variant, days in RULES:
        op.execute(
            sa.text(
                "INSERT INTO gis.procedure_rule (procedure, variant, valid_from, working_days,"
                " authority, basis) VALUES ('product-case', :variant, '2025-01-01', :days,"
                " 'UBND xã', :basis)"
            ).bindparams(variant=variant, days=days, basis=_BASIS)
        )


def downgrade() -> None:
    op.execute("DELETE FROM gis.procedure_rule WHERE procedure = 'product-case'")
    for table in ("report_private", "report_step", "report"):
        op.drop_table(table, schema="traceability")
