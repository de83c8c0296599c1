-- Purpose: write the staged statistics that are new or differ; what is equal is not touched.
-- Parameters: scene_id, layer, band (from 1), rule ('centre' or 'exact').
-- Result: the number of statistics written. Index: uq_scene_statistic_key.
-- A class that no longer occurs in a feature is forgotten.
WITH forgotten AS (
    DELETE FROM gis.scene_statistic AS t
    USING (SELECT DISTINCT feature_id FROM staged_statistic) AS f
    WHERE t.scene_id = :scene_id AND t.layer = :layer AND t.band = :band AND t.rule = :rule
        AND t.feature_id = f.feature_id AND t.statistic LIKE 'class\_%'
        AND EXISTS (SELECT FROM staged_statistic WHERE statistic LIKE 'class\_%')
        AND NOT EXISTS (
            SELECT FROM staged_statistic AS s
            WHERE s.feature_id = t.feature_id AND s.statistic = t.statistic
        )
), written AS (
    INSERT INTO gis.scene_statistic AS t
        (scene_id, layer, feature_id, feature_version, band, statistic, rule, value)
    SELECT :scene_id, :layer, s.feature_id, s.feature_version, :band, s.statistic, :rule, s.value
    FROM staged_statistic AS s
    ON CONFLICT ON CONSTRAINT uq_scene_statistic_key DO UPDATE
    SET feature_version = excluded.feature_version, value = excluded.value, computed_at = now()
    WHERE t.value IS DISTINCT FROM excluded.value
        OR t.feature_version <> excluded.feature_version
    RETURNING 1
)
SELECT count(*) FROM written
