-- Which things of ours their producer, or the authority, sent out: themselves, their lot, or a box
-- that they were in. What an error declaration revoked does not count.
-- Parameters: asked (text[]), keys (text[]) canonical keys, producers (bigint[]): one row each.
-- Columns: asked.
-- Index: ix_event_item_key, pk_event of each partition, uq_serial_product_serial.
WITH RECURSIVE about (asked, producer, key) AS (
    SELECT asked, producer, key COLLATE "C"
    FROM unnest(
        CAST(:asked AS text[]), CAST(:producers AS bigint[]), CAST(:keys AS text[])
    ) AS one (asked, producer, key)
    UNION
    SELECT about.asked, about.producer, further.key
    FROM about
    CROSS JOIN LATERAL (
        SELECT own.key COLLATE "C" FROM traceability.lot_of_serial(about.key) AS own (key)
        UNION ALL
        SELECT box.key
        FROM traceability.event_item AS packed
        JOIN traceability.event_item AS box
            ON box.event_sequence = packed.event_sequence AND box.role = 'parent'
        WHERE packed.key = about.key AND packed.role = 'child'
    ) AS further (key)
)
SELECT DISTINCT about.asked
FROM about
JOIN traceability.event_item AS item
    ON item.key = about.key AND item.role IN ('epc', 'parent', 'child')
JOIN traceability.event AS event ON event.sequence = item.event_sequence
WHERE event.biz_step IN ('shipping', 'departing')
  AND (event.party_id IS NULL OR event.party_id = about.producer)
  AND event.corrects IS NULL
  AND NOT EXISTS (
      SELECT FROM traceability.event AS declared
      WHERE declared.corrects = event.hash_id
  )
