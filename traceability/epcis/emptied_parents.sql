-- When parents were emptied whole: a disaggregation that names no children takes all out.
-- Revoked events and declarations do not count.
-- Parameters: keys (text[]) canonical keys of parents.
-- Columns: parent (key), event_time, sequence, party_id (of the captor).
-- Index: ix_event_item_key, pk_event of each partition, pk_event_item, ix_event_corrects.
SELECT item.key AS parent, event.event_time, event.sequence, event.party_id
FROM traceability.event_item AS item
JOIN traceability.event AS event ON event.sequence = item.event_sequence
WHERE item.key = ANY(CAST(:keys AS text[]))
  AND item.role = 'parent'
  AND event.type = 'AggregationEvent'
  AND event.action = 'DELETE'
  AND NOT EXISTS (
      SELECT FROM traceability.event_item AS child
      WHERE child.event_sequence = event.sequence AND child.role = 'child'
  )
  AND event.corrects IS NULL
  AND NOT EXISTS (
      SELECT FROM traceability.event AS declared
      WHERE declared.corrects = event.hash_id
  )
