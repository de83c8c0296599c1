-- One low-zoom tile of growing areas: per cell of 1/16 of the tile and crop, how many there are and
-- their area. Nothing is left out: the counts of all tiles of a zoom add up to the growing areas.
--
-- Parameters: exact: whether the reader is trusted with exact places; z, x, y: the tile; west,
--   south, east, north: its box, degrees (EPSG:4326).
-- Result: one row, one column: the MVT layer `growing-areas-summary` (count, area_ha, crop), points.
-- Index: GiST on growing_area.location.
WITH shown AS (
    SELECT g.crop_id, g.area_ha,
           CASE WHEN NOT :exact AND gis.is_singled_out(p.kind, g.household_count, g.area_ha)
                THEN gis.rounded_location(g.location) ELSE g.location END AS location
    FROM gis.growing_area AS g LEFT JOIN gis.party AS p ON p.id = g.party_id
    WHERE g.location && ST_MakeEnvelope(
              CAST(:west AS float8) - 0.01, CAST(:south AS float8) - 0.01,
              CAST(:east AS float8) + 0.01, CAST(:north AS float8) + 0.01, 4326)
      AND g.status <> 'closed'
), placed AS (
    SELECT crop_id, area_ha,
           ((ST_X(location) + 180) / 360 * power(2, :z) - :x) * 16 AS across,
           ((1 - asinh(tand(ST_Y(location))) / pi()) / 2 * power(2, :z) - :y) * 16 AS down
    FROM shown
), cell AS (
    SELECT crop_id, count(*)::int AS count, round(sum(area_ha)::numeric, 2)::float8 AS area_ha,
           avg(across) AS across, avg(down) AS down
    FROM placed
    WHERE across >= 0 AND across < 16 AND down >= 0 AND down < 16
    GROUP BY crop_id, floor(across), floor(down)
)
SELECT ST_AsMVT(feature, 'growing-areas-summary', 4096, 'shape') AS tile
FROM (
    SELECT cell.count, cell.area_ha, c.code AS crop,
           ST_Point(floor(across * 256), floor(down * 256)) AS shape
    FROM cell LEFT JOIN gis.crop AS c ON c.id = cell.crop_id
) AS feature
