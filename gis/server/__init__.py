"""The PostgreSQL server under the platform: found, made, tuned, started, checked, migrated.

* `installation.py`: which PostgreSQL this machine has; no dependency but Python's own library
* `cluster.py`, `tuning.py`: the private cluster of a home
* `running.py`: started and stopped; the address that every door connects to
* `checks.py`: what a server must offer, with a sentence for each lack
* `migrating.py`: brought to the newest migration
* `roles.py`: officers who work on the database itself
"""
