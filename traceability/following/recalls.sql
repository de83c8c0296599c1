-- Which recalls reach some lots and items: their own, and those of what they were made from or packed
-- in, through any number of transformations and packings. What an error declaration revoked (a step
-- as well as a recall) does not count, so that a recall is lifted by revoking it.
--   Not everybody's word makes a page red. A step is sure that the producer of the thing it leads
--   from captured, or the authority (party_id null), or whose outcome is a product here (its producer
--   alone says so; a run is of one party). By other steps, such as into a stranger's box, only the
--   authority's recalls come; and of what is no product here, such as a box or a supplier's lot, the
--   producer of what lay in it or was made of it says that it is recalled, or the authority.
-- Parameters: asked (text[]) one name for each of keys; keys (text[]) canonical keys.
-- Columns: asked, key (what was recalled), is_direct, event_time, body, sequence; newest first.
-- Index: ix_event_item_key, pk_event_item, ix_event_corrects.
WITH RECURSIVE reached (asked, producer, key, is_direct, is_sure) AS (
    SELECT asked, product.producer_id, key COLLATE "C", true, true
    FROM unnest(CAST(:asked AS text[]), CAST(:keys AS text[])) AS pair (asked, key)
    LEFT JOIN traceability.product
        ON split_part(key, '/', 3) IN (product.gtin, product.trace_code)
    UNION
    SELECT reached.asked,
           COALESCE(
               (
                   SELECT product.producer_id FROM traceability.product
                   WHERE split_part(origin.key, '/', 3) IN (product.gtin, product.trace_code)
               ),
               reached.producer
           ),
           origin.key,
           false,
           reached.is_sure AND (
               reached.producer IS NULL
               OR step.party_id IS NULL
               OR step.party_id = reached.producer
               OR here.role = 'run'
               OR (here.role = 'output' AND EXISTS (
                   SELECT FROM traceability.product
                   WHERE split_part(here.key, '/', 3) IN (product.gtin, product.trace_code)
               ))
           )
    FROM reached
    JOIN traceability.event_item AS here
        ON here.key = reached.key AND here.role IN ('output', 'run', 'child', 'epc')
    JOIN traceability.event_item AS origin
        ON origin.event_sequence = here.event_sequence
        AND origin.role = ANY (CASE here.role
            WHEN 'output' THEN ARRAY['input', 'run']
            WHEN 'run' THEN ARRAY['input']
            WHEN 'epc' THEN ARRAY['lot']
            ELSE ARRAY['parent'] END)
    JOIN traceability.event AS step ON step.sequence = here.event_sequence
    WHERE NOT EXISTS (
        SELECT FROM traceability.event AS declared
        WHERE declared.corrects = step.hash_id
    )
)
SELECT DISTINCT reached.asked, reached.key, reached.is_direct,
       recall.event_time, recall.body, recall.sequence
FROM reached
-- One look at the index for each thing reached (OFFSET 0 keeps it so): there are few of them, and
-- the planner, who cannot know that, would read all events.
CROSS JOIN LATERAL (
    SELECT event.event_time, event.body, event.sequence, event.hash_id, event.event_id
    FROM traceability.event_item AS item
    JOIN traceability.event AS event ON event.sequence = item.event_sequence
    WHERE item.key = reached.key
      AND item.role = 'epc'
      AND event.disposition = 'recalled'
      AND event.corrects IS NULL
      AND (
          reached.is_direct
          OR reached.producer IS NULL
          OR event.party_id IS NULL
          OR (reached.is_sure AND (
              event.party_id = reached.producer
              OR EXISTS (
                  SELECT FROM traceability.product
                  WHERE split_part(item.key, '/', 3) IN (product.gtin, product.trace_code)
              )
          ))
      )
    OFFSET 0
) AS recall
WHERE NOT EXISTS (
    SELECT FROM traceability.event AS declared
    WHERE declared.corrects = recall.hash_id
)
ORDER BY recall.event_time DESC, recall.sequence DESC
