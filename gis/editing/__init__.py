"""EDITING: every way to change a feature of a layer, and the one set of rules they all pass.

The map's editor, `/ogc` (Features Part 4), `/api/v1`, imports and undo come through here; QGIS
straight on PostGIS does not, so the database holds what must hold for everybody (constraints, the
overlap trigger, history) and this package adds what needs a sentence: whose overlap, how much, why.

Words. An *editor* is who writes: a name for the history, roles, and the commune whose features it
may touch (None: all of the province). A *candidate* is a row as it would be stored. A *problem* is
what a rule says of a candidate: an *error* blocks, a *warning* wants a reason. What is *expected*
is the version that the writer saw; when the stored one is another, nothing is written and the error
says whose change came between. A *change* is all revisions of one transaction.

Rules. Nothing is repaired silently: a shape is stored as it was sent, but for vertices within
1e-7 degrees (a centimetre) of a stored vertex, which become that vertex, so that an untouched
border keeps all its decimals and a shared one stays shared. The order is always: the row is locked,
roles and version are looked at, the places are locked, the rules are asked, the row is written;
rows before places, and both in one order for everybody, so that writers wait for each other and
never in a circle. Functions flush and never commit. Geometry is EPSG:4326, lon/lat.

Files, in reading order:

* `rules.py`, `rule_queries.py`: the rules, each a question in SQL with its severity and sentence
* `geojson.py`, `properties.py`: what a program sends, read strictly
* `snapping.py`: vertices that mean the same place
* `rows.py`, `judging.py`: a feature's row locked, scoped, compared, judged, saved
* `constraints.py`: what the database refuses, as sentences
* `writing.py`: create, replace, update, delete, check, set the same properties of many
* `cutting.py`: split by a line, merge neighbours
* `reverting.py`, `undo.py`: changes listed, a feature taken back, a whole change undone
"""
