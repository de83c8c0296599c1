"""Products, from the field to the shop: lots, codes, labels, links, certificates, marketplaces.

Purpose: a buyer scans a code and sees at once what it is, where it grew, who vouches for it and
where it is sold; an inspector follows a lot back to its fields.

Words:
    product       what a producer offers; has a GTIN, or the platform's own trace code, or both
    lot           a batch of one product, made from growing areas (its sources)
    serial        the number of one single item, printed on its label
    link          where a code leads; an entry holds all links of one code, one of them the default
    listing       where a product is sold on a marketplace
    certificate   OCOP stars: who decided, when, and until when they hold

Rules:
    * Knows places (gis), knows neither HTTP nor files of users; `python -m traceability` is its
      only door. Functions take the session first, flush, and never commit.
    * GS1 numbers are digits with a check digit; own codes hold letters: never confusable.
    * A code is parsed once at the edge; inside, a `DigitalLink` or `TraceLink` is always valid.
    * Links lead only to hosts on the allow-list; listings only to their marketplace, by https.
    * A person's name is public only with consent; a household's fields are never drawn exactly.

In reading order:
    gs1/        numbers of GS1 and own trace codes; Digital Links (pure)
    products.py register and find products · lots.py  make lots from growing areas
    linking/    where a code leads: resolver entries
    labelling/  serials, QR symbols, label sheets
    epcis/      events: what they must be, the journal, its proof, tracing
    recording/  what people record, as events of the journal; corrections
    following/  a lot back to its fields and forward to its buyers; recalls, journeys, origins
    ocop/       the rubric, dossiers, certificates
    selling/    listings on marketplaces, pictures, the feed
    scanning/   scans counted, and what is suspicious about them
    reporting/  cases: what buyers report, doubtful scans, dead links
    frames.py   lots and origins for notebooks
"""
