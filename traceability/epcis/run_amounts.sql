-- What went into and came out of one transformation recorded in several events.
-- Revoked events and declarations do not count.
-- Parameters: run (text) the transformationID.
-- Columns: role (input or output), is_class, uom (null = pieces), quantity (null = not said).
-- Index: ix_event_transformation_id, pk_event_item, ix_event_corrects.
SELECT item.role, item.is_class, item.uom, item.quantity
FROM traceability.event AS event
JOIN traceability.event_item AS item ON item.event_sequence = event.sequence
WHERE event.transformation_id = CAST(:run AS text)
  AND item.role IN ('input', 'output')
  AND event.corrects IS NULL
  AND NOT EXISTS (
      SELECT FROM traceability.event AS declared
      WHERE declared.corrects = event.hash_id
  )
