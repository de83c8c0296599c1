"""Proof: the journal is read again from its first position, and the first thing that differs named.

Each event must be where its seal says, sealed as it is stored, and its columns and items must
follow from its body. At the end: the head is the last seal, nothing lies beside the chain, and
every checkpoint, the platform's own and one that somebody else kept, is on it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import orjson
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from gis.errors import BrokenChainError, InvalidInputError
from traceability.epcis import journal
from traceability.epcis.checkpoints import Checkpoint
from traceability.epcis.events import read_event

_BATCH = 2_000
_ENTRIES = text(
    "SELECT entry.position, entry.event_sequence, entry.recorded_at AS sealed_at,"
    " entry.previous_hash, entry.chain_hash, event.*"
    " FROM traceability.journal_entry AS entry LEFT JOIN traceability.event AS event"
    " ON event.sequence = entry.event_sequence AND event.recorded_at = entry.recorded_at"
    " WHERE entry.position > :after ORDER BY entry.position LIMIT :most"
)
_ITEMS = text(
    "SELECT event_sequence, number, role, key, is_class, quantity, uom"
    " FROM traceability.event_item WHERE event_sequence = ANY(:sequences)"
    " ORDER BY event_sequence, number"
)
_CLAIMS = text(
    "SELECT event_sequence, identity FROM traceability.event_identity"
    " WHERE event_sequence = ANY(:sequences)"
)
_HEAD = text("SELECT position, chain_hash FROM traceability.journal_head")
_CHECKPOINTS = text(
    "SELECT made_on, made_at, position, chain_hash FROM traceability.journal_checkpoint"
    " ORDER BY position"
)
_ELSEWHERE = text("SELECT recorded_at FROM traceability.event WHERE sequence = :sequence")
# What no seal covers; the last column says where to look.
_BESIDE = {
    "event": text(
        "SELECT sequence FROM traceability.event AS one WHERE NOT EXISTS (SELECT FROM"
        " traceability.journal_entry WHERE event_sequence = one.sequence"
        " AND recorded_at = one.recorded_at) ORDER BY sequence LIMIT 1"
    ),
    "item": text(
        "SELECT event_sequence FROM traceability.event_item AS one WHERE NOT EXISTS (SELECT FROM"
        " traceability.journal_entry WHERE event_sequence = one.event_sequence)"
        " ORDER BY event_sequence LIMIT 1"
    ),
    "identity": text(
        "SELECT event_sequence FROM traceability.event_identity AS one WHERE NOT EXISTS (SELECT"
        " FROM traceability.journal_entry WHERE event_sequence = one.event_sequence)"
        " ORDER BY event_sequence LIMIT 1"
    ),
}


@dataclass(frozen=True, slots=True)
class Proof:
    """A journal that holds: how many events and items it has, and the hash of its end."""

    events: int
    items: int
    chain_hash: bytes


def verify(
    session: Session,
    *,
    checkpoint: Checkpoint | None = None,
    bodies: bool = True,
    advance: Callable[[int], None] = lambda _: None,
) -> Proof:
    """Prove the journal, in bounded memory.

    Args:
        session: REPEATABLE READ, so that captures meanwhile are not seen by halves.
        checkpoint: What somebody kept: the journal must still go through it.
        bodies: Read every body anew and derive its columns and items; else seals only.
        advance: Told how many events were proven.

    Raises:
        BrokenChainError: Naming the first broken link: position, sequence, what differs.
    """
    marks = _marks(session, checkpoint)
    position, chain_hash, items = 0, journal.GENESIS, 0
    for name, wanted in marks.get(0, ()):
        if wanted != chain_hash:
            raise BrokenChainError(f"{name} is not of this journal.", position=0)
    for rows in _batches(session):
        sequences = [row.event_sequence for row in rows]
        parts = _group(session, sequences)
        claims = {
            row.event_sequence: bytes(row.identity)
            for row in session.execute(_CLAIMS, {"sequences": sequences})
        }
        for row in rows:
            position += 1
            found = parts.get(row.event_sequence, [])
            link = _Link(session, row, found, claims.get(row.event_sequence))
            link.check(position, chain_hash, bodies=bodies)
            chain_hash = bytes(row.chain_hash)
            items += len(found)
            for name, wanted in marks.pop(position, ()):
                if wanted != chain_hash:
                    raise link.broken(f"{name} says another hash: the journal was written anew")
            if checkpoint is not None and checkpoint.position == position:
                link.check_sequence(checkpoint)
        advance(len(rows))
    _check_end(session, position, chain_hash)
    for at, named in sorted(marks.items()):
        if at > 0:
            raise BrokenChainError(
                f"{named[0][0]} goes to position {at}, the journal only to {position}:"
                " its end was cut off.",
                position=position,
            )
    return Proof(position, items, chain_hash)


def count_events(session: Session) -> int:
    """How many positions the chain has, by its head."""
    return int(session.scalar(_HEAD) or 0)


def _marks(session: Session, checkpoint: Checkpoint | None) -> dict[int, list[tuple[str, bytes]]]:
    marks = defaultdict(list)
    for row in session.execute(_CHECKPOINTS):
        name = f"The checkpoint of {row.made_on}"
        if row.made_at.astimezone(UTC).date() != row.made_on:
            raise BrokenChainError(
                f"{name} says that it was made on another day.", position=row.position
            )
        marks[row.position].append((name, bytes(row.chain_hash)))
    if checkpoint is not None:
        name = f"The given checkpoint of {checkpoint.made_on}"
        marks[checkpoint.position].append((name, checkpoint.chain_hash))
    return marks


def _batches(session: Session) -> Iterator[Sequence[Row[Any]]]:
    after = 0
    while rows := session.execute(_ENTRIES, {"after": after, "most": _BATCH}).all():
        yield rows
        after = rows[-1].position


def _group(session: Session, sequences: list[int]) -> dict[int, list[Row[Any]]]:
    grouped = defaultdict(list)
    for row in session.execute(_ITEMS, {"sequences": sequences}):
        grouped[row.event_sequence].append(row)
    return grouped


class _Link:
    """One seal and the event it is of."""

    def __init__(
        self, session: Session, row: Row[Any], items: list[Row[Any]], claim: bytes | None
    ) -> None:
        self.session = session
        self.row = cast(Mapping[str, Any], row._mapping)
        self.items: list[tuple[Any, ...]] = [tuple(item[2:]) for item in items]
        self.numbers = [item.number for item in items]
        self.claim = claim

    def broken(self, what: str) -> BrokenChainError:
        sequence, position = self.row["event_sequence"], self.row["position"]
        return BrokenChainError(
            f"The journal is broken at event {sequence} (position {position}): {what}.",
            position=position,
            sequence=sequence,
        )

    def check(self, position: int, previous: bytes, *, bodies: bool) -> None:
        row = self.row
        if row["position"] != position:
            raise self.broken(f"position {position} before it is missing")
        if bytes(row["previous_hash"]) != previous:
            raise self.broken("previous_hash is not the hash of the position before")
        if row["sequence"] is None:
            raise self.broken(self._missing())
        if self.numbers != list(range(len(self.numbers))):
            raise self.broken("an item is missing or misnumbered")
        content = journal.content_of(row, self.items)
        sealed = journal.chain(previous, position, content) == bytes(row["chain_hash"])
        if not sealed or bodies:
            differs = self._differs()
            if not sealed:
                raise self.broken(f"what is stored is not what was sealed{differs}")
            if differs:
                raise self.broken(f"what is stored does not follow from its body{differs}")
        if self.claim != self._expected_claim():
            raise self.broken("its identity is not the one that keeps it from being stored twice")

    def check_sequence(self, checkpoint: Checkpoint) -> None:
        if checkpoint.sequence != self.row["event_sequence"]:
            raise self.broken(
                f"the given checkpoint of {checkpoint.made_on} names event {checkpoint.sequence} at"
                " this position"
            )

    def _missing(self) -> str:
        found = self.session.execute(_ELSEWHERE, {"sequence": self.row["event_sequence"]}).first()
        if found is None:
            return "the event is missing"
        return f"recorded_at differs ({found.recorded_at} instead of {self.row['sealed_at']})"

    def _expected_claim(self) -> bytes:
        identity = bytes(self.row["identity"])
        if self.row["repeats"] is None:
            return identity
        return journal.claim_of_repetition(identity, orjson.loads(self.row["body"]))

    def _differs(self) -> str:
        """The columns and items that do not follow from the body, as the end of a sentence."""
        row = self.row
        recorded_at: datetime = row["recorded_at"]
        try:
            event = read_event(
                orjson.loads(row["body"]), orjson.loads(row["context"]), now=recorded_at
            )
        except (InvalidInputError, orjson.JSONDecodeError, TypeError) as error:
            return f"; its body or context cannot be read: {error}"
        expected = journal.derive(event)
        names = [name for name in expected if _plain(expected[name]) != _plain(row[name])]
        items: list[tuple[Any, ...]] = []
        if row["repeats"] is None:
            items = journal.derive_items(event)
        if len(items) != len(self.items):
            names.append(f"{len(self.items)} items instead of {len(items)}")
        names += [
            f"{column} of item {number}"
            for number, (wanted, found) in enumerate(zip(items, self.items, strict=False))
            for column, one, other in zip(journal.ITEM_COLUMNS, wanted, found, strict=True)
            if one != other
        ]
        return f"; of its body differ {', '.join(names)}" if names else ""


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def _check_end(session: Session, position: int, chain_hash: bytes) -> None:
    head = session.execute(_HEAD).first()
    if head is None:
        raise BrokenChainError(
            f"The journal ends at position {position}, its head is missing.", position=position
        )
    if (head.position, bytes(head.chain_hash)) != (position, chain_hash):
        raise BrokenChainError(
            f"The journal ends at position {position}, its head says {head.position}"
            f" ({bytes(head.chain_hash).hex()}): its end was cut off or the head changed.",
            position=position,
        )
    for what, beside in _BESIDE.items():
        sequence = session.scalar(beside)
        if sequence is not None:
            raise BrokenChainError(
                f"The journal is broken at event {sequence}: an {what} that no seal covers.",
                sequence=sequence,
            )
