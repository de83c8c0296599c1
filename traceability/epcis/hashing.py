"""The CBV event hash: one text for one event, however it is written, and its SHA-256. Pure rules.

CBV 2.0, 8.9: the fields of an event in a fixed order, each as `name=value` without separators;
lists sorted; times in UTC with milliseconds; numbers without needless zeros; GS1 keys as Digital
Links of id.gs1.org at the finest level; CBV names as IRIs; the prefixes of extensions written out.
`eventID`, `recordTime` and `errorDeclaration` take no part, so that an event keeps its hash when it
is sent again and when it is declared an error.

GS1's prototype (epcis-event-hash-generator 1.9.3, "not meant for production") agrees but where it
leaves the table of 8.9 itself, and there the table is followed: `epcList` stands before `parentID`;
transactions, sources, destinations and sensors stand in this order behind the places, not sorted by
their names; a type stands before what it is of; an extension stays inside the field it came in,
whatever its namespace ends in; true is `true`, and digits of any length are kept, where the
prototype writes Python's `True` and rounds to a double. `bizRules` of a sensor report, which the
table forgets, stands where it stands in the metadata.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from traceability.epcis import epcs
from traceability.epcis.checks import read_time
from traceability.epcis.vocabulary import (
    ALERTS,
    BIZ_STEPS,
    COMPONENTS,
    DISPOSITIONS,
    MEASUREMENTS,
    SOURCE_TYPES,
    TRANSACTION_TYPES,
    Vocabulary,
    read_measurement,
    read_name,
)
from traceability.errors import InvalidIdentifierError

_CANONICAL = "https://id.gs1.org"
_CBV = "https://ref.gs1.org/cbv/"
_GS1 = "https://gs1.org/voc/"
# Take no part (CBV 2.0, 8.9.2).
_LEFT_OUT = frozenset({"@context", "type", "eventID", "recordTime", "errorDeclaration"})
# None of the event's content, wherever it stands.
_COMMENT = "rdfs:comment"
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)", re.ASCII)

Prefixes = Mapping[str, str]
Writer = Callable[[Any, Prefixes], str]


def pre_hash(event: Mapping[str, Any], prefixes: Prefixes) -> str:
    """Write the canonical text of an event that has been found valid."""
    parts = [f"eventType={event['type']}"]
    parts += _in_order(event, _EVENT, prefixes)
    if (ilmd := event.get("ilmd")) is not None:
        parts.append("ilmd" + _extensions(ilmd, prefixes, frozenset()))
    parts.append(_extensions(event, prefixes, _KNOWN))
    return "".join(parts)


def hash_id(digest: bytes) -> str:
    """Write a digest as the event identifier of CBV 2.0."""
    return f"ni:///sha-256;{digest.hex()}?ver=CBV2.0"


def digest_of(text: str) -> bytes:
    """Return the SHA-256 of a canonical text, 32 bytes."""
    return hashlib.sha256(text.encode()).digest()


def declaration_text(declaration: Mapping[str, Any], prefixes: Prefixes) -> str:
    """Write an error declaration canonically, so that the declared event differs from the event."""
    parts = ["errorDeclaration"]
    parts.append(f"declarationTime={_time(declaration['declarationTime'], prefixes)}")
    if (reason := declaration.get("reason")) is not None:
        parts.append(f"reason={reason}")
    parts.append("".join(sorted(declaration.get("correctiveEventIDs", ()))))
    known = frozenset({"declarationTime", "reason", "correctiveEventIDs"})
    parts.append(_extensions(declaration, prefixes, known))
    return "".join(parts)


# --- values ---------------------------------------------------------------------------------


def _time(value: Any, _prefixes: Prefixes) -> str:
    return _utc(value)


@lru_cache(maxsize=4096)
def _utc(value: str) -> str:
    read = read_time(value).astimezone(UTC)
    # CBV 2.0 says milliseconds and no more; CBV 2.1, that the fourth digit rounds, 5 and more up.
    milliseconds = (read.microsecond + 500) // 1000
    rounded = read.replace(microsecond=0) + timedelta(milliseconds=milliseconds)
    return rounded.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _text(value: Any, prefixes: Prefixes) -> str:
    """Write any value: keys, numbers and prefixed names in their one form, the rest as it is."""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number(repr(value))
    if not isinstance(value, str):
        return ""
    return _canonical_text(_expanded(value, prefixes).strip())


def _canonical_text(value: str) -> str:
    return _number(value) if _NUMBER.fullmatch(value) else _identifier(value)


def _number(value: str) -> str:
    """Write a number without needless zeros, exactly: long numbers in texts keep their digits."""
    exact = Decimal(value)
    written = f"{exact:f}" if exact else "0"
    return written.rstrip("0").rstrip(".") if "." in written else written


def _identifier(value: str) -> str:
    try:
        key = epcs.canonical(value)
    except InvalidIdentifierError:
        return value
    return _CANONICAL + key if key.startswith("/") else value


def _identified(value: Any, _prefixes: Prefixes) -> str:
    """Write what names a thing: as the journal's keys do, never by a document's own prefixes."""
    return _identifier(value)


def _expanded(value: str, prefixes: Prefixes) -> str:
    prefix, colon, rest = value.partition(":")
    if colon and (stands_for := prefixes.get(prefix)) is not None:
        return stands_for + rest
    return value


def _name(vocabulary: Vocabulary) -> Writer:
    start = _CBV + vocabulary.iri

    def write(value: Any, prefixes: Prefixes) -> str:
        name = read_name(vocabulary, value)
        return start + name if name in vocabulary.words else _expanded(name, prefixes)

    return write


def _measured(words: frozenset[str]) -> Writer:
    def write(value: Any, prefixes: Prefixes) -> str:
        name = read_measurement(value, words)
        return _GS1 + name if name in words else _expanded(name, prefixes)

    return write


# --- lists ----------------------------------------------------------------------------------


def _epcs(value: Any, _prefixes: Prefixes) -> str:
    return "".join(sorted([f"epc={_identifier(epc)}" for epc in value]))


def _quantities(value: Any, prefixes: Prefixes) -> str:
    return "".join(
        sorted(["quantityElement" + _ordered(element, _QUANTITY, prefixes) for element in value])
    )


def _place(value: Any, prefixes: Prefixes) -> str:
    return _ordered(value, _PLACE, prefixes)


def _pairs(name: str, vocabulary: Vocabulary) -> Writer:
    order = {"type": _field("type", _name(vocabulary)), name: _field(name, _identified)}

    def write(value: Any, prefixes: Prefixes) -> str:
        return "".join(sorted(["".join(_in_order(one, order, prefixes)) for one in value]))

    return write


def _sorted_names(name: str) -> Writer:
    write_one = _name(DISPOSITIONS)

    def write(value: Any, prefixes: Prefixes) -> str:
        return "".join(sorted([f"{name}={write_one(one, prefixes)}" for one in value]))

    return write


def _persistent(value: Any, prefixes: Prefixes) -> str:
    return "".join(_in_order(value, _PERSISTENT, prefixes))


def _certifications(value: Any, prefixes: Prefixes) -> str:
    given = value if isinstance(value, list) else [value]
    return "".join(sorted([f"certificationInfo={_text(one, prefixes)}" for one in given]))


def _sensors(value: Any, prefixes: Prefixes) -> str:
    return "".join(sorted(["sensorElement" + _ordered(one, _SENSOR, prefixes) for one in value]))


def _sensor_metadata(value: Any, prefixes: Prefixes) -> str:
    return _ordered(value, _METADATA, prefixes)


def _sensor_reports(value: Any, prefixes: Prefixes) -> str:
    return "".join(sorted(["sensorReport" + _ordered(one, _REPORT, prefixes) for one in value]))


# --- order ----------------------------------------------------------------------------------


def _field(name: str, write: Writer) -> Writer:
    return lambda value, prefixes: f"{name}={write(value, prefixes)}"


def _group(name: str, write: Writer) -> Writer:
    def wrapped(value: Any, prefixes: Prefixes) -> str:
        inside = write(value, prefixes)
        return name + inside if inside else ""

    return wrapped


def _in_order(
    value: Mapping[str, Any], order: Mapping[str, Writer], prefixes: Prefixes
) -> Iterator[str]:
    for name, write in order.items():
        if name in value:
            yield write(value[name], prefixes)


def _ordered(value: Mapping[str, Any], order: Mapping[str, Writer], prefixes: Prefixes) -> str:
    known = "".join(_in_order(value, order, prefixes))
    return known + _extensions(value, prefixes, order)


def _extensions(
    value: Mapping[str, Any], prefixes: Prefixes, known: Mapping[str, Any] | frozenset[str]
) -> str:
    found: list[str] = []
    for name, member in value.items():
        if name not in known and name != _COMMENT:
            found += _extension(name, member, prefixes)
    found.sort()
    return "".join(found)


def _extension(name: str, value: Any, prefixes: Prefixes) -> Iterator[str]:
    prefix, colon, rest = name.partition(":")
    if colon and (stands_for := prefixes.get(prefix)) is not None:
        name = f"{{{stands_for}}}{rest}"
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, Mapping):
            yield name + _extensions(one, prefixes, frozenset())
        elif isinstance(one, list):
            yield name + "".join(_extension("", one, prefixes))
        else:
            text = _text(one, prefixes)
            yield f"{name}={text}" if text else name


_QUANTITY: Mapping[str, Writer] = {
    "epcClass": _field("epcClass", _identified),
    "quantity": _field("quantity", _text),
    "uom": _field("uom", _text),
}
_PLACE: Mapping[str, Writer] = {"id": _field("id", _identified)}
_PERSISTENT: Mapping[str, Writer] = {name: _sorted_names(name) for name in ("set", "unset")}
_METADATA: Mapping[str, Writer] = {
    "time": _field("time", _time),
    "startTime": _field("startTime", _time),
    "endTime": _field("endTime", _time),
    "deviceID": _field("deviceID", _text),
    "deviceMetadata": _field("deviceMetadata", _text),
    "rawData": _field("rawData", _text),
    "dataProcessingMethod": _field("dataProcessingMethod", _text),
    "bizRules": _field("bizRules", _text),
}
_REPORT: Mapping[str, Writer] = {
    "type": _field("type", _measured(MEASUREMENTS)),
    "exception": _field("exception", _measured(ALERTS)),
    **{
        name: _field(name, _text)
        for name in (
            "deviceID",
            "deviceMetadata",
            "rawData",
            "dataProcessingMethod",
            "bizRules",
        )
    },
    "time": _field("time", _time),
    "microorganism": _field("microorganism", _text),
    "chemicalSubstance": _field("chemicalSubstance", _text),
    "value": _field("value", _text),
    "component": _field("component", _name(COMPONENTS)),
    **{
        name: _field(name, _text)
        for name in (
            "stringValue",
            "booleanValue",
            "hexBinaryValue",
            "uriValue",
            "minValue",
            "maxValue",
            "meanValue",
            "sDev",
            "percRank",
            "percValue",
            "uom",
            "coordinateReferenceSystem",
        )
    },
}
_SENSOR: Mapping[str, Writer] = {
    "sensorMetadata": _group("sensorMetadata", _sensor_metadata),
    "sensorReport": _sensor_reports,
}
_EVENT: Mapping[str, Writer] = {
    "eventTime": _field("eventTime", _time),
    "eventTimeZoneOffset": _field("eventTimeZoneOffset", lambda value, _: str(value)),
    "certificationInfo": _certifications,
    "epcList": _group("epcList", _epcs),
    "parentID": _field("parentID", _identified),
    "inputEPCList": _group("inputEPCList", _epcs),
    "childEPCs": _group("childEPCs", _epcs),
    "quantityList": _group("quantityList", _quantities),
    "childQuantityList": _group("childQuantityList", _quantities),
    "inputQuantityList": _group("inputQuantityList", _quantities),
    "outputEPCList": _group("outputEPCList", _epcs),
    "outputQuantityList": _group("outputQuantityList", _quantities),
    "action": _field("action", _text),
    "transformationID": _field("transformationID", _identified),
    "bizStep": _field("bizStep", _name(BIZ_STEPS)),
    "disposition": _field("disposition", _name(DISPOSITIONS)),
    "persistentDisposition": _group("persistentDisposition", _persistent),
    "readPoint": _group("readPoint", _place),
    "bizLocation": _group("bizLocation", _place),
    "bizTransactionList": _group("bizTransactionList", _pairs("bizTransaction", TRANSACTION_TYPES)),
    "sourceList": _group("sourceList", _pairs("source", SOURCE_TYPES)),
    "destinationList": _group("destinationList", _pairs("destination", SOURCE_TYPES)),
    "sensorElementList": _group("sensorElementList", _sensors),
}
_KNOWN = frozenset({*_EVENT, *_LEFT_OUT, "ilmd"})
