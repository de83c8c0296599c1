"""The CBV event hash: one event however it is written, another where anything differs."""

import hashlib
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceability.epcis.contexts import prefixes_of
from traceability.epcis.events import read_event
from traceability.epcis.hashing import pre_hash
from traceability.errors import InvalidEventError

Body = dict[str, Any]

# CBV 2.0's own first example (EPCIS 2.0, 9.6.1), written as JSON names and as URNs.
SHIPPING: Body = {
    "type": "ObjectEvent",
    "eventID": "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
    "eventTime": "2005-04-03T20:33:31.116000-06:00",
    "eventTimeZoneOffset": "-06:00",
    "epcList": ["urn:epc:id:sgtin:0614141.107346.2018", "urn:epc:id:sgtin:0614141.107346.2017"],
    "action": "OBSERVE",
    "bizStep": "shipping",
    "disposition": "urn:epcglobal:cbv:disp:in_transit",
    "readPoint": {"id": "urn:epc:id:sgln:0614141.07346.1234"},
    "bizTransactionList": [
        {"type": "po", "bizTransaction": "http://transaction.acme.com/po/12345678"},
        {"type": "desadv", "bizTransaction": "urn:epcglobal:cbv:bt:0614141073467:1152"},
    ],
    "example:myField": "Example of a vendor/user extension",
}
TEXT = (
    "eventType=ObjectEvent"
    "eventTime=2005-04-04T02:33:31.116Z"
    "eventTimeZoneOffset=-06:00"
    "epcListepc=https://id.gs1.org/01/10614141073464/21/2017"
    "epc=https://id.gs1.org/01/10614141073464/21/2018"
    "action=OBSERVE"
    "bizStep=https://ref.gs1.org/cbv/BizStep-shipping"
    "disposition=https://ref.gs1.org/cbv/Disp-in_transit"
    "readPointid=https://id.gs1.org/414/0614141073467/254/1234"
    "bizTransactionListtype=https://ref.gs1.org/cbv/BTT-desadv"
    "bizTransaction=urn:epcglobal:cbv:bt:0614141073467:1152"
    "type=https://ref.gs1.org/cbv/BTT-po"
    "bizTransaction=http://transaction.acme.com/po/12345678"
    "{http://ns.example.com/epcis/}myField=Example of a vendor/user extension"
)
CONTEXTS = [{"example": "http://ns.example.com/epcis/"}]


def test_the_canonical_text_of_a_known_event() -> None:
    assert pre_hash(SHIPPING, prefixes_of(CONTEXTS)) == TEXT
    read = read_event(SHIPPING, CONTEXTS)
    digest = hashlib.sha256(TEXT.encode())
    assert read.hash_id == f"ni:///sha-256;{digest.hexdigest()}?ver=CBV2.0"
    assert read.identity == digest.digest()


def test_the_published_example_has_its_published_hash() -> None:
    """The first worked example of the algorithm's own description (its README, from CBV 8.9)."""
    event = {
        "type": "ObjectEvent",
        "eventTime": "2020-03-04T11:00:30.000+01:00",
        "eventTimeZoneOffset": "+01:00",
        "recordTime": "2020-03-04T11:00:30.999+01:00",
        "epcList": [f"urn:epc:id:sscc:4012345.0000000{number}" for number in (333, 111, 222)],
        "action": "OBSERVE",
        "bizStep": "departing",
        "readPoint": {"id": "urn:epc:id:sgln:4012345.00011.987"},
        "example:myField1": {"example:mySubField1": "2", "example:mySubField2": "5"},
        "example:myField2": "0",
        "example:myField3": {"example:mySubField3": ["3", "1"]},
    }
    read = read_event(event, [{"example": "https://ns.example.com/epcis/"}])
    assert read.hash_id == (
        "ni:///sha-256;6ae96341e0acc6d7a261364751f60e68278a81cdf51da0abb6b4e617014e39d7?ver=CBV2.0"
    )


def test_fields_stand_in_the_order_of_the_table_whatever_the_prototype_does() -> None:
    event = {
        **SHIPPING,
        "type": "TransactionEvent",
        "action": "ADD",
        "parentID": "urn:epc:id:sscc:4012345.0000000111",
        "readPoint": {"id": "urn:epc:id:sgln:0614141.07346.0", "example:gate": True},
        "destinationList": [{"type": "location", "destination": "https://x.example/b"}],
        "sourceList": [{"type": "location", "source": "https://x.example/a"}],
        "sensorElementList": [
            {"sensorReport": [{"type": "Count", "stringValue": "111100001111000011110000"}]}
        ],
    }
    text = pre_hash(event, prefixes_of(CONTEXTS))
    in_order = (
        "epcListepc=",
        "parentID=https://id.gs1.org/00/040123450000001112action",
        "readPointid=https://id.gs1.org/414/0614141073467{http://ns.example.com/epcis/}gate=true",
        "bizTransactionListtype=",
        "sourceListtype=https://ref.gs1.org/cbv/SDT-locationsource=https://x.example/a",
        "destinationListtype=",
        "sensorElementList",
        "stringValue=111100001111000011110000",
        "{http://ns.example.com/epcis/}myField=",
    )
    places = [text.index(part) for part in in_order]
    assert places == sorted(places)


def test_the_same_event_written_otherwise() -> None:
    other = deepcopy(SHIPPING)
    del other["eventID"]
    other |= {
        "recordTime": "2020-01-01T00:00:00Z",
        "eventTime": "2005-04-04T02:33:31.1164Z",
        "bizStep": "urn:epcglobal:cbv:bizstep:shipping",
        "disposition": "https://ref.gs1.org/cbv/Disp-in_transit",
        "readPoint": {"id": "https://acme.example/x/414/0614141073467/254/1234?a=b"},
        "epcList": [
            "https://acme.example/01/10614141073464/21/2017",
            "https://id.gs1.org/01/10614141073464/10/LOT/21/2018",
        ],
        "ex:myField": other.pop("example:myField"),
    }
    other["bizTransactionList"].reverse()
    backwards = dict(reversed(other.items()))
    context = [{"ex": "http://ns.example.com/epcis/"}]
    assert read_event(backwards, context).identity == read_event(SHIPPING, CONTEXTS).identity


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        (26.0, "26"),
        (0.10, "0.1"),
        (1e-7, "0.0000001"),
        (-0.0, "0"),
        ("012345678901234567890", "12345678901234567890"),
        ("1" * 40, "1" * 40),
        ("1_000", "1_000"),
        ("nan", "nan"),
        (200, "200"),
        ("007.50", "7.5"),
        (True, "true"),
        ("  padded ", "padded"),
        ("urn:epc:id:sgln:0614141.07346.0", "https://id.gs1.org/414/0614141073467"),
        ("example:word", "http://ns.example.com/epcis/word"),
        (["b", "a"], "a{http://ns.example.com/epcis/}v=b"),
    ],
)
def test_values_in_their_one_form(written: Any, canonical: str) -> None:
    text = pre_hash({**SHIPPING, "example:v": written}, prefixes_of(CONTEXTS))
    assert text.endswith(f"{{http://ns.example.com/epcis/}}v={canonical}")


def test_sensors_stand_behind_transactions_and_in_order() -> None:
    event = deepcopy(SHIPPING)
    del event["bizTransactionList"], event["example:myField"]
    event |= {
        "sourceList": [{"type": "location", "source": "urn:epc:id:sgln:4012345.00225.0"}],
        "sensorElementList": [
            {
                "sensorReport": [
                    {"type": "gs1:Temperature", "value": 26.0, "uom": "CEL"},
                    {"type": "AbsoluteHumidity", "exception": "ALARM_CONDITION"},
                ],
                "sensorMetadata": {"deviceID": "urn:epc:id:giai:4000001.111"},
            }
        ],
    }
    assert pre_hash(event, prefixes_of([])).endswith(
        "sourceListtype=https://ref.gs1.org/cbv/SDT-locationsource=https://id.gs1.org/414/4012345002256"
        "sensorElementListsensorElement"
        "sensorMetadatadeviceID=https://id.gs1.org/8004/4000001111"
        "sensorReporttype=https://gs1.org/voc/AbsoluteHumidity"
        "exception=https://gs1.org/voc/ALARM_CONDITION"
        "sensorReporttype=https://gs1.org/voc/Temperaturevalue=26uom=CEL"
    )


def test_no_prefix_of_a_document_renames_things() -> None:
    plain = {**SHIPPING, "readPoint": {"id": "https://id.gs1.org/414/0614141073467"}}
    hidden = {**SHIPPING, "readPoint": {"id": "x:0614141073467"}}
    contexts = [*CONTEXTS, {"x": "https://id.gs1.org/414/"}]
    assert read_event(plain, contexts).identity != read_event(hidden, contexts).identity
    for scheme in ("https", "urn"):
        with pytest.raises(InvalidEventError):
            read_event({**SHIPPING, "@context": {scheme: "https://x.example/"}}, CONTEXTS)


@given(st.sampled_from(sorted(set(SHIPPING) - {"eventID", "type"})), st.integers(0, 5))
def test_any_other_content_is_another_event(name: str, place: int) -> None:
    changed = deepcopy(SHIPPING)
    value = changed[name]
    if name == "bizStep":
        changed[name] = "loading"
    elif name in ("disposition", "action", "eventTimeZoneOffset", "eventTime"):
        changed[name] = {
            "disposition": "in_progress",
            "action": "DELETE",
            "eventTimeZoneOffset": f"+0{place + 1}:00",
            "eventTime": f"2005-04-0{place + 1}T20:33:31.117-06:00",
        }[name]
    elif isinstance(value, list):
        changed[name] = value[place % 2 :][:1]
    elif isinstance(value, dict):
        changed[name] = {"id": value["id"] + str(place)}
    else:
        changed[name] = value[:place] + "x" + value[place:]
    assert read_event(changed, CONTEXTS).identity != read_event(SHIPPING, CONTEXTS).identity
