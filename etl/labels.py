"""Issuing and printing a batch of labels in the worker: whole files and their serials, or nothing.

The files are written into a folder beside their place. When the last label is drawn the folder
takes its place, then the transaction commits: whoever finds the run done finds files and serials.
A crash before that leaves neither a serial nor a file that anybody can fetch; the queue begins
again with new serials.
"""

import logging
import shutil
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from etl.label_requests import KEPT_DAYS, KINDS, LabelRequest, folder_of, wish_of
from etl.models import Run
from gis.database import sign_as
from gis.errors import PlatformError, UnavailableError
from traceability.labelling.batches import LabelFiles, Picture, print_batch
from traceability.labelling.serials import open_batch
from traceability.lots import get_lot
from traceability.products import get_product

log = logging.getLogger(__name__)

_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext('langbiang-labels'), CAST(:run AS int))")


def run_labels(sessions: sessionmaker[Session], folder: Path, run_id: int) -> None:
    """Issue and print what a run asks for, and write into the run what came of it.

    May be done twice: a batch belongs to one run, and only one worker at a time works on it.

    Args:
        sessions: Where the transactions come from.
        folder: The files folder.
        run_id: The run.
    """
    try:
        with sessions.begin() as session:
            if not session.scalar(_LOCK, {"run": run_id}):
                log.warning("labels %s are being printed by another worker", run_id)
                return
            run = session.get(Run, run_id)
            if run is None or run.state in ("done", "failed"):
                return
            _note(sessions, run_id, {"state": "running"})
            facts = _print(sessions, session, folder, run)
            _finish(session, run_id, "done", report=facts)
    except PlatformError as error:
        # An answer, not an accident: the queue need not try again.
        _fail(sessions, run_id, error.detail)
    except Exception:
        _fail(sessions, run_id, "Unexpected error; see log.")
        raise


def _print(
    sessions: sessionmaker[Session], session: Session, folder: Path, run: Run
) -> dict[str, Any]:
    wish, place = wish_of(run), folder_of(folder, run)
    part = place.with_suffix(".part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _sweep(place.parent)
        # Of an attempt that was killed: its serials were never issued.
        for left in (part, place):
            shutil.rmtree(left, ignore_errors=True)
        part.mkdir()
        try:
            sign_as(session, run.started_by, f"labels {run.id}")
            facts = _write(sessions, session, part, run, wish)
            part.replace(place)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise UnavailableError(
            f"The labels cannot be written: {error.strerror or error}."
        ) from error
    return facts


def _write(
    sessions: sessionmaker[Session], session: Session, part: Path, run: Run, wish: LabelRequest
) -> dict[str, Any]:
    product = get_product(session, wish.product_id)
    lot = get_lot(session, product.id, wish.lot_code) if wish.lot_code is not None else None
    batch = open_batch(session, product, wish.count, lot, created_by=run.started_by, run_id=run.id)
    done, told = 0, time.monotonic()

    def advance(drawn: int) -> None:
        nonlocal done, told
        done += drawn
        if time.monotonic() - told >= 1:
            told = time.monotonic()
            # In a transaction of its own, so that whoever waits sees it now.
            _note(sessions, run.id, {"progress": {"done": done, "of": wish.count}})

    with ExitStack() as opened:
        names = {kind: part / KINDS[kind].file_name for kind in wish.kinds}
        picture: Picture | None = "png" if "png" in names else "svg" if "svg" in names else None
        files = LabelFiles(
            pdf=opened.enter_context(names["pdf"].open("wb")) if "pdf" in names else None,
            table=opened.enter_context(names["csv"].open("w", encoding="utf-8", newline=""))
            if "csv" in names
            else None,
            pictures=(picture, opened.enter_context(names[picture].open("wb")))
            if picture
            else None,
            sheet=wish.sheet,
            start=wish.start,
        )
        pages = print_batch(session, batch, product, lot, wish.base, files, advance)
    sizes = {kind: path.stat().st_size for kind, path in names.items()}
    return {"batch": batch.id, "pages": pages, "bytes": sizes, "progress": None}


def _note(sessions: sessionmaker[Session], run_id: int, facts: dict[str, Any]) -> None:
    with sessions.begin() as session:
        run = session.get_one(Run, run_id)
        run.state = facts.pop("state", run.state)
        run.report = {**run.report, **facts}


def _finish(
    session: Session,
    run_id: int,
    state: str,
    *,
    report: dict[str, Any] | None = None,
    error: str | None = None,
) -> None:
    # Read anew: the progress was written by other transactions.
    run = session.get_one(Run, run_id, populate_existing=True, with_for_update=True)
    run.state, run.error, run.finished_at = state, error, datetime.now(UTC)
    run.report = {**run.report, **(report or {})}


def _fail(sessions: sessionmaker[Session], run_id: int, sentence: str) -> None:
    with sessions.begin() as session:
        _finish(session, run_id, "failed", error=sentence)


def _sweep(folder: Path) -> None:
    """Remove what was printed longer ago than labels are kept, or was left half done then."""
    oldest = time.time() - KEPT_DAYS * 24 * 3600
    for path in folder.iterdir():
        if path.stat().st_mtime < oldest:
            log.info("labels of %s are swept", path.name)
            shutil.rmtree(path, ignore_errors=True)
