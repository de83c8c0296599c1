"""Map sheets asked for through the site: the run that waits, its state, where its file will lie."""

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from etl.deferring import defer
from etl.export_requests import MOST_PUBLIC, MOST_WAITING, PUBLIC
from etl.models import Run
from gis.errors import ConflictError, NotFoundError
from gis.sheets.request import SheetRequest

DRAW_SHEETS = "etl.draw_map_sheets"
TASK = "map-sheets"
KEPT_DAYS = 7
_FOLDER = "sheets"
# What waits longer was lost, and holds nobody up.
_STILL_WAITING = timedelta(days=1)


def request_sheets(
    session: Session, request: SheetRequest, roles: frozenset[str], actor: str
) -> Run:
    """Ask the worker for map sheets, inside this transaction.

    Args:
        session: The open transaction: the job exists only when it commits.
        request: What to draw.
        roles: Of the asker now: they decide what the sheets show.
        actor: Who asks; strangers are all `PUBLIC`.

    Returns:
        The waiting run; `token_of` is what its address is made of.

    Raises:
        ConflictError: Too many sheets of the asker wait already.
    """
    waiting = session.scalar(
        select(func.count()).where(
            Run.task == TASK,
            Run.started_by == actor,
            Run.state.in_(("waiting", "running")),
            Run.started_at > datetime.now(UTC) - _STILL_WAITING,
        )
    )
    if (waiting or 0) >= (MOST_PUBLIC if actor == PUBLIC else MOST_WAITING):
        raise ConflictError("Too many map sheets are waiting: fetch those first, or come back.")
    subject = request.commune or request.province or "view"
    run = Run(task=TASK, subject=subject, state="waiting", started_by=actor)
    run.report = {
        "request": request.to_json(),
        "roles": sorted(roles),
        "token": secrets.token_hex(16),
    }
    session.add(run)
    session.flush()
    defer(session, DRAW_SHEETS, {"run_id": run.id})
    return run


def find_sheets(session: Session, token: str) -> Run:
    """The run of an address.

    Raises:
        NotFoundError: There is none.
    """
    run = session.execute(
        # The newest first: the table is never searched far back for a file of the last days.
        select(Run)
        .where(Run.task == TASK, Run.report["token"].astext == token)
        .order_by(Run.started_at.desc())
        .limit(1)
    ).scalar_one_or_none()
    if run is None:
        raise NotFoundError("There are no such map sheets. They are kept for a week: ask again.")
    return run


def token_of(run: Run) -> str:
    """What the address of a run's file is made of; nobody can guess it."""
    return str(run.report["token"])


def roles_of(run: Run) -> frozenset[str]:
    """The roles that the sheets were drawn for."""
    return frozenset(run.report["roles"])


def wish_of(run: Run) -> dict[str, Any]:
    """What was asked for, as `gis.sheets.request.read_request` reads it."""
    return dict(run.report["request"])


def file_of(folder: Path, run: Run) -> Path:
    """Where the PDF of a run lies, or will lie.

    Args:
        folder: The files folder.
        run: Of map sheets.
    """
    return folder / _FOLDER / f"{token_of(run)}.pdf"
