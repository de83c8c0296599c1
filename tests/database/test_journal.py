"""The journal: what is written stays, and whatever was altered is found and named."""

import json

import psycopg
import pytest
from sqlalchemy import text

from gis.errors import BrokenChainError, InvalidInputError
from tests.event_factories import BY, event
from traceability.epcis.capture import capture_events
from traceability.epcis.checkpoints import make_checkpoint, read_checkpoint, to_text
from traceability.epcis.verifying import verify

# Tests that rolled back have taken numbers.
NUMBERED_FROM_1 = text("ALTER SEQUENCE traceability.event_sequence RESTART")


@pytest.fixture
def journal(clone, clone_sessions):
    """Five events, one of them sent again in other words, and a checkpoint."""
    with clone_sessions.begin() as session:
        session.execute(NUMBERED_FROM_1)
        capture_events(session, [event(minute) for minute in range(4)], by=BY)
        capture_events(
            session, [event(0, eventID="urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8")], by=BY
        )
        kept = make_checkpoint(session)
    return clone, clone_sessions, kept


def tamper(url: str, *statements: str) -> None:
    """What somebody does who has taken the whole server: triggers are off."""
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in statements:
            connection.execute(statement)


def test_the_journal_is_append_only(journal):
    url, _, _ = journal
    for table in (
        "event",
        "event_item",
        "event_identity",
        "journal_entry",
        "journal_checkpoint",
        "capture_job",
        "event_2099_01",
    ):
        with psycopg.connect(url) as connection:
            connection.execute("SELECT traceability.ensure_event_month('2099-01-15')")
            connection.commit()
            column = connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_schema ="
                " 'traceability' AND table_name = %s LIMIT 1",
                (table,),
            ).fetchone()[0]
            for statement in (
                f"UPDATE traceability.{table} SET {column} = {column}",
                f"DELETE FROM traceability.{table}",
                f"TRUNCATE traceability.{table}",
            ):
                with pytest.raises(psycopg.errors.RestrictViolation):
                    connection.execute(statement)
                connection.rollback()
            granted = connection.execute(
                "SELECT array_agg(privilege_type::text) FROM pg_class, aclexplode(relacl)"
                " WHERE oid = %s::regclass",
                (f"traceability.{table}",),
            ).fetchone()[0]
            assert not {"UPDATE", "DELETE", "TRUNCATE"} & set(granted)


def test_the_head_goes_forward_only(journal):
    url, _, _ = journal
    for statement in (
        "UPDATE traceability.journal_head SET position = 4",
        "DELETE FROM traceability.journal_head",
        "TRUNCATE traceability.journal_head",
    ):
        with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute(statement)


# What is done to event 3 (or to the chain), and what the sentence must name.
ALTERED = {
    "body": (
        "UPDATE traceability.event SET body = replace(body, '4.5', '4.6') WHERE sequence = 3",
        ("event 3", "quantity of item 0"),
    ),
    "body, unseen by columns": (
        "UPDATE traceability.event SET body = replace(body, 'KGM\"', 'KGM\" ') WHERE sequence = 3",
        ("event 3", "not what was sealed"),
    ),
    "context": ("UPDATE traceability.event SET context = '[{}]' WHERE sequence = 3", ("event 3",)),
    "context, no list": (
        "UPDATE traceability.event SET context = '5' WHERE sequence = 3",
        ("event 3", "cannot be read"),
    ),
    "captured_by": (
        "UPDATE traceability.event SET captured_by = 'x' WHERE sequence = 3",
        ("event 3",),
    ),
    "party": ("UPDATE traceability.event SET party_id = 7 WHERE sequence = 3", ("event 3",)),
    "recorded_at": (
        "UPDATE traceability.event SET recorded_at = recorded_at + interval '1us'"
        " WHERE sequence = 3",
        ("event 3", "recorded_at differs"),
    ),
    "item's quantity": (
        "UPDATE traceability.event_item SET quantity = 9 WHERE event_sequence = 3",
        ("event 3", "quantity of item 0"),
    ),
    "item's key": (
        "UPDATE traceability.event_item SET key = '/x' WHERE event_sequence = 3",
        ("event 3", "key of item 0"),
    ),
    "item's number": (
        "UPDATE traceability.event_item SET number = 5 WHERE event_sequence = 3",
        ("event 3", "item"),
    ),
    "item gone": (
        "DELETE FROM traceability.event_item WHERE event_sequence = 3",
        ("event 3", "0 items instead of 1"),
    ),
    "item added": (
        "INSERT INTO traceability.event_item VALUES (3, 1, 'epc', '/x', false, NULL, NULL)",
        ("event 3", "2 items instead of 1"),
    ),
    "item of nothing": (
        "INSERT INTO traceability.event_item VALUES (99, 0, 'epc', '/x', false, NULL, NULL)",
        ("event 99", "item that no seal covers"),
    ),
    "event gone": (
        "DELETE FROM traceability.event WHERE sequence = 3",
        ("event 3", "the event is missing"),
    ),
    "event and seal gone": (
        "DELETE FROM traceability.event WHERE sequence = 3;"
        " DELETE FROM traceability.journal_entry WHERE event_sequence = 3",
        ("event 4", "position 3 before it is missing"),
    ),
    "seals swapped": (
        "UPDATE traceability.journal_entry SET event_sequence = 7 - event_sequence + 100"
        " WHERE event_sequence IN (3, 4);"
        " UPDATE traceability.journal_entry SET event_sequence = event_sequence - 100"
        " WHERE event_sequence > 100",
        ("event 4", "position 3", "not what was sealed"),
    ),
    "seal": (
        "UPDATE traceability.journal_entry SET chain_hash = sha256('x') WHERE position = 3",
        ("event 3", "not what was sealed"),
    ),
    "link": (
        "UPDATE traceability.journal_entry SET previous_hash = sha256('x') WHERE position = 3",
        ("event 3", "previous_hash"),
    ),
    "identity": (
        "UPDATE traceability.event_identity SET identity = sha256('x') WHERE event_sequence = 3",
        ("event 3", "identity"),
    ),
    "identity gone": (
        "DELETE FROM traceability.event_identity WHERE event_sequence = 3",
        ("event 3", "identity"),
    ),
    "event slipped in": (
        "INSERT INTO traceability.event SELECT 99, recorded_at, identity, hash_id, event_id,"
        " event_time, time_zone_offset, type, action, biz_step, disposition, read_point,"
        " biz_location, transformation_id, corrects, reason, repeats, context, body, captured_by,"
        " party_id FROM traceability.event WHERE sequence = 3",
        ("event 99", "event that no seal covers"),
    ),
    "tail cut": (
        "DELETE FROM traceability.journal_entry WHERE position = 5;"
        " DELETE FROM traceability.event WHERE sequence = 5;"
        " DELETE FROM traceability.event_identity WHERE event_sequence = 5",
        ("ends at position 4", "head says 5"),
    ),
    "head gone": ("DELETE FROM traceability.journal_head", ("position 5", "head is missing")),
    "day of a checkpoint": (
        "UPDATE traceability.journal_checkpoint SET made_on = made_on + 1",
        ("checkpoint of", "another day"),
    ),
    "tail cut, head moved": (
        "DELETE FROM traceability.journal_entry WHERE position = 5;"
        " DELETE FROM traceability.event WHERE sequence = 5;"
        " DELETE FROM traceability.event_identity WHERE event_sequence = 5;"
        " UPDATE traceability.journal_head SET position = 4, chain_hash ="
        " (SELECT chain_hash FROM traceability.journal_entry WHERE position = 4)",
        ("checkpoint of", "goes to position 5"),
    ),
}
COLUMNS = (
    "hash_id",
    "event_id",
    "time_zone_offset",
    "type",
    "biz_step",
    "disposition",
    "read_point",
    "biz_location",
    "transformation_id",
    "corrects",
    "reason",
)


def test_whatever_is_altered_is_found_and_named(journal):
    """Each alteration in its own transaction, rolled back; the journal holds before and after."""
    _, sessions, _ = journal

    def found(statement: str) -> str:
        with sessions() as session:
            session.execute(text("SET LOCAL session_replication_role = replica"))
            for one in statement.split(";"):
                assert session.execute(text(one)).rowcount >= 1, one
            with pytest.raises(BrokenChainError) as broken:
                verify(session)
            with pytest.raises(BrokenChainError):
                verify(session, bodies=False)
            session.rollback()
            return broken.value.detail

    with sessions() as session:
        proof = verify(session)
        assert (proof.events, proof.items) == (5, 4)
    for name, (statement, words) in ALTERED.items():
        sentence = found(statement)
        assert all(word in sentence for word in words), (name, sentence)
    for column in COLUMNS:
        sentence = found(f"UPDATE traceability.event SET {column} = 'other' WHERE sequence = 3")
        assert "event 3 (position 3)" in sentence, sentence
        assert column in sentence, sentence
    sentence = found("UPDATE traceability.event SET event_time = now() WHERE sequence = 3")
    assert "event_time" in sentence
    with sessions() as session:
        verify(session)


def test_a_checkpoint_that_was_changed_betrays_itself(journal):
    _, sessions, kept = journal
    for name, value in (
        ("type", "other"),
        ("version", 2),
        ("date", "2026-01-01"),
        ("made_at", "2026-01-01T00:00:00+00:00"),
        ("position", 4),
        ("position", -1),
        ("count", 4),
        ("chain_hash", "00"),
        ("chain_hash", None),
    ):
        with pytest.raises(InvalidInputError):
            read_checkpoint({**json.loads(to_text(kept)), name: value})
    for name, value in (("sequence", 2), ("chain_hash", "00" * 32)):
        changed = read_checkpoint({**json.loads(to_text(kept)), name: value})
        with sessions() as session, pytest.raises(BrokenChainError, match="given checkpoint"):
            verify(session, checkpoint=changed)


def test_a_journal_written_anew_is_no_continuation(journal):
    """Somebody rewrites all and seals it right: only what others kept betrays it."""
    _, sessions, kept = journal
    with sessions() as session:
        assert verify(session, checkpoint=read_checkpoint(json.loads(to_text(kept)))).events == 5
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for table in (
            "event",
            "event_item",
            "event_identity",
            "journal_entry",
            "journal_checkpoint",
        ):
            session.execute(text(f"DELETE FROM traceability.{table}"))
        session.execute(
            text("UPDATE traceability.journal_head SET position = 0, chain_hash = :zero"),
            {"zero": bytes(32)},
        )
        capture_events(session, [event(minute) for minute in range(6)], by=BY)
        assert verify(session).events == 6
        with pytest.raises(BrokenChainError, match="given checkpoint"):
            verify(session, checkpoint=kept)
        session.rollback()


def test_commands(run_command, clone_sessions, tmp_path):
    with clone_sessions.begin() as session:
        session.execute(NUMBERED_FROM_1)
        capture_events(session, [event(0), event(1)], by=BY)
    kept = tmp_path / "kept.json"
    assert run_command("traceability", "checkpoint", "--out", kept).returncode == 0
    assert json.loads(kept.read_text())["position"] == 2
    proof = run_command("traceability", "verify", "--checkpoint", kept)
    assert proof.returncode == 0, proof.stderr
    assert "2 events, 2 items" in proof.stdout
    assert json.loads(kept.read_text())["chain_hash"] in proof.stdout
    with clone_sessions.begin() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("UPDATE traceability.event SET disposition = NULL WHERE sequence = 2"))
    broken = run_command("traceability", "verify")
    assert broken.returncode == 1
    assert "event 2 (position 2)" in broken.stderr
    assert "disposition" in broken.stderr


def test_checkpoints_for_everybody(client, session):
    assert client.get("/api/v1/journal/checkpoints/latest").status_code == 404
    capture_events(session, [event(0)], by=BY)
    made = make_checkpoint(session)
    session.commit()
    latest = client.get("/api/v1/journal/checkpoints/latest")
    assert latest.json["chain_hash"] == made.chain_hash.hex()
    assert read_checkpoint(latest.json).position == 1
    listed = client.get("/api/v1/journal/checkpoints").json
    assert [one["position"] for one in listed["items"]] == [1]
    assert listed["next"] is None
    assert client.get("/api/v1/journal/checkpoints?before=x").status_code == 400
