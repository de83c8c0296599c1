"""Changing layers over HTTP: what `/ogc` (Part 4) and `/api/v1` share, and more.

* `requests.py`: what every change brings: who, from which version, why, a body
* `content_crs.py`: geometries that arrive in another coordinate system
* `answers.py`: what a change is answered with, also when it was stale
* `qgis.py`: what QGIS needs said or understood otherwise
* `operations.py`: check, split, merge, the same properties for many
* `history.py`: who changed what, and taking it back
"""
