-- One vector tile of high-tech zones: MVT layers `high-tech-zones` (id; a zone too small to be drawn
-- is a point) and `high-tech-zones-labels` (id, name: one point well inside each zone).
--
-- Parameters: z, x, y, west, south, east, north, tolerance: as in tile_growing_areas.sql.
-- Result: one row, one column.
-- Index: GiST on high_tech_zone.boundary.
WITH tile AS (
    SELECT ST_TileEnvelope(:z, :x, :y) AS box
), zone AS (
    SELECT z.id, z.name, z.boundary
    FROM gis.high_tech_zone AS z
    WHERE z.boundary && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
), outline AS (
    SELECT ST_AsMVT(feature, 'high-tech-zones', 4096, 'shape', 'id') AS tile
    FROM (
        SELECT zone.id,
               coalesce(
                   ST_AsMVTGeom(ST_Simplify(ST_Transform(zone.boundary, 3857),
                                            CAST(:tolerance AS float8), true),
                                tile.box, 4096, 64, true),
                   ST_AsMVTGeom(ST_Transform(ST_Centroid(zone.boundary), 3857),
                                tile.box, 4096, 64, true)
               ) AS shape
        FROM zone CROSS JOIN tile
    ) AS feature
    WHERE shape IS NOT NULL
), label AS (
    SELECT ST_AsMVT(feature, 'high-tech-zones-labels', 4096, 'shape', 'id') AS tile
    FROM (
        SELECT zone.id, zone.name,
               ST_AsMVTGeom(ST_Transform(ST_PointOnSurface(zone.boundary), 3857),
                            tile.box, 4096, 0, true) AS shape
        FROM zone CROSS JOIN tile
    ) AS feature
    WHERE shape IS NOT NULL
)
SELECT outline.tile || label.tile AS tile FROM outline, label
