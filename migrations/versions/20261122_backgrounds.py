"""Backgrounds of the map that an administrator configures."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "20261122_backgrounds"
down_revision: str | None = "20261122_editing"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _instant(name: str) -> sa.Column:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def upgrade() -> None:
    op.create_table(
        "background",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(collation="vi-x-icu"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("attribution", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("opacity", sa.Float(), server_default=sa.text("1"), nullable=False),
        sa.Column("min_zoom", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("max_zoom", sa.Integer(), server_default=sa.text("22"), nullable=False),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_shown", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_public", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        _instant("created_at"),
        _instant("updated_at"),
        sa.CheckConstraint(
            "kind IN ('xyz', 'wmts', 'pmtiles', 'cog')", name=op.f("ck_background_kind")
        ),
        sa.CheckConstraint(
            "(address IS NULL) <> (file IS NULL)", name=op.f("ck_background_one_source")
        ),
        sa.CheckConstraint(
            "file IS NULL OR kind IN ('pmtiles', 'cog')", name=op.f("ck_background_file_kind")
        ),
        sa.CheckConstraint("opacity BETWEEN 0 AND 1", name=op.f("ck_background_opacity")),
        sa.CheckConstraint(
            "min_zoom >= 0 AND max_zoom <= 24 AND min_zoom <= max_zoom",
            name=op.f("ck_background_zooms"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_background")),
        schema="gis",
    )


def downgrade() -> None:
    op.drop_table("background", schema="gis")
