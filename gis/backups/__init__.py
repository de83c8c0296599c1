"""One file that brings everything back, verified before anything is replaced.

* `dumps.py`, `manifest.py`: what is in the file, and what it says of itself
* `making.py`, `restoring.py`: `python -m gis backup` and `restore`
"""
