-- One vector tile of applications: id, receipt, status. One without a drawn boundary is a point.
--
-- Parameters: z, x, y, west, south, east, north, tolerance: as in tile_growing_areas.sql; commune: the
--   code of the one commune whose applications the reader may see, or null.
-- Result: one row, one column: the MVT layer `applications`.
-- Indexes: GiST on application.boundary and application.location.
WITH tile AS (
    SELECT ST_TileEnvelope(:z, :x, :y) AS box
)
SELECT ST_AsMVT(feature, 'applications', 4096, 'shape', 'id') AS tile
FROM (
    SELECT a.id, a.receipt, a.status,
           coalesce(
               ST_AsMVTGeom(ST_Simplify(ST_Transform(a.boundary, 3857),
                                        CAST(:tolerance AS float8), true),
                            tile.box, 4096, 64, true),
               ST_AsMVTGeom(ST_Transform(a.location, 3857), tile.box, 4096, 64, true)
           ) AS shape
    FROM gis.application AS a CROSS JOIN tile
    LEFT JOIN gis.administrative_unit AS u ON u.id = a.commune_id
    WHERE (a.boundary && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
           OR a.location && ST_MakeEnvelope(:west, :south, :east, :north, 4326))
      AND (CAST(:commune AS text) IS NULL OR u.code = CAST(:commune AS text))
) AS feature
WHERE shape IS NOT NULL
