-- The boxes that some lots and items were packed in.
-- Parameters: keys (text[]) canonical keys of lots and items; most (integer) at most so many rows.
-- Columns: key.
-- Index: ix_event_item_key, pk_event_item.
SELECT DISTINCT box.key
FROM traceability.event_item AS packed
JOIN traceability.event_item AS box
    ON box.event_sequence = packed.event_sequence AND box.role = 'parent'
WHERE packed.key = ANY(CAST(:keys AS text[])) AND packed.role = 'child'
LIMIT CAST(:most AS integer)
