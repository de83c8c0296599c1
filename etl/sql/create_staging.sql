-- Makes the temporary tables of one load, which vanish with its transaction.
-- load_row: rows as COPY brings them, one column per field of any layer (rows.STAGED, same order).
--           shape is EPSG:4326, lon/lat; declared_area_ha in hectares.
-- load_reject, load_repair: what the checks found; areas geodesic, hectares.
-- load_refused: the shapes of rows that the checks refused, for a preview.
-- load_owner: the commune that the stored row of an accepted row belongs to.
-- load_state: for each accepted row, the row of the layer that has its key, and whether it differs.
-- load_change: the rows of the layer that this load inserted or updated.
-- load_place: the commune each row lies in. load_piece: the communes near the file, cut small.
-- load_suspect: rows that may overlap another row of the file.
DROP TABLE IF EXISTS
    pg_temp.load_row, pg_temp.load_reject, pg_temp.load_repair, pg_temp.load_state,
    pg_temp.load_change, pg_temp.load_place, pg_temp.load_piece, pg_temp.load_suspect,
    pg_temp.load_refused, pg_temp.load_owner;
CREATE TEMPORARY TABLE load_row (
    row_no bigint NOT NULL,
    source_id text,
    shape geometry(Geometry, 4326),
    attributes jsonb NOT NULL,
    code text,
    name text,
    full_name text,
    level text,
    valid_from date,
    valid_to date,
    declared_area_ha double precision,
    population integer,
    crop_id bigint,
    commune_id bigint,
    kind text,
    variety text,
    planted_year integer,
    household_count integer,
    standard text,
    product text,
    recognised_on date,
    recognised_year integer,
    note text,
    recorded_at timestamptz
) ON COMMIT DROP;
CREATE TEMPORARY TABLE load_reject (
    row_no bigint NOT NULL, reason text NOT NULL, detail text NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE load_repair (
    row_no bigint NOT NULL, what text NOT NULL, shape geometry(Geometry, 4326) NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE load_refused (
    row_no bigint NOT NULL, shape geometry(Geometry, 4326)
) ON COMMIT DROP;
CREATE TEMPORARY TABLE load_owner (
    row_no bigint NOT NULL, commune_id bigint
) ON COMMIT DROP;
CREATE TEMPORARY TABLE load_state (
    row_no bigint NOT NULL, id bigint, is_changed boolean NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE load_change (
    id bigint NOT NULL, area_ha double precision
) ON COMMIT DROP;
CREATE TEMPORARY TABLE load_place (
    row_no bigint NOT NULL, commune_id bigint NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE load_piece (
    commune_id bigint NOT NULL, piece geometry(Geometry, 4326) NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE load_suspect (
    row_no bigint PRIMARY KEY
) ON COMMIT DROP;
