-- Finds who lies upon whom: suspect rows of the file against all rows of the file.
-- Parameters: tolerance_m2 (smaller overlaps are drawing noise), most (rows returned).
-- Returns row_no, other_row, overlap_m2 (geodesic, WGS84), percent (of row_no's area), total pairs.
-- Relies on: the GiST index on load_row.shape made just before, load_suspect being short or the
-- file small. ST_Relate, not ST_Overlaps, so that a parcel inside another is found too.
WITH pair AS MATERIALIZED (
    SELECT
        a.row_no,
        b.row_no AS other_row,
        a.shape,
        ST_CollectionExtract(ST_Intersection(a.shape, b.shape), 3) AS shared
    FROM load_suspect AS s
    JOIN load_row AS a ON a.row_no = s.row_no
    JOIN load_row AS b ON b.shape && a.shape AND b.row_no <> a.row_no
    WHERE
        (
            a.row_no < b.row_no
            OR NOT EXISTS (SELECT FROM load_suspect AS o WHERE o.row_no = b.row_no)
        )
        AND ST_Relate(a.shape, b.shape, '2********')
),
measured AS (
    SELECT
        row_no,
        other_row,
        ST_Area(shared::geography) AS overlap_m2,
        100 * ST_Area(shared::geography) / nullif(ST_Area(shape::geography), 0) AS percent
    FROM pair
)
SELECT row_no, other_row, overlap_m2, percent, count(*) OVER () AS total
FROM measured
WHERE overlap_m2 > :tolerance_m2
ORDER BY overlap_m2 DESC, row_no, other_row
LIMIT :most
