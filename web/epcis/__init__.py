"""`/epcis`: events for programs, as EPCIS 2.0 describes its REST interface (GS1, OpenAPI 2.0.0).

JSON and JSON-LD; no XML, no named queries, no subscriptions. An event is answered exactly as it was
captured.

* `capture.py`: documents and single events are taken in
* `events.py`: events are asked for, and answered page by page
* `discovery.py`: what there is: types, steps, places, things; OPTIONS
* `parameters.py`: what is asked, read from the address; `answers.py`: documents and headers
* `checkpoints.py`: the ends of the journal, for everybody to keep (under `/api/v1`)
"""
