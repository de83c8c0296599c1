-- What undoing a change means for the features of one layer: fills the temporary table undo_row.
--
-- Parameters: change: the transaction; layer: the layer.
-- Rows: feature_id; was, was_shape: the row before the change (null: the change made it, so it goes
--   away); version: of the row after the change (null: the change deleted it, so it comes back).
-- Indexes: ix_revision_transaction, pk_revision.
INSERT INTO undo_row (feature_id, was, was_shape, version)
SELECT ends.feature_id, first.before, first.before_shape, CAST(last.after ->> 'version' AS bigint)
FROM (
    SELECT r.feature_id, min(r.id) AS first_id, max(r.id) AS last_id
    FROM gis.revision AS r
    WHERE r.transaction = CAST(:change AS bigint) AND r.layer = CAST(:layer AS text)
    GROUP BY r.feature_id
) AS ends
JOIN gis.revision AS first ON first.id = ends.first_id
JOIN gis.revision AS last ON last.id = ends.last_id
WHERE first.before IS NOT NULL OR last.after IS NOT NULL
