-- All that is needed to answer for a code, in one question: the links of its entries, the product it
-- belongs to, whether its serial was issued here and of which lot. It is asked for every scan.
--
-- Parameters:
--   keys        text[]   the paths of its levels, such as /01/09520009000012/10/L2610
--   whole       boolean  all links; else only the default links and their language variants
--   gtin        text     14 digits, or null
--   trace_code  text     an own trace code, or null
--   lot         text     the lot in the code, or null
--   serial      text     the serial in the code, or null
--
-- One row a link, those of an entry together and in their order:
--   key, description, product_id (the entry is an automatic one of this product, else null),
--   is_default, link_type, href, title, media_type, hreflang, context,
--   of_product_id (of the code), lot_id and lot_code (of the serial, else of the code), is_issued
--
-- Indexes: uq_link_entry_key, ix_link_entry, uq_product_gtin, uq_product_trace_code,
-- uq_serial_product_serial, uq_lot_product_code, pk_lot.
--
-- Parameters stand in selects of their own so that the planner does not look into them: its plan for
-- any code is then as good as one made for this code, it is kept with the prepared statement, and a
-- scan costs the database a sixth of what planning anew would.
SELECT entry.key, entry.description, entry.product_id,
       link.is_default, link.link_type, link.href, link.title,
       link.media_type, link.hreflang, link.context,
       product.id AS of_product_id, lot.id AS lot_id, lot.code AS lot_code,
       serial.id IS NOT NULL AS is_issued
FROM traceability.link_entry AS entry
JOIN traceability.link ON link.entry_id = entry.id AND (
    link.is_default
    OR link.link_type = 'gs1:defaultLinkMulti'
    OR (SELECT CAST(:whole AS boolean))
)
LEFT JOIN traceability.product ON product.id = coalesce(
    (SELECT id FROM traceability.product WHERE gtin = (SELECT CAST(:gtin AS text))),
    (SELECT id FROM traceability.product WHERE trace_code = (SELECT CAST(:trace_code AS text)))
)
LEFT JOIN traceability.serial
    ON serial.product_id = product.id AND serial.serial = (SELECT CAST(:serial AS text))
LEFT JOIN traceability.lot ON lot.id = coalesce(
    serial.lot_id,
    (
        SELECT id FROM traceability.lot
        WHERE product_id = product.id AND code = (SELECT CAST(:lot AS text))
    )
)
WHERE entry.key = ANY (CAST((SELECT CAST(:keys AS text[])) AS text[]))
ORDER BY entry.id, link.position
