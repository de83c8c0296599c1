-- What went into and came out of transformations recorded in several events, and who recorded it.
-- Revoked events and declarations do not count.
-- Parameters: runs (text[]) transformationIDs.
-- Columns: run, party_id (of the captor), role (input or output), key, is_class, uom (null = pieces),
--   quantity (null = not said).
-- Index: ix_event_transformation_id, pk_event_item, ix_event_corrects.
SELECT event.transformation_id AS run, event.party_id, item.role, item.key, item.is_class, item.uom,
       item.quantity
FROM traceability.event AS event
JOIN traceability.event_item AS item ON item.event_sequence = event.sequence
WHERE event.transformation_id = ANY(CAST(:runs AS text[]))
  AND item.role IN ('input', 'output')
  AND event.corrects IS NULL
  AND NOT EXISTS (
      SELECT FROM traceability.event AS declared
      WHERE declared.corrects = event.hash_id
  )
