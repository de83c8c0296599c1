-- What the journal tells of single things: each time one was made, taken, sold, packed or unpacked.
-- What an error declaration revoked, and the declarations themselves, do not count.
-- Parameters: keys (text[]) canonical keys of instances.
-- Columns: key, role, type, action, biz_step, disposition, event_time, sequence, parent (key of the
--   event's parent, null without), party_id (of the captor); in the order in which they happened.
-- Index: ix_event_item_key, pk_event of each partition, pk_event_item, ix_event_corrects.
WITH item AS MATERIALIZED (
    SELECT key, role, event_sequence
    FROM traceability.event_item
    WHERE key = ANY(CAST(:keys AS text[])) AND role IN ('epc', 'child', 'input', 'output')
), happened AS MATERIALIZED (
    -- Thousands of things stand in few events: each event is looked at once.
    SELECT event.sequence, event.type, event.action, event.biz_step, event.disposition,
           event.event_time, event.party_id, parent.key AS parent
    FROM (SELECT DISTINCT event_sequence FROM item) AS named
    JOIN traceability.event AS event ON event.sequence = named.event_sequence
    -- An event's parent is always its first item.
    LEFT JOIN traceability.event_item AS parent
        ON parent.event_sequence = event.sequence AND parent.number = 0 AND parent.role = 'parent'
    WHERE (event.action IS DISTINCT FROM 'OBSERVE'
           OR event.biz_step IN ('retail_selling', 'dispensing', 'decommissioning', 'destroying'))
      AND event.corrects IS NULL
      AND NOT EXISTS (
          SELECT FROM traceability.event AS declared
          WHERE declared.corrects = event.hash_id
      )
)
SELECT item.key, item.role, happened.type, happened.action, happened.biz_step,
       happened.disposition, happened.event_time, happened.sequence, happened.parent, happened.party_id
FROM item
JOIN happened ON happened.sequence = item.event_sequence
ORDER BY happened.event_time, happened.sequence
