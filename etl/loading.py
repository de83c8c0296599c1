"""One load, from the file to the report, inside the transaction that the door opened."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.orm import Session

from etl import staging
from etl.consistency import DisagreementCounter
from etl.errors import UnreadableFileError
from etl.models import Reject as RejectRow
from etl.models import Run
from etl.options import LoadOptions
from etl.overlaps import find_overlaps
from etl.preparing import prepare
from etl.product_loading import PRODUCTS, load_products
from etl.readers import Source, open_source
from etl.report import LoadReport
from etl.rows import RowMaker
from etl.scope import check_scope, reject_foreign
from etl.shape_rules import warn_of_shapes
from etl.targets import Target, get_target
from gis.database import report_overlaps, sign_as

Progress = Callable[[str, int, int | None], None]


def load_file(
    session: Session,
    layer: str,
    file: str,
    options: LoadOptions | None = None,
    progress: Progress | None = None,
    run: Run | None = None,
) -> LoadReport:
    """Load a file into a layer, or with `dry_run` find out what that would do.

    All or nothing: everything happens in the caller's transaction, and only when it commits.

    Args:
        session: The transaction; flushed, not committed.
        layer: One of `targets.TARGETS`, or `products`.
        file: A plain path of this machine.
        options: What the operator said.
        progress: Called with the step, the rows done and their total if known.
        run: The run that was made when the load was asked for; None: make one.

    Returns:
        The report of the contract.

    Raises:
        InvalidInputError: When the file, the layer or an option cannot be used; nothing changed.
    """
    options = options or LoadOptions()
    progress = progress or _say_nothing
    started_at = datetime.now(UTC)
    if layer == PRODUCTS.layer:
        with open_source(file, layer=options.source_layer, encoding=options.encoding) as source:
            sign_as(session, options.actor, options.reason or f"load {source.name}")
            report = load_products(session, source, options, progress)
        if not options.dry_run:
            _record(session, report, options, file, started_at, run)
        return report
    target = get_target(layer)
    check_scope(target, options.commune)
    with open_source(
        file, layer=options.source_layer, encoding=options.encoding, places=options.places
    ) as source:
        if not source.has_geometry:
            raise UnreadableFileError(
                f"{source.name} has no places: say which columns hold them, for example"
                " --map FIELD=lon --map FIELD=lat (or x and y, or wkt)."
                f" Its fields: {', '.join(source.fields)}."
            )
        report = LoadReport(source.name, layer, None, source.encoding, dry_run=options.dry_run)
        if source.others:
            report.warnings.append(
                f"Only {source.layer} was taken; also in the file: {', '.join(source.others)}."
                " Name one with --source-layer."
            )
        maker = prepare(session, target, source, options, report, file)
        sign_as(session, options.actor, options.reason or f"load {source.name}")
        report_overlaps(session)
        _load(session, target, source, maker, options, report, progress)
    if not options.dry_run:
        _record(session, report, options, file, started_at, run)
    return report


def _say_nothing(_step: str, _done: int, _total: int | None) -> None:
    pass


def _load(
    session: Session,
    target: Target,
    source: Source,
    maker: RowMaker,
    options: LoadOptions,
    report: LoadReport,
    progress: Progress,
) -> None:
    with _timed(report, "copy"):
        staging.create_staging(session, target.layer, exclusive=not options.dry_run)
        disagreements = DisagreementCounter(source.fields)
        with staging.copy_rows(session) as send:
            for batch in source.batches():
                disagreements.add(batch.columns)
                rows, rejects = maker.make(batch)
                report.rejects += rejects
                send(rows)
                report.read += len(batch)
                progress("read", report.read, source.count)
    report.encoding = source.encoding
    report.warnings += source.warnings
    report.warnings += disagreements.sentences()
    report.warnings += [f"{count} × {note}." for note, count in maker.notes.items() if count]
    progress("check", report.read, report.read)
    with _timed(report, "check"):
        has_keys = maker.key is not None or "code" in maker.mapping
        rejects, repairs = staging.check_rows(session, repair=options.repair, has_keys=has_keys)
    gone = {reject.row for reject in report.rejects + rejects}
    closed = {repair.row: repair for repair in maker.repairs if repair.row not in gone}
    mended = {repair.row: repair for repair in repairs}
    report.repairs = [repair for _, repair in sorted({**closed, **mended}.items())]
    report.rejects += rejects
    report.mapping, report.refused = maker.mapping, maker.refused
    if target.checks_communes:
        with _timed(report, "communes"):
            outside = staging.find_places(session)
            if options.commune is None:
                _warn_of_places(report, outside)
    columns = _columns(target, maker)
    with _timed(report, "compare"):
        staging.compare_rows(session, target, columns, source.key)
        if options.commune is not None:
            _keep_to(session, target, options.commune, report)
        new, report.updated, report.unchanged = staging.count_states(session)
    report.accepted = new + report.updated + report.unchanged
    report.rejects.sort(key=lambda reject: reject.row)
    report.rejected, report.repaired = len(report.rejects), len(report.repairs)
    progress("write", report.accepted, report.accepted)
    with _timed(report, "rules"):
        report.warnings += warn_of_shapes(session, target)
    if target.checks_overlaps:
        with _timed(report, "overlaps"):
            report.warnings += find_overlaps(session, target)
    with _timed(report, "write" if not options.dry_run else "area"):
        if options.dry_run or "area_ha" not in target.table.c:
            report.area_ha = staging.sum_staged_area_ha(session)
        if not options.dry_run:
            staging.write_changes(
                session, target, columns, source.key, new=new, changed=report.updated
            )
            if "area_ha" in target.table.c:
                report.area_ha = staging.sum_stored_area_ha(session, target)
    _warn_of_misplaced_file(report, source)


def _keep_to(session: Session, target: Target, commune: str, report: LoadReport) -> None:
    """Refuse what is not this commune's, and forget its repairs."""
    foreign = reject_foreign(session, target, commune)
    report.rejects += foreign
    gone = {reject.row for reject in foreign}
    report.repairs = [repair for repair in report.repairs if repair.row not in gone]


def _columns(target: Target, maker: RowMaker) -> list[str]:
    """List the columns of the layer that this file has values for."""
    columns = [field.stored_as for field in target.fields if field.name in maker.mapping]
    if target.layer == "administrative-units":
        columns += ["code", "name", "level", "valid_from", "valid_to"]
    return list(dict.fromkeys(columns))


def _warn_of_places(report: LoadReport, outside: int) -> None:
    if outside < 0:
        report.warnings.append("No commune is loaded yet, so places were not checked against any.")
    elif outside:
        report.warnings.append(f"{outside} accepted rows lie in no known commune.")


def _warn_of_misplaced_file(report: LoadReport, source: Source) -> None:
    """Say so when a whole file lies elsewhere: its coordinate system is then the first suspect."""
    if report.read and not report.accepted:
        reasons = {reject.reason for reject in report.rejects}
        if reasons <= {"outside Vietnam", "outside the world", "bad coordinates"}:
            report.warnings.append(
                f"No row of the file lies in Vietnam when read as {report.crs}. If that is the"
                " wrong system, say the right one with --crs; if the place is right, --anywhere."
            )
    if not report.read:
        report.warnings.append(f"The layer {source.layer or source.name} has no rows.")


def _record(
    session: Session,
    report: LoadReport,
    options: LoadOptions,
    file: str,
    started_at: datetime,
    run: Run | None,
) -> None:
    """Write `etl.run` and `etl.reject`."""
    if run is None:
        run = Run(
            task="load",
            subject=report.layer,
            file_name=report.file,
            started_by=options.actor,
            started_at=started_at,
        )
        session.add(run)
    run.state, run.report = "done", report.summary()
    run.file_sha256 = _hash(Path(file))
    run.finished_at = datetime.now(UTC)
    session.flush()
    record_rejects(session, run, report)


def record_rejects(session: Session, run: Run, report: LoadReport) -> None:
    """Write the refused rows of a run."""
    if report.rejects:
        session.execute(
            insert(RejectRow),
            [
                {
                    "run_id": run.id,
                    "row": reject.row,
                    "reason": reject.reason,
                    "detail": reject.detail,
                }
                for reject in report.rejects
            ],
        )


def _hash(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _timed(report: LoadReport, step: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    report.seconds[step] = report.seconds.get(step, 0.0) + time.perf_counter() - began
