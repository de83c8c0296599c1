"""Questions to `/epcis/events`: each parameter, pages, and what cannot be asked."""

import json

import pytest

from tests.epcis_documents import CONTEXT, FOREIGN_LOT, PREFIX, capture, event, events_of, read_all


@pytest.fixture
def officer(sign_in):
    return sign_in("officer")


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
    ("EQ_eventID=nothing", 400),
    ("EQ_transformationID=urn:x:%00", 400),
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


def test_the_next_page_is_here_whatever_the_caller_calls_this_place(officer):
    capture(officer, *QUERIES.values())
    for address in ("/epcis/events?perPage=1&lang=en", "/epcis/epcs?perPage=1"):
        answer = officer.get(
            address, base_url="http://localhost", headers={"X-Forwarded-Host": "e"}
        )
        following = answer.headers["Link"].partition(">")[0]
        assert following.startswith(f"<https://langbiang.example{address}&nextPageToken="), address


def test_a_page_ends_where_prefixes_contradict(officer):
    one = {**event(), "ex:note": "1"}
    other = {**event(eventTime="2026-10-06T06:30:00+07:00"), "ex:note": "1"}
    capture(officer, one, contexts=[PREFIX])
    capture(officer, other, contexts=[{"ex": "https://example.net/"}])
    answer = officer.get("/epcis/events")
    assert (events_of(answer), answer.json["@context"]) == ([one], [CONTEXT, PREFIX])
    assert read_all(officer, "/epcis/events") == [one, other]
