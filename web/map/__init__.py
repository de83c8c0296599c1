"""The map of people, `/ban-do`: its page, what its scripts need to know, and what they say.

* `page.py`: the page; its scripts are in `frontend/map`
* `editor.py`, `editor_words.py`, `coordinates.py`: the officers' editor; typed coordinates
* `panels.py`, `panel_words.py`: table, filter, bulk edit, history
* `sheets.py`, `sheet_parts.py`: map sheets as PDF
* `backgrounds.py`, `background_words.py`: what lies under the map
"""
