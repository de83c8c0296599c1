"""Labels asked for through the site: the run that waits, its state, where its files will lie.

One run is one batch of serials, issued when its files are whole and not before.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from etl.deferring import defer
from etl.export_requests import MOST_WAITING
from etl.models import Run
from gis.errors import ConflictError, InvalidInputError, NotFoundError
from traceability.labelling.label_sheets import SHEETS, check_start
from traceability.labelling.serials import MOST_AT_ONCE
from traceability.lots import get_lot
from traceability.products import get_product

PRINT_LABELS = "etl.print_labels"
TASK = "labels"
KEPT_DAYS = 14
# Each picture is a file of its own in the archive, and its place stands in memory until the end.
MOST_PICTURES = 20_000
# So many labels are kept for one account, some 2 GB: a full disk would stop everything.
MOST_KEPT = 5_000_000
_FOLDER = "labels"
_STILL_WAITING = timedelta(days=1)


@dataclass(frozen=True)
class Kind:
    """A kind of file: its name in the folder of a run, and its media type."""

    file_name: str
    media_type: str


KINDS = {
    "pdf": Kind("tem.pdf", "application/pdf"),
    "csv": Kind("ma.csv", "text/csv"),
    "png": Kind("ma-png.zip", "application/zip"),
    "svg": Kind("ma-svg.zip", "application/zip"),
}


@dataclass(frozen=True)
class LabelRequest:
    """What to issue and print."""

    product_id: int
    lot_code: str | None
    count: int
    sheet: str
    kinds: tuple[str, ...]
    base: str
    start: int = 1

    def __post_init__(self) -> None:
        """Check what needs no database.

        Raises:
            InvalidInputError: A number, a sheet or a kind of file that there is not.
        """
        if not 1 <= self.count <= MOST_AT_ONCE:
            raise InvalidInputError(
                f"Between 1 and {MOST_AT_ONCE} serials are issued at once.", parameter="count"
            )
        if self.sheet not in SHEETS:
            raise InvalidInputError(f"sheet is one of {', '.join(SHEETS)}.", parameter="sheet")
        check_start(self.sheet, self.start)
        if not self.kinds or set(self.kinds) - KINDS.keys():
            raise InvalidInputError(f"files are some of {', '.join(KINDS)}.", parameter="files")
        pictures = [kind for kind in self.kinds if kind in ("png", "svg")]
        if len(pictures) > 1:
            raise InvalidInputError(
                "Ask for pictures as png or as svg, not as both.", parameter="files"
            )
        if pictures and self.count > MOST_PICTURES:
            raise InvalidInputError(
                f"Pictures are made of at most {MOST_PICTURES} codes at once; a printer takes the"
                " CSV of a larger batch.",
                parameter="files",
            )


def request_labels(session: Session, wish: LabelRequest, *, actor: str) -> Run:
    """Ask the worker for a batch of labels, inside this transaction.

    Args:
        session: The open transaction: the job exists only when it commits.
        wish: What to issue and print.
        actor: Who asks: nobody else gets the files.

    Raises:
        NotFoundError: There is no such product, or no such lot of it.
        ConflictError: Too many batches of the asker wait already, or are kept.
    """
    product = get_product(session, wish.product_id)
    if wish.lot_code is not None:
        get_lot(session, product.id, wish.lot_code)
    waiting = session.scalar(
        select(func.count()).where(
            Run.task == TASK,
            Run.started_by == actor,
            Run.state.in_(("waiting", "running")),
            Run.started_at > datetime.now(UTC) - _STILL_WAITING,
        )
    )
    if (waiting or 0) >= MOST_WAITING:
        raise ConflictError("Too many batches of labels are waiting: come back when one is done.")
    kept = session.scalar(
        select(func.sum(cast(Run.report["request"]["count"].astext, BigInteger))).where(
            Run.task == TASK,
            Run.started_by == actor,
            Run.state != "failed",
            Run.started_at > datetime.now(UTC) - timedelta(days=KEPT_DAYS),
        )
    )
    if (kept or 0) + wish.count > MOST_KEPT:
        raise ConflictError(f"Labels are kept {KEPT_DAYS} days, and you have {kept} already.")
    run = Run(task=TASK, subject=f"product {product.id}", state="waiting", started_by=actor)
    run.report = {
        "request": {
            "product_id": wish.product_id,
            "lot": wish.lot_code,
            "count": wish.count,
            "sheet": wish.sheet,
            "files": list(wish.kinds),
            "base": wish.base,
            "start": wish.start,
        },
        "product": product.name,
        "folder": secrets.token_hex(16),
    }
    session.add(run)
    session.flush()
    defer(session, PRINT_LABELS, {"run_id": run.id})
    return run


def find_labels(session: Session, run_id: int, *, actor: str) -> Run:
    """The run of somebody's labels; for everybody else there is none.

    Raises:
        NotFoundError: There is none of this asker.
    """
    run = session.scalar(
        select(Run).where(Run.id == run_id, Run.task == TASK, Run.started_by == actor)
    )
    if run is None:
        raise NotFoundError(f"There are no labels {run_id} of yours.")
    return run


def list_labels(session: Session, *, actor: str, limit: int = 20) -> list[Run]:
    """The newest runs of somebody's labels."""
    return list(
        session.scalars(
            select(Run)
            .where(Run.task == TASK, Run.started_by == actor)
            .order_by(Run.started_at.desc(), Run.id.desc())
            .limit(limit)
        )
    )


def wish_of(run: Run) -> LabelRequest:
    """What was asked for."""
    given: dict[str, Any] = run.report["request"]
    return LabelRequest(
        product_id=given["product_id"],
        lot_code=given["lot"],
        count=given["count"],
        sheet=given["sheet"],
        kinds=tuple(given["files"]),
        base=given["base"],
        start=given.get("start", 1),
    )


def folder_of(folder: Path, run: Run) -> Path:
    """Where the files of a run lie, or will lie, below the files folder."""
    return folder / _FOLDER / str(run.report["folder"])


def file_of(folder: Path, run: Run, kind: str) -> Path:
    """One file of a run that is done.

    Raises:
        NotFoundError: It was not asked for, is not done, or was swept.
    """
    found = folder_of(folder, run) / KINDS[kind].file_name if kind in KINDS else None
    if found is None or kind not in wish_of(run).kinds:
        raise NotFoundError(f"No {kind} was asked for.")
    if run.state != "done" or not found.is_file():
        raise NotFoundError(f"This file is not there (any more); it is kept {KEPT_DAYS} days.")
    return found
