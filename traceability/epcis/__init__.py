"""Events from field to shelf, as GS1 EPCIS 2.0 and its Core Business Vocabulary (CBV 2.0) say.

Words:
    event       what happened to which things, when, where and why; never changed afterwards
    EPC         the name of one thing (an instance) or of one kind or lot of things (a class)
    key         one written form of an EPC, so that URNs and addresses of one thing meet
    journal     all events, append-only, each sealed with the one before it
    pre-hash    the canonical text of an event; its SHA-256 is the event's identity

Rules:
    * What every event must be is pure and binds everybody; what it may say of products registered
      here is asked of the database. Things of others are recorded as they come.
    * Nothing is ever fetched: the standard's own context is known, others are written out.
    * Stricter than GS1's JSON schema, never laxer, but for one thing: CBV names may also be given
      as the URNs of EPCIS 1.2 and as prefixed names; all forms mean the same.

In reading order:
    vocabulary.py    CBV names in all their forms, units, pairs that contradict each other
    measures.py      units of people and of events
    epcs.py          EPC URNs and Digital Links → keys · keys.py, urns.py  the rules of both
    checks.py        kinds of values and how each is checked · contexts.py  prefixes
    shapes.py        what each type of event is made of
    events.py        reads one event · documents.py  reads a document of many
    hashing.py       the CBV event hash
    captor.py        who captures · own.py  which things are of products registered here
    rights.py        who may do what with things of ours · custody.py  who has, or had, them
    histories.py     what items went through · amounts.py  what was made and taken of lots
    units.py         what quantities are worth
    facts.py         master data · fields.py  which growing areas a harvest names
    begun_lots.py    what becomes of lots · states.py  of serials
    ledger.py        all that is recorded of the things of a capture, read at once
    business.py      what an event may say of our own products
    lineage.py       the lots and runs that an event speaks of, for tracing
    journal.py       what is stored and sealed · capture.py  takes documents in · jobs.py  lists
                     what came of them
    verifying.py     proves the chain · checkpoints.py  ends of it that third parties keep
    patterns.py      what may be matched · queries.py  asks for events, page by page
    tracing.py       back and forward through any depth (trace_back.sql, trace_forward.sql)
"""
