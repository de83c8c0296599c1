"""Files that officers bring in: sent, read by the worker, looked at, accepted, undone.

* `pages.py`: for people, `/nhap-du-lieu`; `words.py`: what the pages say
* `api.py`: for programs, `/api/v1/imports`
"""
