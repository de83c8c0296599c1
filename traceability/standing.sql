-- What is known of one serial: its state, its scans, and whether they contradict each other.
-- Parameters: product_id, serial; distant_m (metres between two communes on one day that one item cannot
--   cover), most_places (communes in all that one item may be seen in).
-- Result: one row: state, issued_at, lot_id (null when never issued), first_scanned_on (date in Vietnam),
--   scan_count, is_distant, is_in_many_places, is_before_shipping.
-- Index: uq_serial_product_serial, uq_scan_day (its first columns).
WITH scanned AS MATERIALIZED (
    SELECT d.day, d.commune_id, d.scans FROM traceability.scan_day AS d
    WHERE d.product_id = CAST(:product_id AS bigint) AND d.serial = CAST(:serial AS text)
), places AS MATERIALIZED (
    SELECT s.day, s.commune_id, count(*) OVER (PARTITION BY s.day) AS that_day
    FROM scanned AS s WHERE s.commune_id IS NOT NULL GROUP BY s.day, s.commune_id
), points AS MATERIALIZED (
    -- The middle of the commune's box will do at this distance.
    SELECT p.day, p.commune_id, ST_Centroid(ST_Envelope(u.boundary))::geography AS middle
    FROM places AS p JOIN gis.administrative_unit AS u ON u.id = p.commune_id
    WHERE p.that_day > 1 AND u.boundary IS NOT NULL
)
SELECT s.state, s.issued_at, s.lot_id, t.first_scanned_on, t.scan_count,
    EXISTS (
        SELECT FROM points AS a JOIN points AS b ON b.day = a.day AND b.commune_id > a.commune_id
        WHERE ST_Distance(a.middle, b.middle, false) >= CAST(:distant_m AS float8)
    ) AS is_distant,
    (SELECT count(DISTINCT p.commune_id) FROM places AS p) > CAST(:most_places AS int) AS is_in_many_places,
    false AS is_before_shipping
FROM (SELECT min(day) AS first_scanned_on, coalesce(sum(scans), 0)::bigint AS scan_count FROM scanned) AS t
LEFT JOIN traceability.serial AS s
    ON s.product_id = CAST(:product_id AS bigint) AND s.serial = CAST(:serial AS text)
