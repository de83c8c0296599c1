-- Refuses the second and later rows of one key within the file; the first row stands.
-- Fills load_reject. Relies on: one sort of load_row.
INSERT INTO load_reject (row_no, reason, detail)
SELECT
    row_no,
    'duplicate key',
    format('%s is already the key of row %s', coalesce(code, source_id), first_row)
FROM (
    SELECT
        row_no,
        code,
        source_id,
        min(row_no) OVER (PARTITION BY code, valid_from, source_id) AS first_row
    FROM load_row
    WHERE NOT EXISTS (SELECT FROM load_reject AS j WHERE j.row_no = load_row.row_no)
) AS keyed
WHERE row_no > first_row
