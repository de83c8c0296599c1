"""What the worker does for the journal of events each night: room ahead, and a checkpoint."""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from traceability.epcis.checkpoints import keep_checkpoint
from traceability.epcis.journal import ensure_month

FOLDER = "checkpoints"
# A partition is there long before its month begins, so that no capture waits for one to be made.
_AHEAD = tuple(timedelta(days=days) for days in (0, 31, 62))


def tend_journal(sessions: sessionmaker[Session], folder: Path, now: datetime) -> Path:
    """Make the partitions of the months to come, and today's checkpoint.

    Args:
        sessions: Where the transactions come from.
        folder: The files folder.
        now: This moment, UTC.

    Returns:
        The checkpoint's file.
    """
    for ahead in _AHEAD:
        with sessions.begin() as session:
            ensure_month(session, (now + ahead).date())
    with sessions.begin() as session:
        return keep_checkpoint(session, folder / FOLDER)
