"""The farm diary as far as lots need it, and harvests of one area on several days."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "20261122_trade"
down_revision: str | None = "20261122_links"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "diary_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("growing_area_id", sa.BigInteger(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("activity", sa.Text(), nullable=False),
        sa.Column("product_name", sa.Text(), nullable=True),
        sa.Column("active_ingredient", sa.Text(), nullable=True),
        sa.Column("dose", sa.Numeric(precision=12, scale=3), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("phi_days", sa.Integer(), nullable=True),
        sa.Column(
            "earliest_harvest_on",
            sa.Date(),
            sa.Computed("done_on + phi_days", persisted=True),
            nullable=True,
        ),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.Text(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "activity IN ('spraying', 'fertilising', 'watering', 'pruning', 'sowing', 'other')",
            name=op.f("ck_diary_entry_activity"),
        ),
        sa.CheckConstraint("phi_days BETWEEN 0 AND 365", name=op.f("ck_diary_entry_phi_days")),
        sa.CheckConstraint("dose > 0", name=op.f("ck_diary_entry_dose")),
        sa.CheckConstraint(
            "activity <> 'spraying' OR (product_name IS NOT NULL AND phi_days IS NOT NULL)",
            name=op.f("ck_diary_entry_spraying"),
        ),
        sa.CheckConstraint(
            "(cancelled_at IS NULL) = (cancelled_by IS NULL)",
            name=op.f("ck_diary_entry_cancelled"),
        ),
        sa.ForeignKeyConstraint(
            ["growing_area_id"],
            ["gis.growing_area.id"],
            name=op.f("fk_diary_entry_growing_area_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_diary_entry")),
        schema="gis",
    )
    op.create_index(
        "ix_diary_entry_area_day",
        "diary_entry",
        ["growing_area_id", "done_on"],
        unique=False,
        schema="gis",
    )
    # One area may be harvested for one lot on several days, and each of them is answered for.
    op.add_column("lot_source", sa.Column("event_sequence", sa.BigInteger()), schema="traceability")
    op.drop_constraint("uq_lot_source_lot_area", "lot_source", schema="traceability")
    op.create_unique_constraint(
        "uq_lot_source_harvest",
        "lot_source",
        ["lot_id", "growing_area_id", "harvested_on", "event_sequence"],
        schema="traceability",
        postgresql_nulls_not_distinct=True,
    )


def downgrade() -> None:
    # The first row of an area stays: the older constraint knows no days.
    op.execute(
        "DELETE FROM traceability.lot_source AS later USING traceability.lot_source AS first"
        " WHERE later.lot_id = first.lot_id AND later.growing_area_id = first.growing_area_id"
        " AND later.id > first.id"
    )
    op.drop_constraint("uq_lot_source_harvest", "lot_source", schema="traceability")
    op.create_unique_constraint(
        "uq_lot_source_lot_area",
        "lot_source",
        ["lot_id", "growing_area_id"],
        schema="traceability",
    )
    op.drop_column("lot_source", "event_sequence", schema="traceability")
    op.drop_table("diary_entry", schema="gis")
