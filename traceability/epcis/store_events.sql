-- Purpose: write events, their items and their identities, unless the same content is stored
--   already. Two captures of one content meet at the identity: the second waits for the first.
-- Parameters: one array for each column of traceability.event, an element for each event; claims:
--   what is stored once, null where it was claimed before. Arrays of items, an element for each:
--   owners (the sequence of their event), numbers, roles, keys, classes, quantities, uoms.
-- Result: sequences of the events written. Index: pk_event_identity.
WITH given AS (
    SELECT *
    FROM unnest(
        CAST(:claim AS bytea[]), CAST(:sequence AS bigint[]), CAST(:recorded_at AS timestamptz[]),
        CAST(:identity AS bytea[]), CAST(:hash_id AS text[]), CAST(:event_id AS text[]),
        CAST(:event_time AS timestamptz[]), CAST(:time_zone_offset AS text[]),
        CAST(:type AS text[]), CAST(:action AS text[]), CAST(:biz_step AS text[]),
        CAST(:disposition AS text[]), CAST(:read_point AS text[]), CAST(:biz_location AS text[]),
        CAST(:transformation_id AS text[]), CAST(:corrects AS text[]), CAST(:reason AS text[]),
        CAST(:repeats AS bigint[]), CAST(:context AS text[]), CAST(:body AS text[]),
        CAST(:captured_by AS text[]), CAST(:party_id AS bigint[])
    ) AS event (
        claim, sequence, recorded_at, identity, hash_id, event_id, event_time, time_zone_offset,
        type, action, biz_step, disposition, read_point, biz_location, transformation_id, corrects,
        reason, repeats, context, body, captured_by, party_id
    )
), claimed AS (
    INSERT INTO traceability.event_identity (identity, event_sequence)
    SELECT claim, sequence FROM given WHERE claim IS NOT NULL ORDER BY claim
    ON CONFLICT (identity) DO NOTHING
    RETURNING event_sequence
), fresh AS (
    SELECT event_sequence FROM claimed
    UNION ALL
    SELECT sequence FROM given WHERE claim IS NULL
), items AS (
    INSERT INTO traceability.event_item
        (event_sequence, number, role, key, is_class, quantity, uom)
    SELECT item.*
    FROM unnest(
        CAST(:owners AS bigint[]), CAST(:numbers AS integer[]), CAST(:roles AS text[]),
        CAST(:keys AS text[]), CAST(:classes AS boolean[]), CAST(:quantities AS numeric[]),
        CAST(:uoms AS text[])
    ) AS item (event_sequence, number, role, key, is_class, quantity, uom)
    WHERE item.event_sequence IN (SELECT event_sequence FROM fresh)
)
INSERT INTO traceability.event (
    sequence, recorded_at, identity, hash_id, event_id, event_time, time_zone_offset, type, action,
    biz_step, disposition, read_point, biz_location, transformation_id, corrects, reason, repeats,
    context, body, captured_by, party_id
)
SELECT
    sequence, recorded_at, identity, hash_id, event_id, event_time, time_zone_offset, type, action,
    biz_step, disposition, read_point, biz_location, transformation_id, corrects, reason, repeats,
    context, body, captured_by, party_id
FROM given
WHERE sequence IN (SELECT event_sequence FROM fresh)
ORDER BY sequence
RETURNING sequence
