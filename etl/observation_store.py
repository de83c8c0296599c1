"""Writing observations: data sets, variables, and values that differ from what is recorded.

No file is opened here, so that the site may write what a program posts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import psycopg
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from etl.descriptions import Description
from etl.layouts import Layout, VariableRule
from etl.models import Dataset, Variable
from etl.sql import load_sql

# Months of this range have a partition of their own; what lies outside is rare (numbered years).
_PARTITIONED_YEARS = (1900, 2200)


@dataclass(frozen=True)
class Observed:
    """One observation on its way into the database; `row` is its row in the file, from 1."""

    row: int
    code: str
    subject: str
    observed_at: datetime
    value: float | None
    quality: str | None = None


@dataclass(frozen=True)
class DatasetKeys:
    """The identifiers a load needs: of the data set, and of its variables by code."""

    dataset: int
    variables: dict[str, int]


def ensure_dataset(
    session: Session,
    code: str,
    about: Description,
    layout: Layout | None,
    *,
    variables: Iterable[str] = (),
    is_demo: bool = False,
) -> DatasetKeys:
    """Make the data set and its variables, or complete what a description says anew.

    What is recorded and not described stays as it is.
    """
    told = about.dataset.model_dump(exclude_none=True)
    session.execute(
        insert(Dataset)
        .values(
            code=code,
            **{"title": code, **told},
            is_demo=is_demo,
            dictionary=layout.explain() if layout else {},
        )
        .on_conflict_do_nothing(constraint="uq_dataset_code")
    )
    dataset = session.execute(select(Dataset).where(Dataset.code == code)).scalar_one()
    for name, value in told.items():
        setattr(dataset, name, value)
    rules = {rule.code: rule for rule in layout.variables} if layout else {}
    for name in variables:
        rules.setdefault(name, VariableRule(name, name))
    known = {
        variable.code: variable
        for variable in session.execute(
            select(Variable).where(Variable.dataset_id == dataset.id)
        ).scalars()
    }
    for rule in rules.values():
        variable = known.get(rule.code)
        if variable is None:
            variable = known[rule.code] = Variable(
                dataset_id=dataset.id, code=rule.code, name=rule.about.name or rule.code
            )
            session.add(variable)
        for name in ("name", "name_en", "unit"):
            if (value := getattr(rule.about, name)) is not None:
                setattr(variable, name, value)
    session.flush()
    return DatasetKeys(dataset.id, {code: variable.id for code, variable in known.items()})


def stage(session: Session, variables: dict[str, int], observed: Iterable[Observed]) -> None:
    """COPY observations into a temporary table of this transaction."""
    session.execute(text(load_sql("observations_stage.sql")))
    driver = cast("psycopg.Connection[Any]", session.connection().connection.driver_connection)
    with (
        driver.cursor() as cursor,
        cursor.copy(
            "COPY staged_observation (row, variable_id, subject, observed_at, value, quality)"
            " FROM STDIN"
        ) as copy,
    ):
        for one in observed:
            copy.write_row(
                (
                    one.row,
                    variables[one.code],
                    one.subject,
                    one.observed_at,
                    one.value,
                    one.quality,
                )
            )


def write_staged(session: Session, dataset_id: int, run_id: int) -> tuple[int, int, int]:
    """Write what was staged, and only what differs from what is recorded.

    The partitions of the months are made first, at the last moment: making one locks readers out
    until the transaction ends.

    Returns:
        Rows of the file whose observations are new, changed, and recorded already.
    """
    low, high = _PARTITIONED_YEARS
    session.execute(text(load_sql("observations_months.sql")), {"low": low, "high": high})
    counts = session.execute(text(load_sql("observations_compare.sql"))).one()
    session.execute(
        text(load_sql("observations_write.sql")), {"dataset_id": dataset_id, "run_id": run_id}
    )
    session.execute(text("DROP TABLE staged_observation"))
    return int(counts.inserted), int(counts.updated), int(counts.unchanged)
