"""Many listings at once from a workbook: sent, read by the worker, shown, applied.

A workbook waits as bytes with its run and job in one transaction (`etl.run`, task `TASK`). The
worker reads it and writes what each row would do into the run's report (`etl.listing_mapping`);
who sent it looks, and says whether the good rows, or all or nothing, are applied.
"""

import io
import secrets
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import xlsxwriter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from etl.deferring import defer
from etl.models import Run
from etl.uploads import FOLDER, safe_name
from gis.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError
from traceability.selling.offering import EditScope, OfferedProduct

READ_LISTINGS = "etl.read_listings"
APPLY_LISTINGS = "etl.apply_listings"
TASK = "listings"
MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 5000
FILE = "listings.xlsx"
_MOST_WAITING = 3
# The first line of the template; the reader knows more spellings (`etl.listing_mapping`).
COLUMNS = ("Mã sản phẩm", "Tên sản phẩm", "Địa chỉ trên sàn", "Giá (đồng)")


def request_listings(
    session: Session,
    stream: IO[bytes],
    *,
    folder: Path,
    file_name: str,
    scope: EditScope,
    actor: str,
) -> Run:
    """Keep a workbook and ask the worker to read it; flushes.

    Args:
        session: The open transaction: the job exists only when it commits.
        stream: The workbook.
        folder: The files folder.
        file_name: As its sender calls it.
        scope: Whose products the sender may change.
        actor: Who sends it.

    Raises:
        InvalidInputError: It is empty or too big (`rule`).
        ConflictError: Several of the sender's wait already.
        UnavailableError: The disk cannot be written.
    """
    waiting = session.scalar(
        select(func.count()).where(
            Run.task == TASK, Run.started_by == actor, Run.state.in_(("waiting", "running"))
        )
    )
    if (waiting or 0) >= _MOST_WAITING:
        raise ConflictError("Several workbooks are waiting to be read: look at those first.")
    data = stream.read(MOST_BYTES + 1)
    if not data:
        raise InvalidInputError("The file is empty (0 bytes).", rule="empty")
    if len(data) > MOST_BYTES:
        raise InvalidInputError(
            f"The workbook has more than {MOST_BYTES // 2**20} MB.", rule="too-big"
        )
    # A folder of an import that no row names: the worker sweeps it when it was not read.
    relative = f"{FOLDER}/{secrets.token_hex(16)}"
    try:
        (folder / relative).mkdir(parents=True)
        (folder / relative / FILE).write_bytes(data)
    except OSError as error:
        raise UnavailableError(f"The file cannot be kept: {error.strerror or error}.") from error
    run = Run(
        task=TASK,
        subject="listings",
        file_name=safe_name(file_name),
        state="waiting",
        started_by=actor,
        report={"stage": "read", "scope": asdict(scope), "folder": relative},
    )
    session.add(run)
    session.flush()
    defer(session, READ_LISTINGS, {"run_id": run.id})
    return run


def apply_listings(session: Session, run_id: int, *, actor: str, only_good: bool) -> Run:
    """Have the rows of a workbook applied as they were shown; asked twice, done once; flushes.

    Args:
        session: The open transaction.
        run_id: The run that read it.
        actor: Who asks; only who sent it may.
        only_good: Leave out rows with mistakes; else one mistake holds all of them back.

    Raises:
        NotFoundError: There is no such run of the asker's.
        ConflictError: It was not read yet.
        InvalidInputError: A row has a mistake and all were wanted, or nothing is to be done.
    """
    run = find_listings(session, run_id, actor=actor)
    session.refresh(run, with_for_update=True)
    if run.report["stage"] == "apply":
        return run
    if run.state != "done":
        raise ConflictError("The workbook was not read yet.", state=run.state)
    counts = run.report["counts"]
    if counts["wrong"] and not only_good:
        raise InvalidInputError(
            f"{counts['wrong']} rows have a mistake: nothing was applied.", rule="wrong-rows"
        )
    if not any(counts[outcome] for outcome in ("new", "back", "price")):
        raise InvalidInputError("No row of the workbook changes anything.", rule="nothing")
    run.state, run.finished_at = "waiting", None
    run.report = {**run.report, "stage": "apply", "asked_at": datetime.now(UTC).isoformat()}
    session.flush()
    defer(session, APPLY_LISTINGS, {"run_id": run.id}, lock="listings")
    return run


def find_listings(session: Session, run_id: int, *, actor: str) -> Run:
    """Find a workbook's run, for who sent it.

    Raises:
        NotFoundError: There is none of this number, or it is somebody else's.
    """
    run = session.get(Run, run_id) if 0 < run_id < 2**63 else None
    if run is None or run.task != TASK or run.started_by != actor:
        raise NotFoundError(f"There is no workbook {run_id}.")
    return run


def list_listings_runs(session: Session, *, actor: str, limit: int = 10) -> list[Run]:
    """List the workbooks that somebody sent, the newest first."""
    return list(
        session.scalars(
            select(Run)
            .where(Run.task == TASK, Run.started_by == actor)
            .order_by(Run.started_at.desc(), Run.id.desc())
            .limit(limit)
        )
    )


def listings_template(offered: list[OfferedProduct]) -> bytes:
    """Make a workbook to fill in: a line for each listing, and one for each product without."""
    out = io.BytesIO()
    # A name that begins with "=" stays a name.
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        bold = book.add_format({"bold": True, "bg_color": "#E5EFE6", "border": 1})
        digits = book.add_format({"num_format": "@"})
        money = book.add_format({"num_format": "#,##0"})
        sheet = book.add_worksheet("Địa chỉ bán")
        for column, width in enumerate((18, 34, 70, 14)):
            sheet.set_column(column, column, width, digits if column < 3 else money)
            sheet.write_string(0, column, COLUMNS[column], bold)
        sheet.freeze_panes(1, 0)
        row = 0
        for one in offered:
            shown: list[Any] = [each for each, _ in one.listings if each.retired_at is None]
            for listing in shown or [None]:
                row += 1
                sheet.write_string(row, 0, one.product.gtin or one.product.trace_code, digits)
                sheet.write_string(row, 1, one.product.name)
                if listing is not None:
                    sheet.write_string(row, 2, listing.url)
                    if listing.price_vnd is not None:
                        sheet.write_number(row, 3, listing.price_vnd, money)
    return out.getvalue()
