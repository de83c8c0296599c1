"""Observations as DataFrames, for notebooks."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from etl.instants import LOCAL_ZONE
from etl.models import Dataset, Observation, Variable
from etl.queries import find_dataset


def list_datasets(session: Session) -> pd.DataFrame:
    """List the data sets: `code`, `title`, `owner`, `licence`, `citation`, count of `variables`."""
    rows = session.execute(
        select(
            Dataset.code,
            Dataset.title,
            Dataset.owner,
            Dataset.licence,
            Dataset.citation,
            func.count(Variable.id).label("variables"),
        )
        .outerjoin(Variable, Variable.dataset_id == Dataset.id)
        .group_by(Dataset.id)
        .order_by(Dataset.title)
    )
    names = list(rows.keys())
    return pd.DataFrame.from_records([tuple(row) for row in rows], columns=names)


def describe_variables(session: Session, dataset: str) -> pd.DataFrame:
    """List the variables of a data set: `code`, `name`, `name_en`, `unit`."""
    rows = session.execute(
        select(Variable.code, Variable.name, Variable.name_en, Variable.unit)
        .where(Variable.dataset_id == find_dataset(session, dataset).id)
        .order_by(Variable.id)
    )
    names = list(rows.keys())
    return pd.DataFrame.from_records([tuple(row) for row in rows], columns=names)


def read_observations(
    session: Session,
    dataset: str,
    *,
    subject: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    zone: str = LOCAL_ZONE,
) -> pd.DataFrame:
    """Read a series as a table, one row per instant and one column per variable.

    Args:
        session: Reads only.
        dataset: Code of the data set.
        subject: One subject; None: the mean over subjects where there are several.
        start: From this instant on, inclusive.
        end: Before this instant, exclusive.
        zone: Time zone of the index.

    Returns:
        Indexed by `observed_at` in `zone`; values in the variables' units, NaN where missing.

    Raises:
        NotFoundError: There is no such data set.
    """
    found = find_dataset(session, dataset)
    query = (
        select(Observation.observed_at, Variable.code, Observation.value)
        .join(Variable, Variable.id == Observation.variable_id)
        .where(Observation.dataset_id == found.id)
        .order_by(Observation.observed_at)
    )
    if subject is not None:
        query = query.where(Observation.subject == subject)
    if start is not None:
        query = query.where(Observation.observed_at >= start)
    if end is not None:
        query = query.where(Observation.observed_at < end)
    rows = session.execute(query).all()
    tidy = pd.DataFrame.from_records(
        [tuple(row) for row in rows], columns=["observed_at", "variable", "value"]
    )
    wide = tidy.pivot_table(
        index="observed_at", columns="variable", values="value", aggfunc="mean", dropna=False
    )
    wide.columns.name = None
    wide.index = pd.DatetimeIndex(wide.index).tz_convert(ZoneInfo(zone))
    return wide
