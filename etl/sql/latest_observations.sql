-- Purpose: the last observation of each variable of a data set, whatever its subject.
-- Parameters: dataset_id.
-- Result: variable, unit, subject, observed_at, value, quality, variable_id; by variable.
-- Index: ix_observation_dataset (dataset_id, variable_id, observed_at).
SELECT v.code AS variable, v.unit, o.subject, o.observed_at, o.value, o.quality,
       v.id AS variable_id
FROM etl.variable AS v
CROSS JOIN LATERAL (
    SELECT latest.subject, latest.observed_at, latest.value, latest.quality
    FROM etl.observation AS latest
    WHERE latest.dataset_id = v.dataset_id AND latest.variable_id = v.id
        AND latest.value IS NOT NULL
    ORDER BY latest.observed_at DESC LIMIT 1
) AS o
WHERE v.dataset_id = :dataset_id
ORDER BY v.id
