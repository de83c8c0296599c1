"""JSON-LD contexts of documents and events, as far as capture needs them: prefixes. Pure rules.

Nothing is fetched, ever: the standard's own context is known, prefixes of others are written out
in the document. That keeps the meaning of a stored event from depending on a foreign server.
"""

import re
from collections.abc import Mapping
from typing import Any

from traceability.epcis.checks import Reader, below
from traceability.epcis.vocabulary import is_absolute_uri

STANDARD_CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
# The prefixes which the standard's context declares.
STANDARD_PREFIXES: Mapping[str, str] = {
    "cbv": "https://ref.gs1.org/cbv/",
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "dcterms": "http://purl.org/dc/terms/",
    "epcis": "https://ref.gs1.org/epcis/",
    "gs1": "https://gs1.org/voc/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
MOST_CONTEXTS = 20
MOST_TERMS = 200

_STANDARD = re.compile(
    r"https?://(?:ref\.gs1\.org/standards/epcis/(?:[0-9.]+/)?|gs1\.github\.io/EPCIS/)"
    r"epcis-context(?:-root)?\.jsonld"
)
_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9._\-]*")
_KEYWORDS = frozenset({"@version", "@protected"})
_SCHEME_NAMES = frozenset({"http", "https", "urn", "ni"})
_SCHEMES = ("http://", "https://", "urn:")


def read_contexts(value: Any, pointer: str, reader: Reader, *, terms: frozenset[str]) -> list[Any]:
    """Return the contexts that are not the standard's own, as they came; notes what is wrong.

    Args:
        value: Of `@context`.
        pointer: Where it stands.
        reader: Told what is wrong.
        terms: The standard's own names, which nobody gives another meaning: an answer holds the
            contexts of all its events, so that one would change what the others say.
    """
    single = not isinstance(value, list)
    given = [value] if single else value
    if len(given) > MOST_CONTEXTS:
        reader.fail(pointer, f"At most {MOST_CONTEXTS} contexts are read.")
        return []
    extensions = []
    seen: list[Any] = []
    for place, context in enumerate(given):
        where = pointer if single else below(pointer, place)
        if context in seen:
            reader.fail(where, "This context is given twice.")
        seen.append(context)
        if isinstance(context, str):
            if not is_standard(context):
                reader.fail(
                    where,
                    "Contexts are never fetched: write the prefixes out as an object, beside"
                    f" {STANDARD_CONTEXT}.",
                )
        elif isinstance(context, Mapping):
            _check_terms(context, where, reader, terms)
            extensions.append(context)
        else:
            reader.fail(where, "A context is an address or an object.")
    return extensions


def names_standard(value: Any) -> bool:
    """Tell whether a document's contexts include the standard's."""
    given = value if isinstance(value, list) else [value]
    return any(isinstance(context, str) and is_standard(context) for context in given)


def is_standard(address: str) -> bool:
    """Tell whether an address is that of the standard's own context."""
    return bool(_STANDARD.fullmatch(address))


def prefixes_of(contexts: list[Any]) -> dict[str, str]:
    """Collect the prefixes that contexts declare, beside the standard's own; the last one wins."""
    found = dict(STANDARD_PREFIXES)
    for context in contexts:
        if isinstance(context, Mapping):
            for name, meaning in context.items():
                stands_for = meaning.get("@id") if isinstance(meaning, Mapping) else meaning
                if isinstance(stands_for, str) and _PREFIX.fullmatch(name):
                    found[name] = stands_for
    return found


def check_extension(name: str, pointer: str, reader: Reader) -> None:
    """Check the name of a field that is not the standard's: `prefix:name`, declared."""
    prefix, colon, rest = name.partition(":")
    if not colon:
        reader.fail(
            pointer,
            f"EPCIS 2.0 has no field {name!r} here; a field of your own has a prefix declared in"
            " @context.",
        )
    elif not rest or not is_absolute_uri(name):
        reader.fail(pointer, f"{name!r} is no name of a field: prefix:name in ASCII.")
    elif prefix not in reader.prefixes and not name.startswith(_SCHEMES):
        reader.fail(pointer, f"The prefix {prefix!r} is not declared in @context.")


def check_inside(value: Any, pointer: str, reader: Reader) -> None:
    """Check prefixed names inside the value of an extension field."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            if ":" in name:
                check_extension(name, below(pointer, name), reader)
            check_inside(member, below(pointer, name), reader)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            check_inside(item, below(pointer, place), reader)


def _check_terms(
    context: Mapping[str, Any], pointer: str, reader: Reader, terms: frozenset[str]
) -> None:
    if len(context) > MOST_TERMS:
        reader.fail(pointer, f"At most {MOST_TERMS} terms are read.")
        return
    for name, meaning in context.items():
        where = below(pointer, name)
        if name.startswith("@"):
            if name not in _KEYWORDS:
                reader.fail(where, f"{name} would change what the standard's names mean.")
        elif name in terms:
            reader.fail(where, f"{name!r} is the standard's own and keeps its meaning.")
        elif name in _SCHEME_NAMES:
            reader.fail(where, f"{name!r} begins addresses and cannot be a prefix.")
        elif isinstance(meaning, str):
            # A term may be made from a prefix of the same or an earlier context.
            if not is_absolute_uri(meaning):
                reader.fail(where, f"{name!r} stands for an absolute URI.")
        elif isinstance(meaning, Mapping):
            if "@context" in meaning or "@import" in meaning:
                reader.fail(where, "Contexts inside terms are not read.")
        else:
            reader.fail(where, f"{name!r} stands for an absolute URI or a term's definition.")
