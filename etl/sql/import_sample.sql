-- Purpose: the accepted rows of a staged file as simplified shapes, for a preview on the map; what
--   changes something comes first, then a spread over the file.
-- Parameters: most (shapes), tolerance (degrees; a shape is simplified by a hundredth of its own
--   size where that is more).
-- Result: row_no, state ('new', 'changed', 'unchanged'), name, shape (GeoJSON, EPSG:4326, lon/lat).
-- Relies on: load_row and load_state of one load; hashing the row number spreads evenly.
SELECT
    row_no,
    state,
    name,
    ST_AsGeoJSON(
        ST_SimplifyPreserveTopology(
            shape,
            greatest(
                :tolerance,
                0.01 * greatest(
                    ST_XMax(shape) - ST_XMin(shape), ST_YMax(shape) - ST_YMin(shape)
                )
            )
        ),
        6
    ) AS shape
FROM (
    SELECT
        r.row_no,
        CASE
            WHEN s.id IS NULL THEN 'new' WHEN s.is_changed THEN 'changed' ELSE 'unchanged'
        END AS state,
        coalesce(r.name, r.code) AS name,
        r.shape
    FROM load_row AS r
    JOIN load_state AS s ON s.row_no = r.row_no
    WHERE NOT ST_IsEmpty(r.shape)
    ORDER BY s.is_changed DESC, s.id IS NULL, hashint8(r.row_no)
    LIMIT :most
) AS chosen
ORDER BY row_no
