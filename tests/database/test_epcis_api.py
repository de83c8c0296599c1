"""`/epcis`: what is captured is answered exactly as it came, page by page, to whom it concerns."""

import gzip
import json
from urllib.parse import quote

import pytest
from sqlalchemy import text

from tests.epcis_documents import (
    CONTEXT,
    FOREIGN_LOT,
    PREFIX,
    capture,
    document,
    event,
    events_of,
    read_all,
)
from tests.product_factories import GTIN, make_scene
from web.accounts import issue_token

LOT = f"https://id.example/01/{GTIN}/10/L2610"


@pytest.fixture
def officer(sign_in):
    return sign_in("officer")


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
    (b"", "application/json", 400),
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


def test_a_member_given_twice_is_no_guess(officer):
    sent = json.dumps(document(event())).replace('"bizStep"', '"action": "ADD", "bizStep"')
    answer = officer.post("/epcis/capture", data=sent, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json["detail"] == "The member 'action' stands twice in one object."
    assert events_of(officer.get("/epcis/events")) == []


def test_a_packed_body_is_refused_in_words(officer):
    answer = officer.post(
        "/epcis/capture",
        data=gzip.compress(json.dumps(document(event())).encode()),
        content_type="application/json",
        headers={"Content-Encoding": "gzip"},
    )
    assert (answer.status_code, "Content-Encoding" in answer.json["detail"]) == (415, True)


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
    refused = officer.post("/epcis/events", json=event(bizStep="harvesting"))
    assert [one["pointer"] for one in refused.json["errors"]] == ["/bizStep"]
    assert not refused.json["detail"].startswith("Event 1")


def test_discovery(client, officer):
    answer = officer.options("/epcis/capture")
    assert answer.status_code == 204
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert answer.headers["GS1-EPCIS-Capture-Limit"] == "10000"
    assert officer.options("/epcis/events/urn%3Ax%3Ay").headers["Allow"] == "GET, HEAD, OPTIONS"
    assert client.options("/epcis/epcs").headers["Allow"] == "GET, HEAD, OPTIONS"
    for address in ("/epcis/nothing", "/epcis/capture/abc", "/epcis/queries"):
        assert officer.get(address).status_code == 404
        assert officer.options(address).status_code == 404
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
