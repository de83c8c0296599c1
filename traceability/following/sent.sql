-- When some lots, items and boxes were sent and taken in; what was revoked does not count.
-- Parameters: keys (text[]) their canonical keys; most (integer) at most so many rows.
-- Columns: event_time, biz_step, party_id, body; the newest first.
-- Index: ix_event_item_key, pk_event of each partition, ix_event_corrects.
SELECT event.event_time, event.biz_step, event.party_id, event.body
FROM (
    SELECT DISTINCT event_sequence
    FROM traceability.event_item
    WHERE key = ANY(CAST(:keys AS text[])) AND role = 'epc'
) AS named
JOIN traceability.event AS event ON event.sequence = named.event_sequence
WHERE event.biz_step IN ('shipping', 'departing', 'receiving', 'arriving', 'accepting')
  AND event.corrects IS NULL
  AND NOT EXISTS (
      SELECT FROM traceability.event AS declared
      WHERE declared.corrects = event.hash_id
  )
ORDER BY event.event_time DESC, event.sequence DESC
LIMIT CAST(:most AS integer)
