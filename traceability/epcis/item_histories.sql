-- What the journal tells of single things: each time one was made, taken, sold, packed or unpacked.
-- What an error declaration revoked, and the declarations themselves, do not count.
-- Parameters: keys (text[]) canonical keys of instances.
-- Columns: key, role, type, action, biz_step, disposition, event_time, sequence, parent (key of the
--   event's parent, null without); in the order in which they happened.
-- Index: ix_event_item_key, pk_event of each partition, pk_event_item, ix_event_corrects.
SELECT item.key, item.role, event.type, event.action, event.biz_step, event.disposition,
       event.event_time, event.sequence, parent.key AS parent
FROM traceability.event_item AS item
JOIN traceability.event AS event ON event.sequence = item.event_sequence
LEFT JOIN traceability.event_item AS parent
    ON parent.event_sequence = item.event_sequence AND parent.role = 'parent'
WHERE item.key = ANY(CAST(:keys AS text[]))
  AND item.role IN ('epc', 'child', 'input', 'output')
  AND (event.action IS DISTINCT FROM 'OBSERVE'
       OR event.biz_step IN ('retail_selling', 'dispensing', 'decommissioning', 'destroying'))
  AND event.corrects IS NULL
  AND NOT EXISTS (
      SELECT FROM traceability.event AS declared
      WHERE declared.corrects IN (event.hash_id, event.event_id)
  )
ORDER BY event.event_time, event.sequence
