"""The chain that seals the journal: what is hashed, and how an end of it is lengthened.

    content    = JSON (UTF-8, no spaces, this order) of everything stored of an event: `content_of`
    chain_hash = SHA-256(chain_hash of the position before || position as 8 bytes, big-endian
                 || SHA-256(content)); 32 zero bytes stand before position 1

Positions are given in order of commit: the end of the chain is locked, and only then, by a capture
that has written all its events. So a long document keeps nobody waiting who captures another one.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import resources
from typing import Any

import orjson
from sqlalchemy import insert, text, update
from sqlalchemy.orm import Session

from traceability.epcis.events import ReadEvent
from traceability.epcis.lineage import roles_of
from traceability.models import JournalEntry, JournalHead

GENESIS = bytes(32)
# What is stored of an event, in the order in which it is hashed; its items follow.
COLUMNS = (
    "sequence",
    "recorded_at",
    "identity",
    "hash_id",
    "event_id",
    "event_time",
    "time_zone_offset",
    "type",
    "action",
    "biz_step",
    "disposition",
    "read_point",
    "biz_location",
    "transformation_id",
    "corrects",
    "reason",
    "repeats",
    "context",
    "body",
    "captured_by",
    "party_id",
)
ITEM_COLUMNS = ("role", "key", "is_class", "quantity", "uom")
_STORE = text(resources.files(__package__).joinpath("store_events.sql").read_text("utf-8"))
_ITEM_ARRAYS = ("owners", "numbers", "roles", "keys", "classes", "quantities", "uoms")
# In one order, so that two captures of the same contents never wait for each other in a ring.
_CLAIM = text(
    "INSERT INTO traceability.event_identity (identity, event_sequence)"
    " SELECT * FROM unnest(CAST(:identities AS bytea[]), CAST(:sequences AS bigint[]))"
    " AS claim (identity, sequence) ORDER BY identity"
    " ON CONFLICT (identity) DO NOTHING RETURNING identity"
)
_LOCK_HEAD = text(
    "SELECT position, chain_hash FROM traceability.journal_head WHERE id = 1 FOR UPDATE"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """An event about to be written: all of `COLUMNS`, its items in `ITEM_COLUMNS`.

    `claim` is what is stored once only, unless it was claimed before.
    """

    columns: Mapping[str, Any]
    items: Sequence[tuple[Any, ...]]
    claim: bytes | None

    def digest(self) -> bytes:
        """SHA-256 of the content."""
        return hashlib.sha256(content_of(self.columns, self.items)).digest()


def derive(event: ReadEvent) -> dict[str, Any]:
    """The columns that follow from what was sent, and from nothing else.

    Args:
        event: As `read_event` gave it.
    """
    return {
        "identity": event.identity,
        "hash_id": event.hash_id,
        "event_id": event.event_id,
        "event_time": event.time,
        "time_zone_offset": event.time_zone_offset,
        "type": event.type,
        "action": event.action,
        "biz_step": event.biz_step,
        "disposition": event.disposition,
        "read_point": event.read_point,
        "biz_location": event.biz_location,
        "transformation_id": event.transformation_id,
        "corrects": event.corrects,
        "reason": event.reason,
    }


def derive_items(event: ReadEvent) -> list[tuple[Any, ...]]:
    """The rows of `event_item` of an event, in `ITEM_COLUMNS`."""
    return [
        *((one.role, one.key, one.is_class, one.quantity, one.uom) for one in event.items),
        *((role, key, role == "lot", None, None) for role, key in roles_of(event)),
    ]


def claim_of_repetition(identity: bytes, body: object) -> bytes:
    """What keeps the same content in the same other words from being stored twice.

    Args:
        identity: Of the content.
        body: The JSON as it came; the order of its members does not matter.
    """
    return hashlib.sha256(identity + orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).digest()


def write_json(value: object) -> str:
    """A body or a context as it is stored: members in the order they were sent in."""
    return orjson.dumps(value).decode()


def content_of(columns: Mapping[str, Any], items: Iterable[Sequence[Any]]) -> bytes:
    """Everything stored of one event as bytes that are the same on every machine.

    Args:
        columns: `COLUMNS` and their values; instants in any zone.
        items: Rows of `ITEM_COLUMNS`, in their order.
    """
    values = [_plain(columns[name]) for name in COLUMNS]
    return orjson.dumps([*values, [[_plain(value) for value in item] for item in items]])


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, Decimal):
        # 420.50 and 420.5 are one quantity.
        return format(value.normalize(), "f")
    return value


def chain(previous: bytes, position: int, content: bytes) -> bytes:
    """The hash that seals an event at a position.

    Args:
        previous: Of the position before, 32 bytes.
        position: From 1.
        content: As `content_of` makes it.
    """
    return link(previous, position, hashlib.sha256(content).digest())


def link(previous: bytes, position: int, digest: bytes) -> bytes:
    """The hash that seals a content of which only the SHA-256 is at hand."""
    return hashlib.sha256(previous + position.to_bytes(8, "big") + digest).digest()


def ensure_month(session: Session, day: date) -> None:
    """Make the partition of the month that a day (UTC) is in, if nobody did yet."""
    session.execute(text("SELECT traceability.ensure_event_month(:day)"), {"day": day})


def claim_identities(session: Session, claims: Mapping[bytes, int]) -> set[bytes]:
    """Say which contents this transaction is about to store; waits for others that say the same.

    Args:
        session: The transaction.
        claims: Identities, and the sequence that each event will have.

    Returns:
        Those that nobody else has stored.
    """
    given = {"identities": list(claims), "sequences": list(claims.values())}
    return {bytes(identity) for identity in session.scalars(_CLAIM, given)}


def write_events(session: Session, drafts: Sequence[Draft]) -> set[int]:
    """Write events and their items, unless what they claim to be is in the journal already.

    Args:
        session: The transaction, in which `seal` follows.
        drafts: What to write.

    Returns:
        The sequences that were written.
    """
    items = [
        (draft.columns["sequence"], number, *item)
        for draft in drafts
        for number, item in enumerate(draft.items)
    ]
    given: dict[str, list[Any]] = {
        name: [draft.columns[name] for draft in drafts] for name in COLUMNS
    }
    given["claim"] = [draft.claim for draft in drafts]
    for place, name in enumerate(_ITEM_ARRAYS):
        given[name] = [item[place] for item in items]
    return set(session.scalars(_STORE, given))


def seal(session: Session, written: Sequence[tuple[int, datetime, bytes]]) -> None:
    """Lengthen the chain by events written in this transaction; locks its end until the commit.

    Args:
        session: The transaction.
        written: Sequence, recorded_at and SHA-256 of the content of each, in their order.
    """
    if not written:
        return
    position, previous = session.execute(_LOCK_HEAD).one()
    rows = []
    for sequence, recorded_at, digest in written:
        position += 1
        sealed = link(bytes(previous), position, digest)
        rows.append(
            {
                "position": position,
                "event_sequence": sequence,
                "recorded_at": recorded_at,
                "previous_hash": bytes(previous),
                "chain_hash": sealed,
            }
        )
        previous = sealed
    session.execute(insert(JournalEntry), rows)
    session.execute(
        update(JournalHead)
        .where(JournalHead.id == 1)
        .values(position=position, chain_hash=previous)
    )
