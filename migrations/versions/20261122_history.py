"""History and versions of the editable layers, kept by triggers whoever writes."""

from collections.abc import Sequence

from alembic import op

revision: str = "20261122_history"
down_revision: str | None = "20261122_web"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# table: (layer name as in /ogc, expression of the shape that history keeps)
LAYERS = {
    "administrative_unit": ("administrative-units", "boundary"),
    "parcel": ("parcels", "boundary"),
    "growing_area": ("growing-areas", "coalesce(boundary, location)"),
    "facility": ("facilities", "location"),
    "high_tech_zone": ("high-tech-zones", "boundary"),
    "track": ("tracks", "path"),
    "application": ("applications", "coalesce(boundary, location)"),
    "growing_area_code": ("growing-area-codes", "NULL::geometry"),
}

# Statement triggers with transition tables: one INSERT … SELECT for a load of 200 000 rows as for
# one edit. Geometry is kept apart from the row, since to_jsonb() of a geometry writes GeoJSON and
# costs more than the edit itself.
RECORD_REVISION = """
CREATE FUNCTION gis.record_revision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    layer constant text := TG_ARGV[0];
    shape constant text := TG_ARGV[1];
    actor constant text :=
        coalesce(nullif(current_setting('langbiang.actor', true), ''), session_user);
    reason constant text := nullif(current_setting('langbiang.reason', true), '');
    plain text;
    touched bigint;
BEGIN
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO plain
    FROM pg_attribute
    WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped
      AND atttypid <> 'geometry'::regtype;
    IF TG_OP = 'INSERT' THEN
        EXECUTE format(
            'INSERT INTO gis.revision'
            ' (layer, feature_id, action, actor, reason, transaction, after, after_shape)'
            ' SELECT $1, id, ''insert'', $2, $3, txid_current(),'
            ' (SELECT to_jsonb(r) FROM (SELECT %1$s) AS r), %2$s'
            ' FROM new_rows', plain, shape) USING layer, actor, reason;
    ELSIF TG_OP = 'DELETE' THEN
        EXECUTE format(
            'INSERT INTO gis.revision'
            ' (layer, feature_id, action, actor, reason, transaction, before, before_shape)'
            ' SELECT $1, id, ''delete'', $2, $3, txid_current(),'
            ' (SELECT to_jsonb(r) FROM (SELECT %1$s) AS r), %2$s'
            ' FROM old_rows', plain, shape) USING layer, actor, reason;
    ELSE
        EXECUTE format(
            'INSERT INTO gis.revision (layer, feature_id, action, actor, reason, transaction,'
            ' before, after, before_shape, after_shape)'
            ' SELECT $1, b.id, ''update'', $2, $3, txid_current(),'
            ' b.plain, a.plain, b.shape, a.shape'
            ' FROM (SELECT id, %2$s AS shape, (SELECT to_jsonb(r) FROM (SELECT %1$s) AS r) AS plain'
            '       FROM old_rows) AS b'
            ' JOIN (SELECT id, %2$s AS shape, (SELECT to_jsonb(r) FROM (SELECT %1$s) AS r) AS plain'
            '       FROM new_rows) AS a USING (id)', plain, shape) USING layer, actor, reason;
    END IF;
    GET DIAGNOSTICS touched = ROW_COUNT;
    IF touched > 0 THEN
        INSERT INTO gis.layer_change AS c (layer, transaction, features)
        VALUES (layer, txid_current(),
                CASE TG_OP WHEN 'INSERT' THEN touched WHEN 'DELETE' THEN -touched ELSE 0 END)
        ON CONFLICT ON CONSTRAINT pk_layer_change
        DO UPDATE SET features = c.features + excluded.features;
    END IF;
    RETURN NULL;
END $$
"""

RAISE_VERSION = """
CREATE FUNCTION gis.raise_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    NEW.updated_at := now();
    RETURN NEW;
END $$
"""

REFUSE_CHANGE = """
CREATE FUNCTION gis.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""

PLACE_LABEL = """
CREATE FUNCTION gis.place_label_point() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.boundary IS NOT NULL AND (NEW.location IS NULL
        OR (TG_OP = 'UPDATE' AND NEW.boundary IS DISTINCT FROM OLD.boundary
            AND NEW.location IS NOT DISTINCT FROM OLD.location)) THEN
        NEW.location := ST_PointOnSurface(NEW.boundary);
    END IF;
    RETURN NEW;
END $$
"""

# A version is a sum over visible rows, so it grows with every commit, also of a transaction that
# began earlier: a cache that asks for it is never left stale. Folding keeps both sums.
LAYER_STATE = """
CREATE VIEW gis.layer_state AS
SELECT v.layer,
       v.changes + count(c.transaction) AS version,
       v.features + coalesce(sum(c.features), 0)::bigint AS features
FROM gis.layer_version AS v LEFT JOIN gis.layer_change AS c USING (layer)
GROUP BY v.layer, v.changes, v.features
"""

FOLD_LAYER_CHANGES = """
CREATE FUNCTION gis.fold_layer_changes(older_than interval DEFAULT '1 hour') RETURNS void
LANGUAGE sql AS $$
    WITH folded AS (
        DELETE FROM gis.layer_change WHERE at < now() - older_than RETURNING layer, features
    ), totals AS (
        SELECT layer, count(*) AS changes, sum(features) AS features FROM folded GROUP BY layer
    )
    UPDATE gis.layer_version AS v
    SET changes = v.changes + t.changes, features = v.features + t.features
    FROM totals AS t WHERE t.layer = v.layer
$$
"""


def upgrade() -> None:
    for statement in (
        RECORD_REVISION,
        RAISE_VERSION,
        REFUSE_CHANGE,
        PLACE_LABEL,
        LAYER_STATE,
        FOLD_LAYER_CHANGES,
    ):
        op.execute(statement)
    for table, (layer, shape) in LAYERS.items():
        op.execute(f"INSERT INTO gis.layer_version (layer) VALUES ('{layer}')")
        for event, rows in (
            ("INSERT", "NEW TABLE AS new_rows"),
            ("UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
            ("DELETE", "OLD TABLE AS old_rows"),
        ):
            op.execute(
                f"CREATE TRIGGER {table}_revision_{event.lower()} AFTER {event} ON gis.{table}"
                f" REFERENCING {rows} FOR EACH STATEMENT"
                f" EXECUTE FUNCTION gis.record_revision('{layer}', '{shape}')"
            )
        op.execute(
            f"CREATE TRIGGER {table}_version BEFORE UPDATE ON gis.{table}"
            " FOR EACH ROW EXECUTE FUNCTION gis.raise_version()"
        )
        # TRUNCATE would pass by the history.
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON gis.{table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION gis.refuse_change()"
        )
    for table in ("growing_area", "application"):
        op.execute(
            f"CREATE TRIGGER {table}_label BEFORE INSERT OR UPDATE ON gis.{table}"
            " FOR EACH ROW EXECUTE FUNCTION gis.place_label_point()"
        )
    for table in ("product", "lot"):
        op.execute(
            f"CREATE TRIGGER {table}_version BEFORE UPDATE ON traceability.{table}"
            " FOR EACH ROW EXECUTE FUNCTION gis.raise_version()"
        )
    op.execute(
        "CREATE TRIGGER revision_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON gis.revision"
        " FOR EACH STATEMENT EXECUTE FUNCTION gis.refuse_change()"
    )
    for schema, table, column in (
        ("gis", "administrative_unit", "name"),
        ("gis", "growing_area", "name"),
        ("gis", "facility", "name"),
        ("gis", "high_tech_zone", "name"),
        ("gis", "party", "name"),
        ("traceability", "product", "name"),
    ):
        op.execute(
            f"CREATE INDEX ix_{table}_search ON {schema}.{table}"
            f" USING gin (public.f_unaccent(lower({column})) gin_trgm_ops)"
        )


def downgrade() -> None:
    for schema, table in (
        ("gis", "administrative_unit"),
        ("gis", "growing_area"),
        ("gis", "facility"),
        ("gis", "high_tech_zone"),
        ("gis", "party"),
        ("traceability", "product"),
    ):
        op.execute(f"DROP INDEX {schema}.ix_{table}_search")
    op.execute("DROP TRIGGER revision_append_only ON gis.revision")
    for table in ("product", "lot"):
        op.execute(f"DROP TRIGGER {table}_version ON traceability.{table}")
    for table in ("growing_area", "application"):
        op.execute(f"DROP TRIGGER {table}_label ON gis.{table}")
    for table in LAYERS:
        for trigger in (
            "revision_insert",
            "revision_update",
            "revision_delete",
            "version",
            "no_truncate",
        ):
            op.execute(f"DROP TRIGGER {table}_{trigger} ON gis.{table}")
    op.execute("DROP FUNCTION gis.fold_layer_changes(interval)")
    op.execute("DROP VIEW gis.layer_state")
    for function in ("place_label_point", "refuse_change", "raise_version", "record_revision"):
        op.execute(f"DROP FUNCTION gis.{function}()")
    op.execute("DELETE FROM gis.layer_version")
