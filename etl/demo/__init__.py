"""The demo: a small Lạc Dương and Đơn Dương that anyone may try the platform on.

Purpose: every page worth looking at on a machine with no data of its own. Facts (codes, names,
succession, areas, centres) are real; boundaries are schematic, drawn by `schematic` from those
facts; parties, products, lots, decisions and measurements are invented. Every row that can carry
the mark has `is_demo`, and screens show it as "dữ liệu minh hoạ".

Rules:
    * `load_demo` adds what is missing and never overwrites: a second call changes nothing, and
      real rows of the same key (a commune loaded from the real file) stay as they are.
    * One transaction, the caller's. Everything is deterministic.
    * Tables are files in `data/` (CSV and JSON); code only places and joins them.

Files in reading order: `loading` (the whole, in order), `units`, `parties`, `areas` with `fields`
(shapes of fields), `zones`, `products`, `ocop`, `shops` with
`pictures` (drawn, no photographs), `dossiers`, `cases`, `science`; `schematic` is a development
tool.
"""
