"""TILES: layers as vector tiles (MVT), drawn by PostGIS.

`drawing.py` chooses the statement and its parameters, and makes the ETag of a tile; each `.sql`
file draws one layer, near (every feature, thin) or as a summary (far, where single features would
be smaller than a pixel: nothing is cut silently, it is counted).
"""
