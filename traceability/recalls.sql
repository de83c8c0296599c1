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
    OFFSET 0
) AS recall
WHERE NOT EXISTS (
    SELECT FROM traceability.event AS declared
    WHERE declared.corrects IN (recall.hash_id, recall.event_id)
)
ORDER BY recall.event_time DESC, recall.sequence DESC
