-- Purpose: the communes that the accepted rows of a staged file lie in, most rows first.
-- Parameters: most (communes).
-- Result: name, rows.
-- Relies on: load_place of one load; a file lies in few communes.
SELECT u.name, count(*) AS rows
FROM load_row AS r
JOIN load_place AS p ON p.row_no = r.row_no
JOIN gis.administrative_unit AS u ON u.id = p.commune_id
GROUP BY u.id, u.name
ORDER BY count(*) DESC, u.name
LIMIT :most
