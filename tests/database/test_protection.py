"""What strangers try: other people's answers from a cache, foreign hosts, endless series."""

import pytest

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
    answer = caller.get("/static/a.css")
    assert answer.data == b"p{}"
    assert "Set-Cookie" not in answer.headers


def test_a_page_that_brings_a_cookie_is_kept_by_nobody_between(client):
    answer = client.get("/vung-trong?lang=en")
    assert "Set-Cookie" in answer.headers
    assert answer.cache_control.private


def test_a_name_longer_than_the_system_takes_is_not_found(client):
    assert client.get(f"/static/{'x' * 5000}").status_code == 404


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


def test_the_policy_admits_nothing_inline():
    assert "unsafe" not in protection.CONTENT_SECURITY_POLICY
