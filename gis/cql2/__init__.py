"""CQL2 (OGC 21-065r2): filters in text or JSON, from what a stranger sent to bound SQL.

The library reads the text; what may be asked is decided here: queryables and functions are
allow-listed, every value is a bound parameter, depth and size are limited before anything is
parsed. A reader filters what the reader sees: the published expressions, never the stored ones.

* `parsing.py`: text or JSON into the tree of the JSON encoding
* `values.py`: a part of a filter as a value of one kind
* `spatial.py`, `temporal.py`, `arrays.py`: conditions on shapes, on time, on lists
* `translation.py`: the tree as one condition of SQLAlchemy's
"""
