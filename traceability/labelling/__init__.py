"""Labels: serials of single items, their states, QR symbols, and the sheets they are printed on.

Words: a *serial* is the number of one item, AI (21). A *batch* is the serials issued at once,
numbered in the order of printing, so that a roll or a part of it can be named.

Rules: a serial goes issued → active → sold, void or recalled, and only ways that the database
admits; only `serials.py` and `event_states.py` change states. Symbols are drawn by ourselves from
`qrcode`'s modules.

Files: `serials.py` serials and their states · `event_states.py` as events bring them ·
`qr.py` symbols as PNG, SVG, PDF · `pdf.py` pages as they come · `label_sheets.py` the papers ·
`labels.py` labels on them · `batches.py` into files
"""
