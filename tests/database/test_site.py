"""The site as a whole: every route states its roles, errors are problems, sign-in holds."""

import base64
import re

import pytest

from gis import errors
from web import access, problems
from web.accounts import add_account, issue_token


def test_each_error_finds_a_row_and_a_page(client):
    def all_below(cls):
        yield cls
        for below in cls.__subclasses__():
            yield from all_below(below)

    for error_class in all_below(errors.PlatformError):
        kind = problems.kind_of(error_class)
        page = client.get(f"/problems/{kind.slug}", headers={"Accept": "text/html"})
        assert page.status_code == 200, kind.slug


def test_unknown_address_is_a_problem_for_programs_and_a_page_for_people(client):
    program = client.get("/nowhere", headers={"Accept": "*/*"})
    assert program.status_code == 404
    assert program.content_type == "application/problem+json"
    assert program.json["instance"] == "/nowhere"
    person = client.get("/nowhere", headers={"Accept": "text/html,*/*;q=0.8"})
    assert person.status_code == 404
    assert person.mimetype == "text/html"
    assert "Không tìm thấy" in person.text


def test_context_never_hides_a_reserved_member():
    with pytest.raises(ValueError, match="status"):
        errors.ConflictError("x", status=9)


def test_health(client):
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json["status"] == "ok"
    assert b"http_request_seconds" in client.get("/metrics").data


def test_sign_in_by_password_and_token(app, session, client):
    password = add_account(session, "lan", ["leader"])
    token = issue_token(session, "lan")
    session.commit()
    assert client.post("/dang-nhap", data={"username": "lan", "password": "no"}).status_code == 401
    answer = client.post(
        "/dang-nhap", data={"username": "lan", "password": password, "next": "//evil.example"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    fresh = app.test_client()
    for headers in (
        {"Authorization": f"Bearer {token}"},
        {"Authorization": "Basic " + base64.b64encode(f"x:{token}".encode()).decode()},
    ):
        assert fresh.get("/healthz", headers=headers).status_code == 200
    bad = fresh.get("/healthz", headers={"Authorization": "Bearer lb_wrong"})
    assert bad.status_code == 401
    assert "WWW-Authenticate" in bad.headers


ROLES = ("public", "farmer", "producer", "officer", "researcher", "leader", "administrator")


@pytest.mark.parametrize("role", ROLES)
def test_every_route_admits_exactly_its_roles(app, client, sign_in, role):
    """All routes × all roles: whoever is not stated is turned away before the view runs."""
    caller = client if role == "public" else sign_in(role)
    for rule in app.url_map.iter_rules():
        stated = access.roles_of(app, rule.endpoint)
        assert stated, f"{rule.rule} states no roles"
        if "public" in stated or role in stated:
            continue
        address = rule.rule
        for argument in rule.arguments:
            value = "00000000-0000-0000-0000-000000000000" if "uuid" in argument else "1"
            converter = rule._converters[argument].__class__.__name__
            value = value if converter != "UnicodeConverter" else "x"
            address = re.sub(rf"<[^<>]*{argument}>", value, address)
        for method in rule.methods - {"OPTIONS", "HEAD"}:
            answer = caller.open(address, method=method, headers={"Accept": "application/json"})
            assert answer.status_code == (401 if role == "public" else 403), (method, address)


def test_pages_speak_vietnamese_unless_asked(client):
    assert 'lang="vi"' in client.get("/dang-nhap", headers={"Accept-Language": "en"}).text
    assert 'lang="en"' in client.get("/dang-nhap?lang=en").text
    assert 'lang="en"' in client.get("/dang-nhap").text, "the choice is remembered"


def test_security_headers(client):
    headers = client.get("/dang-nhap").headers
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
