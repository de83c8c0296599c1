-- What became of lots: made, used for others, sold, shipped; by unit. What was revoked by an error
-- declaration, and the declarations themselves, do not count.
-- Parameters: keys (text[]) canonical keys of lots.
-- Columns: key, uom (UN/ECE code, null = pieces), made, used, sold, shipped (in uom).
-- Index: ix_event_item_key, pk_event of each partition, ix_event_corrects.
SELECT item.key,
       item.uom,
       coalesce(sum(item.quantity) FILTER (
           WHERE item.role = 'output' OR (item.role = 'epc' AND event.action = 'ADD')), 0) AS made,
       coalesce(sum(item.quantity) FILTER (
           WHERE item.role = 'input' OR (item.role = 'epc' AND event.action = 'DELETE')), 0) AS used,
       coalesce(sum(item.quantity) FILTER (
           WHERE item.role = 'epc' AND event.action = 'OBSERVE'
             AND event.biz_step IN ('retail_selling', 'dispensing')), 0) AS sold,
       coalesce(sum(item.quantity) FILTER (
           WHERE item.role = 'epc' AND event.action = 'OBSERVE'
             AND event.biz_step = 'shipping'), 0) AS shipped
FROM traceability.event_item AS item
JOIN traceability.event AS event ON event.sequence = item.event_sequence
WHERE item.key = ANY(CAST(:keys AS text[]))
  AND item.quantity IS NOT NULL
  AND event.corrects IS NULL
  AND NOT EXISTS (
      SELECT FROM traceability.event AS declared
      WHERE declared.corrects = event.hash_id
  )
GROUP BY item.key, item.uom
