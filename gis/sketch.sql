-- The outlines of a small map, already in drawing units, as SVG path data.
--
-- Parameters: west, south, east, north: the frame in EPSG:3857 metres; units_per_m: drawing units
--   per such metre; day: the day whose communes are drawn; communes, zones, areas: draw them or not;
--   exact: draw also those areas as they are whose household could be singled out (officers only);
--   focus: ids of the communes that stand out; except_area: id of a growing area left out or null;
--   features: EWKB of the things the sketch is about, EPSG:4326; others: EWKB of what else is in
--   question there.
-- Result: rank (drawing order), kind, id, name, colour, path (relative SVG commands, half units), x, y
--   (a point well inside, units, y down), extent (longer side of the shape, units).
-- Indexes: GiST on administrative_unit.boundary, growing_area.boundary and .location,
--   high_tech_zone.boundary.
WITH frame AS (
    SELECT ST_Transform(
               -- Ten units more on each side hide the cut edges outside the picture.
               ST_Expand(box, 10 / CAST(:units_per_m AS float8)), 4326
           ) AS land
    FROM (
        SELECT ST_MakeEnvelope(CAST(:west AS float8), CAST(:south AS float8),
                               CAST(:east AS float8), CAST(:north AS float8), 3857) AS box
    ) AS corners
), item AS (
    SELECT CASE WHEN u.id = ANY(CAST(:focus AS bigint[])) THEN 2 ELSE 1 END AS rank,
           CASE WHEN u.id = ANY(CAST(:focus AS bigint[])) THEN 'commune' ELSE 'neighbour' END
               AS kind,
           u.id, u.name, NULL::text AS colour, u.boundary AS shape
    FROM gis.administrative_unit AS u, frame
    WHERE CAST(:communes AS boolean) AND u.level = 'commune' AND u.boundary && frame.land
      AND u.valid_from <= CAST(:day AS date) AND (u.valid_to IS NULL OR u.valid_to >= CAST(:day AS date))
    UNION ALL
    SELECT 3, 'zone', z.id, z.name, NULL, z.boundary
    FROM gis.high_tech_zone AS z, frame
    WHERE CAST(:zones AS boolean) AND z.boundary && frame.land
    UNION ALL
    SELECT 4, 'area', a.id, a.name, c.colour,
           CASE WHEN CAST(:exact AS boolean) OR NOT gis.is_singled_out(p.kind, a.household_count, a.area_ha)
                THEN coalesce(a.boundary, a.location)
                ELSE gis.rounded_location(a.location) END
    FROM frame, gis.growing_area AS a
    LEFT JOIN gis.crop AS c ON c.id = a.crop_id
    LEFT JOIN gis.party AS p ON p.id = a.party_id
    WHERE CAST(:areas AS boolean) AND (a.boundary && frame.land OR a.boundary IS NULL AND a.location && frame.land)
      AND a.status <> 'closed' AND a.id IS DISTINCT FROM CAST(:except_area AS bigint)
    UNION ALL
    SELECT 5, 'other', o.position, NULL, NULL, ST_GeomFromEWKB(o.shape)
    FROM unnest(CAST(:others AS bytea[])) WITH ORDINALITY AS o (shape, position)
    UNION ALL
    SELECT 6, 'feature', f.position, NULL, NULL, ST_GeomFromEWKB(f.shape)
    FROM unnest(CAST(:features AS bytea[])) WITH ORDINALITY AS f (shape, position)
), cut AS (
    SELECT rank, kind, id, name, colour,
           CASE WHEN ST_CoveredBy(shape, frame.land) THEN shape
                ELSE ST_Intersection(shape, frame.land) END AS shape
    FROM item, frame
), scaled AS MATERIALIZED (
    SELECT rank, kind, id, name, colour,
           ST_TransScale(ST_Transform(shape, 3857), -CAST(:west AS float8),
                         -CAST(:north AS float8), CAST(:units_per_m AS float8),
                         CAST(:units_per_m AS float8)) AS shape
    FROM cut
    WHERE NOT ST_IsEmpty(shape)
), drawn AS MATERIALIZED (
    -- Snapped first, so that neighbours keep one shared edge and simplifying is cheap.
    SELECT rank, kind, id, name, colour,
           CASE WHEN ST_Dimension(shape) = 2
                THEN ST_Simplify(ST_SnapToGrid(shape, 0.5), 0.6, true) END AS outline,
           greatest(ST_XMax(shape) - ST_XMin(shape), ST_YMax(shape) - ST_YMin(shape)) AS extent,
           ST_Centroid(shape) AS middle
    FROM scaled
), placed AS (
    SELECT *,
           -- A simplified outline may touch itself; without an inside it is drawn as a dot.
           CASE WHEN extent > 7
                THEN (ST_MaximumInscribedCircle(
                          ST_CollectionExtract(ST_MakeValid(outline), 3))).center
           END AS inside
    FROM drawn
)
SELECT rank, kind, id, name, colour,
       -- ST_AsSVG turns y round, and writes a point as attributes, not as path data.
       CASE WHEN inside IS NOT NULL THEN ST_AsSVG(outline, 1, 1) END AS path,
       round(ST_X(coalesce(inside, middle))::numeric, 1)::float8 AS x,
       round(-ST_Y(coalesce(inside, middle))::numeric, 1)::float8 AS y,
       extent
FROM placed
ORDER BY rank, extent DESC, id
