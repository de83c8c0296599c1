-- Puts the mended geometries in the place of the broken ones.
-- Relies on: load_repair being small (only the invalid rows).
UPDATE load_row AS r SET shape = m.shape FROM load_repair AS m WHERE m.row_no = r.row_no
