"""Map sheets asked for through the site: the run that waits, its state, where its file will lie."""

import secrets
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from etl.deferring import defer
from etl.models import Run
from gis.errors import NotFoundError
from gis.sheets.request import SheetRequest

DRAW_SHEETS = "etl.draw_map_sheets"
TASK = "map-sheets"
KEPT_DAYS = 7
_FOLDER = "sheets"


def request_sheets(
    session: Session, request: SheetRequest, roles: frozenset[str], actor: str
) -> Run:
    """Ask the worker for map sheets, inside this transaction.

    Args:
        session: The open transaction: the job exists only when it commits.
        request: What to draw.
        roles: Of the asker now: they decide what the sheets show.
        actor: Who asks.

    Returns:
        The waiting run; `token_of` is what its address is made of.
    """
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
