-- Purpose: what became of things, through any number of events: the outputs of what they went into
--   (also in further events of the same run, `transformationID`), what they were packed into, the
--   serials of a lot (by what events say, and by the numbers issued here that events name).
-- Parameters: keys text[]: where to begin. depth integer: so many steps, null = all.
-- Result: a row a step of the flow: source, target, event_sequence (null: by a serial's own row),
--   kind (made, packed: child into parent, held: a container's content,
--   lot: of a serial, into run, from run: of a transformationID).
--   A product without a lot is everybody's: it is told, and not followed unless asked for. What
--   lies beside a thing in its container is not reached.
--   Steps of revoked events are told, too.
-- Index: ix_event_item_key, ix_event_item_role, ix_serial_lot_id.
WITH RECURSIVE pair (from_role, to_role, kind) AS (
    VALUES
        ('input', 'output', 'made'),
        ('input', 'run', 'into run'),
        ('run', 'output', 'from run'),
        ('child', 'parent', 'packed'),
        ('parent', 'child', 'held'),
        ('lot', 'epc', 'lot'),
        ('lot', 'output', 'lot')
), reached (key, is_container, level) AS (
    SELECT start COLLATE "C", false, 0
    FROM unnest(CAST(:keys AS text[])) AS start
    UNION
    SELECT
        step.key,
        step.is_container,
        CASE WHEN CAST(:depth AS integer) IS NULL THEN 0 ELSE reached.level + 1 END
    FROM reached
    CROSS JOIN LATERAL (
        SELECT there.key, pair.kind = 'packed' AS is_container
        FROM traceability.event_item AS here
        JOIN pair ON pair.from_role = here.role
        JOIN traceability.event_item AS there
            ON there.event_sequence = here.event_sequence AND there.role = pair.to_role
        WHERE here.key = reached.key
            AND NOT (reached.is_container AND here.role = 'parent')
            AND NOT (pair.kind = 'lot' AND (
                there.is_class OR split_part(there.key, '/', 3) <> split_part(here.key, '/', 3)
            ))
        UNION ALL
        SELECT own.key COLLATE "C", false
        FROM traceability.serials_of_lot(reached.key) AS own (key)
        WHERE NOT reached.is_container
    ) AS step
    WHERE (CAST(:depth AS integer) IS NULL OR reached.level < CAST(:depth AS integer))
        AND (reached.key !~ '^/(01|t)/[^/]+$' OR reached.key = ANY (CAST(:keys AS text[])))
), followed AS (
    SELECT key, bool_and(is_container) AS is_container
    FROM reached
    WHERE (CAST(:depth AS integer) IS NULL OR level < CAST(:depth AS integer))
        AND (key !~ '^/(01|t)/[^/]+$' OR key = ANY (CAST(:keys AS text[])))
    GROUP BY key
)
SELECT here.key AS source, there.key AS target, here.event_sequence, pair.kind
FROM followed
JOIN traceability.event_item AS here ON here.key = followed.key
JOIN pair ON pair.from_role = here.role
JOIN traceability.event_item AS there
    ON there.event_sequence = here.event_sequence AND there.role = pair.to_role
WHERE NOT (followed.is_container AND here.role = 'parent')
    AND NOT (pair.kind = 'lot' AND (
        there.is_class OR split_part(there.key, '/', 3) <> split_part(here.key, '/', 3)
    ))
UNION
SELECT followed.key, own.key COLLATE "C", NULL, 'lot'
FROM followed
CROSS JOIN LATERAL traceability.serials_of_lot(followed.key) AS own (key)
WHERE NOT followed.is_container
