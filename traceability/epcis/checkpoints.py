"""Checkpoints: the end of the chain on one day, for third parties to keep.

Whoever keeps one can show later whether the journal still goes through it: history before it
cannot be rewritten unnoticed, not even by the operator.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError
from traceability.models import JournalCheckpoint, JournalEntry, JournalHead

HOW = (
    "Keep this file where the operator cannot change it. Positions count the events of the journal"
    " from 1; each has chain_hash = SHA-256(chain_hash of the position before || position as 8"
    " bytes, big-endian || SHA-256(everything stored of the event)), 32 zero bytes standing before"
    " position 1. At any later time the journal must still have this chain_hash at this position:"
    " ask the operator for `python -m traceability verify --checkpoint THIS-FILE` in your presence,"
    " or on a restored backup; it reads every event again and ends with exit code 0, or names the"
    " first event that differs."
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The end of the chain: how many events it had, and the hash that seals all of them."""

    made_on: date
    made_at: datetime
    position: int
    sequence: int | None
    chain_hash: bytes


def make_checkpoint(session: Session) -> Checkpoint:
    """Write down the end of the chain for today (UTC), once for each position; flushes."""
    head = session.execute(select(JournalHead.position, JournalHead.chain_hash)).one()
    made_at = datetime.now(UTC)
    row = {"made_on": made_at.date(), "made_at": made_at, **head._mapping}
    session.execute(insert(JournalCheckpoint).values(row).on_conflict_do_nothing())
    (made, *_) = list_checkpoints(session, limit=1)
    return made


def list_checkpoints(
    session: Session, *, limit: int, before: tuple[date, int] | None = None
) -> Sequence[Checkpoint]:
    """The newest checkpoints first.

    Args:
        session: Only read.
        limit: At most so many.
        before: The day and position behind which to go on.
    """
    row = JournalCheckpoint
    statement = (
        select(row, JournalEntry.event_sequence)
        .outerjoin(JournalEntry, JournalEntry.position == row.position)
        .order_by(row.made_on.desc(), row.position.desc())
        .limit(limit)
    )
    if before is not None:
        day, position = before
        statement = statement.where(
            (row.made_on < day) | ((row.made_on == day) & (row.position < position))
        )
    return [
        Checkpoint(found.made_on, found.made_at, found.position, sequence, bytes(found.chain_hash))
        for found, sequence in session.execute(statement)
    ]


def write_checkpoint(checkpoint: Checkpoint) -> dict[str, Any]:
    """A checkpoint as the JSON that third parties keep."""
    return {
        "type": "langbiang-journal-checkpoint",
        "version": 1,
        "date": checkpoint.made_on.isoformat(),
        "made_at": checkpoint.made_at.astimezone(UTC).isoformat(timespec="seconds"),
        "position": checkpoint.position,
        "count": checkpoint.position,
        "sequence": checkpoint.sequence,
        "chain_hash": checkpoint.chain_hash.hex(),
        "how_to_check": HOW,
    }


def keep_checkpoint(session: Session, folder: Path) -> Path:
    """Make today's checkpoint and write its file; what is there already stays as it is.

    Args:
        session: Flushes.
        folder: Of checkpoints; made when missing.

    Returns:
        The file.
    """
    made = make_checkpoint(session)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"checkpoint-{made.made_on}-{made.position:012d}.json"
    if not path.exists():
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_text(to_text(made), "utf-8")
        part.replace(path)
    return path


def to_text(checkpoint: Checkpoint) -> str:
    """The file of a checkpoint."""
    return json.dumps(write_checkpoint(checkpoint), ensure_ascii=False, indent=2) + "\n"


def read_checkpoint(content: Any) -> Checkpoint:
    """Read what `write_checkpoint` wrote.

    Raises:
        InvalidInputError: It is no checkpoint.
    """
    try:
        if content["type"] != "langbiang-journal-checkpoint":
            raise ValueError(content["type"])
        read = Checkpoint(
            date.fromisoformat(content["date"]),
            datetime.fromisoformat(content["made_at"]),
            int(content["position"]),
            content.get("sequence"),
            bytes.fromhex(content["chain_hash"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInputError("This file is no checkpoint of a journal.") from error
    told_twice = (content.get("version"), content.get("count"), read.made_on, len(read.chain_hash))
    if told_twice != (1, read.position, read.made_at.astimezone(UTC).date(), 32):
        raise InvalidInputError("This file contradicts itself: it is not as it was written.")
    return read
