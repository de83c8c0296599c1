-- Leaves only accepted rows in load_row, and keeps the shapes of the others.
-- Fills load_refused.
WITH gone AS (
    DELETE FROM load_row AS r USING load_reject AS j WHERE j.row_no = r.row_no
    RETURNING r.row_no, r.shape
)
INSERT INTO load_refused (row_no, shape) SELECT row_no, shape FROM gone
