-- Purpose: write one event, its items and its identity, unless the same content is stored already.
--   Two captures of the same content meet at the identity: the second waits for the first.
-- Parameters: the columns of traceability.event; claim: what is stored once; numbers, roles, keys, classes, quantities, uoms:
--   arrays of the same length, one element for each item.
-- Result: sequence of the stored event; no row when it was there. Index: pk_event_identity.
WITH fresh AS (
    INSERT INTO traceability.event_identity (identity, event_sequence)
    VALUES (CAST(:claim AS bytea), CAST(:sequence AS bigint))
    ON CONFLICT (identity) DO NOTHING
    RETURNING event_sequence
), items AS (
    INSERT INTO traceability.event_item
        (event_sequence, number, role, key, is_class, quantity, uom)
    SELECT fresh.event_sequence, item.*
    FROM fresh, unnest(
        CAST(:numbers AS integer[]), CAST(:roles AS text[]), CAST(:keys AS text[]),
        CAST(:classes AS boolean[]), CAST(:quantities AS numeric[]), CAST(:uoms AS text[])
    ) AS item
)
INSERT INTO traceability.event (
    sequence, recorded_at, identity, hash_id, event_id, event_time, time_zone_offset, type, action,
    biz_step, disposition, read_point, biz_location, transformation_id, corrects, reason,
    repeats, context, body, captured_by, party_id
)
SELECT
    event_sequence, CAST(:recorded_at AS timestamptz), CAST(:identity AS bytea), :hash_id,
    :event_id, CAST(:event_time AS timestamptz), :time_zone_offset, :type, :action, :biz_step,
    :disposition, :read_point, :biz_location, :transformation_id, :corrects, :reason,
    CAST(:repeats AS bigint), :context, :body, :captured_by, CAST(:party_id AS bigint)
FROM fresh
RETURNING sequence
