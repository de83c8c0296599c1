"""Odd lots, invented hosts, own codes; a scan is one statement."""

import string

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from tests.resolver_entries import BASE, ITEM, LINKSET, linkset


def test_an_odd_lot_keeps_its_characters_everywhere(resolve, leads):
    path = f"{ITEM}/10/A%2FB%3C%3E%22%27%26%25"
    assert leads(path) == "odd"
    assert leads(f"{ITEM}/10/A%2fB<>\"'&%25") == "odd"
    assert linkset(resolve, path)[0]["anchor"] == BASE + path
    page = resolve(f"{path}?linkType=linkset", accept="text/html").text
    assert "B<>" not in page
    unknown = resolve("/01/00614141007349/10/<script>'\"", accept="text/html")
    assert unknown.status_code == 404
    assert "<script>'" not in unknown.text


def test_no_anchor_repeats_an_invented_host(standing, resolve):
    answer = resolve(f"{ITEM}?linkType=linkset", Host="evil.example")
    assert "evil" not in answer.text
    app = standing[0]
    configured = app.extensions["langbiang.settings"]
    app.extensions["langbiang.settings"] = configured.model_copy(update={"public_url": None})
    try:
        for host, base in (
            ("evil.example", "http://127.0.0.1:80"),
            ("127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("192.168.1.7:8000", "http://192.168.1.7:8000"),
            ("localhost:8000", "http://localhost:8000"),
        ):
            for address in (f"{ITEM}?linkType=linkset", ITEM, "/.well-known/gs1resolver"):
                answer = resolve(address, Host=host)
                assert "evil" not in answer.text + str(answer.headers)
            (level,) = resolve(f"{ITEM}?linkType=linkset", Host=host).json["linkset"]
            assert level["anchor"] == base + ITEM
    finally:
        app.extensions["langbiang.settings"] = configured


def test_a_scan_is_one_statement(resolve, product_paths, engine):
    asked = []

    def note(_connection, _cursor, statement, *_rest):
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    assert resolve(product_paths[2]).status_code == 307
    event.remove(engine, "before_cursor_execute", note)
    # The tests' own transaction adds its savepoints.
    assert len([one for one in asked if "SAVEPOINT" not in one]) == 1


def test_own_codes_answer_likewise(resolve, product_paths):
    own, lot = product_paths[3:]
    assert resolve(f"{lot}/tem/UNKNOWN?x").headers["Location"].endswith("/lo/L2610?tem=UNKNOWN&x")
    assert [level["anchor"] for level in linkset(resolve, lot)] == [BASE + lot, BASE + own]
    assert resolve(f"{own}?linkType=gs1:traceability").status_code == 307
    assert resolve(f"{own}?linkType=gs1:epcis").status_code == 404
    assert resolve(own, accept=LINKSET).content_type == LINKSET


WORDS = f"""
{ITEM} /10/L1 /21/S1 /414/9506000134352 /t/TX- ?linkType=linkset ?linkType=gs1:pip ?linkType=
?x &17=261231 ;99=A %2F %00 %C4%90 // context=new a
"""
PIECES = st.sampled_from([*WORDS.split(), "\xe9", *string.punctuation])


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(PIECES, max_size=8).map("".join), st.sampled_from(["*/*", LINKSET, "text/html"]))
def test_whatever_is_asked_there_is_an_answer(standing, raw, accept):
    client = standing[0].test_client()
    answer = client.get(
        "/01/x", headers={"Accept": accept}, environ_overrides={"RAW_URI": ITEM + raw}
    )
    assert answer.status_code in (200, 300, 307, 400, 404)
    for value in answer.headers.values():
        assert value.isascii()
        assert "\n" not in value
