"""Reads an EPCIS 2.0 document: its header and contexts; the events one by one are not its matter.

Pure rules. An event that is wrong does not make its document wrong: under `proceed` the others are
stored, so `read_document` looks no further than at the list of events.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from traceability.epcis.checks import Reader, check_tree
from traceability.epcis.contexts import names_standard, prefixes_of, read_contexts
from traceability.epcis.events import refusal
from traceability.epcis.shapes import DOCUMENT, TERMS
from traceability.errors import InvalidEventError

MOST_EVENTS = 10_000
_VERSION = re.compile(r"2(?:\.[0-9]+)*")


@dataclass(frozen=True, slots=True)
class Document:
    """What a document holds: its own contexts, everything around the events, the events."""

    contexts: list[Any]
    header: dict[str, Any]
    events: list[Any]


def read_document(document: object) -> Document:
    """Read an EPCISDocument of version 2 without looking into its events.

    Raises:
        InvalidEventError: With `errors`, each a JSON pointer into the document and a sentence;
            a query document is told apart with a sentence of its own.
    """
    reader = Reader()
    if not isinstance(document, Mapping):
        raise refusal([{"pointer": "", "detail": "A document is a JSON object."}])
    around = {name: member for name, member in document.items() if name != "epcisBody"}
    check_tree(around, "", reader)
    if reader.problems:
        raise refusal(reader.problems)
    _check_type(document.get("type"))
    contexts = []
    if "@context" in document:
        contexts = read_contexts(document["@context"], "/@context", reader, terms=TERMS)
        if not names_standard(document["@context"]):
            reader.fail("/@context", "The standard's own context is missing.")
    reader.prefixes = prefixes_of(contexts)
    DOCUMENT(document, "", reader)
    version = document.get("schemaVersion")
    if isinstance(version, str) and not _VERSION.fullmatch(version):
        reader.fail("/schemaVersion", 'Version 2 of EPCIS is read here: "2.0".')
    events = _events(document.get("epcisBody"), reader) if "epcisBody" in document else []
    if reader.problems:
        raise refusal(reader.problems)
    return Document(contexts, dict(around), events)


def _check_type(kind: Any) -> None:
    if kind == "EPCISDocument":
        return
    detail = "'type' is EPCISDocument."
    if kind == "EPCISQueryDocument":
        detail = (
            "An EPCISQueryDocument is the answer to a query and cannot be captured: send its"
            " events in an EPCISDocument."
        )
    if kind == "EPCISQueryDocument":
        raise InvalidEventError(detail, errors=[{"pointer": "/type", "detail": detail}])
    raise refusal([{"pointer": "/type", "detail": detail}])


def _events(body: Any, reader: Reader) -> list[Any]:
    if not isinstance(body, Mapping):
        reader.fail("/epcisBody", "An object stands here.")
        return []
    if "eventList" not in body:
        reader.fail("/epcisBody", "'eventList' is missing.")
        return []
    for name in body:
        if name != "eventList" and ":" not in name:
            reader.fail(f"/epcisBody/{name}", f"EPCIS 2.0 has no field {name!r} here.")
    events = body["eventList"]
    if not isinstance(events, list):
        reader.fail("/epcisBody/eventList", "A list stands here.")
        return []
    if len(events) > MOST_EVENTS:
        reader.fail("/epcisBody/eventList", f"A document holds at most {MOST_EVENTS} events.")
    return events
