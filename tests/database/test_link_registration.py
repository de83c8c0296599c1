"""Entries as the database holds them: below their roots, serials alone, two who post at once."""

import threading

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from gis.database import connect
from tests import databases
from tests.conftest import ROOT, migrate
from tests.product_factories import GTIN, make_scene
from tests.resolver_entries import ALLOWED, entry
from traceability.gs1.digital_link import parse_path
from traceability.linking import links
from traceability.linking.link_documents import register_document

ITEM = "/01/09506000134352"
INSERT = text("INSERT INTO traceability.link_entry (key) VALUES (:key)")
AT_ONCE = text("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("key", [f"{ITEM}/10/L1", "/414/9506000134352/254/K%2F1"])
def test_the_database_wants_a_root(session, key):
    session.execute(INSERT, {"key": key})
    with pytest.raises(IntegrityError, match="fk_link_entry_root_link_entry"):
        session.execute(AT_ONCE)


@pytest.mark.parametrize(
    "below", ["/10/L1/21/S1", "/22/V1/21/S1", "/22/V1/10/L1/21/S1", "/22/21/10/21/21/21"]
)
def test_the_database_keeps_a_serial_alone(session, below):
    session.execute(INSERT, {"key": ITEM})
    with pytest.raises(IntegrityError, match="serial_alone"):
        session.execute(INSERT, {"key": ITEM + below})


def test_values_that_look_like_qualifiers_are_values(session):
    for key in (ITEM, f"{ITEM}/21/21", f"{ITEM}/10/21", f"{ITEM}/22/21/10/21"):
        session.execute(INSERT, {"key": key})
    session.execute(AT_ONCE)


def test_posted_lots_go_with_their_product(session):
    scene = make_scene(session)
    document = {"entries": [entry(f"/01/{GTIN}/10/OTHER")]}
    register_document(session, document, ALLOWED)
    session.execute(
        text("DELETE FROM traceability.link_entry WHERE product_id = :id"),
        {"id": scene.product.id},
    )
    assert links.known_keys(session, [f"/01/{GTIN}", f"/01/{GTIN}/10/OTHER"]) == set()


def test_two_who_post_the_same_entries_wait_for_each_other(clone_sessions):
    """Each its own order: both are stored, one after the other, and neither deadlocks."""
    keys = [ITEM, *(f"{ITEM}/10/L{number:02}" for number in range(40))]
    errors = []

    def post(ordered, title):
        document = {"entries": [entry(key, ("gs1:pip", "p", {}), title=title) for key in ordered]}
        try:
            for _ in range(3):
                with clone_sessions.begin() as session:
                    register_document(session, document, ALLOWED)
        except Exception as error:
            errors.append(error)

    posters = [
        threading.Thread(target=post, args=(keys, "first")),
        threading.Thread(target=post, args=(keys[::-1], "second")),
    ]
    for poster in posters:
        poster.start()
    for poster in posters:
        poster.join()
    assert errors == []
    with clone_sessions.begin() as session:
        levels = links.get_entries(session, map(parse_path, keys))
        assert len(levels) == len(keys)
        assert {level.entry.version for level in levels} == {6}
        assert {len(level.links) for level in levels} == {2}
        assert len({level.default.title for level in levels}) == 1


@pytest.mark.long
def test_the_migration_gives_lots_without_a_product_their_root(server_url):
    url = databases.make(server_url, "orphans")
    engine = connect(url, statement_timeout_s=0)
    try:
        migrate(url, "20261122_codes")
        with engine.begin() as connection:
            for key in (f"{ITEM}/10/L2", f"{ITEM}/10/L1", "/t/TX-7K3Q-9MHD/tem/S"):
                made = connection.scalar(
                    text("INSERT INTO traceability.link_entry (key) VALUES (:key) RETURNING id"),
                    {"key": key},
                )
                connection.execute(
                    text(
                        "INSERT INTO traceability.link"
                        " (entry_id, position, is_default, link_type, href, title)"
                        " VALUES (:id, 0, true, 'gs1:defaultLink', '/x', 'x')"
                    ),
                    {"id": made},
                )
        migrate(url)
        with engine.begin() as connection:
            roots = connection.execute(
                text(
                    "SELECT entry.key, link.href FROM traceability.link_entry AS entry"
                    " JOIN traceability.link ON link.entry_id = entry.id"
                    " WHERE entry.key = entry.root"
                )
            ).all()
            assert roots == [(ITEM, "/x")]
            config = Config(toml_file=ROOT / "pyproject.toml")
            config.attributes["connection"] = connection
            command.downgrade(config, "20261122_codes")
    finally:
        engine.dispose()
        databases.drop(url, server_url)
