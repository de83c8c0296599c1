-- Cuts today's communes near the file into small pieces, so that finding the commune of a row looks
-- at a hundred vertices instead of thousands.
-- Fills load_piece (commune_id, piece).
-- Relies on: idx_administrative_unit_boundary.
INSERT INTO load_piece (commune_id, piece)
SELECT u.id, ST_Subdivide(u.boundary, 96)
FROM gis.administrative_unit AS u
WHERE
    u.level = 'commune'
    AND u.valid_to IS NULL
    AND u.boundary && (SELECT ST_SetSRID(ST_Extent(shape)::geometry, 4326) FROM load_row)
