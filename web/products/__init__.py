"""Products for people: the catalogue, and the page that a scanned label opens.

The consumer's page carries no script and, with its style sheet and map, at most 60 KB, plus one
photo: it must open at once on an old phone at the edge of a field. What could harm comes first:
recall, a stamp that nobody issued, the end of shelf life. It never calls a thing genuine, because
a copied code opens the same page.

* `pages.py`: the routes; one address answers HTML, JSON-LD or a linkset by what is accepted
* `gathering.py`: all that a page shows, in a bounded number of queries
* `maps.py`: the map of an origin, drawn once for many readers
* `alarms.py`: what must be said first, and what to do about it
* `law.py`: the items that Decree 37/2026/NĐ-CP art. 23.7 and Circular 02/2024/TT-BKHCN demand
* `certificates.py`: whether an OCOP certificate holds: `/chung-nhan/<number>`
* `producers.py`: a producer and what it makes: `/chu-the/<number>`
* `words.py`: the words for kinds, groups and steps
"""
