-- Purpose: what things came from, through any number of events: the inputs of what made them (also
--   in further events of the same run, `transformationID`), what containers hold, the lots of
--   serials (by what events say, and by the numbers issued here); and, upwards only, the containers
--   that the things asked for were packed into.
-- Parameters: keys text[]: where to begin. depth integer: so many steps, null = all.
-- Result: a row a step of the flow: source, target, event_sequence (null: by a serial's own row),
--   kind (made, packed: child into parent, held: the container of what was asked for,
--   lot: of a serial, into run, from run: of a transformationID).
--   A product without a lot is everybody's: it is told, and not followed unless asked for.
--   Steps of revoked events are told, too.
-- Index: ix_event_item_key, ix_event_item_role, uq_serial_product_serial.
WITH RECURSIVE pair (from_role, to_role, kind) AS (
    VALUES
        ('output', 'input', 'made'),
        ('output', 'run', 'from run'),
        ('run', 'input', 'into run'),
        ('parent', 'child', 'packed'),
        ('child', 'parent', 'held'),
        ('epc', 'lot', 'lot'),
        ('output', 'lot', 'lot')
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
        SELECT there.key, pair.kind = 'held' AS is_container
        FROM traceability.event_item AS here
        JOIN pair ON pair.from_role = here.role
        JOIN traceability.event_item AS there
            ON there.event_sequence = here.event_sequence AND there.role = pair.to_role
        WHERE here.key = reached.key
            AND CASE WHEN here.role = 'child'
                THEN reached.is_container OR reached.key = ANY (CAST(:keys AS text[]))
                ELSE NOT reached.is_container
            END
            AND NOT (pair.kind = 'lot' AND (
                here.is_class OR split_part(there.key, '/', 3) <> split_part(here.key, '/', 3)
            ))
        UNION ALL
        SELECT own.key COLLATE "C", false
        FROM traceability.lot_of_serial(reached.key) AS own (key)
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
SELECT
    CASE WHEN here.role = 'child' THEN here.key ELSE there.key END AS source,
    CASE WHEN here.role = 'child' THEN there.key ELSE here.key END AS target, here.event_sequence, pair.kind
FROM followed
JOIN traceability.event_item AS here ON here.key = followed.key
JOIN pair ON pair.from_role = here.role
JOIN traceability.event_item AS there
    ON there.event_sequence = here.event_sequence AND there.role = pair.to_role
WHERE CASE WHEN here.role = 'child'
        THEN followed.is_container OR followed.key = ANY (CAST(:keys AS text[]))
        ELSE NOT followed.is_container
    END
    AND NOT (pair.kind = 'lot' AND (
        here.is_class OR split_part(there.key, '/', 3) <> split_part(here.key, '/', 3)
    ))
UNION
SELECT own.key COLLATE "C", followed.key, NULL, 'lot'
FROM followed
CROSS JOIN LATERAL traceability.lot_of_serial(followed.key) AS own (key)
WHERE NOT followed.is_container
