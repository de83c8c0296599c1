"""Putting a job into the queue, inside the transaction of whoever asks for it."""

import json
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from etl.sql import load_sql


def defer(
    session: Session, task: str, arguments: dict[str, Any], *, lock: str | None = None
) -> None:
    """Put a job in the queue, inside this transaction.

    Args:
        session: The open transaction.
        task: Name of a task of `etl.worker`.
        arguments: Its arguments, JSON-serialisable.
        lock: Jobs of one lock run one after the other.
    """
    session.execute(
        text(load_sql("defer_job.sql")),
        {"task": task, "arguments": json.dumps(arguments), "lock": lock},
    )
