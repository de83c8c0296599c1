"""Codes: numbers of GS1 by one table of all application identifiers, and own codes. Pure rules.

Words:
    application identifier  the number in brackets that says what a value is: (01) GTIN, (10) lot
    element                 an identifier and its value; several make an element string
    primary key             what a Digital Link begins with; its qualifiers narrow it, in order
    attribute               an element in the query of a Digital Link: it describes, no more

Rules:
    * The facts of the General Specifications stand in one table, identifiers.tsv, not in code.
    * A value that breaks a rule is an InvalidIdentifierError with a sentence, never another error.

In reading order:
    identifiers.tsv  every identifier: its parts, its companions, its place in a Digital Link
    table.py         that table, read · components.py  what parts must keep, by name
    code_lists.py    countries, currencies, packages · dates.py, coupons.py  longer rules
    elements.py      values checked; element strings `(01)…(10)…`
    identifiers.py   GTIN, GLN, SSCC, own trace codes, serials: check digits and characters
    digital_link.py  Digital Link addresses: build, parse, walk up
    trace_link.py    the same for own trace codes: /t/TX-7K3Q-9MHD
"""
