"""The tables of schema traceability: products, lots, codes, links, marketplaces."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "20261122_traceability"
down_revision: str | None = "20261122_gis"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "marketplace",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hosts", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marketplace")),
        sa.UniqueConstraint("code", name=op.f("uq_marketplace_code")),
        schema="traceability",
    )
    op.create_table(
        "product",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gtin", sa.Text(), nullable=True),
        sa.Column("trace_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(collation="vi-x-icu"), nullable=False),
        sa.Column("brand", sa.Text(), nullable=True),
        sa.Column("ocop_group", sa.Integer(), nullable=True),
        sa.Column("ocop_set", sa.Integer(), nullable=True),
        sa.Column("producer_id", sa.BigInteger(), nullable=True),
        sa.Column("commune_id", sa.BigInteger(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("story", sa.Text(), nullable=True),
        sa.Column("net_content", sa.Text(), nullable=True),
        sa.Column("shelf_life", sa.Text(), nullable=True),
        sa.Column("standards", sa.Text(), nullable=True),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("gtin ~ '^[0-9]{14}$'", name=op.f("ck_product_gtin")),
        sa.CheckConstraint("trace_code ~ '[A-Z]'", name=op.f("ck_product_trace_code")),
        sa.CheckConstraint("ocop_group BETWEEN 1 AND 6", name=op.f("ck_product_ocop_group")),
        sa.CheckConstraint("ocop_set BETWEEN 1 AND 26", name=op.f("ck_product_ocop_set")),
        sa.ForeignKeyConstraint(
            ["commune_id"], ["gis.administrative_unit.id"], name=op.f("fk_product_commune_id")
        ),
        sa.ForeignKeyConstraint(
            ["producer_id"], ["gis.party.id"], name=op.f("fk_product_producer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("gtin", name=op.f("uq_product_gtin")),
        sa.UniqueConstraint("trace_code", name=op.f("uq_product_trace_code")),
        schema="traceability",
    )
    op.create_index(
        op.f("ix_product_commune_id"),
        "product",
        ["commune_id"],
        unique=False,
        schema="traceability",
    )
    op.create_index(
        op.f("ix_product_producer_id"),
        "product",
        ["producer_id"],
        unique=False,
        schema="traceability",
    )
    op.create_index(
        "uq_product_source", "product", ["source", "source_id"], unique=True, schema="traceability"
    )
    op.create_table(
        "certificate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("rubric_version", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'valid'"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("status IN ('valid', 'withdrawn')", name=op.f("ck_certificate_status")),
        sa.CheckConstraint("expires_on >= issued_on", name=op.f("ck_certificate_period")),
        sa.CheckConstraint("stars BETWEEN 3 AND 5", name=op.f("ck_certificate_stars")),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["traceability.product.id"],
            name=op.f("fk_certificate_product_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        schema="traceability",
    )
    op.create_index(
        op.f("ix_certificate_product_id"),
        "certificate",
        ["product_id"],
        unique=False,
        schema="traceability",
    )
    op.create_table(
        "link_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("key ~ '^/'", name=op.f("ck_link_entry_key")),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["traceability.product.id"],
            name=op.f("fk_link_entry_product_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_entry")),
        sa.UniqueConstraint("key", name=op.f("uq_link_entry_key")),
        schema="traceability",
    )
    op.create_index(
        op.f("ix_link_entry_product_id"),
        "link_entry",
        ["product_id"],
        unique=False,
        schema="traceability",
    )
    op.create_table(
        "listing",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("marketplace_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("last_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("url ~ '^https://'", name=op.f("ck_listing_url")),
        sa.ForeignKeyConstraint(
            ["marketplace_id"],
            ["traceability.marketplace.id"],
            name=op.f("fk_listing_marketplace_id"),
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["traceability.product.id"],
            name=op.f("fk_listing_product_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing")),
        sa.UniqueConstraint("product_id", "url", name="uq_listing_product_url"),
        schema="traceability",
    )
    op.create_table(
        "lot",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("harvested_on", sa.Date(), nullable=True),
        sa.Column("produced_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("quantity", sa.Numeric(precision=14, scale=3), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("status IN ('active', 'closed')", name=op.f("ck_lot_status")),
        sa.CheckConstraint(
            "(quantity IS NULL) = (unit IS NULL)", name=op.f("ck_lot_quantity_unit")
        ),
        sa.CheckConstraint("length(code) BETWEEN 1 AND 20", name=op.f("ck_lot_code")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_lot_quantity")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["traceability.product.id"], name=op.f("fk_lot_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot")),
        sa.UniqueConstraint("product_id", "code", name="uq_lot_product_code"),
        schema="traceability",
    )
    op.create_table(
        "link",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("link_type", sa.Text(), nullable=False),
        sa.Column("href", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column(
            "hreflang", postgresql.ARRAY(sa.TEXT()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("context", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["traceability.link_entry.id"],
            name=op.f("fk_link_entry_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        schema="traceability",
    )
    op.create_index(
        "ix_link_entry", "link", ["entry_id", "position"], unique=False, schema="traceability"
    )
    op.create_index(
        "uq_link_default",
        "link",
        ["entry_id"],
        unique=True,
        schema="traceability",
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "lot_source",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("growing_area_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=14, scale=3), nullable=True),
        sa.Column("harvested_on", sa.Date(), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_lot_source_quantity")),
        sa.ForeignKeyConstraint(
            ["growing_area_id"], ["gis.growing_area.id"], name=op.f("fk_lot_source_growing_area_id")
        ),
        sa.ForeignKeyConstraint(
            ["lot_id"],
            ["traceability.lot.id"],
            name=op.f("fk_lot_source_lot_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_source")),
        sa.UniqueConstraint("lot_id", "growing_area_id", name="uq_lot_source_lot_area"),
        schema="traceability",
    )
    op.create_index(
        op.f("ix_lot_source_growing_area_id"),
        "lot_source",
        ["growing_area_id"],
        unique=False,
        schema="traceability",
    )
    op.create_table(
        "serial",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=True),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'issued'"), nullable=False),
        sa.Column(
            "issued_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('issued', 'active', 'sold', 'void', 'recalled')",
            name=op.f("ck_serial_state"),
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["traceability.lot.id"], name=op.f("fk_serial_lot_id")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["traceability.product.id"], name=op.f("fk_serial_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_serial")),
        sa.UniqueConstraint("product_id", "serial", name="uq_serial_product_serial"),
        schema="traceability",
    )
    op.create_index(
        op.f("ix_serial_lot_id"), "serial", ["lot_id"], unique=False, schema="traceability"
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_serial_lot_id"), table_name="serial", schema="traceability")
    op.drop_table("serial", schema="traceability")
    op.drop_index(
        op.f("ix_lot_source_growing_area_id"), table_name="lot_source", schema="traceability"
    )
    op.drop_table("lot_source", schema="traceability")
    op.drop_index(
        "uq_link_default",
        table_name="link",
        schema="traceability",
        postgresql_where=sa.text("is_default"),
    )
    op.drop_index("ix_link_entry", table_name="link", schema="traceability")
    op.drop_table("link", schema="traceability")
    op.drop_table("lot", schema="traceability")
    op.drop_table("listing", schema="traceability")
    op.drop_index(op.f("ix_link_entry_product_id"), table_name="link_entry", schema="traceability")
    op.drop_table("link_entry", schema="traceability")
    op.drop_index(
        op.f("ix_certificate_product_id"), table_name="certificate", schema="traceability"
    )
    op.drop_table("certificate", schema="traceability")
    op.drop_index("uq_product_source", table_name="product", schema="traceability")
    op.drop_index(op.f("ix_product_producer_id"), table_name="product", schema="traceability")
    op.drop_index(op.f("ix_product_commune_id"), table_name="product", schema="traceability")
    op.drop_table("product", schema="traceability")
    op.drop_table("marketplace", schema="traceability")
