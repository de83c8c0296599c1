"""The data page, and observations and jobs over HTTP."""

import json

import pytest
from sqlalchemy import select

from etl.descriptions import Description
from etl.models import Snapshot
from etl.observation_store import ensure_dataset
from etl.queries import request_snapshot
from etl.snapshots import take_snapshot

BATCH = {
    "dataset": "tram-1",
    "observations": [
        {
            "variable": "t",
            "subject": "A",
            "observed_at": f"2026-11-22T{hour:02}:00:00+07:00",
            "value": None if hour == 3 else 20 + hour / 4,
        }
        for hour in range(5)
    ],
}


def post(client, batch):
    return client.post(
        "/api/v1/observations", data=json.dumps(batch), content_type="application/json"
    )


def test_a_batch_is_recorded_once_and_listed_in_pages(sign_in):
    client = sign_in("researcher")
    answer = post(client, BATCH)
    assert answer.status_code == 201, answer.text
    assert answer.json["inserted"] == 5
    again = post(client, BATCH)
    assert (again.status_code, again.json["unchanged"]) == (200, 5)
    seen = []
    address = "/api/v1/observations?dataset=tram-1&limit=2"
    while address:
        page = client.get(address.removeprefix("https://langbiang.example")).json
        seen += [(item["observed_at"], item["value"]) for item in page["items"]]
        address = page["next"]
    assert [value for _, value in seen] == [20, 20.25, 20.5, None, 21]
    part = client.get(
        "/api/v1/observations?dataset=tram-1&datetime=2026-11-21T18:00:00Z/2026-11-21T19:00:00Z"
    ).json["items"]
    assert [item["value"] for item in part] == [20.25, 20.5]
    job = client.get(f"/api/v1/jobs/{answer.json['id']}")
    assert (job.json["state"], job.json["report"]["accepted"]) == ("done", 5)
    assert (
        client.get(
            f"/api/v1/jobs/{answer.json['id']}", headers={"If-None-Match": job.headers["ETag"]}
        ).status_code
        == 304
    )


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"value": "warm"}, "/observations/0/value"),
        ({"value": float("inf")}, "/observations/0/value"),
        ({"observed_at": "2026-11-22T07:00:00"}, "/observations/0/observed_at"),
        ({"observed_at": "2026-11-22T01:00:00+07:00"}, "/observations/1"),
        ({"personal": 1}, "/observations/0/personal"),
    ],
)
def test_a_batch_is_taken_all_or_none(sign_in, change, pointer):
    client = sign_in("administrator")
    bad = json.loads(json.dumps(BATCH))
    bad["observations"][0] |= change
    answer = post(client, bad)
    assert answer.status_code == 400, answer.text
    assert answer.json["errors"][0]["pointer"] == pointer
    assert client.get("/api/v1/observations?dataset=tram-1").status_code == 404


def test_a_data_set_without_a_licence_is_not_open(client, session, sign_in):
    about = Description.model_validate({"dataset": {"licence": "CC-BY-4.0", "title": "Trạm mở"}})
    ensure_dataset(session, "open", about, None, variables=["t"])
    ensure_dataset(session, "closed", Description(), None, variables=["t"])
    assert client.get("/api/v1/observations?dataset=open").json == {"items": [], "next": None}
    assert client.get("/api/v1/observations?dataset=closed").status_code == 401
    assert sign_in("farmer").get("/api/v1/observations?dataset=closed").status_code == 403
    assert sign_in("leader").get("/api/v1/observations?dataset=closed").status_code == 200
    codes = [item["code"] for item in client.get("/api/v1/datasets").json["items"]]
    assert codes == ["open"]
    page = client.get("/du-lieu").text
    assert "Trạm mở" in page
    assert "closed" not in page


@pytest.mark.parametrize(
    "query", ["", "?dataset=open&limit=0", "?dataset=open&after=x", "?dataset=open&datetime=soon"]
)
def test_wrong_questions(client, session, query):
    about = Description.model_validate({"dataset": {"licence": "CC0-1.0"}})
    ensure_dataset(session, "open", about, None)
    assert client.get(f"/api/v1/observations{query}").status_code == 400


def test_snapshots_are_downloaded_by_those_who_read_the_layer(client, session, settings, sign_in):
    for layer in ("growing-areas", "parcels"):
        take_snapshot(session, layer, folder=settings.files_folder)
    page = client.get("/du-lieu?lang=en").text
    assert "Growing areas" in page
    assert "Parcels" not in page
    ids = [row.id for row in session.execute(select(Snapshot.id).order_by(Snapshot.id))]
    with client.get(f"/du-lieu/ban-chup/{ids[0]}.parquet") as public:
        assert public.data[:4] == b"PAR1"
    with client.get(f"/du-lieu/ban-chup/{ids[0]}.json") as description:
        assert description.json["layer"] == "growing-areas"
    assert client.get(f"/du-lieu/ban-chup/{ids[1]}.parquet").status_code == 401
    with sign_in("researcher").get(f"/du-lieu/ban-chup/{ids[1]}.parquet") as answer:
        assert answer.status_code == 200
        assert "private" in answer.headers["Cache-Control"]
    assert client.get("/du-lieu/ban-chup/999999.parquet").status_code == 404


def test_a_researcher_asks_for_a_snapshot(sign_in, session):
    client = sign_in("researcher")
    answer = client.post("/du-lieu/ban-chup", data={"layer": "growing-areas"})
    assert answer.status_code == 303
    page = client.get("/du-lieu").text
    assert "Đang chờ" in page
    asked = request_snapshot(session, "growing-areas", "somebody")
    assert client.get(f"/api/v1/jobs/{asked}").json["state"] == "waiting"
    assert client.post("/du-lieu/ban-chup", data={"layer": "applications"}).status_code == 403
    assert sign_in("leader").post("/du-lieu/ban-chup", data={"layer": "parcels"}).status_code == 403
