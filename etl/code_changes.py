"""Bringing many codes into a state, in the worker: a portion at a time, so that it shows how far.

Each portion is a transaction: what is done stays done if a later one fails, and when the job is
given again it goes on with what is left.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from etl.code_requests import CodeChange, change_of, count_chosen, make_change
from etl.models import Run
from gis.database import sign_as
from gis.errors import PlatformError
from traceability.models import SerialBatch

# Ten events of an activation; some ten seconds.
_PORTION = 5_000


def run_change(sessions: sessionmaker[Session], run_id: int) -> None:
    """Make the change that a run asks for, and write into the run what came of it.

    May be done twice: what is in the state already stays so.

    Args:
        sessions: Where the transactions come from.
        run_id: The run.
    """
    with sessions.begin() as session:
        run = session.get(Run, run_id)
        if run is None or run.state in ("done", "failed"):
            return
        run.state = "running"
        change = change_of(run)
        portions = list(_portions(session, change))
        of = count_chosen(session, change.chosen)
    told: dict[str, Any] = {"changed": 0, "unchanged": 0, "refused": []}
    try:
        for number, portion in enumerate(portions, 1):
            with sessions.begin() as session:
                run = session.get_one(Run, run_id)
                sign_as(session, run.started_by, change.reason)
                changed = make_change(session, portion)
                told["changed"] += changed.changed
                told["unchanged"] += changed.unchanged
                told["refused"] = (told["refused"] + [list(one) for one in changed.refused])[:5]
                done = min(number * _PORTION, of)
                run.report = {**run.report, **told, "progress": {"done": done, "of": of}}
    except Exception as error:
        sentence = error.detail if isinstance(error, PlatformError) else None
        _end(sessions, run_id, "failed", sentence or "Unexpected error; see log.")
        if sentence is None:
            raise
    else:
        _end(sessions, run_id, "done")


def _portions(session: Session, change: CodeChange) -> Iterator[CodeChange]:
    chosen = change.chosen
    if chosen.serials is not None:
        for start in range(0, len(chosen.serials), _PORTION):
            part = chosen.serials[start : start + _PORTION]
            yield replace(change, chosen=replace(chosen, serials=part))
        return
    batch = session.get(SerialBatch, chosen.batch_id) if chosen.batch_id is not None else None
    if batch is None:
        yield change
        return
    last = min(chosen.last or batch.count, batch.count)
    for first in range(chosen.first or 1, last + 1, _PORTION):
        part_of_roll = replace(chosen, first=first, last=min(first + _PORTION - 1, last))
        yield replace(change, chosen=part_of_roll)


def _end(
    sessions: sessionmaker[Session], run_id: int, state: str, error: str | None = None
) -> None:
    with sessions.begin() as session:
        run = session.get_one(Run, run_id)
        run.state, run.error, run.finished_at = state, error, datetime.now(UTC)
