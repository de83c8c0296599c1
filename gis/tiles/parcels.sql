-- One vector tile of parcels, thin: id, crop and shape.
--
-- Parameters: west, south, east, north: the tile's box in degrees (EPSG:4326); margin: the buffer
--   around it, degrees; tolerance: what simplification may move a line by, degrees.
-- Result: one row, one column: the MVT layer `parcels`.
-- Index: GiST on parcel.boundary.
--
-- The tile is cut in degrees, without ST_Transform: Web Mercator is linear in longitude, and inside
-- one tile of zoom 12 or deeper a latitude between 0 and 24 is within 0.4 of a tile's 4096 units of
-- a straight scale. Not to be used above zoom 12.
SELECT ST_AsMVT(feature, 'parcels', 4096, 'shape', 'id') AS tile
FROM (
    SELECT p.id, c.code AS crop,
           ST_AsMVTGeom(
               ST_Simplify(p.boundary, CAST(:tolerance AS float8), true),
               ST_MakeBox2D(ST_Point(:west, :south), ST_Point(:east, :north)), 4096, 64, true
           ) AS shape
    FROM gis.parcel AS p LEFT JOIN gis.crop AS c ON c.id = p.crop_id
    WHERE p.boundary && ST_MakeEnvelope(
        CAST(:west AS float8) - CAST(:margin AS float8),
        CAST(:south AS float8) - CAST(:margin AS float8),
        CAST(:east AS float8) + CAST(:margin AS float8),
        CAST(:north AS float8) + CAST(:margin AS float8), 4326)
    ORDER BY p.id -- the same bytes whatever plan is chosen
) AS feature
