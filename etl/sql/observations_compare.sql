-- Purpose: how many rows of the staged file are new, changed, or recorded already.
-- Parameters: none. Result: inserted, updated, unchanged (rows of the file).
-- Index: pk_observation (variable_id, subject, observed_at) of each month.
SELECT count(*) FILTER (WHERE NOT known) AS inserted,
       count(*) FILTER (WHERE known AND differs) AS updated,
       count(*) FILTER (WHERE known AND NOT differs) AS unchanged
FROM (
    SELECT s.row,
           bool_or(o.variable_id IS NOT NULL) AS known,
           bool_or(
               o.variable_id IS NULL
               OR o.value IS DISTINCT FROM s.value
               OR o.quality IS DISTINCT FROM s.quality
           ) AS differs
    FROM staged_observation AS s
    LEFT JOIN etl.observation AS o
        ON o.variable_id = s.variable_id
        AND o.subject = s.subject
        AND o.observed_at = s.observed_at
    GROUP BY s.row
) AS compared
