"""The tables of schema `etl`: data sets, runs and what they refused, observations, snapshots."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Attributes, Identifier, Instant


class Dataset(Base):
    """A citable set of observations with its owner, licence, version and dictionary."""

    __tablename__ = "dataset"
    __table_args__ = ({"schema": "etl"},)

    id: Mapped[Identifier]
    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    owner: Mapped[str | None]
    licence: Mapped[str | None]
    version: Mapped[str] = mapped_column(server_default=text("'1'"), default="1")
    citation: Mapped[str | None]
    description: Mapped[str | None]
    dictionary: Mapped[Attributes]
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    created_at: Mapped[Instant]


class Run(Base):
    """One piece of work: a load, a scene, a snapshot; its state is what the site shows.

    `report` is the JSON report of the contract; `started_by` the account or database user.
    """

    __tablename__ = "run"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="state"),
        Index("ix_run_task_started", "task", "started_at"),
        {"schema": "etl"},
    )

    id: Mapped[Identifier]
    task: Mapped[str]
    subject: Mapped[str]
    file_name: Mapped[str | None]
    file_sha256: Mapped[str | None]
    state: Mapped[str]
    report: Mapped[Attributes]
    error: Mapped[str | None]
    started_by: Mapped[str]
    started_at: Mapped[Instant]
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Reject(Base):
    """A row of a file that was refused: its number (first row = 1), why, and where."""

    __tablename__ = "reject"
    __table_args__ = ({"schema": "etl"},)

    id: Mapped[Identifier]
    run_id: Mapped[int] = mapped_column(ForeignKey("etl.run.id", ondelete="CASCADE"), index=True)
    row: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str]
    detail: Mapped[str]


class Variable(Base):
    """What is measured in a data set, and its unit (UCUM where there is one)."""

    __tablename__ = "variable"
    __table_args__ = (
        UniqueConstraint("dataset_id", "code", name="uq_variable_dataset_code"),
        {"schema": "etl"},
    )

    id: Mapped[Identifier]
    dataset_id: Mapped[int] = mapped_column(ForeignKey("etl.dataset.id", ondelete="CASCADE"))
    code: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str | None]
    unit: Mapped[str | None]


class Observation(Base):
    """One value of one variable for one subject at one instant; a missing value is null.

    `subject` is what was measured: a station, a plot, a tree. Partitioned by month of
    `observed_at`.
    """

    __tablename__ = "observation"
    __table_args__ = (
        Index("ix_observation_dataset", "dataset_id", "variable_id", "observed_at"),
        {"schema": "etl", "postgresql_partition_by": "RANGE (observed_at)"},
    )

    variable_id: Mapped[int] = mapped_column(ForeignKey("etl.variable.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    observed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("etl.dataset.id"))
    value: Mapped[float | None]
    quality: Mapped[str | None]
    run_id: Mapped[int] = mapped_column(ForeignKey("etl.run.id"))


class Snapshot(Base):
    """A dated, checksummed export of a layer that can be cited; `path` is relative to files."""

    __tablename__ = "snapshot"
    __table_args__ = (
        UniqueConstraint("layer", "sha256", name="uq_snapshot_layer_sha256"),
        {"schema": "etl"},
    )

    id: Mapped[Identifier]
    layer: Mapped[str]
    taken_on: Mapped[date]
    path: Mapped[str]
    sha256: Mapped[str]
    row_count: Mapped[int] = mapped_column(BigInteger)
    citation: Mapped[str]
    report: Mapped[dict[str, object]] = mapped_column(JSONB)
    created_at: Mapped[Instant]


class ImportFile(Base):
    """A file that somebody brings in through the site, and what came of it.

    `folder` lies under the files folder and holds the parts as bytes, until it is null. `options`
    are those of `etl.options` by name; `attempt` counts them, so that what is accepted is what was
    shown. `commune_code` limits the rows to one commune. `preview` is for a person, `sample` a
    GeoJSON text of simplified shapes (EPSG:4326, lon/lat). `transaction` is the change in
    `gis.revision` that the load made.
    """

    __tablename__ = "import_file"
    __table_args__ = (
        CheckConstraint(
            "state IN ('waiting', 'reading', 'ready', 'loading', 'done', 'failed')", name="state"
        ),
        Index("ix_import_file_created_by", "created_by", "id"),
        {"schema": "etl"},
    )

    id: Mapped[Identifier]
    layer: Mapped[str]
    file_name: Mapped[str]
    folder: Mapped[str | None]
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    bytes: Mapped[int] = mapped_column(BigInteger)
    commune_code: Mapped[str | None]
    options: Mapped[Attributes]
    attempt: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    tries: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    state: Mapped[str]
    error: Mapped[str | None]
    preview: Mapped[Attributes]
    sample: Mapped[str | None] = mapped_column(deferred=True)
    reason: Mapped[str | None]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("etl.run.id", ondelete="SET NULL"))
    transaction: Mapped[int | None] = mapped_column(BigInteger)
    created_by: Mapped[str]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


class ExportFile(Base):
    """A layer, or the part of it that a query names, written to a file for whoever asked.

    `roles` are the asker's at that moment: they decide how exactly places are shown. The token is
    in the file's address, which nobody can guess; the file is gone after `expires_at`.
    """

    __tablename__ = "export_file"
    __table_args__ = ({"schema": "etl"},)

    id: Mapped[Identifier]
    run_id: Mapped[int] = mapped_column(ForeignKey("etl.run.id", ondelete="CASCADE"), unique=True)
    token: Mapped[str] = mapped_column(unique=True)
    layer: Mapped[str]
    format: Mapped[str]
    query: Mapped[Attributes]
    roles: Mapped[list[str]] = mapped_column(JSONB)
    commune_code: Mapped[str | None]
    path: Mapped[str | None]
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    features: Mapped[int | None] = mapped_column(BigInteger)
    created_by: Mapped[str]
    created_at: Mapped[Instant]
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Attachment(Base):
    """A file that somebody added to a record: a product's picture, evidence, a report's photo.

    Kept as bytes until the worker has looked at it: `waiting`, then `ready` or `refused` with a
    `reason` (one slug). `media_type`, `width` and `height` (pixels) are what it turned out to be.
    `variants` tells the sizes of a product's picture: `{"avif": {"bytes": …}, …}`. Whoever refers
    to one keeps its `id`; a table below `etl` does so without a foreign key.
    """

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint("purpose IN ('product-photo', 'evidence', 'report-photo')", name="purpose"),
        CheckConstraint("state IN ('waiting', 'ready', 'refused', 'removed')", name="state"),
        CheckConstraint("(state = 'refused') = (reason IS NOT NULL)", name="reason"),
        CheckConstraint("state <> 'ready' OR media_type IS NOT NULL", name="media_type"),
        CheckConstraint("token ~ '^[0-9a-f]{32}$'", name="token"),
        Index("ix_attachment_waiting", "created_by", postgresql_where=text("state = 'waiting'")),
        {"schema": "etl"},
    )

    id: Mapped[Identifier]
    token: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str]
    file_name: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"), default="waiting")
    reason: Mapped[str | None]
    tries: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    media_type: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    variants: Mapped[Attributes]
    created_by: Mapped[str]
    created_at: Mapped[Instant]
    checked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
