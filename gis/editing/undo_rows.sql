-- What undoing a change means for the features of one layer: fills the temporary table undo_row.
--
-- Parameters: change: the transaction; layer: the layer.
-- Rows: feature_id; was, was_shape: the row before the change (null: the change made it, so it goes
--   away); version: of the row after the change (null: the change deleted it, so it comes back).
-- Index: ix_revision_transaction.
INSERT INTO undo_row (feature_id, was, was_shape, version)
SELECT feature_id, first.before, first.before_shape, CAST(last.after ->> 'version' AS bigint)
FROM (
    SELECT DISTINCT ON (r.feature_id) r.feature_id, r.before, r.before_shape
    FROM gis.revision AS r
    WHERE r.transaction = CAST(:change AS bigint) AND r.layer = CAST(:layer AS text)
    ORDER BY r.feature_id, r.id
) AS first
JOIN (
    SELECT DISTINCT ON (r.feature_id) r.feature_id, r.after
    FROM gis.revision AS r
    WHERE r.transaction = CAST(:change AS bigint) AND r.layer = CAST(:layer AS text)
    ORDER BY r.feature_id, r.id DESC
) AS last USING (feature_id)
WHERE first.before IS NOT NULL OR last.after IS NOT NULL
