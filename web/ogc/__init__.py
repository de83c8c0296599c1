"""`/ogc`: the layers for QGIS, GDAL and any other program, through open standards.

OGC API – Features Part 1 (core), 2 (coordinate systems), 3 (filtering, CQL2), 4 (create, replace,
update, delete) and 5 (schemas), and OGC API – Tiles. A caller sees the collections it may read.

* `collections.py`: landing page, conformance, definition, collections
* `items.py`: features, read; `editing.py`: features, written (Part 4)
* `tiles.py`, `tile_cache.py`, `tilesets.py`: vector tiles, drawn once; how they are addressed
* `parameters.py`, `answers.py`: what is asked, what is answered, the same for all routes
* `documents.py`, `schemas.py`: the JSON documents
* `openapi.py`, `openapi_parameters.py`, `openapi_editing.py`: the definition
"""
