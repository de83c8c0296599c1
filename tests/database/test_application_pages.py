"""Applications through the site: the API, the plain form, the dossier, the officer's decision."""

import re
from datetime import date
from uuid import uuid4

import pytest
from geoalchemy2.shape import from_shape
from shapely.geometry import MultiPolygon, box
from sqlalchemy import func, select

from gis.models import Application, HighTechZone, ZoneAssessment, ZoneIndicator
from tests.applications import make_communes
from web.models import PrivateRead

BODY = {
    "area_name": "Đồi cà phê Gốc Thông",
    "crop": "ca-phe",
    "market": "EU",
    "applicant": {"name": "Nguyễn Văn Kín", "phone": "0912345678", "personal_number": None},
    "geometry": {
        "type": "Polygon",
        "coordinates": [
            [[108.6, 11.8], [108.601, 11.8], [108.601, 11.801], [108.6, 11.801], [108.6, 11.8]]
        ],
    },
    "household_count": 1,
    "method": "drawn",
    "consent": True,
}
PERSONAL = ("Nguyễn Văn Kín", "0912345678", "Nguy\\u1ec5n")
PAGE = {"Accept": "text/html"}


@pytest.fixture(autouse=True)
def communes(session):
    make_communes(session)
    session.commit()


def put(client, body=BODY, uuid=None):
    return client.put(f"/api/v1/applications/{uuid or uuid4()}", json=body)


def test_putting_twice_answers_one_receipt(client, session):
    uuid = uuid4()
    first, second = put(client, uuid=uuid), put(client, uuid=uuid)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json["receipt"] == second.json["receipt"]
    assert re.fullmatch(r"LB-[0-9A-Z]{4}-[0-9A-Z]{4}", first.json["receipt"])
    assert session.scalar(select(func.count()).select_from(Application)) == 1
    state = client.get(first.headers["Location"])
    assert (state.json["status"], state.json["area_ha"]) == ("submitted", 1.2056)
    assert not any(word in state.text for word in PERSONAL)
    again = client.get(first.headers["Location"], headers={"If-None-Match": state.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"area_name": None}, 400, "/area_name"),
        ({"applicant": {"name": "x"}}, 400, "/applicant/phone"),
        ({"crop": "unobtainium"}, 400, "/crop"),
        ({"geometry": None}, 400, "/geometry"),
        ({"geometry": None, "point": [108.6, 11.8]}, 400, "/area_ha"),
        ({"geometry": None, "point": [11.8, 108.6], "area_ha": 1}, 422, "/point"),
        ({"geometry": {"type": "Polygon", "coordinates": []}}, 422, "/geometry"),
        ({"household_count": "many"}, 400, "/household_count"),
        ({"consent": False}, 400, "/consent"),
    ],
)
def test_a_mistake_is_a_problem_with_a_pointer(client, change, status, pointer):
    answer = put(client, {**BODY, **change})
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    assert pointer in [each["pointer"] for each in answer.json["errors"]]


def test_what_is_no_document_is_refused(client):
    address = f"/api/v1/applications/{uuid4()}"
    assert client.put(address, data="{", content_type="application/json").status_code == 400
    assert client.put(address, json=[1]).status_code == 400
    assert client.put("/api/v1/applications/not-a-uuid", json=BODY).status_code == 404
    assert client.get(address).status_code == 404


def form(**changes):
    return {
        "uuid": str(uuid4()),
        "place": "11,8005, 108,6005",
        "area": "12.500",
        "unit": "m2",
        "crop": "rau",
        "area_name": "Vườn dưới",
        "market": "domestic",
        "household_count": "1",
        "name": "Nguyễn Văn Kín",
        "phone": "0912345678",
        "consent": "2026-11",
        **changes,
    }


def test_the_page_needs_no_script(client, session):
    page = client.get("/dang-ky", headers=PAGE)
    assert page.status_code == 200
    assert 'type="checkbox"' in page.text
    assert "checked>" not in re.search(r'<input type="checkbox"[^>]*>', page.text).group()
    sent = form()
    answer = client.post("/dang-ky", data=sent)
    assert answer.status_code == 303
    again = client.post("/dang-ky", data=sent)
    assert again.headers["Location"] == answer.headers["Location"], "a double click is one dossier"
    made = session.scalar(select(Application))
    assert float(made.declared_area_ha) == 1.25
    assert session.scalar(func.ST_AsText(made.location)) == "POINT(108.6005 11.8005)"
    dossier = client.get(answer.headers["Location"], headers=PAGE)
    assert made.receipt in dossier.text
    assert not any(word in dossier.text for word in PERSONAL)


def test_a_wrong_form_comes_back_filled(client):
    answer = client.post("/dang-ky", data=form(place="11 tới 108 hay 109", consent=""))
    assert answer.status_code == 400
    assert 'value="Vườn dưới"' in answer.text
    answer = client.post("/dang-ky", data=form(place="11"))
    assert answer.status_code == 400
    assert "11,8034 108,6021" in answer.text
    assert client.post("/dang-ky", data=form(area="nhiều")).status_code == 400
    assert client.post("/dang-ky", data=form(household_count="hai")).status_code == 400


def test_a_receipt_opens_however_it_is_typed(client):
    receipt = put(client).json["receipt"]
    moved = client.get(f"/ho-so/{receipt.lower().replace('-', ' ')}", headers=PAGE)
    assert moved.headers["Location"] == f"/ho-so/{receipt}"
    wrong = receipt[:-1] + ("0" if receipt[-1] != "0" else "1")
    assert client.get(f"/ho-so/{wrong}", headers=PAGE).status_code == 404
    assert client.get("/ho-so", headers=PAGE).status_code == 200


def test_an_officer_approves_and_the_code_has_a_page(client, sign_in, session):
    receipt = put(client).json["receipt"]
    officer = sign_in("officer", "24934")
    assert receipt in officer.get("/can-bo/ho-so", headers=PAGE).text
    page = officer.get(f"/can-bo/ho-so/{receipt}", headers=PAGE)
    assert "Nguyễn Văn Kín" in page.text
    assert "VN-LDOR-0001" in page.text
    assert session.scalar(select(func.count()).select_from(PrivateRead)) == 1
    version = re.search(r'name="version" value="(\d+)"', page.text).group(1)
    decide = f"/can-bo/ho-so/{receipt}/duyet"
    answer = officer.post(decide, data={"version": version, "source": "next", "note": "Chúc mừng"})
    assert answer.headers["Location"] == "/vung-trong/VN-LDOR-0001"
    twice = officer.post(decide, data={"version": version, "source": "next"})
    assert twice.headers["Location"] == f"/can-bo/ho-so/{receipt}"
    public = client.get("/vung-trong/VN-LDOR-0001", headers=PAGE)
    assert public.status_code == 200
    for word in (*PERSONAL, "Gốc Thông"):
        assert word not in public.text, "a household is not singled out"
    assert "Gốc Thông" in officer.get("/vung-trong/vn-ldor-0001", headers=PAGE).text
    assert "VN-LDOR-0001" in client.get(f"/ho-so/{receipt}", headers=PAGE).text
    assert "VN-LDOR-0001" in client.get("/vung-trong?q=ldor-0001", headers=PAGE).text
    [item] = client.get("/api/v1/growing-areas").json["items"]
    assert (item["name"], item["holder"], item["location"]["coordinates"]) == (
        None,
        None,
        [108.605, 11.805],
    )
    one = client.get(f"/api/v1/growing-areas/{item['id']}")
    assert one.headers["ETag"]
    address = f"/api/v1/growing-areas/{item['id']}/revisions"
    assert client.get(address).status_code == 401
    [revision] = officer.get(address).json["items"]
    assert revision["action"] == "insert"
    assert revision["actor"].startswith("officer")
    assert revision["after_shape"]["type"] == "MultiPolygon"


def test_a_returned_dossier_says_why_and_may_be_sent_again(client, sign_in):
    uuid = uuid4()
    receipt = put(client, uuid=uuid).json["receipt"]
    officer = sign_in("officer", "24934")
    silent = officer.post(f"/can-bo/ho-so/{receipt}/tra-lai", data={})
    assert silent.headers["Location"] == f"/can-bo/ho-so/{receipt}"
    officer.post(f"/can-bo/ho-so/{receipt}/tra-lai", data={"reason": "Vẽ lại góc phía đông"})
    assert "Vẽ lại góc phía đông" in client.get(f"/ho-so/{receipt}", headers=PAGE).text
    again = put(client, {**BODY, "household_count": 2}, uuid)
    assert (again.json["receipt"], again.json["status"]) == (receipt, "submitted")
    officer.post(f"/can-bo/ho-so/{receipt}/tu-choi", data={"reason": "Trùng hồ sơ khác"})
    late = put(client, {**BODY, "household_count": 3}, uuid)
    assert late.status_code == 409
    assert late.json["receipt"] == receipt


def test_another_communes_officer_sees_and_decides_nothing(client, sign_in):
    receipt = put(client).json["receipt"]
    other = sign_in("officer", "24943")
    assert receipt not in other.get("/can-bo/ho-so", headers=PAGE).text
    assert other.get(f"/can-bo/ho-so/{receipt}", headers=PAGE).status_code == 403
    assert other.post(f"/can-bo/ho-so/{receipt}/duyet", data={}).status_code == 403
    assert other.get("/api/v1/applications").json["items"] == []
    for caller in (sign_in("officer"), sign_in("administrator")):
        [item] = caller.get("/api/v1/applications").json["items"]
        assert item["receipt"] == receipt
        assert not any(word in str(item) for word in PERSONAL)
    assert sign_in("researcher").get(f"/can-bo/ho-so/{receipt}").status_code == 403


def test_pages_of_zones(client, session):
    boundary = from_shape(MultiPolygon([box(108.6, 11.8, 108.61, 11.81)]), srid=4326)
    zone = HighTechZone(code="CNC-1", name="Vùng Lạc Xuân", boundary=boundary)
    session.add(zone)
    session.flush()
    for code, value, qualifier, day in (
        ("greenhouse_or_nethouse_pct", 65, ">", date(2024, 12, 31)),
        ("mechanised_area_pct", 90, "", date(2024, 12, 31)),
        ("mechanised_area_pct", 100, "", date(2023, 12, 31)),
    ):
        indicator = session.scalar(select(ZoneIndicator.id).where(ZoneIndicator.code == code))
        session.add(
            ZoneAssessment(
                zone_id=zone.id,
                indicator_id=indicator,
                assessed_on=day,
                value=value,
                qualifier=qualifier,
                source="báo cáo",
            )
        )
    session.commit()
    page = client.get("/vung-cong-nghe-cao/CNC-1", headers=PAGE).text
    assert page.count("✓ đạt") == 1
    assert page.count("✗ chưa đạt") == 1, "the newest report counts"
    assert "không phải ngưỡng pháp lý" in page
    assert "Đạt 1 trên 2" in client.get("/vung-cong-nghe-cao", headers=PAGE).text
    assert client.get("/vung-cong-nghe-cao/none", headers=PAGE).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/vung-trong?q=%00",
        "/vung-trong?trang=999999999999999999999999",
        "/vung-trong/%00",
        "/vung-trong/99999999999999999999999",
        "/vung-cong-nghe-cao/%00",
        "/ho-so/%00",
        "/ho-so?ma=%00",
        "/api/v1/growing-areas?q=%00",
        "/api/v1/growing-areas?limit=-1",
        "/api/v1/growing-areas/99999999999999999999999",
    ],
)
def test_nonsense_is_refused_and_never_breaks(client, address):
    assert 300 <= client.get(address, headers=PAGE).status_code < 500
