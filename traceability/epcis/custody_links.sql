-- What may be sent in the place of some things: their lots, and the boxes they were put in (only who
-- has a thing packs it; what others saw in a box is no packing).
-- Parameters: keys (text[]) canonical keys.
-- Columns: asked (one of keys), key (itself too), since (sequence of the packing from which on; the
--   earliest).
-- Index: ix_event_item_key, ix_event_item_role, pk_event of each partition, uq_serial_product_serial.
WITH RECURSIVE about (asked, key, since) AS (
    SELECT key COLLATE "C", key COLLATE "C", 0::bigint FROM unnest(CAST(:keys AS text[])) AS key
    UNION
    SELECT about.asked, further.key, greatest(about.since, further.since)
    FROM about
    CROSS JOIN LATERAL (
        SELECT own.key COLLATE "C" AS key, 0::bigint AS since
        FROM traceability.lot_of_serial(about.key) AS own (key)
        UNION ALL
        SELECT box.key, event.sequence
        FROM traceability.event_item AS packed
        JOIN traceability.event AS event ON event.sequence = packed.event_sequence
        JOIN traceability.event_item AS box
            ON box.event_sequence = packed.event_sequence AND box.role = 'parent'
        WHERE packed.key = about.key
          AND packed.role = 'child'
          AND event.action = 'ADD'
          AND event.corrects IS NULL
          AND NOT EXISTS (
              SELECT FROM traceability.event AS declared
              WHERE declared.corrects = event.hash_id
          )
    ) AS further (key)
)
SELECT asked, key, min(since) AS since FROM about GROUP BY asked, key
