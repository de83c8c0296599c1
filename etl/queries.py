"""What the site may ask of the data: runs, data sets, observations, snapshots, and work to be done.

The site imports only this module and `etl.models` of this package. Nothing here opens a file; what
people send is kept as bytes for the worker.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select, text, tuple_
from sqlalchemy.orm import Session

from etl.deferring import defer as defer
from etl.descriptions import Description
from etl.export_requests import FORMATS
from etl.export_requests import PUBLIC as PUBLIC
from etl.export_requests import export_name as export_name
from etl.export_requests import find_export as find_export
from etl.export_requests import find_export_of as find_export_of
from etl.export_requests import request_export as request_export
from etl.export_requests import view_of as view_of
from etl.import_requests import IMPORTABLE as IMPORTABLE
from etl.import_requests import KEPT_DAYS as KEPT_DAYS
from etl.import_requests import ImportOptions as ImportOptions
from etl.import_requests import accept_import as accept_import
from etl.import_requests import change_options as change_options
from etl.import_requests import drop_import as drop_import
from etl.import_requests import find_import as find_import
from etl.import_requests import list_imports as list_imports
from etl.import_requests import list_rejects as list_rejects
from etl.import_requests import note_undone as note_undone
from etl.import_requests import request_import as request_import
from etl.models import Dataset, Observation, Run, Snapshot, Variable
from etl.observation_store import Observed as Observed
from etl.observation_store import ensure_dataset, stage, write_staged
from etl.sql import load_sql
from etl.uploads import remove_upload as remove_upload
from etl.uploads import store_upload as store_upload
from gis.errors import NotFoundError

EXPORT_FORMATS = FORMATS
WRITE_SNAPSHOT = "etl.write_snapshot"
MAX_OBSERVATIONS = 10_000


@dataclass(frozen=True)
class DatasetSummary:
    """A data set with its variables and the period they cover; None: nothing observed yet."""

    dataset: Dataset
    variables: list[Variable]
    first: datetime | None
    last: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether everybody may read it: it states a licence."""
        return self.dataset.licence is not None


@dataclass(frozen=True)
class ObservationRow:
    """One observation, with the code of its variable and the variable's unit."""

    variable: str
    unit: str | None
    subject: str
    observed_at: datetime
    value: float | None
    quality: str | None
    variable_id: int

    @property
    def cursor(self) -> str:
        """What the next page goes on after."""
        return f"{self.observed_at.astimezone(UTC).isoformat()}~{self.variable_id}~{self.subject}"


def list_runs(session: Session, *, limit: int = 50) -> list[Run]:
    """List the latest runs, the newest first."""
    return list(
        session.execute(select(Run).order_by(Run.started_at.desc(), Run.id.desc()).limit(limit))
        .scalars()
        .all()
    )


def find_run(session: Session, run_id: int) -> Run:
    """Find a run.

    Raises:
        NotFoundError: There is none of this number.
    """
    run = session.get(Run, run_id)
    if run is None:
        raise NotFoundError(f"There is no job {run_id}.")
    return run


def list_datasets(session: Session) -> list[DatasetSummary]:
    """List the data sets by title, in two statements whatever their number."""
    periods = {
        row.dataset_id: (row.first, row.last)
        for row in session.execute(text(load_sql("dataset_periods.sql")))
    }
    variables: dict[int, list[Variable]] = {}
    for variable in session.execute(select(Variable).order_by(Variable.id)).scalars():
        variables.setdefault(variable.dataset_id, []).append(variable)
    return [
        DatasetSummary(
            dataset, variables.get(dataset.id, []), *periods.get(dataset.id, (None, None))
        )
        for dataset in session.execute(select(Dataset).order_by(Dataset.title)).scalars()
    ]


def find_dataset(session: Session, code: str) -> Dataset:
    """Find a data set by its code.

    Raises:
        NotFoundError: There is none.
    """
    dataset = session.execute(select(Dataset).where(Dataset.code == code)).scalar_one_or_none()
    if dataset is None:
        raise NotFoundError(f"There is no data set {code}.")
    return dataset


def list_observations(
    session: Session,
    dataset: Dataset,
    *,
    variable: str | None = None,
    subject: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    after: tuple[datetime, int, str] | None = None,
    limit: int = 1000,
) -> list[ObservationRow]:
    """List observations in the order of time.

    Args:
        session: Reads only.
        dataset: Of which data set.
        variable: Code of one variable; None: all.
        subject: One subject; None: all.
        start: From this instant on, inclusive.
        end: Up to this instant, inclusive.
        after: Instant, variable id and subject of the row to go on after.
        limit: At most so many.
    """
    key = (Observation.observed_at, Observation.variable_id, Observation.subject)
    query = (
        select(Observation, Variable.code, Variable.unit)
        .join(Variable, Variable.id == Observation.variable_id)
        .where(Observation.dataset_id == dataset.id)
        .order_by(*key)
        .limit(limit)
    )
    if variable is not None:
        query = query.where(Variable.code == variable)
    if subject is not None:
        query = query.where(Observation.subject == subject)
    if start is not None:
        query = query.where(Observation.observed_at >= start)
    if end is not None:
        query = query.where(Observation.observed_at <= end)
    if after is not None:
        # The first comparison lets the planner skip months that are over.
        query = query.where(Observation.observed_at >= after[0], tuple_(*key) > tuple_(*after))
    return [
        ObservationRow(
            variable=code,
            unit=unit,
            subject=row.subject,
            observed_at=row.observed_at,
            value=row.value,
            quality=row.quality,
            variable_id=row.variable_id,
        )
        for row, code, unit in session.execute(query)
    ]


def latest_observations(session: Session, dataset: Dataset) -> list[ObservationRow]:
    """Read the last value of each variable of a data set, whatever its subject."""
    rows = session.execute(text(load_sql("latest_observations.sql")), {"dataset_id": dataset.id})
    return [ObservationRow(**row._mapping) for row in rows]


def record_observations(
    session: Session, dataset: str, observed: Sequence[Observed], *, actor: str
) -> tuple[Run, tuple[int, int, int]]:
    """Write observations that a program posted; the same ones again change nothing.

    The data set and its variables are made when they are new.

    Args:
        session: The open transaction.
        dataset: Code of the data set.
        observed: At most `MAX_OBSERVATIONS`, no two of the same variable, subject and instant.
        actor: Who posts.

    Returns:
        The run, and how many observations were new, changed and known.
    """
    codes = list(dict.fromkeys(one.code for one in observed))
    keys = ensure_dataset(session, dataset, Description(), None, variables=codes)
    run = Run(task="observations", subject=dataset, state="running", started_by=actor)
    session.add(run)
    session.flush()
    stage(session, keys.variables, observed)
    counts = write_staged(session, keys.dataset, run.id)
    run.report = {
        "dataset": dataset,
        "read": len(observed),
        "accepted": len(observed),
        "rejected": 0,
        **dict(zip(("inserted", "updated", "unchanged"), counts, strict=True)),
    }
    run.state, run.finished_at = "done", datetime.now(UTC)
    session.flush()
    return run, counts


def list_snapshots(session: Session, layers: Sequence[str]) -> list[Snapshot]:
    """List the snapshots of some layers, the newest first."""
    return list(
        session.execute(
            select(Snapshot)
            .where(Snapshot.layer.in_(layers))
            .order_by(Snapshot.taken_on.desc(), Snapshot.layer, Snapshot.id.desc())
        )
        .scalars()
        .all()
    )


def find_snapshot(session: Session, snapshot_id: int) -> Snapshot:
    """Find a snapshot.

    Raises:
        NotFoundError: There is none of this number.
    """
    snapshot = session.get(Snapshot, snapshot_id)
    if snapshot is None:
        raise NotFoundError(f"There is no snapshot {snapshot_id}.")
    return snapshot


def request_snapshot(session: Session, layer: str, actor: str) -> int:
    """Ask the worker for a snapshot, inside this transaction; one that waits is not asked twice.

    Args:
        session: The open transaction: the job exists only when it commits.
        layer: A layer of the catalogue.
        actor: Who asks.

    Returns:
        The number of the run, whose state says how it goes.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"request {layer}"))))
    waiting = session.execute(
        select(Run.id).where(Run.task == "snapshot", Run.subject == layer, Run.state == "waiting")
    ).scalars()
    if (known := waiting.first()) is not None:
        return known
    run = Run(task="snapshot", subject=layer, state="waiting", started_by=actor)
    session.add(run)
    session.flush()
    defer(session, WRITE_SNAPSHOT, {"run_id": run.id, "layer": layer}, lock=f"snapshot {layer}")
    return run.id
