-- Purpose: write the staged observations that are new or differ; what is equal is not touched.
-- Parameters: dataset_id, run_id. Result: none.
-- Index: pk_observation (variable_id, subject, observed_at) of each month.
INSERT INTO etl.observation AS o
    (variable_id, subject, observed_at, dataset_id, value, quality, run_id)
SELECT s.variable_id, s.subject, s.observed_at, :dataset_id, s.value, s.quality, :run_id
FROM staged_observation AS s
ON CONFLICT (variable_id, subject, observed_at) DO UPDATE
SET value = excluded.value, quality = excluded.quality, run_id = excluded.run_id
WHERE o.value IS DISTINCT FROM excluded.value OR o.quality IS DISTINCT FROM excluded.quality
