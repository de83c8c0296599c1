"""One key for one thing: EPC URNs and Digital Links of the same thing meet in the same key.

A key is the raw path of a GS1 Digital Link at the finest level of identification:
`/01/09520009000012/21/X` for an item, `/01/…/10/L` for a lot, `/00/…`, `/414/…/254/…`; or the path
of an own trace code, `/t/TX-7K3Q-9MHD/lo/L2610`. Whatever else is an absolute URI is its own key.

Sources: EPC Tag Data Standard 1.13, sections 6 to 8 (URNs); GS1 Digital Link URI Syntax 1.6
(paths); CBV 2.0, 8.2 and 8.3 (which of them name instances, which classes): an instance of a trade
item is named by its serial alone, so a lot given with it is dropped, and so is the consumer
product variant (22). Pure rules.
"""

import re
from dataclasses import replace
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from traceability.epcis.keys import CLASSES_WITHOUT_SERIAL, KEYS, write_key
from traceability.epcis.urns import key_of_urn
from traceability.epcis.vocabulary import is_absolute_uri
from traceability.errors import InvalidIdentifierError
from traceability.gs1.trace_link import parse_trace_path

# Longer names are seldom asked for again, and would fill the memory of a process.
_KEPT = 200
_KEY_BEGINS = re.compile(r"[0-9]{4,}")


def canonical(epc: str) -> str:
    """Return the one key of what an EPC URN, a Digital Link or any other absolute URI names.

    Raises:
        InvalidIdentifierError: No absolute URI; or a GS1 key or own trace code that breaks its
            rules: length, characters, check digit, order of qualifiers.
    """
    return _canonical(epc) if len(epc) <= _KEPT else _canonical.__wrapped__(epc)


@lru_cache(maxsize=32_768)
def _canonical(epc: str) -> str:
    if epc[:8].lower() == "urn:epc:":
        return key_of_urn(epc)
    if not is_absolute_uri(epc):
        raise InvalidIdentifierError(f"{epc[:_KEPT]!r} is not an absolute URI.")
    if epc[:4].lower() == "http" and (key := _from_address(epc)) is not None:
        return key
    return epc


def is_class(key: str) -> bool:
    """Tell whether a key names a kind or a lot of things; a foreign URI counts as one thing."""
    parts = key.split("/")
    if parts[0]:
        return False
    name, value, below = parts[1], parts[2], parts[3::2]
    if name == "t":
        return "tem" not in below
    if name in {"01", "8006"}:
        return not {"21", "235"}.intersection(below)
    if name == "8010":
        return "8011" not in below
    if name in CLASSES_WITHOUT_SERIAL:
        return len(value) == CLASSES_WITHOUT_SERIAL[name]
    return False


def is_known(key: str) -> bool:
    """Tell whether a key is of GS1 or our own, so that class and instance are told apart."""
    return key.startswith("/") or key[:8].lower() == "urn:epc:"


def as_uri(key: str, base: str) -> str:
    """Write a key as an address below a base such as `https://example.vn`; a URI stays itself."""
    return base.rstrip("/") + key if key.startswith("/") else key


# --- Digital Links --------------------------------------------------------------------------


def _from_address(address: str) -> str | None:
    try:
        raw_path = urlsplit(address).path
    except ValueError as error:
        raise InvalidIdentifierError(f"{address!r} is not an address.") from error
    segments = raw_path.rstrip("/").split("/")
    for place in range(1, len(segments) - 1):
        name, value = segments[place], segments[place + 1]
        if name == "t" and value.upper().startswith("TX-"):
            link = parse_trace_path("/" + "/".join(segments[place:]))
            # As with GS1: the serial alone names the item, whatever lot it is written with.
            return replace(link, lot=None).path if link.serial else link.path
        # A page such as /00/index is no key: all of them begin with four digits at least.
        if name in KEYS and _KEY_BEGINS.match(value):
            return _checked_path(segments[place:])
    return None


def _checked_path(segments: list[str]) -> str:
    if len(segments) % 2:
        raise InvalidIdentifierError(
            f"/{'/'.join(segments)} names {segments[-1]!r} without a value."
        )
    name, value = segments[0], _decoded(segments[1])
    below = [
        (segments[place], _decoded(segments[place + 1])) for place in range(2, len(segments), 2)
    ]
    return write_key(name, value, below)


def _decoded(segment: str) -> str:
    try:
        return unquote(segment, encoding="ascii", errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidIdentifierError(
            f"{segment!r} holds characters outside the set that GS1 admits."
        ) from error
