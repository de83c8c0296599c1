-- One vector tile of growing areas: MVT layers `growing-areas` (id, crop, whether the place is
-- rounded; an area too small to be drawn is a point, so that none is lost) and, when near,
-- `growing-areas-labels` (id, name: one point inside each area).
--
-- Parameters: exact: whether the reader is trusted with exact places; named: whether names are
--   wanted; z, x, y: the tile; west, south, east, north: its box with its margin, degrees
--   (EPSG:4326); tolerance: what simplification may move a line by, metres of EPSG:3857.
-- Result: one row, one column.
-- Indexes: GiST on growing_area.boundary and growing_area.location.
WITH tile AS (
    SELECT ST_TileEnvelope(:z, :x, :y) AS box
), shown AS (
    SELECT g.id, g.crop_id,
           CASE WHEN hidden THEN NULL ELSE g.name END AS name,
           CASE WHEN hidden THEN true END AS generalised,
           CASE WHEN hidden THEN NULL ELSE g.boundary END AS boundary,
           CASE WHEN hidden THEN gis.rounded_location(g.location) ELSE g.location END AS location
    FROM gis.growing_area AS g LEFT JOIN gis.party AS p ON p.id = g.party_id
    CROSS JOIN LATERAL (
        SELECT NOT :exact AND gis.is_singled_out(p.kind, g.household_count, g.area_ha) AS hidden
    ) AS rule
    WHERE (g.boundary && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
           -- A rounded place lies up to half a cell of 0.01 degrees from the stored one.
           OR g.location && ST_MakeEnvelope(
               CAST(:west AS float8) - 0.01, CAST(:south AS float8) - 0.01,
               CAST(:east AS float8) + 0.01, CAST(:north AS float8) + 0.01, 4326))
      AND g.status <> 'closed'
), outline AS (
    SELECT ST_AsMVT(feature, 'growing-areas', 4096, 'shape', 'id') AS tile
    FROM (
        SELECT s.id, c.code AS crop, s.generalised,
               coalesce(
                   ST_AsMVTGeom(
                       ST_Simplify(ST_Transform(s.boundary, 3857), CAST(:tolerance AS float8),
                                   true),
                       tile.box, 4096, 64, true),
                   ST_AsMVTGeom(ST_Transform(s.location, 3857), tile.box, 4096, 64, true)
               ) AS shape
        FROM shown AS s CROSS JOIN tile LEFT JOIN gis.crop AS c ON c.id = s.crop_id
    ) AS feature
    WHERE shape IS NOT NULL
), label AS (
    SELECT ST_AsMVT(feature, 'growing-areas-labels', 4096, 'shape', 'id') AS tile
    FROM (
        SELECT s.id, s.name,
               ST_AsMVTGeom(ST_Transform(s.location, 3857), tile.box, 4096, 0, true) AS shape
        FROM shown AS s CROSS JOIN tile
        WHERE :named AND s.name IS NOT NULL
    ) AS feature
    WHERE shape IS NOT NULL
)
SELECT outline.tile || label.tile AS tile FROM outline, label
