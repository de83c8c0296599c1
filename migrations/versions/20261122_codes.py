"""Batches of serials, their states, scans by day and commune."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "20261122_codes"
down_revision: str | None = "20261122_journal"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# A stamp goes one way; what an event did by mistake is undone under `langbiang.correcting`.
CHECK_STATE = """
CREATE FUNCTION traceability.check_serial_state() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    correcting CONSTANT boolean := coalesce(current_setting('langbiang.correcting', true), '') = 'on';
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.batch_id IS NOT NULL AND NEW.state <> 'issued' THEN
            RAISE EXCEPTION 'a serial of a batch begins as issued, not as %', NEW.state
                USING ERRCODE = 'check_violation', CONSTRAINT = 'serial_transition';
        END IF;
        IF NEW.state = 'active' THEN
            NEW.activated_at := coalesce(NEW.activated_at, now());
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.product_id, NEW.serial) IS DISTINCT FROM (OLD.product_id, OLD.serial)
        OR (OLD.batch_id IS NOT NULL
            AND (NEW.batch_id, NEW.position) IS DISTINCT FROM (OLD.batch_id, OLD.position)) THEN
        RAISE EXCEPTION 'serial % keeps its product, its number and its place in the batch', OLD.serial
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.lot_id IS NOT NULL AND NEW.lot_id IS DISTINCT FROM OLD.lot_id AND NOT correcting THEN
        RAISE EXCEPTION 'serial % keeps its lot', OLD.serial USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = OLD.state THEN
        RETURN NEW;
    END IF;
    IF NOT correcting AND (OLD.state, NEW.state) NOT IN (
        ('issued', 'active'), ('issued', 'void'), ('issued', 'recalled'),
        ('active', 'sold'), ('active', 'void'), ('active', 'recalled'),
        ('sold', 'void'), ('sold', 'recalled'), ('recalled', 'void')
    ) THEN
        RAISE EXCEPTION 'serial % is %: it cannot become %', OLD.serial, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'serial_transition';
    END IF;
    IF NEW.state = 'issued' THEN
        NEW.activated_at := NULL;
        NEW.sold_at := NULL;
    ELSIF NEW.state = 'active' THEN
        NEW.activated_at := coalesce(OLD.activated_at, now());
        NEW.sold_at := NULL;
    ELSIF NEW.state = 'sold' THEN
        NEW.sold_at := coalesce(OLD.sold_at, now());
    END IF;
    RETURN NEW;
END $$
"""

# One line a statement and batch, whoever changes the states: positions are a set of ranges. The plan
# is kept from the first change of a connection, often of one serial: without nested loops it is
# right for a whole roll, too.
RECORD_CHANGE = """
CREATE FUNCTION traceability.record_serial_change() RETURNS trigger LANGUAGE plpgsql
SET enable_nestloop = off AS $$
BEGIN
    INSERT INTO traceability.serial_change
        (product_id, batch_id, positions, serials, count, from_state, to_state, reason, actor)
    SELECT n.product_id, n.batch_id,
        CASE WHEN n.batch_id IS NOT NULL
            THEN range_agg(int4range(n.position, n.position, '[]')) END,
        CASE WHEN n.batch_id IS NULL THEN array_agg(n.serial ORDER BY n.serial) END,
        count(*), o.state, n.state,
        nullif(current_setting('langbiang.serial_reason', true), ''),
        coalesce(nullif(current_setting('langbiang.actor', true), ''), session_user)
    FROM new_rows AS n JOIN old_rows AS o USING (id)
    WHERE n.state <> o.state
    GROUP BY n.product_id, n.batch_id, o.state, n.state;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "serial_batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("count BETWEEN 1 AND 100000", name=op.f("ck_serial_batch_count")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["traceability.product.id"], name=op.f("fk_serial_batch_product_id")
        ),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["traceability.lot.id"], name=op.f("fk_serial_batch_lot_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_serial_batch")),
        sa.UniqueConstraint("run_id", name=op.f("uq_serial_batch_run_id")),
        schema="traceability",
    )
    for column in ("product_id", "lot_id"):
        op.create_index(
            op.f(f"ix_serial_batch_{column}"), "serial_batch", [column], schema="traceability"
        )
    op.add_column(
        "serial", sa.Column("batch_id", sa.BigInteger(), nullable=True), schema="traceability"
    )
    op.add_column(
        "serial", sa.Column("position", sa.Integer(), nullable=True), schema="traceability"
    )
    op.add_column(
        "serial",
        sa.Column("sold_at", sa.DateTime(timezone=True), nullable=True),
        schema="traceability",
    )
    op.create_foreign_key(
        op.f("fk_serial_batch_id"),
        "serial",
        "serial_batch",
        ["batch_id"],
        ["id"],
        source_schema="traceability",
        referent_schema="traceability",
    )
    op.create_unique_constraint(
        "uq_serial_batch_position", "serial", ["batch_id", "position"], schema="traceability"
    )
    op.create_check_constraint(
        op.f("ck_serial_position"),
        "serial",
        "(batch_id IS NULL) = (position IS NULL) AND position > 0",
        schema="traceability",
    )
    op.create_table(
        "serial_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("positions", postgresql.INT4MULTIRANGE(), nullable=True),
        sa.Column("serials", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(batch_id IS NULL) = (positions IS NULL) AND (positions IS NULL) <> (serials IS NULL)",
            name=op.f("ck_serial_change_named"),
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["traceability.product.id"], name=op.f("fk_serial_change_product_id")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["traceability.serial_batch.id"], name=op.f("fk_serial_change_batch_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_serial_change")),
        schema="traceability",
    )
    for column in ("product_id", "batch_id"):
        op.create_index(
            op.f(f"ix_serial_change_{column}"), "serial_change", [column], schema="traceability"
        )
    op.execute(CHECK_STATE)
    op.execute(RECORD_CHANGE)
    op.execute(
        "CREATE TRIGGER check_serial_state BEFORE INSERT OR UPDATE ON traceability.serial"
        " FOR EACH ROW EXECUTE FUNCTION traceability.check_serial_state()"
    )
    op.execute(
        "CREATE TRIGGER record_serial_change AFTER UPDATE ON traceability.serial"
        " REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"
        " FOR EACH STATEMENT EXECUTE FUNCTION traceability.record_serial_change()"
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
        " ON traceability.serial_change"
        " FOR EACH STATEMENT EXECUTE FUNCTION gis.refuse_change()"
    )
    _scans()


def _scans() -> None:
    op.create_table(
        "scan_day",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=True),
        sa.Column("serial", sa.Text(), nullable=True),
        sa.Column("commune_id", sa.BigInteger(), nullable=True),
        sa.Column("is_issued", sa.Boolean(), nullable=False),
        sa.Column("scans", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("scans > 0", name=op.f("ck_scan_day_scans")),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["traceability.product.id"],
            name=op.f("fk_scan_day_product_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["lot_id"],
            ["traceability.lot.id"],
            name=op.f("fk_scan_day_lot_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["commune_id"], ["gis.administrative_unit.id"], name=op.f("fk_scan_day_commune_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_day")),
        sa.UniqueConstraint(
            "product_id",
            "serial",
            "day",
            "lot_id",
            "commune_id",
            name="uq_scan_day",
            postgresql_nulls_not_distinct=True,
        ),
        schema="traceability",
    )
    op.create_index("ix_scan_day_day", "scan_day", ["day", "product_id"], schema="traceability")
    op.create_index(
        "ix_scan_day_unissued",
        "scan_day",
        ["product_id", "day"],
        schema="traceability",
        postgresql_where=sa.text("NOT is_issued"),
    )
    op.create_table(
        "scan_writer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("flushed", sa.BigInteger(), nullable=False),
        sa.Column(
            "flushed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_writer")),
        schema="traceability",
    )
    op.create_table(
        "scan_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["traceability.product.id"],
            name=op.f("fk_scan_check_product_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_check")),
        schema="traceability",
    )
    op.create_index(
        op.f("ix_scan_check_product_id_serial"),
        "scan_check",
        ["product_id", "serial"],
        schema="traceability",
    )


def downgrade() -> None:
    for table in ("scan_check", "scan_writer", "scan_day"):
        op.drop_table(table, schema="traceability")
    op.execute("DROP TRIGGER record_serial_change ON traceability.serial")
    op.execute("DROP TRIGGER check_serial_state ON traceability.serial")
    op.execute("DROP FUNCTION traceability.record_serial_change()")
    op.execute("DROP FUNCTION traceability.check_serial_state()")
    op.drop_table("serial_change", schema="traceability")
    op.drop_constraint(op.f("ck_serial_position"), "serial", schema="traceability", type_="check")
    op.drop_constraint("uq_serial_batch_position", "serial", schema="traceability", type_="unique")
    op.drop_constraint(
        op.f("fk_serial_batch_id"), "serial", schema="traceability", type_="foreignkey"
    )
    for column in ("sold_at", "position", "batch_id"):
        op.drop_column("serial", column, schema="traceability")
    op.drop_table("serial_batch", schema="traceability")
