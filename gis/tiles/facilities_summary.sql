-- One low-zoom tile of facilities: per cell of 1/16 of the tile, how many there are.
--
-- Parameters: exact: whether the reader is trusted with exact places; z, x, y: the tile; west,
--   south, east, north: its box, degrees (EPSG:4326).
-- Result: one row, one column: the MVT layer `facilities-summary` (count), points.
-- Index: GiST on facility.location.
WITH shown AS (
    SELECT CASE WHEN NOT :exact AND gis.is_singled_out(p.kind, NULL, NULL)
                THEN gis.rounded_location(f.location) ELSE f.location END AS location
    FROM gis.facility AS f LEFT JOIN gis.party AS p ON p.id = f.party_id
    WHERE f.location && ST_MakeEnvelope(
        CAST(:west AS float8) - 0.01, CAST(:south AS float8) - 0.01,
        CAST(:east AS float8) + 0.01, CAST(:north AS float8) + 0.01, 4326)
), placed AS (
    SELECT ((ST_X(location) + 180) / 360 * power(2, :z) - :x) * 16 AS across,
           ((1 - asinh(tand(ST_Y(location))) / pi()) / 2 * power(2, :z) - :y) * 16 AS down
    FROM shown
), cell AS (
    SELECT count(*)::int AS count, avg(across) AS across, avg(down) AS down
    FROM placed
    WHERE across >= 0 AND across < 16 AND down >= 0 AND down < 16
    GROUP BY floor(across), floor(down)
)
SELECT ST_AsMVT(feature, 'facilities-summary', 4096, 'shape') AS tile
FROM (
    SELECT count, ST_Point(floor(across * 256), floor(down * 256)) AS shape FROM cell
) AS feature
