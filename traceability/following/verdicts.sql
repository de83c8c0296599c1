-- The newest verdict of an inspection on each of some lots that nobody revoked.
-- Parameters: keys (text[]) canonical keys of lots.
-- Columns: key, disposition (conformant or non_conformant), inspected_on (Vietnam's day).
-- Index: ix_event_item_key, pk_event of each partition, ix_event_corrects.
SELECT DISTINCT ON (item.key)
       item.key,
       event.disposition,
       (event.event_time AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS inspected_on
FROM traceability.event_item AS item
JOIN traceability.event AS event ON event.sequence = item.event_sequence
WHERE item.key = ANY(CAST(:keys AS text[]))
  AND item.role = 'epc'
  AND event.biz_step IN ('inspecting', 'sampling', 'accepting')
  AND event.disposition IN ('conformant', 'non_conformant')
  AND event.corrects IS NULL
  AND NOT EXISTS (
      SELECT FROM traceability.event AS declared
      WHERE declared.corrects = event.hash_id
  )
ORDER BY item.key, event.event_time DESC, event.sequence DESC
