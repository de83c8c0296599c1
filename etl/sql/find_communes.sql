-- Finds the commune that the middle of each row lies in.
-- Fills load_place. Relies on: the GiST index on load_piece.piece made just before.
INSERT INTO load_place (row_no, commune_id)
SELECT r.row_no, p.commune_id
FROM load_row AS r
CROSS JOIN LATERAL (
    SELECT c.commune_id
    FROM load_piece AS c
    WHERE ST_Intersects(c.piece, ST_Centroid(r.shape))
    LIMIT 1
) AS p
WHERE NOT ST_IsEmpty(r.shape)
