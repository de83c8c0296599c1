-- Mends the invalid geometries of load_row and says what changed.
-- Polygons by the structure of their rings; nothing of lower dimension is kept. A line whose points
-- all coincide becomes that point. What cannot be mended to its own kind stays and is refused next.
-- Fills load_repair (row_no, what, shape); areas geodesic on WGS84, hectares.
-- Relies on: one scan of load_row.
WITH broken AS MATERIALIZED (
    SELECT
        row_no,
        shape,
        GeometryType(shape) IN ('POLYGON', 'MULTIPOLYGON') AS is_area,
        ST_IsValidDetail(shape) AS detail
    FROM load_row
    WHERE NOT ST_IsValid(shape)
),
mended AS (
    SELECT
        row_no,
        shape,
        is_area,
        detail,
        CASE
            WHEN is_area
            THEN ST_CollectionExtract(
                ST_MakeValid(shape, 'method=structure keepcollapsed=false'), 3
            )
            WHEN NOT ST_IsEmpty(ST_CollectionExtract(ST_MakeValid(shape), 2))
            THEN ST_CollectionExtract(ST_MakeValid(shape), 2)
            ELSE ST_CollectionExtract(ST_MakeValid(shape), 1)
        END AS whole
    FROM broken
)
INSERT INTO load_repair (row_no, what, shape)
SELECT
    row_no,
    (detail).reason
    || coalesce(
        format(
            ' at %s %s',
            round(ST_X((detail).location)::numeric, 6),
            round(ST_Y((detail).location)::numeric, 6)
        ),
        ''
    )
    || CASE
        WHEN is_area
        THEN format(
            ': area %s ha before, %s ha after',
            round((ST_Area(shape::geography) / 10000)::numeric, 4),
            round((ST_Area(whole::geography) / 10000)::numeric, 4)
        )
        ELSE format(': %s became %s', GeometryType(shape), GeometryType(whole))
    END,
    whole
FROM mended
WHERE NOT ST_IsEmpty(whole) AND ST_IsValid(whole)
