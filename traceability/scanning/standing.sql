-- What is known of one serial: its state, its scans, and whether they contradict each other or its journey.
-- Parameters: product_id, serial; quoted (the serial percent-encoded, as in keys of events); distant_m (metres
--   between two communes on one day that one item cannot cover), most_places (communes in all that one item may be
--   seen in), early_scans (so many scans on days before it was shipped are no trial at the packing table).
-- Result: one row: state, issued_at, lot_id (null when never issued), first_scanned_on (date in Vietnam),
--   scan_count, is_distant, is_in_many_places, is_before_shipping.
-- Index: uq_serial_product_serial, uq_scan_day (its first columns), ix_event_item_key, ix_event_item_role.
WITH RECURSIVE found AS MATERIALIZED (
    SELECT s.state, s.issued_at, s.lot_id, p.gtin, p.trace_code, p.producer_id, l.code AS lot_code
    FROM traceability.product AS p
    LEFT JOIN traceability.serial AS s ON s.product_id = p.id AND s.serial = CAST(:serial AS text)
    LEFT JOIN traceability.lot AS l ON l.id = s.lot_id
    WHERE p.id = CAST(:product_id AS bigint)
), scanned AS MATERIALIZED (
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
), packed (key, depth) AS (
    -- The item, and the boxes it was put into; nobody packs deeper than a pallet of cartons of boxes.
    SELECT k.key COLLATE "C", 0
    FROM found AS f, LATERAL (VALUES
        ('/01/' || f.gtin || '/21/' || CAST(:quoted AS text)),
        ('/t/' || f.trace_code || '/tem/' || CAST(:quoted AS text))) AS k (key)
    WHERE f.state IS NOT NULL AND k.key IS NOT NULL AND EXISTS (SELECT FROM scanned)
    UNION
    SELECT parent.key, packed.depth + 1
    FROM packed
    JOIN traceability.event_item AS child ON child.key = packed.key AND child.role = 'child'
    JOIN traceability.event_item AS parent ON parent.event_sequence = child.event_sequence AND parent.role = 'parent'
    JOIN traceability.event AS e ON e.sequence = child.event_sequence AND e.action = 'ADD'
    WHERE packed.depth < 4
), moved AS (
    SELECT key FROM packed
    UNION
    -- Its lot too; a code that would have to be encoded is left out.
    SELECT k.key COLLATE "C"
    FROM found AS f, LATERAL (VALUES
        ('/01/' || f.gtin || '/10/' || f.lot_code), ('/t/' || f.trace_code || '/lo/' || f.lot_code)) AS k (key)
    WHERE f.lot_code ~ '^[A-Za-z0-9._~-]+$' AND k.key IS NOT NULL AND EXISTS (SELECT FROM scanned)
), shipped AS (
    SELECT min((e.event_time AT TIME ZONE 'Asia/Ho_Chi_Minh')::date) AS day
    FROM moved AS m
    JOIN traceability.event_item AS i ON i.key = m.key AND i.role = 'epc'
    JOIN traceability.event AS e ON e.sequence = i.event_sequence
    -- Sent out first by its producer, or the authority; strangers say what they like.
    WHERE e.biz_step IN ('shipping', 'departing') AND e.corrects IS NULL
      AND (e.party_id IS NULL OR e.party_id = (SELECT producer_id FROM found))
      AND NOT EXISTS (
        SELECT FROM traceability.event AS c
        WHERE c.corrects IS NOT NULL AND c.corrects = e.hash_id
    )
)
SELECT f.state, f.issued_at, f.lot_id, t.first_scanned_on, t.scan_count,
    EXISTS (
        SELECT FROM points AS a JOIN points AS b ON b.day = a.day AND b.commune_id > a.commune_id
        WHERE ST_Distance(a.middle, b.middle, false) >= CAST(:distant_m AS float8)
    ) AS is_distant,
    (SELECT count(DISTINCT p.commune_id) FROM places AS p) > CAST(:most_places AS int) AS is_in_many_places,
    coalesce((
        SELECT sum(s.scans) FROM scanned AS s WHERE s.day < (SELECT day FROM shipped)
    ) >= CAST(:early_scans AS int), false) AS is_before_shipping
FROM (SELECT min(day) AS first_scanned_on, coalesce(sum(scans), 0)::bigint AS scan_count FROM scanned) AS t
LEFT JOIN found AS f ON true
