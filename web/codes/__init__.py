"""Codes: asking for labels, putting them to use, what a code is, counting who scans.

In reading order: `visitors.py` who is a person and who a program · `scanning.py` counting scans ·
`api.py` `/api/v1/codes` · `pages.py` the desk `/tem` · `typed.py` what people type there ·
`words.py` what its pages say.
"""
