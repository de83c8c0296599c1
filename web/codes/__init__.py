"""Codes: asking for labels and activating them, what a code is, counting who scans.

In reading order: `visitors.py` who is a person and who a program · `scanning.py` counting scans.
"""
