-- The lots that some lots were made from, through any number of transformations, themselves
-- included. What an error declaration revoked does not count.
-- Parameters: keys (text[]) canonical keys.
-- Columns: asked (one of keys), key, depth (0 = itself; the shortest way).
-- Index: ix_event_item_key, pk_event_item, ix_event_corrects.
WITH RECURSIVE reached (asked, key, depth) AS (
    SELECT key COLLATE "C", key COLLATE "C", 0 FROM unnest(CAST(:keys AS text[])) AS key
    UNION
    SELECT reached.asked, origin.key, reached.depth + (origin.role = 'input')::integer
    FROM reached
    JOIN traceability.event_item AS here
        ON here.key = reached.key AND here.role IN ('output', 'run')
    JOIN traceability.event_item AS origin
        ON origin.event_sequence = here.event_sequence
        AND origin.role = ANY (CASE here.role
            WHEN 'output' THEN ARRAY['input', 'run'] ELSE ARRAY['input'] END)
        AND origin.key <> reached.asked
    WHERE reached.depth < 50
      AND NOT EXISTS (
        SELECT
        FROM traceability.event AS step
        JOIN traceability.event AS declared ON declared.corrects = step.hash_id
        WHERE step.sequence = here.event_sequence
    )
)
SELECT asked, key, min(depth) AS depth FROM reached GROUP BY asked, key ORDER BY min(depth), key
