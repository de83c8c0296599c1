"""What an event and a document must be: each rule broken once, with the place it is broken at."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from traceability.epcis.contexts import STANDARD_CONTEXT
from traceability.epcis.documents import read_document
from traceability.epcis.events import Item, read_event
from traceability.epcis.units import measure
from traceability.epcis.vocabulary import (
    BIZ_STEPS,
    DISPOSITIONS,
    contradict,
    is_absolute_uri,
    read_name,
)
from traceability.errors import InvalidEventError, InvalidIdentifierError

Body = dict[str, Any]
CONTEXTS = [{"ocop": "https://id.example/voc/"}]
NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)
ITEM = "https://id.example/01/09520009000012/21/A1"
LOT = "https://id.example/01/09520009000012/10/L1"

HARVEST: Body = {
    "type": "ObjectEvent",
    "eventTime": "2026-11-22T06:30:00+07:00",
    "eventTimeZoneOffset": "+07:00",
    "action": "ADD",
    "bizStep": "commissioning",
    "disposition": "active",
    "readPoint": {"id": "https://id.example/414/9520000100018/254/LO-03"},
    "quantityList": [{"epcClass": LOT, "quantity": 420.5, "uom": "KGM"}],
    "ilmd": {"cbvmda:lotNumber": "L1", "ocop:variety": "Chè Gay"},
    "sensorElementList": [
        {
            "sensorMetadata": {
                "startTime": "2026-11-22T06:00:00+07:00",
                "endTime": "2026-11-22T06:10:00+07:00",
            },
            "sensorReport": [{"type": "Temperature", "minValue": 20, "maxValue": 24, "uom": "CEL"}],
        }
    ],
}
MEASURED: Body = {k: v for k, v in HARVEST.items() if k not in ("quantityList", "ilmd")}
PACKING: Body = {
    "type": "AggregationEvent",
    "eventTime": "2026-11-22T01:30:00.1239999Z",
    "eventTimeZoneOffset": "+07:00",
    "action": "ADD",
    "bizStep": "packing",
    "parentID": "urn:epc:id:sscc:4012345.0000000333",
    "childEPCs": [ITEM],
    "childQuantityList": [{"epcClass": LOT}],
}
PROCESSING: Body = {
    "type": "TransformationEvent",
    "eventTime": "2026-11-22T01:30:00Z",
    "eventTimeZoneOffset": "+07:00",
    "bizStep": "commissioning",
    "inputQuantityList": [{"epcClass": LOT, "quantity": 10, "uom": "KGM"}],
    "outputEPCList": [ITEM],
    "transformationID": "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "persistentDisposition": {"set": ["conformant"]},
}
SALE: Body = {
    "type": "TransactionEvent",
    "eventTime": "2026-11-22T01:30:00Z",
    "eventTimeZoneOffset": "+07:00",
    "action": "ADD",
    "bizTransactionList": [{"type": "po", "bizTransaction": "https://id.example/po/1"}],
    "epcList": [ITEM],
    "certificationInfo": "https://id.example/cert/1",
    "errorDeclaration": {
        "declarationTime": "2026-11-22T02:30:00Z",
        "reason": "incorrect_data",
        "correctiveEventIDs": ["urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf7"],
    },
}


def change(base: Body, path: str, value: Any) -> Body:
    """A copy with one member set; `...` takes it away."""
    made = deepcopy(base)
    *way, last = path.split("/")
    part: Any = made
    for name in way:
        part = part[int(name)] if isinstance(part, list) else part[name]
    if value is ...:
        del part[last]
    elif isinstance(part, list):
        part[int(last)] = value
    else:
        part[last] = value
    return made


REPORTS = "sensorElementList/0/sensorReport"
REPORT = REPORTS + "/0"
END = "sensorElementList/0/sensorMetadata/endTime"
TRANSACTION = "bizTransactionList/0/"
URN = "urn:epcglobal:cbv:disp:conformant"
# What, in which event, which member, its wrong value, and where that is told ("=": at the member).
WRONG: list[tuple[str, Body, str, Any, str]] = [
    ("no type", HARVEST, "type", ..., "="),
    ("unknown type", HARVEST, "type", "QuantityEvent", "="),
    ("no time", HARVEST, "eventTime", ..., ""),
    ("time without zone", HARVEST, "eventTime", "2026-11-22T06:30:00", "="),
    ("no such day", HARVEST, "eventTime", "2026-02-30T06:30:00Z", "="),
    ("the end of the calendar", HARVEST, "eventTime", "0001-01-01T00:00:00+14:00", "/eventTime"),
    ("a day", HARVEST, "eventTime", "2026-11-22", "="),
    ("the future", HARVEST, "eventTime", "2026-11-22T12:30:00+07:00", "="),
    ("no offset", HARVEST, "eventTimeZoneOffset", ..., ""),
    ("offset too far", HARVEST, "eventTimeZoneOffset", "+14:30", "="),
    ("offset as number", HARVEST, "eventTimeZoneOffset", 7, "="),
    ("no action", HARVEST, "action", ..., ""),
    ("unknown action", HARVEST, "action", "UPDATE", "="),
    ("action of a transformation", PROCESSING, "action", "ADD", "="),
    ("misspelt step", HARVEST, "bizStep", "comissioning", "="),
    ("harvesting is no step", HARVEST, "bizStep", "harvesting", "="),
    ("step of another list", HARVEST, "bizStep", "active", "="),
    ("no such CBV IRI", HARVEST, "bizStep", "https://ref.gs1.org/cbv/BizStep-xyz", "="),
    ("no such CBV URN", HARVEST, "disposition", "urn:epcglobal:cbv:disp:xyz", "="),
    ("contradicting pair", HARVEST, "disposition", "destroyed", "="),
    ("ilmd without ADD", HARVEST, "action", "OBSERVE", "/ilmd"),
    ("unprefixed ilmd", HARVEST, "ilmd/lotNumber", "L1", "="),
    ("undeclared prefix", HARVEST, "x:weather", "rain", "="),
    ("undeclared prefix inside", HARVEST, "ocop:a", [{"x:b": 1}], "/ocop:a/0/x:b"),
    ("unknown field", HARVEST, "weather", "rain", "="),
    ("field of another event", HARVEST, "parentID", ITEM, "="),
    ("about nothing", MEASURED, "readPoint", ..., ""),
    ("thing in a quantity list", HARVEST, "quantityList/0/epcClass", ITEM, "="),
    ("lot in an EPC list", HARVEST, "epcList", [LOT], "/epcList/0"),
    ("bad check digit", HARVEST, "epcList", [ITEM.replace("12/21", "13/21")], "/epcList/0"),
    ("thing twice", HARVEST, "epcList", [ITEM, ITEM], "="),
    ("no URI", HARVEST, "epcList", ["09520009000012"], "/epcList/0"),
    ("EPCs not listed", HARVEST, "epcList", ITEM, "="),
    ("quantity as text", HARVEST, "quantityList/0/quantity", "420", "="),
    ("negative quantity", HARVEST, "quantityList/0/quantity", -1, "="),
    ("NaN", HARVEST, "quantityList/0/quantity", float("nan"), "="),
    ("endless", HARVEST, "ocop:a", [1, float("inf")], "/ocop:a/1"),
    ("unit in words", HARVEST, "quantityList/0/uom", "kg", "="),
    ("unit of nothing", HARVEST, "quantityList/0/quantity", ..., "/quantityList/0/uom"),
    ("wrong GLN", HARVEST, "readPoint/id", "https://a.vn/414/9520000100019", "="),
    ("place as text", HARVEST, "readPoint", "Lô 3", "="),
    ("NUL", HARVEST, "ocop:a", "\x00", "="),
    ("half a pair", HARVEST, "ocop:a", "\ud800", "="),
    ("report without type", HARVEST, REPORT + "/type", ..., "/" + REPORT),
    ("unknown measure", HARVEST, REPORT + "/type", "Warmth", "="),
    ("value as text", HARVEST, REPORT + "/value", "20", "="),
    ("least above greatest", HARVEST, REPORT + "/minValue", 25, "="),
    ("no report", HARVEST, REPORTS, [], "="),
    ("wrong sensor", HARVEST, REPORT + "/deviceID", "https://a.vn/00/040123450000003331", "="),
    ("wrong run", PROCESSING, "transformationID", "urn:epc:id:gdti:4012345.555.1", "="),
    ("ends before it starts", HARVEST, END, "2026-11-22T05:00:00+07:00", "="),
    ("packing without parent", PACKING, "parentID", ..., ""),
    ("parent is a lot", PACKING, "parentID", LOT, "="),
    ("own child", PACKING, "childEPCs", ["urn:epc:id:sscc:4012345.0000000333"], "="),
    ("child is a lot", PACKING, "childEPCs", [LOT], "/childEPCs/0"),
    ("ilmd of packing", PACKING, "ilmd", {}, "="),
    ("one side without name", PROCESSING, "outputEPCList", ..., None),
    ("neither side", PROCESSING, "inputQuantityList", [], None),
    ("set and unset", PROCESSING, "persistentDisposition/unset", [URN], "/persistentDisposition"),
    ("nothing set", PROCESSING, "persistentDisposition", {}, "="),
    ("set empty", PROCESSING, "persistentDisposition", {"set": []}, "/persistentDisposition/set"),
    ("no transaction", SALE, "bizTransactionList", [], "="),
    ("nameless paper", SALE, TRANSACTION + "bizTransaction", ..., "/bizTransactionList/0"),
    ("unknown kind of paper", SALE, TRANSACTION + "type", "receipt", "="),
    ("sale of nothing", SALE, "epcList", ..., ""),
    ("sale of an empty list", SALE, "epcList", [], ""),
    ("source without kind", SALE, "sourceList", [{"source": ITEM}], "/sourceList/0"),
    ("certificate no URI", SALE, "certificationInfo", ["VietGAP"], "/certificationInfo/0"),
    ("declared without time", SALE, "errorDeclaration/declarationTime", ..., "/errorDeclaration"),
    ("declared ahead", SALE, "errorDeclaration/declarationTime", "2999-01-01T00:00:00Z", "="),
    ("unknown reason", SALE, "errorDeclaration/reason", "mistake", "="),
    ("remote context", HARVEST, "@context", ["https://evil.example/c"], "/@context/0"),
    ("imported context", HARVEST, "@context", {"@import": "https://e.vn"}, "/@context/@import"),
    ("time renamed", HARVEST, "@context", {"eventTime": "urn:x"}, "/@context/eventTime"),
    ("shipping renamed", HARVEST, "@context", {"shipping": "https://e.vn"}, "/@context/shipping"),
    ("default vocabulary", HARVEST, "@context", {"@vocab": "https://e.vn"}, "/@context/@vocab"),
]  # fmt: skip


@pytest.mark.parametrize("base", [HARVEST, PACKING, PROCESSING, SALE])
def test_right_events_are_read(base: Body) -> None:
    read = read_event(base, CONTEXTS, now=NOW)
    assert read.body == base
    assert read.hash_id.startswith("ni:///sha-256;")
    assert len(read.identity) == 32


@pytest.mark.parametrize(
    ("base", "path", "value", "pointer"),
    [case[1:] for case in WRONG],
    ids=[case[0] for case in WRONG],
)
def test_each_mistake_is_refused_at_its_place(
    base: Body, path: str, value: Any, pointer: str | None
) -> None:
    made = change(base, path, value)
    if pointer == "=":
        pointer = f"/{path}"
    elif pointer is None:
        made.pop("transformationID")
    with pytest.raises(InvalidEventError) as caught:
        read_event(made, CONTEXTS, now=NOW)
    problems = caught.value.context["errors"]
    assert (pointer or "") in [problem["pointer"] for problem in problems], problems


def test_what_is_kept_of_an_event() -> None:
    read = read_event(PACKING, CONTEXTS, now=NOW)
    assert read.time == datetime(2026, 11, 22, 1, 30, 0, 123999, UTC)
    assert read.items == (
        Item("parent", "/00/040123450000003338", is_class=False),
        Item("child", "/01/09520009000012/21/A1", is_class=False),
        Item("child", "/01/09520009000012/10/L1", is_class=True),
    )
    harvest = read_event(HARVEST, CONTEXTS, now=NOW)
    assert harvest.items[0].quantity == Decimal("420.5")
    assert harvest.read_point == "/414/9520000100018/254/LO-03"
    sale = read_event(SALE, CONTEXTS, now=NOW)
    assert (sale.corrects, sale.reason) == (sale.hash_id, "incorrect_data")
    named = read_event({**SALE, "eventID": "urn:uuid:1"}, CONTEXTS, now=NOW)
    assert (named.corrects, named.event_id) == (sale.hash_id, "urn:uuid:1")
    # The event itself and its declaration are two events of one content.
    plain = read_event(change(SALE, "errorDeclaration", ...), CONTEXTS, now=NOW)
    assert plain.hash_id == sale.hash_id
    assert plain.identity != sale.identity


def test_a_clock_may_be_minutes_ahead() -> None:
    soon = (NOW + timedelta(minutes=5)).isoformat()
    assert read_event({**HARVEST, "eventTime": soon}, CONTEXTS, now=NOW)


def test_depth_and_length_have_their_limits() -> None:
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    for value in (deep, "x" * 20_000):
        with pytest.raises(InvalidEventError):
            read_event({**HARVEST, "ocop:a": value}, CONTEXTS, now=NOW)


def test_own_prefixes_may_be_declared_in_the_event() -> None:
    assert read_event({**HARVEST, "@context": CONTEXTS[0], "ocop:a": 1}, [], now=NOW)
    assert read_event({**HARVEST, "https://id.example/voc/a": 1}, CONTEXTS, now=NOW)


@pytest.mark.parametrize(
    "form",
    [
        "{}",
        "cbv:BizStep-{}",
        "https://ref.gs1.org/cbv/BizStep-{}",
        "https://ns.gs1.org/cbv/BizStep-{}",
        "urn:epcglobal:cbv:bizstep:{}",
    ],
)
def test_all_forms_of_a_name_mean_the_same(form: str) -> None:
    for word in BIZ_STEPS.words:
        assert read_name(BIZ_STEPS, form.format(word)) == word
    with pytest.raises(InvalidIdentifierError):
        read_name(BIZ_STEPS, form.format("harvesting"))
    assert read_name(BIZ_STEPS, "https://id.example/voc/drying") == "https://id.example/voc/drying"


def test_the_table_of_contradictions_speaks_of_words_that_exist() -> None:
    pairs = [(s, d) for s in BIZ_STEPS.words for d in DISPOSITIONS.words if contradict(s, d)]
    assert len(pairs) > 150
    # STANDARDS' own table of steps, and what CBV names beside each disposition.
    for step, disposition in (
        ("commissioning", "active"),
        ("inspecting", "conformant"),
        ("inspecting", "non_conformant"),
        ("packing", "in_progress"),
        ("shipping", "in_transit"),
        ("receiving", "in_progress"),
        ("unpacking", "in_progress"),
        ("retail_selling", "retail_sold"),
        ("holding", "recalled"),
        ("destroying", "destroyed"),
        ("decommissioning", "inactive"),
        ("receiving", "returned"),
        ("stocking", "sellable_accessible"),
        ("arriving", "in_progress"),
        ("departing", "in_transit"),
    ):
        assert not contradict(step, disposition), (step, disposition)
    assert contradict("receiving", "in_transit")
    assert contradict("retail_selling", "recalled")


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://a.vn/x?y=1#z", True),
        ("urn:x:y", True),
        ("https://[::1]:80/", True),
        ("https://a:b.vn/", False),
        ("https://a.vn/#a#b", False),
        ("//a.vn/x", False),
        ("a b:c", False),
        ("urn:", False),
        ("https://ví-dụ.vn/", False),
        ("https://a.vn/" + "x" * 2000, True),
        ("https://a.vn/" + "x" * 2100, False),
    ],
)
def test_absolute_uris(uri: str, expected: bool) -> None:
    assert is_absolute_uri(uri) is expected


DOCUMENT: Body = {
    "@context": [STANDARD_CONTEXT, *CONTEXTS],
    "type": "EPCISDocument",
    "schemaVersion": "2.0",
    "creationDate": "2026-11-22T06:30:00+07:00",
    "epcisBody": {"eventList": [HARVEST, PACKING]},
}


def test_a_document_gives_its_events_and_own_contexts() -> None:
    read = read_document(DOCUMENT)
    assert (read.contexts, read.events) == (CONTEXTS, [HARVEST, PACKING])
    assert "epcisBody" not in read.header


def _without(name: str) -> Callable[[], Body]:
    return lambda: change(DOCUMENT, name, ...)


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: [DOCUMENT], "JSON object"),
        (lambda: {}, "type"),
        (lambda: HARVEST, "EPCISDocument"),
        (lambda: change(DOCUMENT, "type", "EPCISQueryDocument"), "answer to a query"),
        (_without("@context"), "@context"),
        (_without("schemaVersion"), "schemaVersion"),
        (_without("creationDate"), "creationDate"),
        (_without("epcisBody"), "epcisBody"),
        (lambda: change(DOCUMENT, "@context", [CONTEXTS[0]]), "context is missing"),
        (lambda: change(DOCUMENT, "@context/1", "https://evil.example/c"), "never fetched"),
        (lambda: change(DOCUMENT, "schemaVersion", "1.2"), "Version 2"),
        (lambda: change(DOCUMENT, "schemaVersion", 2.0), "text"),
        (lambda: change(DOCUMENT, "creationDate", "yesterday"), "RFC 3339"),
        (lambda: change(DOCUMENT, "epcisBody", []), "object"),
        (lambda: change(DOCUMENT, "epcisBody", {}), "eventList"),
        (lambda: change(DOCUMENT, "epcisBody/eventList", {}), "list"),
        (lambda: change(DOCUMENT, "epcisBody/event", HARVEST), "no field 'event'"),
        (lambda: change(DOCUMENT, "author", "x"), "no field 'author'"),
        (lambda: change(DOCUMENT, "x:author", "x"), "prefix 'x'"),
        (lambda: change(DOCUMENT, "id", "doc 1"), "absolute URI"),
    ],
)
def test_documents_that_are_none(make: Callable[[], Any], word: str) -> None:
    with pytest.raises(InvalidEventError, match=word):
        read_document(make())


@pytest.mark.parametrize(
    ("quantity", "uom", "dimension", "amount"),
    [
        ("0.5", "TNE", "mass", "500"),
        ("250", "GRM", "mass", "0.25"),
        ("3", "DTN", "mass", "300"),
        ("1", "LBR", "mass", "0.45359237"),
        ("2", "HLT", "volume", "200"),
        ("750", "MLT", "volume", "0.75"),
        ("2", "DZN", "count", "24"),
        ("7", None, "count", "7"),
        ("7", "XBX", "XBX", "7"),
    ],
)
def test_units_are_brought_to_one(
    quantity: str, uom: str | None, dimension: str, amount: str
) -> None:
    assert measure(Decimal(quantity), uom) == (dimension, Decimal(amount))
