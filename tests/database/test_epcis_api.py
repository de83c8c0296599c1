"""`/epcis`: what is captured is answered exactly as it came, page by page, to whom it concerns."""

import json
from urllib.parse import quote

import pytest
from sqlalchemy import text

from tests.product_factories import GTIN, make_scene
from web.accounts import issue_token

PREFIX = {"ex": "https://example.org/voc/"}
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
LOT = f"https://id.example/01/{GTIN}/10/L2610"
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
        address = answer.headers.get("Link", "").partition("<")[2].partition(">")[0]
    return found


@pytest.fixture
def officer(sign_in):
    return sign_in("officer")


def capture(client, *events, contexts=(), **headers):
    return client.post("/epcis/capture", json=document(*events, contexts=contexts), headers=headers)


def test_a_document_is_captured_once_and_read_back(officer):
    sent = event(eventID="urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8")
    answer = capture(officer, sent)
    assert answer.status_code == 202
    job = officer.get(answer.headers["Location"]).json
    assert (job["success"], job["running"], job["stored"], job["errors"]) == (True, False, 1, [])
    again = capture(officer, sent)
    assert again.status_code == 202
    assert (again.json["stored"], again.json["repeated"]) == (0, 1)
    assert events_of(officer.get("/epcis/events")) == [sent]
    name = quote(sent["eventID"], safe="")
    assert events_of(officer.get(f"/epcis/events/{name}")) == [sent]
    assert [one["captureID"] for one in officer.get("/epcis/capture").json] == [
        again.json["captureID"],
        job["captureID"],
    ]


def test_the_same_content_in_other_words_counts_once_and_keeps_both_names(officer):
    first = event(eventID="urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8")
    second = event(
        eventID="urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a8",
        quantityList=[
            {
                "epcClass": "https://x.example/01/04012345111118/10/4444",
                "quantity": 4.5,
                "uom": "KGM",
            }
        ],
    )
    capture(officer, first)
    answer = capture(officer, second)
    assert (answer.json["stored"], answer.json["repeated"]) == (0, 1)
    capture(officer, second)
    assert events_of(officer.get("/epcis/events")) == [first]
    for one in (first, second):
        assert events_of(
            officer.get("/epcis/events", query_string={"EQ_eventID": one["eventID"]})
        ) == [one]


def test_rollback_stores_nothing_and_proceed_the_good_ones(officer):
    good, bad = event(), event(bizStep="harvesting")
    refused = capture(officer, good, bad)
    assert refused.status_code == 400
    assert refused.json["errors"][0]["pointer"] == "/epcisBody/eventList/1/bizStep"
    assert events_of(officer.get("/epcis/events")) == []
    answer = capture(officer, bad, good, **{"GS1-Capture-Error-Behaviour": "proceed"})
    assert answer.status_code == 202
    job = officer.get(answer.headers["Location"]).json
    assert (job["success"], job["captureErrorBehaviour"], job["stored"]) == (False, "proceed", 1)
    assert [(one["index"], one["pointer"]) for one in job["errors"]] == [
        (0, "/epcisBody/eventList/0/bizStep")
    ]
    assert events_of(officer.get("/epcis/events")) == [good]
    assert capture(officer, good, **{"GS1-Capture-Error-Behaviour": "no"}).status_code == 400


NO_DOCUMENTS = [
    (b"<xml/>", "application/xml", 415),
    (b"{", "application/json", 400),
    (b'{"a":18446744073709551616}', "application/json", 400),
    (b'{"a":' + b"[" * 100_000, "application/json", 400),
    (b"[]", "application/json", 400),
    (b'{"type":"EPCISQueryDocument"}', "application/ld+json", 400),
    (b" " * (16 * 1024 * 1024 + 1), "application/json", 413),
    (
        json.dumps(document(*[{}] * 10_001)).encode(),
        "application/json",
        413,
    ),
]


def test_what_is_no_document_is_refused(officer):
    for body, kind, status in NO_DOCUMENTS:
        answer = officer.post("/epcis/capture", data=body, content_type=kind)
        assert answer.status_code == status, answer.text
        assert answer.content_type == "application/problem+json"


def test_strangers_and_onlookers(client, sign_in):
    assert client.get("/epcis/events").status_code == 401
    assert client.post("/epcis/capture", json=document(event())).status_code == 401
    assert client.get("/epcis").status_code == 200
    leader = sign_in("leader")
    assert leader.get("/epcis/events").status_code == 200
    assert capture(leader, event()).status_code == 403
    assert sign_in("farmer").get("/epcis/events").status_code == 403


def test_one_event_is_captured(officer):
    sent = {"@context": [CONTEXT, PREFIX], **event(), "ex:note": "khô"}
    answer = officer.post("/epcis/events", json=sent)
    assert answer.status_code == 201, answer.text
    assert events_of(officer.get(answer.headers["Location"])) == [sent]


def test_discovery(officer):
    answer = officer.options("/epcis/capture")
    assert answer.status_code == 204
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert answer.headers["GS1-EPCIS-Capture-Limit"] == "10000"
    assert officer.options("/epcis/events/urn%3Ax%3Ay").headers["Allow"] == "GET, HEAD, OPTIONS"
    assert officer.get("/epcis/events", headers={"Accept": "application/xml"}).status_code == 406
    assert officer.get("/epcis/events", headers={"GS1-EPCIS-Min": "2.1"}).status_code == 406
    capture(officer, event(readPoint={"id": "urn:epc:id:sgln:0614141.00777.0"}))
    assert officer.get("/epcis/readPoints").json["member"] == [
        "https://langbiang.example/414/0614141007776"
    ]
    assert "shipping" in officer.get("/epcis/bizSteps").json["member"]
    assert officer.get("/epcis/eventTypes/ObjectEvent").json["member"] == ["events"]
    assert officer.get("/epcis/eventTypes/Other").status_code == 404
    for address in (
        "/epcis/eventTypes/ObjectEvent/events",
        "/epcis/bizSteps/inspecting/events",
        "/epcis/bizSteps/urn%3Aepcglobal%3Acbv%3Abizstep%3Ainspecting/events",
        "/epcis/readPoints/https%3A%2F%2Fx.example%2F414%2F0614141007776/events",
        f"/epcis/epcs/{quote(FOREIGN_LOT, safe='')}/events",
    ):
        assert len(events_of(officer.get(address))) == 1, address


QUERIES = {
    "a": event(eventTime="2026-10-01T00:00:00Z"),
    "b": event(
        eventTime="2026-10-02T00:00:00+07:00",
        bizStep="shipping",
        disposition="in_transit",
        quantityList=[],
        epcList=["urn:epc:id:sgtin:4012345.011111.9", "urn:epc:id:sscc:4012345.0000000111"],
        readPoint={"id": "urn:epc:id:sgln:0614141.00777.12"},
        bizLocation={"id": "https://x.example/414/0614141007776"},
    ),
    "c": {
        "type": "AggregationEvent",
        "action": "ADD",
        "eventTime": "2026-10-03T00:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "parentID": "urn:epc:id:sscc:4012345.0000000111",
        "childEPCs": ["https://x.example/01/04012345111118/21/10"],
        "bizStep": "packing",
    },
    "d": {
        "type": "TransformationEvent",
        "eventTime": "2026-10-04T00:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "inputQuantityList": [{"epcClass": FOREIGN_LOT, "quantity": 1, "uom": "KGM"}],
        "outputEPCList": ["urn:epc:id:sgtin:4012345.022222.7"],
        "transformationID": "urn:x:run:1",
    },
}


ANSWERS = [
    ("", "abcd"),
    ("GE_eventTime=2026-10-02T00:00:00Z", "cd"),
    ("LT_eventTime=2026-10-02T00:00:00%2B07:00", "a"),
    ("GE_eventTime=2026-10-02T00:00:00+07:00", "bcd"),
    ("eventType=ObjectEvent", "ab"),
    ("eventType=ObjectEvent|AggregationEvent&EQ_action=ADD", "c"),
    ("EQ_bizStep=shipping", "b"),
    ("EQ_bizStep=shipping,packing", "bc"),
    (
        "EQ_bizStep=https://ref.gs1.org/cbv/BizStep-shipping|urn:epcglobal:cbv:bizstep:packing",
        "bc",
    ),
    ("EQ_disposition=urn:epcglobal:cbv:disp:in_transit", "b"),
    ("EQ_readPoint=https://other.example/414/0614141007776/254/12", "b"),
    ("EQ_readPoint=https://other.example/414/0614141007776", ""),
    ("WD_readPoint=urn:epc:id:sgln:0614141.00777.0", "b"),
    ("EQ_bizLocation=urn:epc:id:sgln:0614141.00777.0", "b"),
    ("EQ_transformationID=urn:x:run:1", "d"),
    ("MATCH_epc=https://x.example/01/04012345111118/21/9", "b"),
    ("MATCH_epc=urn:epc:id:sgtin:4012345.011111.10", "c"),
    ("MATCH_epc=urn:epc:idpat:sgtin:4012345.011111.*", "bc"),
    ("MATCH_epc=https://x.example/01/04012345111118/21/*", "bc"),
    ("MATCH_epc=urn:epc:idpat:sgtin:4012345.*.*", "bc"),
    ("MATCH_epc=urn:epc:id:sscc:4012345.0000000111", "b"),
    ("MATCH_parentID=urn:epc:idpat:sscc:4012345.*", "c"),
    ("MATCH_anyEPC=https://x.example/00/040123450000001112", "bc"),
    ("MATCH_anyEPC=urn:epc:id:sgtin:4012345.022222.7,urn:epc:id:sgtin:4012345.011111.9", "bd"),
    ("MATCH_epcClass=https://x.example/01/04012345111118/10/4444", "a"),
    ("MATCH_anyEPCClass=urn:epc:class:lgtin:4012345.011111.4444", "ad"),
    ("MATCH_anyEPCClass=urn:epc:idpat:sgtin:4012345.011111.*", "ad"),
    ("MATCH_inputEPCClass=urn:epc:class:lgtin:4012345.011111.4444", "d"),
    ("MATCH_outputEPC=urn:epc:id:sgtin:4012345.022222.7", "d"),
    ("MATCH_anyEPC=urn:epc:id:sgtin:4012345.011111.9&eventType=ObjectEvent", "b"),
    ("EXISTS_errorDeclaration=true", ""),
    ("orderBy=eventTime", "dcba"),
    ("orderBy=eventTime&orderDirection=ASC&eventCountLimit=2", "ab"),
    ("orderBy=eventTime&eventCountLimit=3&perPage=2", "dcb"),
    ("perPage=1", "abcd"),
    ("maxEventCount=4", "abcd"),
]


def test_queries(officer):
    assert capture(officer, *QUERIES.values()).status_code == 202
    names = {json.dumps(one, sort_keys=True): name for name, one in QUERIES.items()}
    for asked, expected in ANSWERS:
        found = read_all(officer, f"/epcis/events?{asked}")
        told = "".join(names[json.dumps(one, sort_keys=True)] for one in found)
        assert told == expected, asked


REFUSED = [
    ("EQ_bizStp=shipping", 400),
    ("EQ_bizStep=harvesting", 400),
    ("EQ_bizStep=", 400),
    ("MATCH_epc=nothing", 400),
    ("MATCH_epc=urn:epc:id:sgtin:4012345.0111111.1", 400),
    ("MATCH_epc=*", 400),
    ("GE_eventTime=2026-10-02", 400),
    ("GE_eventTime=2026-10-02T00:00:00Z&GE_eventTime=2026-10-03T00:00:00Z", 400),
    ("perPage=0", 400),
    ("eventCountLimit=2", 400),
    ("orderBy=eventTime&eventCountLimit=2&maxEventCount=3", 400),
    ("orderBy=size", 400),
    ("nextPageToken=abc", 400),
    ("maxEventCount=3", 413),
]


def test_bad_questions(officer):
    capture(officer, *QUERIES.values())
    for asked, status in REFUSED:
        answer = officer.get(f"/epcis/events?{asked}")
        assert answer.status_code == status, (asked, answer.text)
        assert answer.content_type == "application/problem+json"


def test_a_page_ends_where_prefixes_contradict(officer):
    one = {**event(), "ex:note": "1"}
    other = {**event(eventTime="2026-10-06T06:30:00+07:00"), "ex:note": "1"}
    capture(officer, one, contexts=[PREFIX])
    capture(officer, other, contexts=[{"ex": "https://example.net/"}])
    answer = officer.get("/epcis/events")
    assert (events_of(answer), answer.json["@context"]) == ([one], [CONTEXT, PREFIX])
    assert read_all(officer, "/epcis/events") == [one, other]


def test_a_producer_reads_what_concerns_him(session, app, officer):
    """What he captured, and what is about his products; nothing else, under no address."""
    from web.accounts import add_account
    from web.models import Account

    scene = make_scene(session)
    add_account(session, "mai", ["producer"])
    session.query(Account).filter_by(username="mai").one().party_id = scene.cooperative.id
    token = issue_token(session, "mai")
    session.commit()
    about = event(quantityList=[{"epcClass": LOT}])
    foreign = event(eventID="urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8")
    assert capture(officer, about, foreign).status_code == 202
    client = app.test_client()
    headers = {"Authorization": f"Bearer {token}"}
    assert events_of(client.get("/epcis/events", headers=headers)) == [about]
    name = quote(foreign["eventID"], safe="")
    assert client.get(f"/epcis/events/{name}", headers=headers).status_code == 404
    assert client.get("/epcis/capture", headers=headers).json == []
    own = event(eventTime="2026-10-07T06:30:00+07:00")
    assert client.post("/epcis/capture", json=document(own), headers=headers).status_code == 202
    assert events_of(client.get("/epcis/events", headers=headers)) == [about, own]
    assert len(client.get("/epcis/capture", headers=headers).json) == 1
    assert len(officer.get("/epcis/capture").json) == 2


@pytest.mark.real_data
def test_gs1_examples_are_accepted_and_answered_equal(officer, shared, session):
    """All 46 examples but the query document: one by one, by name, paged; valid by the schema."""
    import jsonschema

    folder = shared / "standards" / "epcis"
    schema = json.loads((folder / "schema" / "query-schema.json").read_text())
    del schema
    whole = json.loads((folder / "schema" / "EPCIS-JSON-Schema.json").read_text())
    check = jsonschema.Draft7Validator(whole)
    sent = []
    paths = [path for path in sorted((folder / "valid").iterdir()) if path.suffix == ".jsonld"]
    examples = [path for path in paths if path.stem != "EPCISQueryDocument"]
    assert len(examples) >= 46
    for path in examples:
        content = json.loads(path.read_text())
        answer = officer.post("/epcis/capture", json=content)
        assert answer.status_code == 202, (path.name, answer.text)
        for one in content["epcisBody"]["eventList"]:
            sent.append(one)
            if "eventID" in one:
                found = officer.get(f"/epcis/events/{quote(one['eventID'], safe='')}")
                assert one in events_of(found), path.name
                check.validate(found.json)
    texts = {json.dumps(one, sort_keys=True) for one in sent}
    served = read_all(officer, "/epcis/events?perPage=7")
    assert {json.dumps(one, sort_keys=True) for one in served} <= texts
    count = session.scalar(text("SELECT count(*) FROM traceability.event WHERE repeats IS NULL"))
    assert len(served) == count
    check.validate(officer.get("/epcis/events").json)
