"""Where products are sold: listings on marketplaces, their checks, clicks, pictures, the feed.

Rules: a listing leads to its marketplace only, by https; a dead one is hidden and reported, never
deleted; clicks are counted by day, with nobody's data.

Files: `marketplaces.py` listings · `listing_checks.py` what an address answered and what follows ·
`clicks.py` who followed, by day · `photos.py` a product's picture · `offering.py` what a producer's
desk shows and changes · `feed.py` a product for machines: JSON-LD, and a row for shops
"""
