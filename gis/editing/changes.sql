-- The latest changes, newest first: a change is all revisions of one transaction.
--
-- Parameters: layer, actor: only changes with such a revision, or null; before: only transactions with a
--   smaller number, or null; most: how many.
-- Result: one row a change, layer and action: transaction, at, actor, reason (of the first revision of
--   its kind), layer, action, features (revisions of this kind).
-- Indexes: pk_revision; ix_revision_transaction, from one transaction to the next smaller, so that a
--   change of 200,000 revisions is stepped over.
WITH RECURSIVE recent AS (
    (
        SELECT r.transaction, 1 AS place
        FROM gis.revision AS r
        WHERE (CAST(:before AS bigint) IS NULL OR r.transaction < CAST(:before AS bigint))
          AND (CAST(:layer AS text) IS NULL OR r.layer = CAST(:layer AS text))
          AND (CAST(:actor AS text) IS NULL OR r.actor = CAST(:actor AS text))
        ORDER BY r.transaction DESC
        LIMIT 1
    )
    UNION ALL
    SELECT n.transaction, recent.place + 1
    FROM recent CROSS JOIN LATERAL (
        SELECT r.transaction
        FROM gis.revision AS r
        WHERE r.transaction < recent.transaction
          AND (CAST(:layer AS text) IS NULL OR r.layer = CAST(:layer AS text))
          AND (CAST(:actor AS text) IS NULL OR r.actor = CAST(:actor AS text))
        ORDER BY r.transaction DESC
        LIMIT 1
    ) AS n
    WHERE recent.place < CAST(:most AS integer)
)
SELECT found.transaction, first.at, first.actor, first.reason, found.layer, found.action,
       found.features
FROM (
    SELECT r.transaction, r.layer, r.action, min(r.id) AS first_id, count(*) AS features
    FROM recent JOIN gis.revision AS r ON r.transaction = recent.transaction
    GROUP BY r.transaction, r.layer, r.action
) AS found
JOIN gis.revision AS first ON first.id = found.first_id
ORDER BY found.transaction DESC, found.first_id
