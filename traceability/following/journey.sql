-- The events that some things, and whatever they were packed in, took part in; those that hold only.
-- A recall is told where the producer of one of the things says so, or the authority (party_id null):
-- a stranger's word about the box that they packed something in is none.
-- Parameters: keys (text[]) canonical keys; most (integer) at most so many rows.
-- Columns: sequence, event_time, type, action, biz_step, disposition, read_point, biz_location, body,
--   hash_id, event_id, party_id, key, role, quantity, uom; oldest first.
-- Index: ix_event_item_key, pk_event_item, pk_event of each partition, ix_event_corrects.
WITH RECURSIVE about (key) AS (
    SELECT key COLLATE "C" FROM unnest(CAST(:keys AS text[])) AS key
    UNION
    SELECT box.key
    FROM about
    JOIN traceability.event_item AS packed ON packed.key = about.key AND packed.role = 'child'
    -- Only who has a thing packs it; what strangers saw in a box is no packing.
    JOIN traceability.event AS step ON step.sequence = packed.event_sequence AND step.action = 'ADD'
    JOIN traceability.event_item AS box
        ON box.event_sequence = packed.event_sequence AND box.role = 'parent'
)
SELECT event.sequence, event.event_time, event.type, event.action, event.biz_step,
       event.disposition, event.read_point, event.biz_location, event.body, event.hash_id,
       event.event_id, event.party_id, item.key, item.role, item.quantity, item.uom
FROM about
JOIN traceability.event_item AS item
    ON item.key = about.key AND item.role IN ('epc', 'parent', 'child', 'input', 'output')
JOIN traceability.event AS event ON event.sequence = item.event_sequence
WHERE event.corrects IS NULL
  AND (
      event.disposition IS DISTINCT FROM 'recalled'
      OR event.party_id IS NULL
      OR EXISTS (
          SELECT
          FROM unnest(CAST(:keys AS text[])) AS own (key)
          JOIN traceability.product
              ON split_part(own.key, '/', 3) IN (product.gtin, product.trace_code)
          WHERE product.producer_id = event.party_id
      )
  )
  AND NOT EXISTS (
      SELECT FROM traceability.event AS declared
      WHERE declared.corrects = event.hash_id
  )
ORDER BY event.event_time, event.sequence, item.number
LIMIT CAST(:most AS integer)
