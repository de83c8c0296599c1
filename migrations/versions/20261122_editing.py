"""Editing under concurrency: places are locked, and nothing is drawn upon its neighbour."""

from collections.abc import Sequence

from alembic import op

revision: str = "20261122_editing"
down_revision: str | None = "20261122_privacy"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# table: (layer name as in /ogc, condition under which a row's boundary takes up room)
NO_OVERLAP = {
    "parcel": ("parcels", "true"),
    "growing_area": ("growing-areas", "{row}.status <> 'closed'"),
    "high_tech_zone": ("high-tech-zones", "true"),
}

# Functions of triggers run with the rights of the tables' owner, whoever edits; so nobody else's
# objects may be found in the place of ours.
AS_OWNER = "SECURITY DEFINER SET search_path = pg_catalog, gis, public, pg_temp"

# Two shapes that overlap share a point, hence the cell of 0.01 degrees that holds it. Everybody
# takes the locks of a layer in rising order, so single statements never wait for each other in a
# circle. -1 is the whole layer: shared by whoever takes cells, alone for what spans more than 64
# cells (about 9 km by 9 km) or lies outside the world.
LOCK_BOX = """
CREATE FUNCTION gis.lock_box(
    layer text, west double precision, south double precision,
    east double precision, north double precision
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    key constant integer := hashtext('langbiang.places.' || layer);
    first_column double precision := floor((west + 180) * 100);
    last_column double precision := floor((east + 180) * 100);
    first_row double precision := floor((south + 90) * 100);
    last_row double precision := floor((north + 90) * 100);
BEGIN
    IF west IS NULL THEN
        RETURN;
    END IF;
    IF west < -180 OR south < -90 OR east > 180 OR north > 90
       OR (last_column - first_column + 1) * (last_row - first_row + 1) > 64 THEN
        PERFORM pg_advisory_xact_lock(key, -1);
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock_shared(key, -1);
    FOR col IN first_column::integer .. last_column::integer LOOP
        FOR line IN first_row::integer .. last_row::integer LOOP
            PERFORM pg_advisory_xact_lock(key, col * 18001 + line);
        END LOOP;
    END LOOP;
END $$
"""

LOCK_PLACES = """
CREATE FUNCTION gis.lock_places(layer text, shape geometry) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, gis, public, pg_temp AS $$
BEGIN
    PERFORM gis.lock_box(
        layer, ST_XMin(shape), ST_YMin(shape), ST_XMax(shape), ST_YMax(shape));
END $$
"""

# `changed` are the rows of the statement whose boundary takes up room that it did not take up
# before. The trigger is AFTER, so that all rows of a statement are there and locked in one go; each
# statement in it sees what others have committed meanwhile, which only READ COMMITTED gives.
REFUSE_OVERLAP = """
CREATE FUNCTION gis.{name}() RETURNS trigger LANGUAGE plpgsql {as_owner} AS $$
DECLARE
    place record;
    pair record;
    before_m2 double precision;
BEGIN
    IF current_setting('langbiang.overlaps', true) = 'report'
       AND pg_has_role(session_user, current_user, 'MEMBER') THEN
        RETURN NULL;
    END IF;
    SELECT ST_XMin(c.box) AS west, ST_YMin(c.box) AS south,
           ST_XMax(c.box) AS east, ST_YMax(c.box) AS north
    INTO place
    FROM (SELECT ST_Extent(n.boundary) AS box FROM {changed}) AS c;
    IF place.west IS NULL THEN
        RETURN NULL;
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'boundaries are written in READ COMMITTED transactions only'
            USING ERRCODE = 'feature_not_supported',
                  HINT = 'Elsewhere a boundary that was committed meanwhile would not be seen.';
    END IF;
    PERFORM gis.lock_box('{layer}', place.west, place.south, place.east, place.north);
    FOR pair IN
        SELECT n.id, n.boundary, p.id AS other, p.boundary AS other_boundary, n.was
        FROM {changed}
        JOIN gis.{table} AS p ON p.boundary && n.boundary AND p.id <> n.id AND {room_p}
        WHERE ST_Relate(n.boundary, p.boundary, '2********')
    LOOP
        DECLARE
            m2 constant double precision :=
                ST_Area(ST_Intersection(pair.boundary, pair.other_boundary)::geography);
        BEGIN
            CONTINUE WHEN m2 <= 1;
            {before}
            -- A hundredth: the same overlap, computed from another outline, differs by less.
            CONTINUE WHEN m2 <= before_m2 + 0.01;
            RAISE EXCEPTION '{layer} % would overlap % by % m²',
                    pair.id, pair.other, round(m2::numeric, 1)
                USING ERRCODE = 'exclusion_violation', SCHEMA = 'gis', TABLE = '{table}',
                      CONSTRAINT = 'no_overlap',
                      DETAIL = json_build_object(
                          'layer', '{layer}', 'id', pair.id, 'with', pair.other,
                          'overlap_m2', round(m2::numeric, 2));
        END;
    END LOOP;
    RETURN NULL;
END $$
"""

# A full join kept whole by OFFSET 0 is hashed or merged, never a nested loop, however few rows the
# statement had for which the plan was made and kept.
CHANGED = {
    "INSERT": (
        "(SELECT id, boundary, NULL::geometry AS was FROM new_rows AS n"
        " WHERE n.boundary IS NOT NULL AND {room_n}) AS n"
    ),
    "UPDATE": (
        "(SELECT * FROM"
        " (SELECT n.id, CASE WHEN {room_n} THEN n.boundary END AS boundary,"
        " CASE WHEN {room_o} THEN o.boundary END AS was"
        " FROM new_rows AS n FULL JOIN old_rows AS o ON o.id = n.id OFFSET 0) AS joined"
        " WHERE joined.boundary IS NOT NULL AND joined.boundary IS DISTINCT FROM joined.was) AS n"
    ),
}

# What the pair shared before the statement; the neighbour may be of the same statement.
BEFORE = {
    "INSERT": "before_m2 := 0;",
    "UPDATE": """SELECT coalesce(sum(ST_Area(ST_Intersection(pair.was, b.boundary)::geography)), 0)
            INTO before_m2
            FROM (SELECT CASE WHEN {room_o} THEN o.boundary END AS boundary
                  FROM old_rows AS o WHERE o.id = pair.other
                  UNION ALL
                  SELECT pair.other_boundary
                  WHERE NOT EXISTS (SELECT FROM old_rows AS o WHERE o.id = pair.other)) AS b;""",
}

TRANSITIONS = {
    "INSERT": "NEW TABLE AS new_rows",
    "UPDATE": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
}


def overlap_function(table: str, event: str) -> str:
    layer, room = NO_OVERLAP[table]
    rooms = {f"room_{row}": room.format(row=row) for row in "nop"}
    return REFUSE_OVERLAP.format(
        name=f"refuse_overlap_of_{table}_{event.lower()}",
        as_owner=AS_OWNER,
        layer=layer,
        table=table,
        changed=CHANGED[event].format(**rooms),
        before=BEFORE[event].format(**rooms),
        **rooms,
    )


def upgrade() -> None:
    op.execute(LOCK_BOX)
    op.execute(LOCK_PLACES)
    for table in NO_OVERLAP:
        for event, rows in TRANSITIONS.items():
            op.execute(overlap_function(table, event))
            # Named so that it runs before the one that writes the history.
            op.execute(
                f"CREATE TRIGGER {table}_overlap_{event.lower()} AFTER {event} ON gis.{table}"
                f" REFERENCING {rows} FOR EACH STATEMENT"
                f" EXECUTE FUNCTION gis.refuse_overlap_of_{table}_{event.lower()}()"
            )


def downgrade() -> None:
    for table in NO_OVERLAP:
        for event in TRANSITIONS:
            op.execute(f"DROP TRIGGER {table}_overlap_{event.lower()} ON gis.{table}")
            op.execute(f"DROP FUNCTION gis.refuse_overlap_of_{table}_{event.lower()}()")
    op.execute("DROP FUNCTION gis.lock_places(text, geometry)")
    op.execute(
        "DROP FUNCTION gis.lock_box(text, double precision, double precision,"
        " double precision, double precision)"
    )
