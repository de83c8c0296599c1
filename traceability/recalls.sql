-- Which recalls reach some lots and items: their own, and those of what they were made from or packed
-- in, through any number of transformations and packings. What an error declaration revoked (a step
-- as well as a recall) does not count, so that a recall is lifted by revoking it.
-- Parameters: asked (text[]) one name for each of keys; keys (text[]) canonical keys.
-- Columns: asked, key (what was recalled), is_direct, event_time, body, sequence; newest first.
-- Index: ix_event_item_key, pk_event_item, ix_event_corrects.
WITH RECURSIVE reached (asked, key, is_direct) AS (
    SELECT asked, key COLLATE "C", true
    FROM unnest(CAST(:asked AS text[]), CAST(:keys AS text[])) AS pair (asked, key)
    UNION
    SELECT reached.asked, origin.key, false
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
    WHERE NOT EXISTS (
        SELECT
        FROM traceability.event AS step
        JOIN traceability.event AS declared ON declared.corrects IN (step.hash_id, step.event_id)
        WHERE step.sequence = here.event_sequence
    )
)
SELECT reached.asked, reached.key, reached.is_direct,
       event.event_time, event.body, event.sequence
FROM reached
JOIN traceability.event_item AS item ON item.key = reached.key AND item.role = 'epc'
JOIN traceability.event AS event ON event.sequence = item.event_sequence
WHERE event.disposition = 'recalled'
  AND event.corrects IS NULL
  AND NOT EXISTS (
      SELECT FROM traceability.event AS declared
      WHERE declared.corrects IN (event.hash_id, event.event_id)
  )
ORDER BY event.event_time DESC, event.sequence DESC
