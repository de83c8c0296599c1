"""The journal of events (EPCIS 2.0): append-only, hash-chained, partitioned by month."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "20261122_journal"
down_revision: str | None = "20261122_attachments"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# What is written once. The head is not among them: it moves with each capture.
APPEND_ONLY = (
    "event",
    "event_item",
    "event_identity",
    "journal_entry",
    "journal_checkpoint",
    "capture_job",
)

# A trigger for each row is cloned to every partition, also to those made later; one for a statement
# is not, so that each partition gets its own against TRUNCATE. The owner takes the rights from
# itself, too: whoever wants to change the journal has to say so twice, and `verify` finds it.
PROTECT = """
CREATE FUNCTION traceability.protect_journal(journal regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER append_only_whole BEFORE UPDATE OR DELETE OR TRUNCATE ON %s'
        ' FOR EACH STATEMENT EXECUTE FUNCTION gis.refuse_change()', journal);
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %s FROM PUBLIC, CURRENT_USER', journal);
END $$
"""

# Months are made ahead (each night, and by a capture that finds none); two captures must not make
# the same month at once.
ENSURE_MONTH = """
CREATE FUNCTION traceability.ensure_event_month(month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first constant date := date_trunc('month', month)::date;
    partition constant text := 'event_' || to_char(first, 'YYYY_MM');
BEGIN
    IF to_regclass('traceability.' || partition) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('traceability.event'));
    IF to_regclass('traceability.' || partition) IS NULL THEN
        EXECUTE format(
            'CREATE TABLE traceability.%I PARTITION OF traceability.event'
            ' FOR VALUES FROM (%L) TO (%L)',
            partition, first::timestamp AT TIME ZONE 'UTC',
            (first + interval '1 month')::timestamp AT TIME ZONE 'UTC');
        PERFORM traceability.protect_journal(('traceability.' || partition)::regclass);
    END IF;
END $$
"""

# Lots and serials are stored as people read them, and percent-encoded in the keys of events
# (RFC 3986; what `quote(value, safe="-._~")` writes).
ENCODE_SEGMENT = """
CREATE FUNCTION traceability.encode_segment(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN value ~ '^[A-Za-z0-9._~-]*$' THEN value ELSE (
        SELECT string_agg(
            CASE WHEN letter ~ '^[A-Za-z0-9._~-]$' THEN letter
                 ELSE regexp_replace(
                     upper(encode(convert_to(letter, 'UTF8'), 'hex')), '(..)', '%\\1', 'g') END,
            '' ORDER BY place)
        FROM unnest(string_to_array(value, NULL)) WITH ORDINALITY AS part (letter, place)
    ) END
$$
"""
DECODE_SEGMENT = """
CREATE FUNCTION traceability.decode_segment(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF strpos(value, '%') = 0 THEN
        RETURN value;
    END IF;
    RETURN convert_from(
        (SELECT string_agg(
            CASE WHEN part[1] LIKE '\\%__' THEN decode(substr(part[1], 2), 'hex')
                 ELSE convert_to(part[1], 'UTF8') END, '' ORDER BY place)
         FROM regexp_matches(value, '%[0-9A-Fa-f]{2}|[^%]+|%', 'g') WITH ORDINALITY
             AS found (part, place)),
        'UTF8');
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
    RETURN value;
END $$
"""

# Serials issued here know their lot, whether or not an event says it; keys as events write them.
# A lot is followed to such serials only as events name.
LOT_OF_SERIAL = """
CREATE FUNCTION traceability.lot_of_serial(serial_key text) RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN serial_key LIKE '/01/%'
        THEN '/01/' || product.gtin || '/10/'
        ELSE '/t/' || product.trace_code || '/lo/'
    END || traceability.encode_segment(lot.code)
    FROM traceability.product
    JOIN traceability.serial ON serial.product_id = product.id
        AND serial.serial = traceability.decode_segment(split_part(serial_key, '/', 5))
    JOIN traceability.lot ON lot.id = serial.lot_id
    WHERE (serial_key LIKE '/01/______________/21/%' AND product.gtin = split_part(serial_key, '/', 3))
        OR (serial_key LIKE '/t/%/tem/%' AND product.trace_code = split_part(serial_key, '/', 3))
$$
"""
SERIALS_OF_LOT = """
CREATE FUNCTION traceability.serials_of_lot(lot_key text) RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT own.key
    FROM (
        SELECT CASE WHEN lot_key LIKE '/01/%'
            THEN '/01/' || product.gtin || '/21/'
            ELSE '/t/' || product.trace_code || '/tem/'
        END || traceability.encode_segment(serial.serial) AS key
        FROM traceability.product
        JOIN traceability.lot ON lot.product_id = product.id
            AND lot.code = traceability.decode_segment(split_part(lot_key, '/', 5))
        JOIN traceability.serial ON serial.lot_id = lot.id
        WHERE (lot_key LIKE '/01/______________/10/%' AND product.gtin = split_part(lot_key, '/', 3))
            OR (lot_key LIKE '/t/%/lo/%' AND product.trace_code = split_part(lot_key, '/', 3))
    ) AS own
    WHERE EXISTS (
        SELECT FROM traceability.event_item AS named WHERE named.key = own.key COLLATE "C"
    )
$$
"""


def upgrade() -> None:
    op.execute("CREATE SEQUENCE traceability.event_sequence")
    op.create_table(
        "event",
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("identity", postgresql.BYTEA(), nullable=False),
        sa.Column("hash_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("event_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_zone_offset", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("biz_step", sa.Text(), nullable=True),
        sa.Column("disposition", sa.Text(), nullable=True),
        sa.Column("read_point", sa.Text(), nullable=True),
        sa.Column("biz_location", sa.Text(), nullable=True),
        sa.Column("transformation_id", sa.Text(), nullable=True),
        sa.Column("corrects", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("repeats", sa.BigInteger(), nullable=True),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("captured_by", sa.Text(), nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("octet_length(identity) = 32", name=op.f("ck_event_identity")),
        sa.CheckConstraint("action IN ('ADD', 'OBSERVE', 'DELETE')", name=op.f("ck_event_action")),
        sa.PrimaryKeyConstraint("sequence", "recorded_at", name=op.f("pk_event")),
        schema="traceability",
        postgresql_partition_by="RANGE (recorded_at)",
    )
    for name, columns in (
        ("recorded_at", ["recorded_at", "sequence"]),
        ("event_time", ["event_time", "sequence"]),
        ("biz_step", ["biz_step", "event_time"]),
        ("disposition", ["disposition", "event_time"]),
        ("read_point", ["read_point", "event_time"]),
        ("biz_location", ["biz_location", "event_time"]),
        ("captured_by", ["captured_by", "event_time"]),
        ("party_id", ["party_id", "event_time"]),
        ("hash_id", ["hash_id"]),
    ):
        op.create_index(f"ix_event_{name}", "event", columns, schema="traceability")
    for name in ("event_id", "transformation_id", "corrects"):
        op.create_index(
            f"ix_event_{name}",
            "event",
            [name],
            schema="traceability",
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )
    op.create_table(
        "event_item",
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("is_class", sa.Boolean(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        sa.Column("uom", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "role IN ('epc', 'parent', 'child', 'input', 'output', 'lot', 'run')",
            name=op.f("ck_event_item_role"),
        ),
        sa.PrimaryKeyConstraint("event_sequence", "number", name=op.f("pk_event_item")),
        schema="traceability",
    )
    op.create_index(
        "ix_event_item_key",
        "event_item",
        ["key", "event_sequence"],
        schema="traceability",
        postgresql_include=["role", "is_class"],
    )
    op.create_index(
        "ix_event_item_role",
        "event_item",
        ["event_sequence", "role"],
        schema="traceability",
        postgresql_include=["key", "is_class"],
    )
    op.create_table(
        "event_identity",
        sa.Column("identity", postgresql.BYTEA(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("identity", name=op.f("pk_event_identity")),
        sa.UniqueConstraint("event_sequence", name=op.f("uq_event_identity_event_sequence")),
        schema="traceability",
    )
    op.create_table(
        "journal_entry",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous_hash", postgresql.BYTEA(), nullable=False),
        sa.Column("chain_hash", postgresql.BYTEA(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_journal_entry")),
        sa.UniqueConstraint("event_sequence", name=op.f("uq_journal_entry_event_sequence")),
        schema="traceability",
    )
    op.create_table(
        "journal_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("chain_hash", postgresql.BYTEA(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_journal_head_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_head")),
        schema="traceability",
    )
    op.execute(
        "INSERT INTO traceability.journal_head VALUES (1, 0, decode(repeat('00', 32), 'hex'))"
    )
    op.create_table(
        "journal_checkpoint",
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("chain_hash", postgresql.BYTEA(), nullable=False),
        sa.PrimaryKeyConstraint("made_on", "position", name=op.f("pk_journal_checkpoint")),
        schema="traceability",
    )
    op.create_table(
        "capture_job",
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("captured_by", sa.Text(), nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=True),
        sa.Column("on_error", sa.Text(), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("errors", postgresql.JSONB(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("repeated", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "on_error IN ('rollback', 'proceed')", name=op.f("ck_capture_job_on_error")
        ),
        sa.PrimaryKeyConstraint("uuid", name=op.f("pk_capture_job")),
        schema="traceability",
    )
    op.create_index(
        "ix_capture_job_created_at", "capture_job", ["created_at", "uuid"], schema="traceability"
    )
    op.execute(ENCODE_SEGMENT)
    op.execute(DECODE_SEGMENT)
    op.execute(LOT_OF_SERIAL)
    op.execute(SERIALS_OF_LOT)
    op.execute(PROTECT)
    for table in APPEND_ONLY:
        op.execute(f"SELECT traceability.protect_journal('traceability.{table}')")
    op.execute(
        "CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON traceability.event"
        " FOR EACH ROW EXECUTE FUNCTION gis.refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER append_only_head BEFORE DELETE OR TRUNCATE ON traceability.journal_head"
        " FOR EACH STATEMENT EXECUTE FUNCTION gis.refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER only_forward BEFORE UPDATE ON traceability.journal_head FOR EACH ROW"
        " WHEN (NEW.position <= OLD.position) EXECUTE FUNCTION gis.refuse_change()"
    )
    op.execute(ENSURE_MONTH)
    op.execute(
        "SELECT traceability.ensure_event_month((now() + make_interval(months => ahead))::date)"
        " FROM generate_series(0, 2) AS ahead"
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION traceability.serials_of_lot(text)")
    op.execute("DROP FUNCTION traceability.lot_of_serial(text)")
    op.execute("DROP FUNCTION traceability.ensure_event_month(date)")
    for table in (
        "capture_job",
        "journal_checkpoint",
        "journal_head",
        "journal_entry",
        "event_identity",
        "event_item",
        "event",
    ):
        op.drop_table(table, schema="traceability")
    op.execute("DROP FUNCTION traceability.protect_journal(regclass)")
    op.execute("DROP FUNCTION traceability.encode_segment(text)")
    op.execute("DROP FUNCTION traceability.decode_segment(text)")
    op.execute("DROP SEQUENCE traceability.event_sequence")
