"""GS1's own examples and JSON schema beside our rules: what it refuses we refuse, and more.

Decided differences, the only ones: names of CBV are also read as URNs of EPCIS 1.2 and as IRIs of
CBV's earlier address, which the schema of the JSON binding refuses.
"""

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from traceability.epcis.documents import read_document
from traceability.epcis.events import read_event
from traceability.errors import InvalidEventError

pytestmark = pytest.mark.real_data
Body = dict[str, Any]
QUERY = "EPCISQueryDocument.jsonld"
SOME: list[Any] = [
    None, True, 0, -1, 1.5, "", "x", "not a uri", "http://exa mple.com/", "2020-01-01",
    "2020-01-01T00:00:00", "2020-13-01T00:00:00Z", "+15:00", [], {}, [1], {"a": 1},
    "urn:epc:id:sgtin:0614141.107346.2018", "urn:epc:class:lgtin:4012345.012345.998877",
    "https://example.com/x", "ADD", "DELETE", "OBSERVE", "UPDATE", "shipping", "shiping", "KGM",
    "kgm", "did_not_occur", "example:foo", "ỹ", "ObjectEvent", "TransformationEvent",
    "AggregationEvent", "AssociationEvent", "TransactionEvent",
]  # fmt: skip
NAMES = [
    "foo", "ext1:foo", "foo:bar", "action", "ilmd", "epcList", "quantityList", "parentID", "type",
    "childEPCs", "transformationID", "inputEPCList", "persistentDisposition", "bizStep", "id", "",
    "a b", "ex:a b", "http://x.example/y",
]  # fmt: skip


@cache
def examples(folder: Path) -> dict[str, Body]:
    files = [*sorted((folder / "valid").iterdir()), folder / "epcis_ocop_chain.jsonld"]
    return {file.name: json.loads(file.read_text("utf-8")) for file in files}


@cache
def schema(folder: Path) -> Draft7Validator:
    text = (folder / "schema/EPCIS-JSON-Schema.json").read_text("utf-8")
    return Draft7Validator(json.loads(text), format_checker=Draft7Validator.FORMAT_CHECKER)


@pytest.fixture
def folder(shared: Path) -> Path:
    return shared / "standards/epcis"


def accepts(document: Body) -> bool:
    try:
        read = read_document(document)
        for event in read.events:
            read_event(event, read.contexts)
    except InvalidEventError:
        return False
    return True


def test_all_examples_are_accepted_but_the_answer_to_a_query(folder: Path) -> None:
    documents = examples(folder)
    assert len(documents) == 48
    refused = [name for name, document in documents.items() if not accepts(document)]
    assert refused == [QUERY]
    with pytest.raises(InvalidEventError, match="answer to a query"):
        read_document(documents[QUERY])


def test_the_hash_joins_events_and_keeps_them_apart(folder: Path) -> None:
    hashes: dict[str, list[tuple[str, Body]]] = {}
    for name, document in examples(folder).items():
        if name == QUERY:
            continue
        read = read_document(document)
        for event in read.events:
            found = read_event(event, read.contexts)
            hashes.setdefault(found.hash_id, []).append((name, event))
    # The examples repeat each other in places: with other eventIDs, comments or declarations.
    left_out = {"eventID", "recordTime", "errorDeclaration", "rdfs:comment"}
    for same in hashes.values():
        contents = [
            json.dumps({k: v for k, v in event.items() if k not in left_out}, sort_keys=True)
            for name, event in same
            if "DigitalLink" not in name
        ]
        numbers = {text.replace(".0,", ",").replace(".0}", "}") for text in contents}
        assert len(numbers) <= 1, [name for name, _ in same]
    equivalent = json.loads(
        next((folder / "event-hash-equivalence").glob("*.json")).read_text("utf-8")
    )
    assert accepts(equivalent)


def places(value: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield way
    if isinstance(value, dict):
        for name, member in value.items():
            yield from places(member, (*way, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from places(item, (*way, number))


def spoil(document: Body, chance: random.Random, values: list[Any]) -> Body:
    """A copy with one to three members taken away, replaced, renamed, added or misspelt."""
    made = deepcopy(document)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        way = chance.choice(list(places(made))[1:] or [("type",)])
        parent: Any = made
        for name in way[:-1]:
            parent = parent[name]
        last = way[-1]
        value = parent[last]
        kind = chance.randrange(6)
        if kind == 0:
            del parent[last]
        elif kind == 1:
            parent[last] = deepcopy(chance.choice(SOME))
        elif kind == 2:
            parent[last] = deepcopy(chance.choice(values))
        elif kind == 3 and isinstance(value, dict):
            value[chance.choice(NAMES)] = deepcopy(chance.choice(SOME + values))
        elif kind == 3 and isinstance(value, list):
            value.append(deepcopy(chance.choice(value or SOME)))
        elif kind == 4 and isinstance(parent, dict):
            parent[chance.choice(NAMES)] = parent.pop(last)
        elif isinstance(value, str) and value:
            place = chance.randrange(len(value))
            parent[last] = value[:place] + chance.choice("0a%é /:.<") + value[place + 1 :]
    return made


def compare(folder: Path, seed: int, count: int) -> None:
    chance = random.Random(seed)
    documents = [document for name, document in examples(folder).items() if name != QUERY]
    values: list[Any] = []
    for document in documents:
        for way in places(document):
            value: Any = document
            for name in way:
                value = value[name]
            values.append(value)
    seen = {True: 0, False: 0}
    for _ in range(count):
        made = spoil(chance.choice(documents), chance, values)
        allowed = schema(folder).is_valid(made)
        seen[allowed] += 1
        if not allowed:
            assert not accepts(made), json.dumps(made)[:2000]
    assert min(seen.values()) > count // 10


def test_what_the_schema_refuses_we_refuse(folder: Path) -> None:
    compare(folder, 1, 400)


@pytest.mark.long
def test_what_the_schema_refuses_we_refuse_at_length(folder: Path) -> None:
    compare(folder, 2, 8_000)


# In the spirit of STANDARDS §2: each of these passes GS1's schema, none of them passes here.
BEYOND: list[tuple[str, int, str, Any]] = [
    ("step in own words", 0, "bizStep", "x:harvest festival"),
    ("contradicting pair", 0, "disposition", "destroyed"),
    ("wrong GTIN", 0, "quantityList/0/epcClass", "https://a.vn/01/09520000200016/10/L"),
    ("short GTIN", 0, "quantityList/0/epcClass", "https://a.vn/01/9520000200015/10/L"),
    ("wrong GLN", 0, "readPoint/id", "https://id.nghean.example/414/9520000100019/254/LO-03"),
    ("unknown scheme", 0, "quantityList/0/epcClass", "urn:epc:class:xgtin:4012345.012345.1"),
    ("thing among lots", 0, "quantityList/0/epcClass", "urn:epc:id:sgtin:4012345.012345.1"),
    ("lot among things", 3, "epcList/0", "urn:epc:class:lgtin:4012345.012345.1"),
    ("kind among things", 3, "epcList/0", "urn:epc:idpat:sgtin:4012345.012345.*"),
    ("nothing made", 0, "quantityList/0/quantity", 0),
    ("less than nothing", 0, "quantityList/0/quantity", -420.5),
    ("the future", 0, "eventTime", "2126-10-05T06:30:00+07:00"),
    ("undeclared prefix", 0, "ilmd/vn:variety", "Chè Gay"),
    ("undeclared field", 0, "vn:weather", "rain"),
    ("no parent", 4, "parentID", ...),
    ("lot as parent", 4, "parentID", "https://id.nghean.example/01/09520000200015/10/L"),
    ("about nothing", 3, "epcList", []),
    ("unit of nothing", 0, "quantityList/0/quantity", ...),
]


@pytest.mark.parametrize(
    ("number", "path", "value"), [case[1:] for case in BEYOND], ids=[case[0] for case in BEYOND]
)
def test_what_the_schema_overlooks_we_refuse(
    folder: Path, number: int, path: str, value: Any
) -> None:
    document = deepcopy(examples(folder)["epcis_ocop_chain.jsonld"])
    part = document["epcisBody"]["eventList"][number]
    *way, last = path.split("/")
    for name in way:
        part = part[int(name)] if isinstance(part, list) else part[name]
    if value is ...:
        del part[last]
    elif isinstance(part, list):
        part[int(last)] = value
    else:
        part[last] = value
    if " " not in str(value):
        assert schema(folder).is_valid(document)
    assert not accepts(document)
