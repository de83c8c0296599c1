"""From field to shelf, for the people who record it: the producer's desk, its forms, tracing.

* `keepers.py` who records · `entries.py` what a form holds, its mistakes beside their fields
* `desk.py` what is open and what comes next · `lots.py` lists and pages of lots
* `steps.py` one address for each kind of event; a module for each form: `harvesting.py`,
  `processing.py`, `loads.py`, `checks.py`; `corrections.py` · `diary.py` the farm diary
* `tracing.py` any code, both ways; `graph.py` (pure) its drawing · `api.py` for programs
* `words.py` the words of all of them

Forms work without a script. What is sent twice from one form is recorded once.
"""
