-- What already lies under a shape: registered growing areas, and applications still open.
--
-- Parameters: shape: EWKB of a polygon or a point, EPSG:4326; except_area, except_application: ids
--   left out, or null; least_m2: smaller overlaps of polygons are digitising noise.
-- Result: kind ('growing-area' or 'application'), id, name, code (growing-area code or receipt), holder
--   (null when unknown), is_household, area_ha, overlap_m2 (geodesic; 0 for a point inside), share (of the shape's own
--   area, 0..1; 1 for a point inside).
-- Indexes: GiST on growing_area.boundary and application.boundary.
WITH given AS MATERIALIZED (
    SELECT shape, CASE WHEN ST_Dimension(shape) = 2 THEN ST_Area(shape::geography) END AS area_m2
    FROM (SELECT ST_GeomFromEWKB(CAST(:shape AS bytea)) AS shape) AS read
), touched AS (
    SELECT 'growing-area' AS kind, a.id, a.name, code.code, p.name AS holder,
           p.kind = 'household' AS is_household, a.area_ha, a.boundary
    FROM given, gis.growing_area AS a
    LEFT JOIN gis.party AS p ON p.id = a.party_id
    LEFT JOIN LATERAL (
        SELECT c.code FROM gis.growing_area_code AS c
        WHERE c.growing_area_id = a.id
        ORDER BY c.status = 'revoked', c.issued_on, c.id
        LIMIT 1
    ) AS code ON true
    WHERE a.boundary && given.shape AND ST_Intersects(a.boundary, given.shape)
      AND a.status <> 'closed' AND a.id IS DISTINCT FROM CAST(:except_area AS bigint)
    UNION ALL
    SELECT 'application', b.id, b.area_name, b.receipt, v.applicant_name, true,
           ST_Area(b.boundary::geography) / 10000.0, b.boundary
    FROM given, gis.application AS b
    LEFT JOIN gis.application_private AS v ON v.application_id = b.id
    WHERE b.boundary && given.shape AND ST_Intersects(b.boundary, given.shape)
      AND b.status IN ('submitted', 'returned')
      AND b.id IS DISTINCT FROM CAST(:except_application AS bigint)
), measured AS (
    SELECT t.*, given.area_m2,
           CASE WHEN given.area_m2 IS NULL THEN 0.0
                ELSE ST_Area(ST_Intersection(t.boundary, given.shape)::geography)
           END AS overlap_m2
    FROM touched AS t, given
)
SELECT kind, id, name, code, holder, is_household, area_ha, overlap_m2,
       CASE WHEN area_m2 IS NULL THEN 1.0 ELSE overlap_m2 / area_m2 END AS share
FROM measured
WHERE area_m2 IS NULL OR overlap_m2 >= CAST(:least_m2 AS float8)
ORDER BY overlap_m2 DESC, kind, id
