-- Places by name or code, with or without accents; exact accents rank first.
--
-- Parameters: wanted: what was typed, lower case, NFC; folded: the same without accents and
--   apostrophes; pattern: folded inside % with LIKE's own signs escaped; day: today; exact: whether
--   the reader is trusted with exact places and names, and with parcels; only: the one layer to
--   look in, or null; most: how many rows at most.
-- Result: layer, id, title, code, crop (code), kind (level of a unit, kind of a facility),
--   commune (name), valid_from, valid_to (last day of a former unit), successors (names of the units it became
--   part of), is_demo, west, south, east, north (degrees, EPSG:4326), rank (0 is best).
-- Indexes: trigram GIN ix_*_search on the names; unique index on growing_area_code.code. Parcels
--   are scanned (about 0.5 s for 200,000), by readers with a role only.
WITH unit AS (
    SELECT 'administrative-units' AS layer, u.id, coalesce(u.full_name, u.name) AS title, u.name,
           u.code, NULL::text AS crop, u.level AS kind, parent.name AS commune, u.valid_from,
           u.valid_to, u.is_demo, u.boundary AS shape, NULL::text AS also,
           CASE WHEN u.valid_to < :day THEN 6 ELSE 0 END
               + CASE u.level WHEN 'commune' THEN 0 WHEN 'province' THEN 1 ELSE 2 END AS place
    FROM gis.administrative_unit AS u
    LEFT JOIN gis.administrative_unit AS parent ON parent.id = u.parent_id
    WHERE f_unaccent(lower(u.name)) LIKE :pattern
       OR f_unaccent(lower(u.name)) % :folded
       OR translate(f_unaccent(lower(coalesce(u.full_name, u.name))), '''', '') LIKE :pattern
       OR u.code = :wanted
), area AS (
    SELECT 'growing-areas', g.id, CASE WHEN hidden THEN found.code ELSE g.name END,
           CASE WHEN hidden THEN NULL ELSE g.name END, found.code, crop.code, NULL,
           commune.name, NULL::date, NULL::date, g.is_demo,
           CASE WHEN hidden THEN gis.rounded_location(g.location)
                ELSE coalesce(g.boundary, g.location) END,
           concat_ws(' ', crop.name, crop.name_en, holder.name), 3
    FROM gis.growing_area AS g
    LEFT JOIN gis.party AS p ON p.id = g.party_id
    LEFT JOIN gis.crop AS crop ON crop.id = g.crop_id
    LEFT JOIN gis.administrative_unit AS commune ON commune.id = g.commune_id
    CROSS JOIN LATERAL (
        SELECT NOT :exact AND gis.is_singled_out(p.kind, g.household_count, g.area_ha) AS hidden
    ) AS rule
    LEFT JOIN LATERAL (
        -- As the layer shows it: a household's name is a person's, published with consent only.
        SELECT p.name WHERE p.kind <> 'household' OR EXISTS (
            SELECT FROM gis.consent AS c WHERE c.party_id = p.id AND c.withdrawn_at IS NULL
                AND 'name' = ANY(c.fields))
    ) AS holder ON true
    LEFT JOIN LATERAL (
        SELECT c.code FROM gis.growing_area_code AS c
        WHERE c.growing_area_id = g.id AND c.status <> 'revoked'
        ORDER BY f_unaccent(lower(c.code)) LIKE :pattern DESC, c.code LIMIT 1
    ) AS found ON true
    WHERE g.id IN (
        SELECT named.id FROM gis.growing_area AS named
        WHERE f_unaccent(lower(named.name)) LIKE :pattern
           OR f_unaccent(lower(named.name)) % :folded
        UNION
        SELECT coded.growing_area_id FROM gis.growing_area_code AS coded
        WHERE f_unaccent(lower(coded.code)) LIKE :pattern AND coded.status <> 'revoked'
        UNION
        SELECT held.id FROM gis.growing_area AS held JOIN gis.party AS h ON h.id = held.party_id
        WHERE f_unaccent(lower(h.name)) LIKE :pattern
          AND (h.kind <> 'household' OR EXISTS (
              SELECT FROM gis.consent AS c WHERE c.party_id = h.id AND c.withdrawn_at IS NULL
                  AND 'name' = ANY(c.fields)))
        UNION
        SELECT grown.id FROM gis.growing_area AS grown JOIN gis.crop AS c ON c.id = grown.crop_id
        WHERE f_unaccent(lower(c.name)) LIKE :pattern OR lower(c.name_en) LIKE :pattern
    )
      -- A hidden name must not be found by guessing it.
      AND (NOT hidden OR f_unaccent(lower(found.code)) LIKE :pattern)
), zone AS (
    SELECT 'high-tech-zones', z.id, z.name, z.name, z.code, NULL, NULL, commune.name, NULL::date,
           NULL::date, z.is_demo, z.boundary, NULL, 2
    FROM gis.high_tech_zone AS z
    LEFT JOIN gis.administrative_unit AS commune ON commune.id = z.commune_id
    WHERE f_unaccent(lower(z.name)) LIKE :pattern OR f_unaccent(lower(z.name)) % :folded
       OR lower(z.code) = :wanted
), facility AS (
    SELECT 'facilities', f.id, CASE WHEN hidden THEN NULL ELSE f.name END,
           CASE WHEN hidden THEN NULL ELSE f.name END, f.code, NULL, f.kind, commune.name,
           NULL::date, NULL::date, f.is_demo,
           CASE WHEN hidden THEN gis.rounded_location(f.location) ELSE f.location END, NULL, 4
    FROM gis.facility AS f
    LEFT JOIN gis.party AS p ON p.id = f.party_id
    LEFT JOIN gis.administrative_unit AS commune ON commune.id = f.commune_id
    CROSS JOIN LATERAL (
        SELECT NOT :exact AND gis.is_singled_out(p.kind, NULL, NULL) AS hidden
    ) AS rule
    WHERE (NOT hidden AND (f_unaccent(lower(f.name)) LIKE :pattern
                           OR f_unaccent(lower(f.name)) % :folded))
       OR lower(f.code) = :wanted
), parcel AS (
    SELECT 'parcels', p.id, coalesce(p.name, p.code), p.name, p.code, crop.code, NULL,
           commune.name, NULL::date, NULL::date, p.is_demo, p.boundary, NULL, 5
    FROM gis.parcel AS p
    LEFT JOIN gis.crop AS crop ON crop.id = p.crop_id
    LEFT JOIN gis.administrative_unit AS commune ON commune.id = p.commune_id
    WHERE :exact AND (lower(p.code) LIKE :pattern OR f_unaccent(lower(p.name)) LIKE :pattern)
    LIMIT 200
), found AS (
    SELECT * FROM unit UNION ALL SELECT * FROM area UNION ALL SELECT * FROM zone
    UNION ALL SELECT * FROM facility UNION ALL SELECT * FROM parcel
), ranked AS (
    SELECT *,
           CASE
               WHEN lower(name) = :wanted OR lower(code) = :wanted THEN 0
               WHEN starts_with(lower(name), :wanted) THEN 1
               WHEN position(:wanted IN lower(concat_ws(' ', title, name, code))) > 0 THEN 2
               WHEN translate(f_unaccent(lower(name)), '''', '') = :folded THEN 3
               WHEN starts_with(translate(f_unaccent(lower(name)), '''', ''), :folded) THEN 4
               WHEN translate(f_unaccent(lower(concat_ws(' ', title, name, code))), '''', '')
                    LIKE :pattern THEN 5
               WHEN translate(f_unaccent(lower(also)), '''', '') LIKE :pattern THEN 6
               ELSE 7
           END AS rank,
           similarity(f_unaccent(lower(coalesce(name, code, ''))), :folded) AS likeness
    FROM found
    WHERE CAST(:only AS text) IS NULL OR layer = :only
    ORDER BY rank, place, likeness DESC, title COLLATE "vi-x-icu", id
    LIMIT :most
)
SELECT layer, id, title, name, code, crop, kind, commune, valid_from, valid_to, is_demo, rank,
       ARRAY(
           SELECT coalesce(new.full_name, new.name)
           FROM gis.administrative_succession AS s
           JOIN gis.administrative_unit AS new ON new.id = s.new_id
           WHERE layer = 'administrative-units' AND s.old_id = ranked.id
           ORDER BY s.share DESC, new.id
       ) AS successors,
       ST_XMin(shape) AS west, ST_YMin(shape) AS south, ST_XMax(shape) AS east,
       ST_YMax(shape) AS north
FROM ranked
ORDER BY rank, place, likeness DESC, title COLLATE "vi-x-icu", id
