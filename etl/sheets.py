"""Drawing map sheets that were asked for, in the worker; files of last week are swept."""

import logging
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from etl.models import Run
from etl.sheet_requests import KEPT_DAYS, file_of, roles_of, wish_of
from gis.calendar import today
from gis.errors import PlatformError, UnavailableError
from gis.sheets.request import read_request
from gis.sheets.writing import SheetReport, write_document

log = logging.getLogger(__name__)


def run_sheets(sessions: sessionmaker[Session], folder: Path, run_id: int) -> None:
    """Draw the sheets that a run asks for, and write into the run what came of it.

    May be done twice: the file has one place and appears whole.

    Args:
        sessions: Where the transactions come from.
        folder: The files folder.
        run_id: The run.
    """
    with sessions.begin() as session:
        run = session.get(Run, run_id)
        if run is None or run.state in ("done", "failed"):
            return
        run.state = "running"
    try:
        report, size = _draw(sessions, folder, run)
    except PlatformError as error:
        # An answer, not an accident: the queue need not try again.
        _fail(sessions, run_id, error.detail)
        return
    except Exception:
        _fail(sessions, run_id, "Unexpected error; see log.")
        raise
    with sessions.begin() as session:
        run = session.get_one(Run, run_id)
        run.report = {**run.report, **report.to_json(), "bytes": size}
        run.file_name = "ban-do.pdf"
        run.state, run.finished_at = "done", datetime.now(UTC)


def _draw(sessions: sessionmaker[Session], folder: Path, run: Run) -> tuple[SheetReport, int]:
    place = file_of(folder, run)
    told = 0.0

    def advance(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told < 1:
            return
        told = time.monotonic()
        # In a transaction of its own, so that whoever waits sees it now.
        with sessions.begin() as session:
            shown = session.get_one(Run, run.id)
            shown.report = {**shown.report, "progress": {"done": done, "of": total}}

    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _sweep(place.parent)
        pending = place.with_suffix(".part")
        try:
            with pending.open("wb") as file, sessions.begin() as session:
                report = write_document(
                    session, read_request(wish_of(run)), roles_of(run), file, today(), advance
                )
                size = file.tell()
            pending.replace(place)
        finally:
            pending.unlink(missing_ok=True)
    except OSError as error:
        raise UnavailableError(
            f"The map sheets cannot be written: {error.strerror or error}."
        ) from error
    return report, size


def _fail(sessions: sessionmaker[Session], run_id: int, sentence: str) -> None:
    with sessions.begin() as session:
        failed = session.get_one(Run, run_id)
        failed.state, failed.error = "failed", sentence
        failed.finished_at = datetime.now(UTC)


def _sweep(folder: Path) -> None:
    """Remove sheets that were drawn longer ago than they are kept."""
    oldest = time.time() - KEPT_DAYS * 24 * 3600
    for path in folder.iterdir():
        if path.is_file() and path.stat().st_mtime < oldest:
            log.info("map sheets of %s are swept", path.name)
            path.unlink(missing_ok=True)
