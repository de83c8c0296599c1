"""Cases: what buyers report, scans that do not fit and dead links, in one list with deadlines.

Files: `reports.py` opens cases and takes reports, with a ticket each · `cases.py` the officer's and
the producer's list, and what they do with a case
"""
