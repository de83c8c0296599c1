"""Series and trials: a table becomes tidy observations, one row per subject, variable and instant.

A missing value is a row whose value is null: that it was looked for and not found is data too.
Loading a file again writes nothing; a value that differs replaces the one recorded and is counted
as updated.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from etl.checksums import file_sha256
from etl.descriptions import Description
from etl.errors import UnreadableFileError
from etl.layouts import Layout, find_layout
from etl.models import Reject, Run
from etl.observation_report import ObservationReport, VariableFigures
from etl.observation_store import Observed, ensure_dataset, stage, write_staged
from etl.readers import open_source


def load_observations(
    session: Session,
    dataset: str,
    file: str | Path,
    *,
    about: Description | None = None,
    sheet: str | None = None,
    encoding: str = "auto",
    actor: str | None = None,
    is_demo: bool = False,
    progress: Callable[[str, int, int | None], None] | None = None,
) -> ObservationReport:
    """Load a table file into a data set, which is made if there is none of that code.

    Flushes, does not commit. The table is held in memory while it is read.

    Args:
        session: The open transaction.
        dataset: Code of the data set.
        file: A CSV, TSV, XLS, XLSX, ODS or Parquet file of this machine.
        about: What a person said of the file; None: guess.
        sheet: The sheet of a workbook; None: the first.
        encoding: One of `etl.encodings.CHOICES`.
        actor: Who loads; None: the database user.
        is_demo: Mark a new data set as illustration.
        progress: Called with the step, the rows done and their total.

    Raises:
        UnreadableFileError: When the file cannot or must not be read.
        InvalidInputError: When no time or no variable can be found in it.
    """
    path = Path(file)
    report = ObservationReport(path.name, dataset)
    said = about or Description()
    columns, problems = _read_columns(file, sheet, encoding, report)
    layout = find_layout(columns, dataset=dataset, about=said)
    report.layout = layout.explain()
    report.zone = layout.time[1].zone if layout.time else None
    report.warnings += layout.notes
    report.warnings += [f"{name} is left out: {why}." for name, why in layout.left_out.items()]
    ids = ensure_dataset(session, dataset, said, layout, is_demo=is_demo)
    run = Run(
        task="observations",
        subject=dataset,
        file_name=path.name,
        file_sha256=file_sha256(path),
        state="running",
        started_by=actor or session.execute(select(func.current_user())).scalar_one(),
    )
    session.add(run)
    session.flush()
    report.variables = {rule.code: VariableFigures() for rule in layout.variables}
    stage(session, ids.variables, tidy(columns, layout, problems, report, progress))
    counts = write_staged(session, ids.dataset, run.id)
    report.inserted, report.updated, report.unchanged = counts
    if report.updated:
        report.warnings.append(
            f"{report.updated} rows replace values recorded before under the same subject and time."
        )
    session.add_all(
        Reject(run_id=run.id, row=one["row"], reason=one["reason"], detail=one["detail"])
        for one in report.rejects
    )
    run.report = report.to_json()
    run.state = "done"
    run.finished_at = func.clock_timestamp()
    session.flush()
    return report


def _read_columns(
    file: str | Path, sheet: str | None, encoding: str, report: ObservationReport
) -> tuple[dict[str, list[Any]], dict[int, tuple[str, str]]]:
    """Read a table whole: its columns, and the rows the reader found wrong (place from 0)."""
    columns: dict[str, list[Any]] = {}
    problems: dict[int, tuple[str, str]] = {}
    with open_source(str(file), layer=sheet, encoding=encoding) as source:
        for batch in source.batches():
            start = report.read
            report.read += len(batch)
            cells = dict(batch.columns)
            if batch.geometry is not None:
                # Coordinates are what tells one yield-monitor point from another.
                cells["location"] = [_place_name(shape) for shape in batch.geometry]
            for name, values in cells.items():
                columns.setdefault(name, []).extend(values)
            problems |= {start + place: why for place, why in batch.problems.items()}
        report.sheet = source.layer
        report.encoding = source.encoding
        report.warnings += source.warnings
        if source.others:
            report.warnings.append(
                f"Only {source.layer} was read; --sheet names another: {', '.join(source.others)}."
            )
    if not columns or report.read == 0:
        raise UnreadableFileError(f"{report.file} has no rows.")
    report.columns = len(columns)
    return columns, problems


def _place_name(shape: bytes | None) -> str | None:
    if shape is None:
        return None
    point = shapely.from_wkb(shape).representative_point()
    return f"{point.x:.8g} {point.y:.8g}"


def tidy(
    columns: dict[str, list[Any]],
    layout: Layout,
    problems: dict[int, tuple[str, str]],
    report: ObservationReport,
    progress: Callable[[str, int, int | None], None] | None = None,
) -> Iterator[Observed]:
    """Turn rows into observations; a row with one bad cell is refused whole and reported."""
    times = [columns[name] for name in layout.time[0]] if layout.time else []
    subjects = [(name, columns[name]) for name in layout.subjects]
    variables = [(rule, columns[rule.column]) for rule in layout.variables]
    marks = {
        rule.column: columns[rule.about.quality] for rule in layout.variables if rule.about.quality
    }
    seen: dict[tuple[str, datetime | None], int] = {}
    names: set[str] = set()
    for place in range(report.read):
        row = place + 1
        if progress is not None and (row % 1000 == 0 or row == report.read):
            progress("rows", row, report.read)
        if place in problems:
            report.reject(row, *problems[place])
            continue
        instant = layout.observed_at
        if layout.time:
            try:
                instant = layout.time[1].read([cells[place] for cells in times])
            except (ValueError, TypeError, OverflowError) as error:
                shown = " ".join(str(cells[place]) for cells in times)
                report.reject(row, "bad-time", f"{', '.join(layout.time[0])}: {shown!r}: {error}")
                continue
        subject = _name_subject(subjects, place) or layout.subject
        if (subject, instant) in seen:
            first = seen[subject, instant]
            when = f" at {instant.isoformat()}" if instant else ""
            report.reject(row, "duplicate", f"{subject}{when} stands in row {first} already")
            continue
        try:
            values = [layout.read_value(rule, cells[place]) for rule, cells in variables]
        except ValueError as error:
            report.reject(row, "bad-value", str(error))
            continue
        seen[subject, instant] = row
        names.add(subject)
        report.accepted += 1
        for (rule, _), value in zip(variables, values, strict=True):
            observed_at = cast(datetime, rule.observed_at or instant)
            report.variables[rule.code].add(value)
            report.first = min(report.first or observed_at, observed_at)
            report.last = max(report.last or observed_at, observed_at)
            mark = marks[rule.column][place] if rule.column in marks else None
            yield Observed(
                row, rule.code, subject, observed_at, value, None if mark is None else str(mark)
            )
    report.subjects = len(names)


def _name_subject(subjects: list[tuple[str, list[Any]]], place: int) -> str:
    """Name what a row measured: the one cell, or `plot=1 row=3 col=33` of several."""
    if len(subjects) == 1:
        cell = subjects[0][1][place]
        return "" if cell is None else str(cell).strip()
    return " ".join(
        f"{name}={cells[place]}" for name, cells in subjects if cells[place] is not None
    )
