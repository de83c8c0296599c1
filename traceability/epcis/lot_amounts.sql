-- How much of lots was made, used up, sent and received, by unit and by whom.
-- Revoked events and declarations do not count.
-- Parameters: keys (text[]) canonical keys of lots.
-- Columns: key, uom (UN/ECE code, null = pieces), party_id (of the captor), made, used (as input, sold to
--   consumers, taken out of the world), sent, received (in uom).
-- Index: ix_event_item_key, pk_event of each partition, ix_event_corrects.
SELECT item.key, item.uom, event.party_id,
       coalesce(sum(item.quantity) FILTER (
           WHERE item.role = 'output' OR (item.role = 'epc' AND event.action = 'ADD'
             AND event.type = 'ObjectEvent')), 0) AS made,
       coalesce(sum(item.quantity) FILTER (
           WHERE item.role = 'input' OR (item.role = 'epc' AND event.type = 'ObjectEvent'
             AND event.action <> 'ADD' AND (event.action = 'DELETE' OR event.biz_step IN
               ('retail_selling', 'dispensing', 'decommissioning', 'destroying')))), 0) AS used,
       coalesce(sum(item.quantity) FILTER (
           WHERE item.role = 'epc' AND event.action = 'OBSERVE' AND event.type = 'ObjectEvent'
             AND event.biz_step = 'shipping'), 0) AS sent,
       coalesce(sum(item.quantity) FILTER (
           WHERE item.role = 'epc' AND event.action = 'OBSERVE' AND event.type = 'ObjectEvent'
             AND event.biz_step IN ('receiving', 'accepting', 'void_shipping')), 0) AS received
FROM traceability.event_item AS item
JOIN traceability.event AS event ON event.sequence = item.event_sequence
WHERE item.key = ANY(CAST(:keys AS text[]))
  AND item.is_class
  AND item.quantity IS NOT NULL
  AND event.corrects IS NULL
  AND NOT EXISTS (
      SELECT FROM traceability.event AS declared
      WHERE declared.corrects = event.hash_id
  )
GROUP BY item.key, item.uom, event.party_id
