-- Refuses rows that somebody of one commune may not write: those lying elsewhere, saying another
-- commune, or meant for a row that belongs to another one.
-- Parameters: commune_id (the own commune).
-- Fills load_reject; one reason for all, the detail says which.
-- Relies on: load_place and load_owner being filled.
INSERT INTO load_reject (row_no, reason, detail)
SELECT
    r.row_no,
    'outside your commune',
    CASE
        WHEN o.row_no IS NOT NULL AND o.commune_id IS DISTINCT FROM :commune_id
        THEN format('the row it would change belongs to %s', coalesce(owner.name, 'no commune'))
        WHEN p.commune_id IS NULL
        THEN 'it lies in no known commune'
        WHEN p.commune_id <> :commune_id
        THEN format('it lies in %s', place.name)
        ELSE format('it says %s', said.name)
    END
FROM load_row AS r
LEFT JOIN load_place AS p ON p.row_no = r.row_no
LEFT JOIN load_owner AS o ON o.row_no = r.row_no
LEFT JOIN gis.administrative_unit AS place ON place.id = p.commune_id
LEFT JOIN gis.administrative_unit AS said ON said.id = r.commune_id
LEFT JOIN gis.administrative_unit AS owner ON owner.id = o.commune_id
WHERE
    p.commune_id IS DISTINCT FROM :commune_id
    OR (r.commune_id IS NOT NULL AND r.commune_id <> :commune_id)
    OR (o.row_no IS NOT NULL AND o.commune_id IS DISTINCT FROM :commune_id)
