-- One vector tile of tracks: id, name.
--
-- Parameters: z, x, y, west, south, east, north, tolerance: as in tile_growing_areas.sql.
-- Result: one row, one column: the MVT layer `tracks`, lines and points.
-- Index: GiST on track.path.
SELECT ST_AsMVT(feature, 'tracks', 4096, 'shape', 'id') AS tile
FROM (
    SELECT track.id, track.name,
           ST_AsMVTGeom(ST_Simplify(ST_Transform(track.path, 3857),
                                    CAST(:tolerance AS float8), true),
                        ST_TileEnvelope(:z, :x, :y), 4096, 64, true) AS shape
    FROM gis.track AS track
    WHERE track.path && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
) AS feature
WHERE shape IS NOT NULL
