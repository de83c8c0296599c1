-- Where certified products are sold: "19/19 on Voso", "26/35 on marketplaces".
--
-- Parameters  on    the day: certificates that hold on it count (first and last day included)
--             commune  code of a commune of today, null for all
-- Columns     commune_code, commune_name   null: all communes together (is_all_communes)
--             marketplace_code             null: any marketplace (is_any_marketplace)
--             is_all_communes, is_any_marketplace
--             certified                    products whose newest certificate holds, in the commune
--             listed                       of them, those with a listing that is neither dead nor
--                                          retired, on that marketplace (or on any)
-- Indexes     ix_certificate_product_id, uq_listing_product_url (by product)
WITH newest AS (
    -- As everywhere: one that was withdrawn takes the one before it along.
    SELECT DISTINCT ON (product_id) product_id, status, expires_on
    FROM traceability.certificate
    WHERE issued_on <= CAST(:on AS date)
    ORDER BY product_id, issued_on DESC, id DESC
), certified AS (
    SELECT p.id, u.code AS commune_code, u.name AS commune_name
    FROM traceability.product AS p
    JOIN newest AS c ON c.product_id = p.id
    LEFT JOIN gis.administrative_unit AS u ON u.id = p.commune_id
    WHERE c.status = 'valid' AND c.expires_on >= CAST(:on AS date)
      AND (CAST(:commune AS text) IS NULL OR u.code = CAST(:commune AS text))
), sold AS (
    SELECT DISTINCT l.product_id, m.code AS marketplace_code
    FROM traceability.listing AS l
    JOIN traceability.marketplace AS m ON m.id = l.marketplace_id
    WHERE l.dead_since IS NULL AND l.retired_at IS NULL
)
SELECT commune_code, commune_name, marketplace_code,
       GROUPING(commune_code) = 1 AS is_all_communes,
       GROUPING(marketplace_code) = 1 AS is_any_marketplace,
       count(DISTINCT certified.id) AS certified,
       count(DISTINCT certified.id) FILTER (WHERE marketplace_code IS NOT NULL) AS listed
FROM certified
LEFT JOIN sold ON sold.product_id = certified.id
GROUP BY GROUPING SETS (
    (commune_code, commune_name, marketplace_code), (commune_code, commune_name),
    (marketplace_code), ()
)
ORDER BY commune_name COLLATE "vi-x-icu", marketplace_code
