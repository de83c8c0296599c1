"""Bringing many codes into a state, in the worker: all of them, or none."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session, sessionmaker

from etl.code_requests import change_of, make_change
from etl.models import Run
from gis.database import sign_as
from gis.errors import PlatformError


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
    try:
        with sessions.begin() as session:
            run = session.get_one(Run, run_id)
            sign_as(session, run.started_by, run.report["request"]["reason"])
            changed = make_change(session, change_of(run))
            run.state, run.error, run.finished_at = "done", None, datetime.now(UTC)
            run.report = {
                **run.report,
                "changed": changed.changed,
                "unchanged": changed.unchanged,
                "refused": [list(one) for one in changed.refused],
            }
    except Exception as error:
        sentence = "Unexpected error; see log."
        if isinstance(error, PlatformError):
            sentence = error.detail
        with sessions.begin() as session:
            failed = session.get_one(Run, run_id)
            failed.state, failed.error = "failed", sentence
            failed.finished_at = datetime.now(UTC)
        if not isinstance(error, PlatformError):
            raise
