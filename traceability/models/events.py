"""The journal: events as they were captured, what they are about, and the chain that seals them.

All of it is append-only by triggers and revoked rights, except the head, which moves.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, Numeric, Text, text
from sqlalchemy.dialects.postgresql import BYTEA, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gis.database import Base

Hash = Annotated[bytes, mapped_column(BYTEA)]
Number = Annotated[int, mapped_column(BigInteger)]
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]


def _present(column: str) -> Index:
    return Index(f"ix_event_{column}", column, postgresql_where=text(f"{column} IS NOT NULL"))


class Event(Base):
    """One captured event: its body exactly as sent, and what is asked for, taken out of it.

    `sequence` is given when it is captured: the events of one document follow each other, there
    may be gaps. `identity` is SHA-256 of the CBV pre-hash (and of the errorDeclaration); `event_id`
    is what the sender called it and may repeat. `read_point`, `biz_location` are canonical keys,
    `biz_step`, `disposition` bare CBV names or whole URIs. `corrects` is the hash of what
    an errorDeclaration revokes. `context` holds the extension contexts (JSON). An event with
    `repeats` is the same content as that one, sent again in other words (another eventID, URNs for
    addresses): it has no items and counts for nothing, but is found by what its sender calls it.
    Partitioned by month of `recorded_at` (UTC).
    """

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("octet_length(identity) = 32", name="identity"),
        CheckConstraint("action IN ('ADD', 'OBSERVE', 'DELETE')", name="action"),
        Index("ix_event_recorded_at", "recorded_at", "sequence"),
        Index("ix_event_event_time", "event_time", "sequence"),
        Index("ix_event_biz_step", "biz_step", "event_time"),
        Index("ix_event_disposition", "disposition", "event_time"),
        Index("ix_event_read_point", "read_point", "event_time"),
        Index("ix_event_biz_location", "biz_location", "event_time"),
        Index("ix_event_captured_by", "captured_by", "event_time"),
        Index("ix_event_party_id", "party_id", "event_time"),
        Index("ix_event_hash_id", "hash_id"),
        _present("event_id"),
        _present("transformation_id"),
        _present("corrects"),
        {"schema": "traceability", "postgresql_partition_by": "RANGE (recorded_at)"},
    )

    sequence: Mapped[Number] = mapped_column(primary_key=True, autoincrement=False)
    recorded_at: Mapped[Moment] = mapped_column(primary_key=True)
    identity: Mapped[Hash]
    hash_id: Mapped[str]
    event_id: Mapped[str | None]
    event_time: Mapped[Moment]
    time_zone_offset: Mapped[str]
    type: Mapped[str]
    action: Mapped[str | None]
    biz_step: Mapped[str | None]
    disposition: Mapped[str | None]
    read_point: Mapped[str | None]
    biz_location: Mapped[str | None]
    transformation_id: Mapped[str | None]
    corrects: Mapped[str | None]
    reason: Mapped[str | None]
    repeats: Mapped[int | None] = mapped_column(BigInteger)
    context: Mapped[str]
    body: Mapped[str]
    captured_by: Mapped[str]
    party_id: Mapped[int | None] = mapped_column(BigInteger)

    items: Mapped[list["EventItem"]] = relationship(
        primaryjoin="foreign(EventItem.event_sequence) == Event.sequence",
        order_by="EventItem.number",
        viewonly=True,
        lazy="raise_on_sql",
    )


class EventItem(Base):
    """One thing that an event is about, by its canonical key; `is_class` = a lot or a product.

    `number` counts the items of an event from 0. `quantity` is in `uom` (UN/ECE Rec. 20), or in
    pieces without one. Two roles are for tracing only: `lot` is the lot that serials of the event
    belong to (said by its ilmd or by their addresses), `run` the transformationID that joins the
    inputs and outputs of several events.
    """

    __tablename__ = "event_item"
    __table_args__ = (
        CheckConstraint(
            "role IN ('epc', 'parent', 'child', 'input', 'output', 'lot', 'run')", name="role"
        ),
        Index(
            "ix_event_item_key",
            "key",
            "event_sequence",
            postgresql_include=["role", "is_class"],
        ),
        Index(
            "ix_event_item_role",
            "event_sequence",
            "role",
            postgresql_include=["key", "is_class"],
        ),
        {"schema": "traceability"},
    )

    event_sequence: Mapped[Number] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    role: Mapped[str]
    # Byte order: what begins with a prefix is a range of the index.
    key: Mapped[str] = mapped_column(Text(collation="C"))
    is_class: Mapped[bool]
    quantity: Mapped[Decimal | None] = mapped_column(Numeric())
    uom: Mapped[str | None]


class EventIdentity(Base):
    """Which content is in the journal already: what is sent again is stored once."""

    __tablename__ = "event_identity"
    __table_args__ = ({"schema": "traceability"},)

    identity: Mapped[Hash] = mapped_column(primary_key=True)
    event_sequence: Mapped[Number] = mapped_column(unique=True)


class JournalEntry(Base):
    """The seal of one event; positions follow each other without a gap, in order of commit.

    `chain_hash` covers the one before, the position and everything stored of the event:
    `traceability/epcis/journal.py`.
    """

    __tablename__ = "journal_entry"
    __table_args__ = ({"schema": "traceability"},)

    position: Mapped[Number] = mapped_column(primary_key=True, autoincrement=False)
    event_sequence: Mapped[Number] = mapped_column(unique=True)
    recorded_at: Mapped[Moment]
    previous_hash: Mapped[Hash]
    chain_hash: Mapped[Hash]


class JournalHead(Base):
    """The end of the chain: one row, locked by a capture for its last moment only."""

    __tablename__ = "journal_head"
    __table_args__ = (CheckConstraint("id = 1", name="single"), {"schema": "traceability"})

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[Number]
    chain_hash: Mapped[Hash]


class JournalCheckpoint(Base):
    """The end of the chain on one day (UTC), as third parties keep it."""

    __tablename__ = "journal_checkpoint"
    __table_args__ = ({"schema": "traceability"},)

    made_on: Mapped[date] = mapped_column(primary_key=True)
    position: Mapped[Number] = mapped_column(primary_key=True, autoincrement=False)
    made_at: Mapped[Moment]
    chain_hash: Mapped[Hash]


class CaptureJob(Base):
    """What came of one capture; `errors` holds `{"index", "pointer", "detail"}` of each refusal."""

    __tablename__ = "capture_job"
    __table_args__ = (
        CheckConstraint("on_error IN ('rollback', 'proceed')", name="on_error"),
        Index("ix_capture_job_created_at", "created_at", "uuid"),
        {"schema": "traceability"},
    )

    uuid: Mapped[UUID] = mapped_column(primary_key=True)
    created_at: Mapped[Moment]
    finished_at: Mapped[Moment]
    captured_by: Mapped[str]
    party_id: Mapped[int | None] = mapped_column(BigInteger)
    on_error: Mapped[str]
    success: Mapped[bool]
    errors: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    stored: Mapped[int]
    repeated: Mapped[int]
