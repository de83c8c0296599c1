-- Who sent some things out, and to whom, and who received them; in the order of the journal's chain,
-- what is not sealed yet last. What an error declaration revoked does not count.
-- Parameters: keys (text[]) canonical keys.
-- Columns: key, position, sequence, is_sent (else received), party_id (of the captor, null: the authority),
--   destinations (json, of what was sent).
-- Index: ix_event_item_key, pk_event of each partition, uq_journal_entry_event_sequence.
SELECT DISTINCT ON (item.key, event.sequence)
       item.key, entry.position, event.sequence, event.party_id,
       event.biz_step IN ('shipping', 'departing') AS is_sent,
       CASE WHEN event.biz_step IN ('shipping', 'departing')
           THEN (event.body::json) -> 'destinationList' END AS destinations
FROM traceability.event_item AS item
JOIN traceability.event AS event ON event.sequence = item.event_sequence
LEFT JOIN traceability.journal_entry AS entry ON entry.event_sequence = event.sequence
WHERE item.key = ANY(CAST(:keys AS text[]))
  AND item.role IN ('epc', 'parent', 'child')
  AND event.biz_step IN ('shipping', 'departing', 'receiving', 'accepting', 'arriving')
  AND event.corrects IS NULL
  AND NOT EXISTS (
      SELECT FROM traceability.event AS declared
      WHERE declared.corrects = event.hash_id
  )
