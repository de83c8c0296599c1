-- One low-zoom tile of growing areas: per cell of 1/8 of the tile, how many there are, their area
-- and what is grown. Nothing is left out: the counts of all tiles of a zoom add up to the growing
-- areas that are not closed.
--
-- Parameters: exact: whether the reader is trusted with exact places; z, x, y: the tile; west,
--   south, east, north: its box, degrees (EPSG:4326).
-- Result: one row, one column: the MVT layer `growing-areas-summary`, points: count, area_ha, crops
--   (`code:area_ha` separated by commas, the largest first).
-- Index: GiST on growing_area.location.
WITH shown AS (
    SELECT c.code AS crop,
           -- A cell may hold one household: its area no more exactly than in its feature.
           CASE WHEN hidden THEN round(g.area_ha::numeric, 1)::float8 ELSE g.area_ha END
               AS area_ha,
           CASE WHEN hidden THEN gis.rounded_location(g.location) ELSE g.location END AS location
    FROM gis.growing_area AS g
    LEFT JOIN gis.party AS p ON p.id = g.party_id
    LEFT JOIN gis.crop AS c ON c.id = g.crop_id
    CROSS JOIN LATERAL (
        SELECT NOT :exact AND gis.is_singled_out(p.kind, g.household_count, g.area_ha) AS hidden
    ) AS rule
    WHERE g.location && ST_MakeEnvelope(
              CAST(:west AS float8) - 0.01, CAST(:south AS float8) - 0.01,
              CAST(:east AS float8) + 0.01, CAST(:north AS float8) + 0.01, 4326)
      AND g.status <> 'closed'
), placed AS MATERIALIZED (
    SELECT coalesce(crop, 'khac') AS crop, area_ha,
           ((ST_X(location) + 180) / 360 * power(2, :z) - :x) * 8 AS across,
           ((1 - asinh(tand(ST_Y(location))) / pi()) / 2 * power(2, :z) - :y) * 8 AS down
    FROM shown
), by_crop AS (
    SELECT floor(across) AS i, floor(down) AS j, crop, count(*) AS number,
           sum(area_ha) AS area_ha, sum(across) AS across, sum(down) AS down
    FROM placed
    WHERE across >= 0 AND across < 8 AND down >= 0 AND down < 8
    GROUP BY i, j, crop
)
SELECT ST_AsMVT(feature, 'growing-areas-summary', 4096, 'shape') AS tile
FROM (
    SELECT sum(number)::int AS count, round(sum(area_ha)::numeric, 2)::float8 AS area_ha,
           string_agg(crop || ':' || round(area_ha::numeric, 2), ',' ORDER BY area_ha DESC, crop)
               AS crops,
           ST_Point(floor(sum(across) / sum(number) * 512), floor(sum(down) / sum(number) * 512))
               AS shape
    FROM by_crop GROUP BY i, j
) AS feature
