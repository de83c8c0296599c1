-- Refuses invalid geometries, each with its reason and place (lon lat, degrees).
-- Fills load_reject. Relies on: one scan of load_row; details are made for invalid rows only.
INSERT INTO load_reject (row_no, reason, detail)
SELECT
    r.row_no,
    'invalid geometry',
    coalesce((d.detail).reason, 'not valid')
    || CASE
        WHEN (d.detail).location IS NULL THEN ''
        ELSE format(
            ' at %s %s',
            round(ST_X((d.detail).location)::numeric, 6),
            round(ST_Y((d.detail).location)::numeric, 6)
        )
    END
FROM load_row AS r
CROSS JOIN LATERAL (SELECT ST_IsValidDetail(r.shape) AS detail) AS d
WHERE NOT ST_IsValid(r.shape)
