"""Following a thing both ways: where it came from, where it went, what is known of it on the way.

Words: a *node* of a trace is one thing (a field, a lot, a box, an item), a *step* an event between
them. *Reach* is everything a recall of a thing would touch.

Rules: revoked events count for nothing. What the public reads names no household and no person.

Files: `places.py` where things happen, by the addresses events carry · `stocks.py` made, used,
sold, left · `lineage.py` lots from lots, back to the fields · `revocations.py` events taken back ·
`look_up.py` reads any code, and says what it is · `finding.py` what people type, numbers of lots
too · `subjects.py` what a report is about · `recalls.py` which recalls reach what · `reach.py` what
a recall would reach · `safety.py` the "safe" badge and why not · `origin.py` fields and producers
as the public may see them · `journey.py` the public journey · `journal_pages.py` events as people
read them, with their proof · `genealogy.py` a trace as nodes and steps
"""
