"""What people record, as events: each function checks its words, builds EPCIS events, captures.

Words: a *keeper* is who records, with which rights, and the site's address that events carry. A
*share* is an amount of a lot. A *box* is what lots or items are packed into: an SSCC, or the
platform's own code `/t/TX-…/tem/THUNG`.

Rules: nothing recorded is ever changed; a mistake is revoked by an error declaration and what is
right is recorded anew (`corrections.py`). Lots (`traceability.lots`) follow what was recorded.

Files: `bodies.py` (pure) what events consist of · `keeping.py` who records, capturing ·
`harvests.py` lots from fields · `processing.py` lots from lots · `boxes.py` packing, unpacking ·
`holdings.py` what was sent to them by others ·
`moves.py` shipping, receiving, selling · `checks.py` inspection and recall · `corrections.py` ·
`activation.py` labels come onto items ·
`worklists.py` whose products and lots, and what waits to be done
"""
