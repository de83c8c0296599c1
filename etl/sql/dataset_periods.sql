-- Purpose: the first and last instant observed in each data set, without counting its rows.
-- Parameters: none. Result: dataset_id, first, last.
-- Index: ix_observation_dataset (dataset_id, variable_id, observed_at), both its ends per variable.
SELECT v.dataset_id, min(low.observed_at) AS first, max(high.observed_at) AS last
FROM etl.variable AS v
CROSS JOIN LATERAL (
    SELECT o.observed_at FROM etl.observation AS o
    WHERE o.dataset_id = v.dataset_id AND o.variable_id = v.id
    ORDER BY o.observed_at LIMIT 1
) AS low
CROSS JOIN LATERAL (
    SELECT o.observed_at FROM etl.observation AS o
    WHERE o.dataset_id = v.dataset_id AND o.variable_id = v.id
    ORDER BY o.observed_at DESC LIMIT 1
) AS high
GROUP BY v.dataset_id
