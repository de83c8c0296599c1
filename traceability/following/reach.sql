-- The lots that were made from a lot, through any number of transformations; what an error
-- declaration revoked does not count.
-- Parameters: keys (text[]) canonical keys of the lot; most (integer) at most so many rows.
-- Columns: key.
-- Index: ix_event_item_key, pk_event_item, ix_event_corrects.
WITH RECURSIVE reached (key) AS (
    SELECT key COLLATE "C" FROM unnest(CAST(:keys AS text[])) AS key
    UNION
    SELECT made.key
    FROM reached
    JOIN traceability.event_item AS here
        ON here.key = reached.key AND here.role IN ('input', 'run')
    JOIN traceability.event_item AS made
        ON made.event_sequence = here.event_sequence
        AND made.role = ANY (CASE here.role
            WHEN 'input' THEN ARRAY['output', 'run'] ELSE ARRAY['output'] END)
    WHERE NOT EXISTS (
        SELECT
        FROM traceability.event AS step
        JOIN traceability.event AS declared ON declared.corrects = step.hash_id
        WHERE step.sequence = here.event_sequence
    )
)
SELECT key FROM reached LIMIT CAST(:most AS integer)
