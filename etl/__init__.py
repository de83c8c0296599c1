"""Data in and out: what farms, offices and the university hand over becomes rows, and rows files.

The way of a file (each step is one module, and the list is the reading order):

* `readers`: opens a file safely and gives a `Source`: one layer, its coordinate system if it has
  one, and batches of geometry (WKB) and columns. Nothing here knows the database.
* `encodings`: Vietnamese text in TCVN3, VNI, Windows-1258 or broken UTF-8, judged per column.
* `crs_guess`: what the coordinates look like when the file does not say; shown, never assumed.
* `targets`: what each layer accepts: its table, fields, natural key and kinds of geometry.
* `rows`: a batch made ready for one target: kinds sorted, heights dropped, WGS84, values typed.
* `shape_rules`, `overlaps`: the rules of the map's editor (`gis.editing`), asked of a load.
* `staging`: COPY into a temporary table, checks in SQL, one upsert (`sql/*.sql`).
* `loading`: the run from file to report, in the transaction that the door opened.
* `report`: the JSON of the contract.

Measurements and research stand on the same readers:

* `descriptions`, `instants`, `layouts`: what a table of sensors or trials means: said in a TOML
  file, else guessed from names and all cells, and shown.
* `observations`, `observation_store`: tidy rows (subject, variable, instant); a missing value is a
  row too; partitioned by month.
* `scenes`, `statistics`: rasters kept under their checksum; statistics inside features.
* `snapshots`: a layer on one day as GeoParquet that can be cited and never changes.
* `sheet_requests`, `sheets`: map sheets asked for and drawn (`gis.sheets`), kept for a week.
* `label_requests`, `labels`: batches of serials and their labels; `code_requests`, `code_changes`:
  rolls put to use or made void.
* `journal`: what the journal of events needs each night: months ahead, a checkpoint.
* `queries`, `deferring`, `worker`: what the site may ask, and the queue that does the long work.
* `frames`: observations as DataFrames for the notebooks.

Files come and go through the site:

* `uploads`: what people send, kept as bytes under a safe name; nothing is opened there.
* `import_requests`, `previewing`, `importing`, `scope`: read as a dry run, shown, accepted, loaded
  once, by one commune's officers only in their commune.
* `export_requests`, `exporting`: a layer, or what a filter shows of it, as a file for a day.
* `attachment_requests`, `attachments`: files that people add to a record (evidence, photos), known
  by content (`papers`), pictures made anew from pixels (`pictures`), or refused with a reason.

Shops and marketplaces:

* `listing_requests`, `listing_mapping`: many listings at once from a workbook, shown, then applied.
* `link_checks`: whether listings are still there; `fetching`, `robots`: asking politely, and only
  on the open internet.

Rules: a run is all or nothing; loading the same file twice writes nothing; what is refused is
listed with its row, reason and place; nothing is moved or repaired silently.

The door is `python -m etl` (`__main__`); the site sees `etl.models` and `etl.queries` only.
"""
