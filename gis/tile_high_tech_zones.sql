-- One vector tile of high-tech zones: id, name. A zone too small to be drawn is a point.
--
-- Parameters: z, x, y, west, south, east, north, tolerance: as in tile_growing_areas.sql.
-- Result: one row, one column: the MVT layer `high-tech-zones`.
-- Index: GiST on high_tech_zone.boundary.
WITH tile AS (
    SELECT ST_TileEnvelope(:z, :x, :y) AS box
)
SELECT ST_AsMVT(feature, 'high-tech-zones', 4096, 'shape', 'id') AS tile
FROM (
    SELECT zone.id, zone.name,
           coalesce(
               ST_AsMVTGeom(ST_Simplify(ST_Transform(zone.boundary, 3857),
                                        CAST(:tolerance AS float8), true),
                            tile.box, 4096, 64, true),
               ST_AsMVTGeom(ST_Transform(ST_Centroid(zone.boundary), 3857),
                            tile.box, 4096, 64, true)
           ) AS shape
    FROM gis.high_tech_zone AS zone CROSS JOIN tile
    WHERE zone.boundary && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
) AS feature
WHERE shape IS NOT NULL
