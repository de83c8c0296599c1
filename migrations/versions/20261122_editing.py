"""Editing: history that says truly who, shapes that never overlap, and who may write where.

One trigger a table and event does it all (history, locks, overlap, the layer's version): what costs
in an edit is how many statements its triggers run. Its function is written from the table's columns
by `gis.renew_history()`, which a migration that adds a column calls again.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "20261122_editing"
down_revision: str | None = "20261122_privacy"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

EVENTS = {
    "INSERT": "NEW TABLE AS new_rows",
    "UPDATE": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "OLD TABLE AS old_rows",
}

# Functions of triggers run with the rights of the tables' owner, whoever edits; so nobody else's
# objects may be found in the place of ours.
AS_OWNER = "SECURITY DEFINER SET search_path = pg_catalog, gis, public, pg_temp"

# Two shapes that overlap share a point, hence the cell of 0.01 degrees that holds it. Everybody
# takes the locks of a layer in rising order, so single statements never wait for each other in a
# circle. -1 is the whole layer: shared by whoever takes cells, alone for what spans more than 64
# cells (about 9 km by 9 km) or lies outside the world. Assignments, since PERFORM is a query.
LOCK_PLACES = """
CREATE FUNCTION gis.lock_places(layer text, shape public.geometry) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    key constant integer := hashtext('langbiang.places.' || layer);
    west constant double precision := floor(public.ST_XMin(shape) * 100);
    south constant double precision := floor(public.ST_YMin(shape) * 100);
    east constant double precision := floor(public.ST_XMax(shape) * 100);
    north constant double precision := floor(public.ST_YMax(shape) * 100);
    taken boolean;
BEGIN
    IF west < -18000 OR east > 18000 OR south < -9000 OR north > 9000
       OR (east - west + 1) * (north - south + 1) > 64 THEN
        taken := pg_advisory_xact_lock(key, -1) IS NULL;
    ELSIF west IS NOT NULL THEN
        taken := pg_advisory_xact_lock_shared(key, -1) IS NULL;
        FOR lon IN west::integer .. east::integer LOOP
            FOR lat IN south::integer .. north::integer LOOP
                taken := pg_advisory_xact_lock(key, (lon + 18000) * 18001 + lat + 9000) IS NULL;
            END LOOP;
        END LOOP;
    END IF;
END $$
"""

# Whether two shapes share more than 1 m² that they did not share before. A hundredth: the same
# overlap, computed from another outline, differs by less.
REFUSE_OVERLAP = """
CREATE FUNCTION gis.refuse_overlap(
    layer text, table_name text, id bigint, other bigint,
    shape geometry, other_shape geometry, old_shape geometry, other_old_shape geometry
) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, gis, public, pg_temp AS $$
DECLARE
    m2 constant double precision := ST_Area(ST_Intersection(shape, other_shape)::geography);
BEGIN
    IF m2 > 1 AND m2 > 0.01
        + coalesce(ST_Area(ST_Intersection(old_shape, other_old_shape)::geography), 0)
    THEN
        RAISE EXCEPTION '% % would overlap % by % m²', layer, id, other, round(m2::numeric, 1)
            USING ERRCODE = 'exclusion_violation', SCHEMA = 'gis', TABLE = table_name,
                  CONSTRAINT = 'no_overlap',
                  DETAIL = json_build_object('layer', layer, 'id', id, 'with', other,
                                             'overlap_m2', round(m2::numeric, 2));
    END IF;
END $$
"""

# Locks of a place are of use only to who then sees what others committed while one waited, and
# that is each statement of READ COMMITTED.
DEMAND_FRESH_SIGHT = """
CREATE FUNCTION gis.demand_fresh_sight() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'boundaries are written in READ COMMITTED transactions only'
            USING ERRCODE = 'feature_not_supported',
                  HINT = 'Elsewhere a boundary that was committed meanwhile would not be seen.';
    END IF;
END $$
"""

# The session settings that say who acts, and that overlaps are reported elsewhere, are believed
# only from the owner of the tables: the application. Everybody else is who the server let in.
ACTING_ACCOUNT = f"""
CREATE FUNCTION gis.acting_account() RETURNS text LANGUAGE sql STABLE {AS_OWNER} AS $$
    SELECT coalesce(
        (SELECT account FROM gis.database_role WHERE role = session_user), session_user::text)
$$
"""

# The function of one table. It runs with the rights of the owner, who alone may write the history.
# A full join is hashed or merged, never a nested loop, whatever the plan that was kept was made for.
HISTORY = """
CREATE OR REPLACE FUNCTION gis.record_<table>() RETURNS trigger LANGUAGE plpgsql <as_owner> AS $body$
DECLARE
    is_trusted constant boolean := pg_has_role(session_user, current_user, 'MEMBER');
    actor constant text := CASE WHEN is_trusted
        THEN coalesce(nullif(current_setting('langbiang.actor', true), ''), session_user)
        ELSE gis.acting_account() END;
    reason constant text := nullif(current_setting('langbiang.reason', true), '');
    touched bigint;
    edit record;
    other record;
    place geometry;
    taken boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        <check updates>
        INSERT INTO gis.revision (layer, feature_id, action, actor, reason, transaction,
                                  before, after, before_shape, after_shape)
        SELECT '<layer>', coalesce(n.id, o.id), 'update', actor, reason, txid_current(),
               (SELECT to_jsonb(r) FROM (SELECT <old.columns>) AS r),
               (SELECT to_jsonb(r) FROM (SELECT <new.columns>) AS r),
               <old.shape>, <new.shape>
        FROM new_rows AS n FULL JOIN old_rows AS o ON o.id = n.id;
        GET DIAGNOSTICS touched = ROW_COUNT;
        IF touched > 0 THEN
            INSERT INTO gis.layer_change (layer, transaction, features)
            SELECT '<layer>', txid_current(), 0
            WHERE NOT EXISTS (SELECT FROM gis.layer_change AS c
                              WHERE c.layer = '<layer>' AND c.transaction = txid_current());
        END IF;
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        <check inserts>
        INSERT INTO gis.revision (layer, feature_id, action, actor, reason, transaction,
                                  after, after_shape)
        SELECT '<layer>', n.id, 'insert', actor, reason, txid_current(),
               (SELECT to_jsonb(r) FROM (SELECT <new.columns>) AS r), <new.shape>
        FROM new_rows AS n;
        GET DIAGNOSTICS touched = ROW_COUNT;
    ELSE
        INSERT INTO gis.revision (layer, feature_id, action, actor, reason, transaction,
                                  before, before_shape)
        SELECT '<layer>', o.id, 'delete', actor, reason, txid_current(),
               (SELECT to_jsonb(r) FROM (SELECT <old.columns>) AS r), <old.shape>
        FROM old_rows AS o;
        GET DIAGNOSTICS touched = ROW_COUNT;
    END IF;
    IF touched > 0 THEN
        INSERT INTO gis.layer_change AS c (layer, transaction, features)
        VALUES ('<layer>', txid_current(), CASE TG_OP WHEN 'INSERT' THEN touched ELSE -touched END)
        ON CONFLICT ON CONSTRAINT pk_layer_change
        DO UPDATE SET features = c.features + excluded.features;
    END IF;
    RETURN NULL;
END $body$
"""

# Most statements change one row; what only gives up land comes to lie upon nobody. (Subselects, and
# not the variables: the plan is kept instead of being made anew for each shape.)
CHECK_UPDATES = """
        SELECT n.id, <new.room> AS now, <old.room> AS was,
               NOT EXISTS (SELECT FROM new_rows OFFSET 1) AS is_alone
        INTO edit FROM new_rows AS n, old_rows AS o;
        IF edit.is_alone IS NULL OR <reported> THEN
            -- Nothing to look at.
        ELSIF NOT edit.is_alone THEN
            <check many>
        ELSIF edit.now = edit.was OR ST_Covers(edit.was, edit.now) THEN
            -- No new land.
        ELSIF edit.now IS NOT NULL THEN
            taken := gis.demand_fresh_sight() IS NULL;
            taken := gis.lock_places('<layer>', edit.now) IS NULL;
            FOR other IN
                SELECT p.id, p.boundary FROM gis.<table> AS p
                WHERE p.boundary && (SELECT edit.now) AND p.id <> (SELECT edit.id) AND <p.is_room>
                  AND ST_Relate((SELECT edit.now), p.boundary, '2********')
            LOOP
                PERFORM gis.refuse_overlap('<layer>', '<table>', edit.id, other.id,
                    edit.now, other.boundary, edit.was, other.boundary);
            END LOOP;
        END IF;
"""
CHECK_INSERTS = """
        IF NOT <reported> THEN
            <check many>
        END IF;
"""
CHECK_MANY = """
            SELECT ST_SetSRID(ST_Extent(n.now)::geometry, 4326) INTO place FROM <changed> AS n;
            IF place IS NOT NULL THEN
                taken := gis.demand_fresh_sight() IS NULL;
                taken := gis.lock_places('<layer>', place) IS NULL;
                FOR other IN
                    SELECT n.id AS own, n.now, n.was, p.id, p.boundary
                    FROM <changed> AS n JOIN gis.<table> AS p
                    ON p.boundary && n.now AND p.id <> n.id AND <p.is_room>
                    WHERE ST_Relate(n.now, p.boundary, '2********')
                LOOP
                    PERFORM gis.refuse_overlap('<layer>', '<table>', other.own, other.id,
                        other.now, other.boundary, other.was, <other was>);
                END LOOP;
            END IF;
"""
INSERTED = (
    "(SELECT n.id, <new.room> AS now, NULL::geometry AS was FROM new_rows AS n"
    " WHERE <new.room> IS NOT NULL)"
)
UPDATED = (
    "(SELECT joined.* FROM (SELECT n.id, <new.room> AS now, <old.room> AS was"
    " FROM new_rows AS n FULL JOIN old_rows AS o ON o.id = n.id OFFSET 0) AS joined"
    " WHERE joined.now IS NOT NULL AND joined.now IS DISTINCT FROM joined.was)"
)
# The neighbour may be of the same statement.
OTHER_WAS = (
    "CASE WHEN EXISTS (SELECT FROM old_rows AS o WHERE o.id = other.id)"
    " THEN (SELECT <old.room> FROM old_rows AS o WHERE o.id = other.id)"
    " ELSE other.boundary END"
)
REPORTED = (
    "(is_trusted AND current_setting('langbiang.overlaps', true) IS NOT DISTINCT FROM 'report')"
)

# `gis.renew_history()` fills the template in for each table; `n` is a new row.
RENEW_HISTORY = r"""
CREATE FUNCTION gis.renew_history() RETURNS void LANGUAGE plpgsql AS $renew$
DECLARE
    t record;
    body text;
    token text[];
BEGIN
    FOR t IN
        SELECT k.*,
               (SELECT string_agg('n.' || quote_ident(attname), ', ' ORDER BY attnum)
                FROM pg_attribute
                WHERE attrelid = format('gis.%I', k.name)::regclass
                  AND attnum > 0 AND NOT attisdropped
                  AND atttypid <> 'public.geometry'::regtype) AS columns
        FROM (VALUES
            <layers>
        ) AS k (name, layer, shape, room)
    LOOP
        body := $template$<template>$template$;
        FOREACH token SLICE 1 IN ARRAY ARRAY[
            ['<check updates>', CASE WHEN t.room IS NULL THEN '' ELSE $check$<updates>$check$ END],
            ['<check inserts>', CASE WHEN t.room IS NULL THEN '' ELSE $check$<inserts>$check$ END],
            ['<new.room>', format('CASE WHEN %s THEN n.boundary END', t.room)],
            ['<old.room>', format('CASE WHEN %s THEN o.boundary END',
                                  replace(t.room, 'n.', 'o.'))],
            ['<p.is_room>', replace(t.room, 'n.', 'p.')],
            ['<new.shape>', t.shape],
            ['<old.shape>', replace(t.shape, 'n.', 'o.')],
            ['<new.columns>', t.columns],
            ['<old.columns>', regexp_replace(t.columns, '\mn\.', 'o.', 'g')],
            ['<layer>', t.layer],
            ['<table>', t.name]
        ] LOOP
            body := replace(body, token[1], coalesce(token[2], ''));
        END LOOP;
        EXECUTE body;
    END LOOP;
END $renew$
"""

# table: (shape that an officer must keep inside the commune, whether of a commune at all)
WRITABLE = {
    "parcel": "boundary",
    "growing_area": "coalesce(boundary, location)",
    "facility": "location",
    "high_tech_zone": "boundary",
}

OWN_COMMUNE = f"""
CREATE FUNCTION gis.is_own_commune(commune bigint) RETURNS boolean
LANGUAGE sql STABLE {AS_OWNER} AS $$
    SELECT EXISTS (
        SELECT FROM gis.database_role AS r
        WHERE r.role = session_user AND (r.commune_code IS NULL OR EXISTS (
            SELECT FROM gis.administrative_unit AS u
            WHERE u.id = commune AND u.code = r.commune_code AND u.level = 'commune'
              AND u.valid_from <= current_date AND coalesce(u.valid_to, 'infinity') >= current_date)))
$$
"""

# Of a polygon at least half: borders of communes and of fields were drawn by different people.
LIES_IN_OWN_COMMUNE = f"""
CREATE FUNCTION gis.lies_in_own_commune(commune bigint, shape geometry) RETURNS boolean
LANGUAGE sql STABLE {AS_OWNER} AS $$
    SELECT gis.is_own_commune(commune) AND (
        (SELECT r.commune_code IS NULL FROM gis.database_role AS r WHERE r.role = session_user)
        OR (SELECT CASE WHEN ST_Dimension(shape) < 2 THEN ST_Intersects(u.boundary, shape)
                   ELSE ST_Area(ST_Intersection(u.boundary, shape)) >= ST_Area(shape) / 2 END
            FROM gis.administrative_unit AS u WHERE u.id = commune))
$$
"""

# Programs that write over SQL know no id of a commune: an officer's role fills in its own, one of the
# province where the shape lies.
FILL_COMMUNE = f"""
CREATE FUNCTION gis.fill_commune() RETURNS trigger LANGUAGE plpgsql {AS_OWNER} AS $$
DECLARE
    place geometry;
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'facility' THEN place := NEW.location;
        WHEN 'growing_area' THEN
            place := coalesce(ST_PointOnSurface(NEW.boundary), NEW.location);
        ELSE place := ST_PointOnSurface(NEW.boundary);
    END CASE;
    NEW.commune_id := (
        SELECT u.id FROM gis.administrative_unit AS u, gis.database_role AS r
        WHERE r.role = session_user AND u.level = 'commune' AND u.valid_from <= current_date
          AND coalesce(u.valid_to, 'infinity') >= current_date
          AND CASE WHEN r.commune_code IS NULL THEN ST_Intersects(u.boundary, place)
                   ELSE u.code = r.commune_code END
        ORDER BY u.id LIMIT 1);
    RETURN NEW;
END $$
"""

# Who leaves, or moves to another commune, writes there no more from that moment on.
FOLLOW_ACCOUNTS = """
CREATE FUNCTION web.follow_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE gis.database_role AS r SET commune_code = a.commune_code
    FROM web.account AS a
    WHERE a.username = r.account AND r.commune_code IS DISTINCT FROM a.commune_code;
    DELETE FROM gis.database_role AS r
    WHERE NOT EXISTS (
        SELECT FROM web.account AS a JOIN web.account_role AS h ON h.account_id = a.id
        WHERE a.username = r.account AND a.is_active
          AND h.role_code IN ('officer', 'administrator'));
    RETURN NULL;
END $$
"""

# What other layers show of these rows: their answers have a new version too.
DEPENDENTS = {
    "party": ("kind, name", "growing-areas high-tech-zones facilities parcels"),
    "crop": ("code, name, colour", "growing-areas parcels applications"),
    "administrative_unit": (
        "code, name",
        "growing-areas high-tech-zones facilities parcels applications",
    ),
}
NOTE_DEPENDENTS = f"""
CREATE FUNCTION gis.note_dependents() RETURNS trigger LANGUAGE plpgsql {AS_OWNER} AS $$
DECLARE
    is_changed boolean := TG_ARGV[0] = '';
BEGIN
    IF NOT is_changed THEN
        EXECUTE format(
            'SELECT EXISTS (SELECT id, %1$s FROM new_rows EXCEPT SELECT id, %1$s FROM old_rows)',
            TG_ARGV[0]) INTO is_changed;
    END IF;
    IF is_changed THEN
        INSERT INTO gis.layer_change (layer, transaction, features)
        SELECT unnest(string_to_array(TG_ARGV[1], ' ')), txid_current(), 0
        ON CONFLICT ON CONSTRAINT pk_layer_change DO NOTHING;
    END IF;
    RETURN NULL;
END $$
"""

# table: (layer name as in /ogc, shape that history keeps, when its boundary takes up room)
LAYERS: dict[str, tuple[str, str, str | None]] = {
    "administrative_unit": ("administrative-units", "n.boundary", None),
    "parcel": ("parcels", "n.boundary", "true"),
    "growing_area": (
        "growing-areas",
        "coalesce(n.boundary, n.location)",
        "n.status <> 'closed'",
    ),
    "facility": ("facilities", "n.location", None),
    "high_tech_zone": ("high-tech-zones", "n.boundary", "true"),
    "track": ("tracks", "n.path", None),
    "application": ("applications", "coalesce(n.boundary, n.location)", None),
    "growing_area_code": ("growing-area-codes", "NULL::geometry", None),
}


def upgrade() -> None:
    op.create_table(
        "database_role",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("commune_code", sa.Text(), nullable=True),
        sa.Column(
            "made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("role", name=op.f("pk_database_role")),
        sa.UniqueConstraint("account", name=op.f("uq_database_role_account")),
        schema="gis",
    )
    for statement in (
        LOCK_PLACES,
        REFUSE_OVERLAP,
        DEMAND_FRESH_SIGHT,
        ACTING_ACCOUNT,
        OWN_COMMUNE,
        LIES_IN_OWN_COMMUNE,
        FILL_COMMUNE,
        NOTE_DEPENDENTS,
        FOLLOW_ACCOUNTS,
        renew_history(),
    ):
        op.execute(statement)
    op.execute("SELECT gis.renew_history()")
    for table in LAYERS:
        for event, rows in EVENTS.items():
            trigger = f"{table}_revision_{event.lower()}"
            op.execute(f"DROP TRIGGER {trigger} ON gis.{table}")
            op.execute(
                f"CREATE TRIGGER {trigger} AFTER {event} ON gis.{table}"
                f" REFERENCING {rows} FOR EACH STATEMENT EXECUTE FUNCTION gis.record_{table}()"
            )
    for table, (columns, layers) in DEPENDENTS.items():
        op.execute(
            f"CREATE TRIGGER {table}_dependents AFTER UPDATE ON gis.{table}"
            f" REFERENCING {EVENTS['UPDATE']} FOR EACH STATEMENT"
            f" EXECUTE FUNCTION gis.note_dependents('{columns}', '{layers}')"
        )
    op.execute(
        "CREATE TRIGGER consent_dependents AFTER INSERT OR UPDATE OR DELETE ON gis.consent"
        f" FOR EACH STATEMENT EXECUTE FUNCTION gis.note_dependents('', '{DEPENDENTS['party'][1]}')"
    )
    # A row before and after an edit is about 2 kB, from where on PostgreSQL compresses: not up to 8.
    op.execute("ALTER TABLE gis.revision SET (toast_tuple_target = 8160)")
    for table in ("account", "account_role"):
        op.execute(
            f"CREATE TRIGGER {table}_followed AFTER UPDATE OR DELETE ON web.{table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION web.follow_accounts()"
        )
    _upgrade_policies()


def _upgrade_policies() -> None:
    """Hold an officer's role to its commune; policies never apply to the tables' owner."""
    for table, shape in WRITABLE.items():
        op.execute(
            f"CREATE TRIGGER {table}_commune BEFORE INSERT ON gis.{table} FOR EACH ROW"
            f" WHEN (NEW.commune_id IS NULL AND row_security_active('gis.{table}'::regclass))"
            " EXECUTE FUNCTION gis.fill_commune()"
        )
        op.execute(f"ALTER TABLE gis.{table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_read ON gis.{table} FOR SELECT USING (true)")
        # An id that the sequence did not give would be in the way of one that it will.
        op.execute(
            f"CREATE POLICY {table}_insert ON gis.{table} FOR INSERT WITH CHECK ("
            f"gis.lies_in_own_commune(commune_id, {shape}) AND version = 1 AND NOT is_demo"
            f" AND id <= coalesce(pg_sequence_last_value('gis.{table}_id_seq'), 0))"
        )
        op.execute(
            f"CREATE POLICY {table}_update ON gis.{table} FOR UPDATE"
            " USING (gis.is_own_commune(commune_id))"
            f" WITH CHECK (gis.lies_in_own_commune(commune_id, {shape}))"
        )
        op.execute(
            f"CREATE POLICY {table}_delete ON gis.{table} FOR DELETE"
            " USING (gis.is_own_commune(commune_id))"
        )
    # Whose role is of no commune may write units; every officer sees the units.
    op.execute("ALTER TABLE gis.administrative_unit ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY administrative_unit_read ON gis.administrative_unit FOR SELECT USING (true)"
    )
    op.execute(
        "CREATE POLICY administrative_unit_write ON gis.administrative_unit"
        " USING (gis.is_own_commune(NULL)) WITH CHECK (gis.is_own_commune(NULL))"
    )
    # An officer of a commune sees that commune's applications only.
    op.execute("ALTER TABLE gis.application ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY application_read ON gis.application FOR SELECT"
        " USING (gis.is_own_commune(commune_id))"
    )
    # The name of a household is a person's: the same rule as in the layers.
    op.execute(
        "CREATE VIEW gis.party_name AS SELECT p.id, p.kind, p.commune_id,"
        " CASE WHEN p.kind <> 'household' OR EXISTS (SELECT FROM gis.consent AS c"
        " WHERE c.party_id = p.id AND c.withdrawn_at IS NULL AND 'name' = ANY (c.fields))"
        " THEN p.name END AS name FROM gis.party AS p"
    )


def renew_history() -> str:
    """The function that writes the functions of the tables."""
    updates, inserts = (
        check.replace("<check many>", CHECK_MANY.strip())
        .replace("<reported>", REPORTED)
        .replace("<changed>", changed)
        .replace("<other was>", was)
        .strip()
        for check, changed, was in (
            (CHECK_UPDATES, UPDATED, OTHER_WAS),
            (CHECK_INSERTS, INSERTED, "NULL"),
        )
    )
    layers = ",\n            ".join(
        f"('{table}', '{layer}', $x${shape}$x$, {f'$x${room}$x$' if room else 'NULL'})"
        for table, (layer, shape, room) in LAYERS.items()
    )
    return (
        RENEW_HISTORY.replace("<template>", HISTORY.strip())
        .replace("<layers>", layers)
        .replace("<as_owner>", AS_OWNER)
        .replace("<updates>", updates)
        .replace("<inserts>", inserts)
    )


def downgrade() -> None:
    op.execute("ALTER TABLE gis.revision RESET (toast_tuple_target)")
    op.execute("DROP VIEW gis.party_name")
    for table in ("application", "administrative_unit", *WRITABLE):
        op.execute(f"ALTER TABLE gis.{table} DISABLE ROW LEVEL SECURITY")
        for what in ("read", "write", "insert", "update", "delete"):
            op.execute(f"DROP POLICY IF EXISTS {table}_{what} ON gis.{table}")
    for table in WRITABLE:
        op.execute(f"DROP TRIGGER {table}_commune ON gis.{table}")
    for table in ("consent", *DEPENDENTS):
        op.execute(f"DROP TRIGGER {table}_dependents ON gis.{table}")
    for table, (layer, shape, _room) in LAYERS.items():
        for event, rows in EVENTS.items():
            trigger = f"{table}_revision_{event.lower()}"
            op.execute(f"DROP TRIGGER {trigger} ON gis.{table}")
            op.execute(
                f"CREATE TRIGGER {trigger} AFTER {event} ON gis.{table}"
                f" REFERENCING {rows} FOR EACH STATEMENT"
                f" EXECUTE FUNCTION gis.record_revision('{layer}', '{shape.replace('n.', '')}')"
            )
        op.execute(f"DROP FUNCTION gis.record_{table}()")
    for function in (
        "renew_history()",
        "note_dependents()",
        "fill_commune()",
        "lies_in_own_commune(bigint, geometry)",
        "is_own_commune(bigint)",
        "acting_account()",
        "demand_fresh_sight()",
        "refuse_overlap(text, text, bigint, bigint, geometry, geometry, geometry, geometry)",
        "lock_places(text, geometry)",
    ):
        op.execute(f"DROP FUNCTION gis.{function}")
    for table in ("account", "account_role"):
        op.execute(f"DROP TRIGGER {table}_followed ON web.{table}")
    op.execute("DROP FUNCTION web.follow_accounts()")
    op.drop_table("database_role", schema="gis")
