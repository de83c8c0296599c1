-- Purpose: a partition for every month that was staged. Two loads must not make the same month at
--   once: the second waits, then sees what the first made.
-- Parameters: low, high: years between which months have a partition of their own.
-- Result: one row. Index: none.
SELECT count(etl.ensure_observation_month(missing.month))
FROM (
    SELECT pg_advisory_xact_lock(hashtext('etl.observation')) AS held, month
    FROM (
        SELECT DISTINCT date_trunc('month', observed_at AT TIME ZONE 'UTC')::date AS month
        FROM staged_observation
    ) AS staged
    WHERE month >= make_date(:low, 1, 1)
      AND month < make_date(:high, 1, 1)
      AND to_regclass('etl.observation_' || to_char(month, 'YYYY_MM')) IS NULL
) AS missing
WHERE missing.held IS NOT NULL
