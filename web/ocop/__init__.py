"""OCOP for people: the desk of producers and officers, dossiers, scoring, certificates.

`rights.py` who may do what · `words.py` what is said · `reading.py` what forms send
`desk.py` `/ocop` and the coverage figures · `dossiers.py` one dossier and its steps
`papers.py` evidence and the representative · `certificates.py` decisions and withdrawal
`scores.py` the producer's own sheet, the council, the result
"""
