-- Purpose: the temporary table that zonal statistics are copied into.
-- Parameters: none. Result: none. Index: none; the table lives until the transaction ends.
CREATE TEMPORARY TABLE staged_statistic (
    feature_id bigint NOT NULL,
    feature_version bigint NOT NULL,
    statistic text NOT NULL,
    value double precision
) ON COMMIT DROP
