"""Documents of events for `/epcis`, sent by a client and read back."""

import json

PREFIX = {"ex": "https://example.org/voc/"}
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
FOREIGN_LOT = "urn:epc:class:lgtin:4012345.011111.4444"


def event(**members) -> dict:
    made = {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "eventTime": "2026-10-05T06:30:00+07:00",
        "eventTimeZoneOffset": "+07:00",
        "bizStep": "inspecting",
        "quantityList": [{"epcClass": FOREIGN_LOT, "quantity": 4.5, "uom": "KGM"}],
    }
    return {**made, **members}


def document(*events, contexts=()) -> dict:
    return {
        "@context": [CONTEXT, *contexts],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-10-12T09:30:00+07:00",
        "epcisBody": {"eventList": list(events)},
    }


def events_of(answer) -> list[dict]:
    assert answer.status_code == 200, answer.text
    body = json.loads(answer.data)
    assert body["type"] == "EPCISQueryDocument"
    return body["epcisBody"]["queryResults"]["resultsBody"]["eventList"]


def read_all(client, address: str) -> list[dict]:
    found = []
    while address:
        answer = client.get(address)
        found += events_of(answer)
        following = answer.headers.get("Link", "").partition("<")[2].partition(">")[0]
        address = following.removeprefix("https://langbiang.example")
    return found


def capture(client, *events, contexts=(), **headers):
    return client.post("/epcis/capture", json=document(*events, contexts=contexts), headers=headers)
