"""Capture jobs: what came of each document."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError
from traceability.models import CaptureJob


def find_job(session: Session, uuid: UUID, *, by: str | None = None) -> CaptureJob | None:
    """One job, if there is one; `by` finds only the jobs of this captor."""
    job = session.get(CaptureJob, uuid)
    return None if job is None or (by is not None and job.captured_by != by) else job


def list_jobs(
    session: Session, *, limit: int, after: str | None = None, by: str | None = None
) -> Sequence[CaptureJob]:
    """The newest jobs first.

    Args:
        session: Only read.
        limit: At most so many.
        after: The uuid of the job behind which to go on.
        by: Only the jobs of this captor.

    Raises:
        InvalidInputError: `after` is no job's.
    """
    statement = select(CaptureJob).order_by(CaptureJob.created_at.desc(), CaptureJob.uuid.desc())
    if by is not None:
        statement = statement.where(CaptureJob.captured_by == by)
    if after is not None:
        try:
            last = find_job(session, UUID(after), by=by)
        except ValueError:
            last = None
        if last is None:
            raise InvalidInputError("nextPageToken is of no list of jobs.")
        statement = statement.where(
            tuple_(CaptureJob.created_at, CaptureJob.uuid) < (last.created_at, last.uuid)
        )
    return session.scalars(statement.limit(limit)).all()
