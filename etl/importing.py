"""The worker's part of bringing in a file: reading it, and loading it once somebody accepted it.

A task may run twice, since a killed worker's job is given back. Reading again changes nothing. A
load and the state that says it is done are one transaction, so a file is never loaded twice. A file
over which the worker died three times is not tried a fourth time.
"""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import psycopg
from sqlalchemy import delete, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from etl.import_requests import KEPT_DAYS, load_options
from etl.loading import Progress, load_file, record_rejects
from etl.models import ExportFile, ImportFile, Reject, Run
from etl.previewing import preview_file
from etl.uploads import FOLDER, remove_upload
from gis.errors import ConflictError, PlatformError, UnavailableError

log = logging.getLogger(__name__)
_TRIES = 3
_EVERY_S = 1.0
# A folder that no row names is an upload whose request failed; younger ones may yet get theirs.
_ORPHAN = timedelta(hours=6)


def run_preview(sessions: sessionmaker[Session], files: Path, import_id: int, attempt: int) -> None:
    """Read a file as a dry run and write what it would do.

    Does nothing when the file is gone, was accepted, or is to be read otherwise by now.
    """
    with sessions.begin() as session:
        found = _begin(session, import_id, ("waiting", "reading"), "reading", attempt=attempt)
        if found is None:
            return
        run_id, layer = found.run_id, found.layer
        options = load_options(found, dry_run=True, commune=found.commune_code)
        place = found.folder, found.file_name
    try:
        path = _path(files, *place)
        with sessions.begin() as session:
            preview = preview_file(session, layer, str(path), options, _tell(sessions, run_id))
            done = session.get(ImportFile, import_id, with_for_update=True)
            if done is None or done.attempt != attempt or done.state != "reading":
                return
            done.preview, done.sample = preview.facts, preview.sample
            done.state, done.error = ("failed" if preview.error else "ready"), preview.error
            done.updated_at = datetime.now(UTC)
            run = _end_run(session, run_id, preview.error)
            if run is not None and preview.report is not None:
                run.report = preview.report.summary()
                session.execute(delete(Reject).where(Reject.run_id == run.id))
                record_rejects(session, run, preview.report)
    except Exception as error:
        _fail(sessions, import_id, run_id, "failed", error)


def run_load(sessions: sessionmaker[Session], files: Path, import_id: int) -> None:
    """Load an accepted file, in one transaction with the state that says so.

    Does nothing when it was loaded already.
    """
    with sessions.begin() as session:
        found = _begin(session, import_id, ("loading",), "loading")
        if found is None:
            return
        run_id = found.run_id
    try:
        with sessions.begin() as session:
            found = session.get(ImportFile, import_id, with_for_update=True)
            if found is None or found.state != "loading":
                return
            reason = found.reason or f"load {found.file_name}"
            options = load_options(found, dry_run=False, commune=found.commune_code, reason=reason)
            # What was guessed and shown is what was accepted.
            options = replace(options, **found.preview["taken"])
            run = session.get_one(Run, run_id)
            path = _path(files, found.folder, found.file_name)
            report = load_file(
                session, found.layer, str(path), options, _tell(sessions, run_id), run
            )
            if report.inserted or report.updated:
                found.transaction = session.scalar(select(func.txid_current()))
            run.report = {**report.summary(), "transaction": found.transaction}
            found.state, found.error = "done", None
            found.updated_at = datetime.now(UTC)
    except Exception as error:
        # Another load is in the way: the same may be accepted again in a moment.
        again = "ready" if isinstance(error, ConflictError) else "failed"
        _fail(sessions, import_id, run_id, again, error)


def clean_up(sessions: sessionmaker[Session], files: Path, now: datetime) -> None:
    """Forget what nobody accepted for `KEPT_DAYS`, exports past their day, and orphaned folders."""
    stale = now - timedelta(days=KEPT_DAYS)
    with sessions.begin() as session:
        old = session.scalars(
            select(ImportFile)
            .where(ImportFile.updated_at < stale, ImportFile.folder.is_not(None))
            .with_for_update(skip_locked=True)
        )
        gone = []
        for found in old:
            gone.append(found.folder)
            if found.state in ("loading", "done"):
                found.folder = None
            else:
                session.delete(found)
        exports = session.scalars(select(ExportFile).where(ExportFile.expires_at < now))
        for export in exports:
            gone.append(export.path.rpartition("/")[0] if export.path else None)
            session.delete(export)
    with sessions.begin() as session:
        known = set(session.scalars(select(ImportFile.folder)))
        known |= {
            path.rpartition("/")[0] for path in session.scalars(select(ExportFile.path)) if path
        }
    for kind in (FOLDER, "exports"):
        for folder in (files / kind).glob("*"):
            age = now.timestamp() - folder.stat().st_mtime
            if f"{kind}/{folder.name}" not in known and age > _ORPHAN.total_seconds():
                gone.append(f"{kind}/{folder.name}")
    for relative in gone:
        remove_upload(files, relative)


def _begin(
    session: Session,
    import_id: int,
    states: tuple[str, ...],
    state: str,
    *,
    attempt: int | None = None,
) -> ImportFile | None:
    """Take up an import that is in one of the states; give up when it was tried too often."""
    found = session.get(ImportFile, import_id, with_for_update=True)
    if found is None or found.state not in states or found.folder is None:
        return None
    if attempt is not None and found.attempt != attempt:
        return None
    found.tries += 1
    found.updated_at = datetime.now(UTC)
    if found.tries > _TRIES:
        sentence = f"The worker ended {_TRIES} times over this file: it is not tried again."
        found.state, found.error = "failed", sentence
        _end_run(session, found.run_id, sentence)
        return None
    found.state = state
    run = session.get(Run, found.run_id) if found.run_id else None
    if run is not None:
        run.state = "running"
    return found


def _path(files: Path, folder: str | None, name: str) -> Path:
    path = files / str(folder) / name
    if folder is None or not path.is_file():
        raise UnavailableError(f"{name} is no longer kept: send it again.")
    return path


def _tell(sessions: sessionmaker[Session], run_id: int | None) -> Progress:
    """Write how far a run is, once a second at most, beside the transaction that does the work."""
    last = monotonic()

    def tell(step: str, done: int, total: int | None) -> None:
        nonlocal last
        if run_id is None or monotonic() - last < _EVERY_S:
            return
        last = monotonic()
        with sessions.begin() as session:
            run = session.get(Run, run_id)
            if run is not None:
                run.report = {"progress": {"step": step, "done": done, "total": total}}

    return tell


def _end_run(session: Session, run_id: int | None, error: str | None) -> Run | None:
    run = session.get(Run, run_id) if run_id is not None else None
    if run is not None:
        run.state, run.error = ("failed" if error else "done"), error
        run.finished_at = datetime.now(UTC)
    return run


def _fail(
    sessions: sessionmaker[Session],
    import_id: int,
    run_id: int | None,
    state: str,
    error: Exception,
) -> None:
    """Write down why, as one sentence; what nobody foresaw goes on to the log."""
    if isinstance(error, PlatformError):
        sentence = error.detail
    elif isinstance(error, (DBAPIError, psycopg.Error)):
        said = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        sentence = f"The database did not take it, and nothing changed: {said}"
    elif isinstance(error, MemoryError):
        sentence = "There is not enough memory for this file; nothing changed."
    else:
        sentence = "Unexpected error; nothing changed. The log says more."
    with sessions.begin() as session:
        found = session.get(ImportFile, import_id, with_for_update=True)
        if found is not None:
            found.state, found.error = state, sentence
            found.updated_at = datetime.now(UTC)
        _end_run(session, run_id, sentence)
    if not isinstance(error, PlatformError):
        raise error
