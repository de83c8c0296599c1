-- One vector tile of the units of one day: MVT layers `administrative-units` (outlines) and
-- `administrative-units-labels` (one point well inside each unit, so that a name is written once).
--
-- Parameters: day: the day whose units are drawn; z, x, y, west, south, east, north, tolerance: as
--   in tile_growing_areas.sql.
-- Result: one row, one column. Far away (below zoom 7) units are provinces where there are any, from
--   7 to 8 also the districts of former days, from 7 on communes.
-- Index: GiST on administrative_unit.boundary.
WITH tile AS (
    SELECT ST_TileEnvelope(:z, :x, :y) AS box
), unit AS (
    SELECT u.id, u.code, u.name, u.level, u.boundary
    FROM gis.administrative_unit AS u
    WHERE u.boundary && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
      AND u.valid_from <= :day AND (u.valid_to IS NULL OR u.valid_to >= :day)
      AND CASE
          WHEN u.level = 'province' THEN true
          WHEN u.level = 'district' THEN :z >= 7
          ELSE :z >= 7 OR NOT EXISTS (
              SELECT FROM gis.administrative_unit AS province
              WHERE province.level = 'province' AND province.boundary && u.boundary
                AND province.valid_from <= :day
                AND (province.valid_to IS NULL OR province.valid_to >= :day))
      END
), outline AS (
    SELECT ST_AsMVT(feature, 'administrative-units', 4096, 'shape', 'id') AS tile
    FROM (
        SELECT unit.id, unit.code, unit.level,
               ST_AsMVTGeom(ST_Simplify(ST_Transform(unit.boundary, 3857),
                                        CAST(:tolerance AS float8), true),
                            tile.box, 4096, 64, true) AS shape
        FROM unit CROSS JOIN tile
    ) AS feature
    WHERE shape IS NOT NULL
), label AS (
    SELECT ST_AsMVT(feature, 'administrative-units-labels', 4096, 'shape', 'id') AS tile
    FROM (
        SELECT unit.id, unit.name, unit.level,
               -- Without a buffer: a label belongs to one tile. The middle of the widest part.
               ST_AsMVTGeom(
                   ST_Transform(
                       (ST_MaximumInscribedCircle(ST_Simplify(unit.boundary, 0.002, true))).center,
                       3857),
                   tile.box, 4096, 0, true) AS shape
        FROM unit CROSS JOIN tile
    ) AS feature
    WHERE shape IS NOT NULL
)
SELECT outline.tile || label.tile AS tile FROM outline, label
