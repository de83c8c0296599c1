-- Purpose: the temporary table that a file of observations is copied into.
-- Parameters: none. Result: none. Index: none; the table lives until the transaction ends.
CREATE TEMPORARY TABLE staged_observation (
    row bigint NOT NULL,
    variable_id bigint NOT NULL,
    subject text NOT NULL,
    observed_at timestamptz NOT NULL,
    value double precision,
    quality text
) ON COMMIT DROP
