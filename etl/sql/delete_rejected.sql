-- Leaves only accepted rows in load_row.
DELETE FROM load_row AS r USING load_reject AS j WHERE j.row_no = r.row_no
