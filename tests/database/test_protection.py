"""What strangers try: other people's answers from a cache, foreign hosts, endless series."""

import pytest

from gis.calendar import today
from gis.layer import View
from gis.layers import LAYERS
from gis.tiles.drawing import draw_tile
from tests.map_factories import add_area, decode, tile_at
from web import protection
from web.accounts import add_account, issue_token

ANSWERS_BY_ROLE = (
    "/",
    "/vung-trong",
    "/api/v1/growing-areas",
    "/api/v1/search?q=a",
    "/api/v1/datasets",
    "/ogc/collections",
    "/ogc/collections/growing-areas/items",
    "/ogc/collections/growing-areas/tiles/WebMercatorQuad/12/1/1",
    "/du-lieu",
)


@pytest.mark.parametrize("address", ANSWERS_BY_ROLE)
def test_no_cache_between_keeps_what_a_role_sees(client, sign_in, address):
    theirs = sign_in("officer").get(address)
    assert theirs.status_code == 200
    assert theirs.cache_control.private or theirs.cache_control.no_store
    for answer in (theirs, client.get(address)):
        assert {"authorization", "cookie"} <= set(answer.vary.as_set())


def test_no_session_cookie_rides_on_a_file_that_caches_keep(sign_in, monkeypatch, tmp_path):
    (tmp_path / "a.css").write_text("p{}")
    monkeypatch.setattr("web.assets.DIST", tmp_path)
    caller = sign_in("officer")
    with caller.get("/static/a.css") as answer:
        assert answer.data == b"p{}"
        assert "Set-Cookie" not in answer.headers


def test_a_page_that_brings_a_cookie_is_kept_by_nobody_between(client):
    answer = client.get("/vung-trong?lang=en")
    assert "Set-Cookie" in answer.headers
    assert answer.cache_control.private


def test_a_name_longer_than_the_system_takes_is_not_found(client):
    assert client.get(f"/static/{'x' * 5000}").status_code == 404


def test_a_number_of_thousands_of_digits_is_bad_input(client):
    assert client.get(f"/api/v1/search?q=a&limit={'9' * 5000}").status_code == 400


def test_invented_methods_make_no_new_series(client):
    client.open("/healthz", method="INVENTED")
    assert b'method="INVENTED"' not in client.get("/metrics").data


def test_a_forged_host_admits_no_link_targets(app, client, session, monkeypatch):
    settings = app.extensions["langbiang.settings"].model_copy(update={"public_url": None})
    monkeypatch.setitem(app.extensions, "langbiang.settings", settings)
    page = {"href": "http://phishing.example/", "title": "x"}
    entries = {"entries": [{"key": "/01/09520000100025", "default": page}]}
    add_account(session, "huong", ["officer"])
    sender = {"Authorization": f"Bearer {issue_token(session, 'huong')}"}
    session.commit()

    def put(host: str) -> int:
        headers = {**sender, "Host": host}
        return client.put("/api/v1/links", json=entries, headers=headers).status_code

    assert put("phishing.example") == 400
    page["href"] = "http://127.0.0.1:8000/san-pham"
    assert put("127.0.0.1:8000") == 200


def test_json_nested_beyond_any_use_is_refused(client):
    address = "/api/v1/applications/11111111-1111-4111-8111-111111111111"
    body = "[" * 200_000
    assert client.put(address, data=body, content_type="application/json").status_code == 400


APPLICATION = {
    "area_name": "Đồi Gốc Thông",
    "crop": "ca-phe",
    "applicant": {"name": "Nguyễn Văn A", "phone": "0912345678"},
    "point": [108.6021, 11.8034],
    "area_ha": 1.2,
    "consent": True,
}


def test_what_an_account_sent_is_changed_by_that_account_only(client, sign_in):
    address = "/api/v1/applications/22222222-2222-4222-8222-222222222222"
    sender, other = sign_in("farmer"), sign_in("farmer")
    assert sender.put(address, json=APPLICATION).status_code == 201
    changed = {**APPLICATION, "area_name": "Của tôi"}
    assert other.put(address, json=changed).status_code == 403
    assert client.put(address, json=changed).status_code == 403
    assert client.put(address, json=APPLICATION).status_code == 200, "a retry changes nothing"
    assert sender.put(address, json=changed).status_code == 200


def test_numbers_and_instants_beyond_all_bounds_are_bad_input(client, session):
    address = "/api/v1/applications/33333333-3333-4333-8333-333333333333"
    ring = [[10**400, 12], [108.1, 12], [108.1, 12.1]]
    drawn = {**APPLICATION, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    assert client.put(address, json=drawn).status_code == 422
    form = {"area_name": "A", "crop": "ca-phe", "place": "11.8, 108.6", "area": "1", "name": "N"}
    form |= {"phone": "0912345678", "consent": "1", "household_count": "9" * 5000}
    assert client.post("/dang-ky", data=form).status_code == 400
    add_account(session, "mai", ["researcher"])
    sender = {"Authorization": f"Bearer {issue_token(session, 'mai')}"}
    session.commit()
    one = {"variable": "v", "subject": "s", "observed_at": "2026-01-01T00:00:00Z", "value": 1}
    for wrong in ({"observed_at": "0001-01-01T00:00:00+14:00"}, {"subject": "a\0b"}):
        batch = {"dataset": "d", "observations": [{**one, **wrong}]}
        answer = client.post("/api/v1/observations", json=batch, headers=sender)
        assert answer.status_code == 400, wrong


def test_receipts_are_not_guessed_by_the_thousand(app, client):
    app.extensions["langbiang.limiter"].enabled = True
    app.config["RATELIMIT_ENABLED"] = True
    answers = [client.get("/ho-so/LB-0000-0000").status_code for _ in range(125)]
    assert answers[-1] == 429
    app.extensions["langbiang.limiter"].reset()


def test_the_area_of_a_household_is_no_fingerprint_anywhere(client, session, tmp_path):
    hidden = add_area(session, "Vườn ông Năm", "household", code="VN-LDOR-9001")
    session.commit()
    item = client.get(f"/api/v1/growing-areas/{hidden.id}").json
    assert item["area_ha"] == round(hidden.area_ha, 1) != round(hidden.area_ha, 4)
    drawn = draw_tile(session, [(LAYERS["growing-areas"], View.PUBLIC)], tile_at(8), today())
    frame = decode(drawn, tile_at(8), tmp_path)["growing-areas-summary"]
    assert list(frame["area_ha"]) == [round(hidden.area_ha, 1)]


def test_the_extent_of_a_layer_gives_no_plot_away(client, session):
    add_area(session, "Vườn ông Năm", "household")
    session.commit()
    extent = client.get("/ogc/collections/growing-areas").json["extent"]["spatial"]["bbox"][0]
    assert extent == [round(edge, 2) for edge in extent]


def test_the_policy_admits_nothing_inline():
    assert "unsafe" not in protection.CONTENT_SECURITY_POLICY
