"""Scans: counted by day and commune, with nobody's address; and what their pattern tells.

Rules: a scan log holds no person's data (Law 91/2025/QH15; DOMAIN: online behaviour). No rule
proves a forgery or says that a thing is genuine: it warns the buyer and opens an officer's case.

Files: `scans.py` counts, and what is known of one serial · `suspicions.py` serials to look into ·
`geoip.py` the commune of an address, by the operator's file
"""
