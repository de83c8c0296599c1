-- One vector tile of facilities: id, kind, and the name when near.
--
-- Parameters: exact, named, z, x, y, west, south, east, north: as in tile_growing_areas.sql.
-- Result: one row, one column: the MVT layer `facilities`, points.
-- Index: GiST on facility.location.
SELECT ST_AsMVT(feature, 'facilities', 4096, 'shape', 'id') AS tile
FROM (
    SELECT f.id, f.kind, CASE WHEN hidden THEN true END AS generalised,
           CASE WHEN :named AND NOT hidden THEN f.name END AS name,
           ST_AsMVTGeom(
               ST_Transform(CASE WHEN hidden THEN gis.rounded_location(f.location)
                                 ELSE f.location END, 3857),
               ST_TileEnvelope(:z, :x, :y), 4096, 64, true
           ) AS shape
    FROM gis.facility AS f LEFT JOIN gis.party AS p ON p.id = f.party_id
    CROSS JOIN LATERAL (
        SELECT NOT :exact AND gis.is_singled_out(p.kind, NULL, NULL) AS hidden
    ) AS rule
    WHERE f.location && ST_MakeEnvelope(
        CAST(:west AS float8) - 0.01, CAST(:south AS float8) - 0.01,
        CAST(:east AS float8) + 0.01, CAST(:north AS float8) + 0.01, 4326)
) AS feature
WHERE shape IS NOT NULL
