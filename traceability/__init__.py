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
    identifiers.py    GTIN, GLN, SSCC, own trace codes, serials: check digits and characters
    gs1/              all application identifiers of GS1 and what their values keep
    digital_link.py   GS1 Digital Link addresses: build, parse, walk up
    trace_link.py     the same for own trace codes: /t/TX-7K3Q-9MHD
    products.py       register and find products · ocop/  rubric, dossiers, certificates
    lots.py           make lots, trace them back to their fields · serials.py  serials, their states
    marketplaces.py   listings · links.py  resolver entries · link_documents.py  their JSON form
    link_types.py     what a link is: GS1's types · resolving.py  what answers for a scanned code
    photos.py         the picture of a product · offering.py  what a producer's desk shows, changes
    listing_checks.py what an address answered and what follows · clicks.py  who followed, by day
    feed.py           a product for machines: JSON-LD, and a row of the feed for shops
    reports.py        cases: what buyers report, doubtful scans, dead links · cases.py whose
    subjects.py       what a buyer's report is about · certificate_check.py  whether stars hold
    measures.py       units of people and of events · places.py  where things happen
    recording/        what people record, as events of the journal; corrections
    stocks.py         made, used, sold, left · lineage.py  lots from lots, back to the fields
    revocations.py    events that were taken back · recalls.py  which recalls reach what
    safety.py         the "safe" badge and why not · journey.py  the public journey, step by step
    finding.py        any code that is typed or scanned · worklists.py  whose products and lots
    reach.py          what a recall would reach · genealogy.py  a trace as nodes and steps
    journal_pages.py  events as people who work with them read them, with their proof
    scans.py          scans by day and commune, what is known of a serial · suspicions.py  cases
    geoip.py          where an address is, by the operator's file
    look_up.py        what one code is, for programs
    origin.py         what the public may see of fields and producers; the map of an origin
    qr.py             symbols as PNG, SVG, PDF · pdf.py  pages as they come · labels.py  labels
    label_sheets.py   the papers they are printed on · batches.py  a batch into its files
"""
