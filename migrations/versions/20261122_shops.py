"""Marketplaces: checked links, clicks by day, prices of the product feed; pictures of products."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "20261122_shops"
down_revision: str | None = "20261122_rubric"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# What a listing learns: (column, type, default).
_COLUMNS = (
    ("price_vnd", sa.BigInteger(), None),
    ("price_updated_on", sa.Date(), None),
    ("availability", sa.Text(), None),
    ("check_error", sa.Text(), None),
    ("failures", sa.Integer(), "0"),
    ("times_gone", sa.Integer(), "0"),
    ("next_check_at", sa.DateTime(timezone=True), "now()"),
    ("last_found_at", sa.DateTime(timezone=True), None),
    ("dead_since", sa.DateTime(timezone=True), None),
    ("retired_at", sa.DateTime(timezone=True), None),
    ("version", sa.Integer(), "1"),
)
_CHECKS = (
    ("price_vnd", "price_vnd BETWEEN 1 AND 10000000000"),
    ("price_day", "(price_vnd IS NULL) = (price_updated_on IS NULL)"),
    ("availability", "availability IN ('in_stock', 'out_of_stock', 'preorder')"),
    ("failures", "failures >= 0 AND times_gone >= 0"),
)


def _instant(name: str) -> sa.Column:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def upgrade() -> None:
    for name, kind, default in _COLUMNS:
        op.add_column(
            "listing",
            sa.Column(
                name,
                kind,
                server_default=sa.text(default) if default else None,
                nullable=default is None,
            ),
            schema="traceability",
        )
    # What was hidden by its last answer stays hidden.
    op.execute(
        "UPDATE traceability.listing SET dead_since = coalesce(last_checked_at, now()),"
        " failures = 2, times_gone = 2 WHERE http_status IN (404, 410)"
    )
    for name, condition in _CHECKS:
        op.create_check_constraint(
            op.f(f"ck_listing_{name}"), "listing", condition, schema="traceability"
        )
    op.create_index(
        "ix_listing_due",
        "listing",
        ["next_check_at"],
        schema="traceability",
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "click_day",
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("clicks", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("clicks > 0", name=op.f("ck_click_day_clicks")),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["traceability.listing.id"],
            name=op.f("fk_click_day_listing_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("listing_id", "day", name=op.f("pk_click_day")),
        schema="traceability",
    )
    op.create_table(
        "product_photo",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("attachment_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("alt", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        _instant("created_at"),
        sa.CheckConstraint(
            "state IN ('waiting', 'ready', 'refused', 'replaced')",
            name=op.f("ck_product_photo_state"),
        ),
        sa.CheckConstraint(
            "state <> 'ready' OR (width > 0 AND height > 0)", name=op.f("ck_product_photo_size")
        ),
        sa.CheckConstraint(
            "(state = 'refused') = (reason IS NOT NULL)", name=op.f("ck_product_photo_reason")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["traceability.product.id"],
            name=op.f("fk_product_photo_product_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_photo")),
        sa.UniqueConstraint("attachment_id", name=op.f("uq_product_photo_attachment_id")),
        sa.UniqueConstraint("token", name=op.f("uq_product_photo_token")),
        schema="traceability",
    )
    for state in ("ready", "waiting"):
        op.create_index(
            f"uq_product_photo_{state}",
            "product_photo",
            ["product_id"],
            unique=True,
            schema="traceability",
            postgresql_where=sa.text(f"state = '{state}'"),
        )


def downgrade() -> None:
    for state in ("waiting", "ready"):
        op.drop_index(
            f"uq_product_photo_{state}", table_name="product_photo", schema="traceability"
        )
    op.drop_table("product_photo", schema="traceability")
    op.drop_table("click_day", schema="traceability")
    op.drop_index("ix_listing_due", table_name="listing", schema="traceability")
    for name, _ in reversed(_CHECKS):
        op.drop_constraint(op.f(f"ck_listing_{name}"), "listing", schema="traceability")
    for name, _, _ in reversed(_COLUMNS):
        op.drop_column("listing", name, schema="traceability")
