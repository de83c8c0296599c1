"""What documents and events are made of: the fields of each part, which are needed. Own data.

Source: EPCIS 2.0, section 7 (data model) and 10 (JSON binding). A part is a table of its fields;
fields that are not in it must be extensions (`prefix:name`), where the part admits them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from traceability.epcis import checks
from traceability.epcis.checks import Check, Reader, below
from traceability.epcis.contexts import check_extension, check_inside
from traceability.epcis.vocabulary import (
    ALERTS,
    BIZ_STEPS,
    COMPONENTS,
    DISPOSITIONS,
    ERROR_REASONS,
    SOURCE_TYPES,
    TRANSACTION_TYPES,
)


@dataclass(frozen=True, slots=True)
class Shape:
    """An object: its fields, those it must have, and whether it admits fields of others."""

    fields: Mapping[str, Check]
    needed: tuple[str, ...] = ()
    extensible: bool = True

    def __call__(self, value: Any, pointer: str, reader: Reader) -> None:
        """Check an object against this shape."""
        if not isinstance(value, Mapping):
            reader.fail(pointer, "An object stands here.")
            return
        for name in self.needed:
            if name not in value:
                reader.fail(pointer, f"{name!r} is missing.")
        for name, member in value.items():
            check = self.fields.get(name)
            where = below(pointer, name)
            if check is not None:
                check(member, where, reader)
            elif self.extensible:
                check_extension(name, where, reader)
                check_inside(member, where, reader)
            else:
                reader.fail(where, f"EPCIS 2.0 has no field {name!r} here.")


@dataclass(frozen=True, slots=True)
class List:
    """A list of one kind of values."""

    item: Check
    least: int = 0
    distinct: bool = False

    def __call__(self, value: Any, pointer: str, reader: Reader) -> None:
        """Check a list against this shape."""
        if not isinstance(value, list):
            reader.fail(pointer, "A list stands here.")
            return
        if len(value) < self.least:
            reader.fail(pointer, "This list holds one item at least.")
        for place, item in enumerate(value):
            self.item(item, f"{pointer}/{place}", reader)
        if self.distinct:
            # Only texts stand in such lists; others were noted above.
            texts = [item for item in value if isinstance(item, str)]
            if len(set(texts)) != len(texts):
                reader.fail(pointer, "An item stands in this list twice.")


def _or_list(check: Check) -> Check:
    several = List(check)

    def either(value: Any, pointer: str, reader: Reader) -> None:
        (several if isinstance(value, list) else check)(value, pointer, reader)

    return either


def _nothing(_value: Any, _pointer: str, _reader: Reader) -> None:
    """Accept: looked at elsewhere."""


_DISPOSITION = checks.name_of(DISPOSITIONS)
_THINGS = List(checks.instance, distinct=True)
_PLACE = Shape({"id": checks.identifier}, ("id",))
_QUANTITIES = List(
    Shape(
        {"epcClass": checks.class_of_things, "quantity": checks.quantity, "uom": checks.uom},
        ("epcClass",),
        extensible=False,
    )
)


def _typed(name: str, vocabulary: Check, *needed: str) -> Check:
    return List(Shape({"type": vocabulary, name: checks.identifier}, needed, extensible=False))


_SENSOR_SOURCES: dict[str, Check] = {
    "deviceID": checks.identifier,
    **dict.fromkeys(("deviceMetadata", "rawData", "dataProcessingMethod", "bizRules"), checks.uri),
}
_SENSOR_METADATA = Shape(
    {
        **_SENSOR_SOURCES,
        "time": checks.time,
        "startTime": checks.time,
        "endTime": checks.time,
    }
)
_SENSOR_REPORT = Shape(
    {
        **_SENSOR_SOURCES,
        "type": checks.measurement_of(),
        "exception": checks.measurement_of(ALERTS),
        "time": checks.time,
        "microorganism": checks.uri,
        "chemicalSubstance": checks.uri,
        "coordinateReferenceSystem": checks.uri,
        "component": checks.name_of(COMPONENTS),
        "value": checks.number,
        "minValue": checks.number,
        "maxValue": checks.number,
        "meanValue": checks.number,
        "sDev": checks.number,
        "percRank": checks.number,
        "percValue": checks.number,
        "stringValue": checks.text,
        "booleanValue": checks.boolean,
        "hexBinaryValue": checks.hexadecimal,
        "uriValue": checks.uri,
        "uom": checks.text,
    },
    ("type",),
)
_SENSOR_ELEMENT = Shape(
    {"sensorMetadata": _SENSOR_METADATA, "sensorReport": List(_SENSOR_REPORT, 1)},
    ("sensorReport",),
)

_PERSISTENT_DISPOSITION = Shape(
    {
        "set": List(_DISPOSITION, 1, distinct=True),
        "unset": List(_DISPOSITION, 1, distinct=True),
    },
    extensible=False,
)
_ERROR_DECLARATION = Shape(
    {
        "declarationTime": checks.past_time,
        "reason": checks.name_of(ERROR_REASONS),
        "correctiveEventIDs": List(checks.uri),
    },
    ("declarationTime",),
)

_COMMON: dict[str, Check] = {
    "@context": _nothing,
    "type": _nothing,
    "eventTime": checks.past_time,
    "recordTime": checks.time,
    "eventTimeZoneOffset": checks.offset,
    "eventID": checks.uri,
    "certificationInfo": _or_list(checks.uri),
    "errorDeclaration": _ERROR_DECLARATION,
    "bizStep": checks.name_of(BIZ_STEPS),
    "disposition": _DISPOSITION,
    "readPoint": _PLACE,
    "bizLocation": _PLACE,
    "bizTransactionList": _typed(
        "bizTransaction", checks.name_of(TRANSACTION_TYPES), "bizTransaction"
    ),
    "sourceList": _typed("source", checks.name_of(SOURCE_TYPES), "type", "source"),
    "destinationList": _typed("destination", checks.name_of(SOURCE_TYPES), "type", "destination"),
    "sensorElementList": List(_SENSOR_ELEMENT),
}
_ACTION: dict[str, Check] = {"action": checks.one_of("ADD", "OBSERVE", "DELETE")}
_CHILDREN: dict[str, Check] = {
    "parentID": checks.instance,
    "childEPCs": _THINGS,
    "childQuantityList": _QUANTITIES,
}
_OBJECTS: dict[str, Check] = {"epcList": _THINGS, "quantityList": _QUANTITIES}
# Master data of the lot that begins: names of others only.
_ORIGIN: dict[str, Check] = {
    "ilmd": Shape({}),
    "persistentDisposition": _PERSISTENT_DISPOSITION,
}
_ALWAYS = ("type", "eventTime", "eventTimeZoneOffset")

EVENTS: Mapping[str, Shape] = MappingProxyType(
    {
        "ObjectEvent": Shape({**_COMMON, **_ACTION, **_OBJECTS, **_ORIGIN}, (*_ALWAYS, "action")),
        "AggregationEvent": Shape({**_COMMON, **_ACTION, **_CHILDREN}, (*_ALWAYS, "action")),
        "AssociationEvent": Shape(
            {**_COMMON, **_ACTION, **_CHILDREN}, (*_ALWAYS, "action", "parentID")
        ),
        "TransactionEvent": Shape(
            {**_COMMON, **_ACTION, **_OBJECTS, "parentID": checks.instance},
            (*_ALWAYS, "action", "bizTransactionList"),
        ),
        "TransformationEvent": Shape(
            {
                **_COMMON,
                **_ORIGIN,
                "inputEPCList": _THINGS,
                "inputQuantityList": _QUANTITIES,
                "outputEPCList": _THINGS,
                "outputQuantityList": _QUANTITIES,
                "transformationID": checks.identifier,
            },
            _ALWAYS,
        ),
    }
)

_VOCABULARY_ELEMENT = Shape(
    {
        "id": checks.uri,
        "attributes": List(Shape({"id": checks.uri, "attribute": _nothing}, ("id",))),
        "children": List(checks.uri),
    },
    ("id",),
)
HEADER = Shape(
    {
        "epcisMasterData": Shape(
            {
                "vocabularyList": List(
                    Shape(
                        {"type": checks.uri, "vocabularyElementList": List(_VOCABULARY_ELEMENT)},
                        ("type",),
                    )
                )
            }
        )
    }
)
DOCUMENT = Shape(
    {
        "@context": _nothing,
        "type": _nothing,
        "epcisBody": _nothing,
        "id": checks.uri,
        "schemaVersion": checks.text,
        "creationDate": checks.time,
        "instanceIdentifier": checks.text,
        "sender": checks.text,
        "receiver": checks.text,
        "epcisHeader": HEADER,
    },
    ("@context", "schemaVersion", "creationDate", "epcisBody"),
)

# The standard's own names, wherever they stand.
TERMS = frozenset(
    {
        *EVENTS,
        *(name for shape in EVENTS.values() for name in shape.fields),
        *DOCUMENT.fields,
        *HEADER.fields,
        *_SENSOR_METADATA.fields,
        *_SENSOR_REPORT.fields,
        *_SENSOR_ELEMENT.fields,
        *_PERSISTENT_DISPOSITION.fields,
        *_ERROR_DECLARATION.fields,
        *("epcClass", "quantity", "bizTransaction", "source", "destination", "eventList"),
        *BIZ_STEPS.words,
        *DISPOSITIONS.words,
    }
)
