-- One low-zoom tile of parcels: cells of 1/32 of the tile, each with how many parcels have their
-- middle there, their area and the crop that most of the area is under. Nothing is left out: over
-- all tiles of a zoom the counts add up to the number of parcels.
--
-- Parameters: west, south, east, north: the tile's box in degrees (EPSG:4326); z, x, y: the tile.
-- Result: one row, one column: the MVT layer `parcels-summary` (count, area_ha, crop).
-- Index: GiST on parcel.boundary.
WITH middle AS (
    SELECT crop_id, area_ha,
           -- box2d() is the box kept with the geometry: no ring is read.
           (ST_XMin(box2d(boundary)) + ST_XMax(box2d(boundary))) / 2 AS lon,
           (ST_YMin(box2d(boundary)) + ST_YMax(box2d(boundary))) / 2 AS lat
    FROM gis.parcel
    WHERE boundary && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
), placed AS MATERIALIZED (
    SELECT crop_id, area_ha,
           ((lon + 180) / 360 * power(2, :z) - :x) * 32 AS across,
           ((1 - asinh(tand(lat)) / pi()) / 2 * power(2, :z) - :y) * 32 AS down
    FROM middle
), by_crop AS (
    SELECT floor(across)::int AS i, floor(down)::int AS j, crop_id,
           count(*) AS number, sum(area_ha) AS area_ha
    FROM placed
    WHERE across >= 0 AND across < 32 AND down >= 0 AND down < 32
    GROUP BY i, j, crop_id
), cell AS (
    SELECT DISTINCT ON (i, j) i, j, crop_id,
           sum(number) OVER (PARTITION BY i, j) AS number,
           sum(area_ha) OVER (PARTITION BY i, j) AS area_ha
    FROM by_crop ORDER BY i, j, by_crop.area_ha DESC, crop_id
)
SELECT ST_AsMVT(feature, 'parcels-summary', 4096, 'shape') AS tile
FROM (
    SELECT cell.number::int AS count, round(cell.area_ha::numeric, 2)::float8 AS area_ha,
           c.code AS crop,
           ST_MakeEnvelope(i * 128, j * 128, (i + 1) * 128, (j + 1) * 128) AS shape
    FROM cell LEFT JOIN gis.crop AS c ON c.id = cell.crop_id
) AS feature
