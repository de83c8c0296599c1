-- Adds one flush of counted scans to scan_day, exactly once however often it is sent.
-- Parameters: writer (uuid of the counting process), number (of the flush, rising), days (date[]),
--   products, lots, communes (bigint[]; lots and communes may hold null), serials (text[]), scans (bigint[]),
--   most (int: so many different unissued serials of a product are kept apart on one day; whoever invents
--   serials fills no table, the rest is counted for the product alone).
-- Result: one row, the scans added (0 when this flush was recorded before).
-- Index: pk_scan_writer, uq_serial_product_serial, uq_scan_day, ix_scan_day_unissued, ix_scan_check_product_id_serial.
WITH fresh AS (
    -- The day alone: the moment of a flush would be that of the scans in it.
    INSERT INTO traceability.scan_writer (id, flushed, flushed_at)
    VALUES (CAST(:writer AS uuid), CAST(:number AS bigint), date_trunc('day', now()))
    ON CONFLICT (id) DO UPDATE SET flushed = excluded.flushed, flushed_at = excluded.flushed_at
    WHERE scan_writer.flushed < excluded.flushed
    RETURNING id
), given AS (
    SELECT g.day, g.product_id, l.id AS lot_id, g.serial, g.commune_id, g.scans, s.id IS NOT NULL AS is_issued
    FROM unnest(
        CAST(:days AS date[]), CAST(:products AS bigint[]), CAST(:lots AS bigint[]), CAST(:serials AS text[]),
        CAST(:communes AS bigint[]), CAST(:scans AS bigint[])
    ) AS g (day, product_id, lot_id, serial, commune_id, scans)
    -- What was deleted meanwhile is not counted; only one process in a flush adds.
    JOIN traceability.product AS p ON p.id = g.product_id
    LEFT JOIN traceability.lot AS l ON l.id = g.lot_id
    LEFT JOIN traceability.serial AS s ON s.product_id = g.product_id AND s.serial = g.serial
    WHERE EXISTS (SELECT FROM fresh)
), unknown AS (
    SELECT u.day, u.product_id, u.serial,
        row_number() OVER (PARTITION BY u.day, u.product_id ORDER BY u.is_new, u.serial) + (
            SELECT count(DISTINCT d.serial) FROM traceability.scan_day AS d
            WHERE d.product_id = u.product_id AND d.day = u.day AND NOT d.is_issued AND u.is_new
        ) AS place, u.is_new
    FROM (
        SELECT DISTINCT g.day, g.product_id, g.serial, NOT EXISTS (
            SELECT FROM traceability.scan_day AS d
            WHERE d.product_id = g.product_id AND d.serial = g.serial AND d.day = g.day
        ) AS is_new
        FROM given AS g WHERE g.serial IS NOT NULL AND NOT g.is_issued
    ) AS u
), kept AS (
    SELECT g.day, g.product_id, g.lot_id,
        CASE WHEN g.is_issued OR NOT u.is_new OR u.place <= CAST(:most AS int) THEN g.serial END AS serial,
        g.commune_id, g.is_issued, g.scans
    FROM given AS g
    LEFT JOIN unknown AS u ON u.day = g.day AND u.product_id = g.product_id AND u.serial = g.serial
        AND NOT g.is_issued
), counted AS (
    INSERT INTO traceability.scan_day AS d (day, product_id, lot_id, serial, commune_id, is_issued, scans)
    SELECT k.day, k.product_id, k.lot_id, k.serial, k.commune_id, bool_or(k.is_issued OR k.serial IS NULL), sum(k.scans)
    FROM kept AS k
    GROUP BY k.day, k.product_id, k.lot_id, k.serial, k.commune_id
    -- In one order, so that two processes never wait for each other.
    ORDER BY k.product_id, k.serial, k.day, k.lot_id, k.commune_id
    ON CONFLICT ON CONSTRAINT uq_scan_day
    DO UPDATE SET scans = d.scans + excluded.scans, is_issued = d.is_issued OR excluded.is_issued
    RETURNING d.id
), to_check AS (
    INSERT INTO traceability.scan_check (product_id, serial)
    SELECT DISTINCT k.product_id, k.serial FROM kept AS k
    WHERE k.serial IS NOT NULL AND NOT EXISTS (
        -- Without waiting for another process: twice does no harm.
        SELECT FROM traceability.scan_check AS c WHERE c.product_id = k.product_id AND c.serial = k.serial
    )
)
SELECT coalesce(sum(k.scans), 0)::bigint AS scans FROM kept AS k
