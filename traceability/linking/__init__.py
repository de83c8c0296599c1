"""Where a code leads: the entries of the resolver, how they come in, what answers for a scan.

Words: an *entry* holds all links of one code, one of them the default. A *target* is a link to be
stored. A *level* is an entry that answers for a code: its own, or one above it.

Rules: GS1-Conformant Resolver Standard 1.2, sections 2.5 (registration) and 2.6 (resolution). Links
lead only to allowed hosts. A product registered here has its entry made for it; a posted one wins.

Files: `link_types.py` GS1's types of links · `links.py` entries · `link_documents.py` their JSON
form · `resolving.py` what answers for a scanned code, in one statement
"""
