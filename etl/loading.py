"""One load, from the file to the report, inside the transaction that the door opened."""

import hashlib
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

import numpy as np
import shapely
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from etl import staging
from etl.consistency import DisagreementCounter
from etl.crs_guess import Point, explain_guess, guess_crs
from etl.errors import UnknownCrsError, UnreadableFileError
from etl.models import Reject as RejectRow
from etl.models import Run
from etl.overlaps import find_overlaps
from etl.readers import Source, open_source
from etl.report import LoadReport
from etl.rows import Lookups, RowMaker
from etl.targets import Target, fold_name, get_target, guess_mapping, parse_mapping
from gis.crs import VIETNAM, name_crs, parse_crs, recognise_vn2000
from gis.database import sign_as
from gis.errors import InvalidInputError
from gis.models.administrative import AdministrativeUnit
from gis.models.crops import Crop
from gis.reform import BASIS, REFORM_ON

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class LoadOptions:
    """What the operator said about a file; the names are those of the command line."""

    source_layer: str | None = None
    crs: str | None = None
    encoding: str = "auto"
    mapping: tuple[str, ...] = ()
    key: str | None = None
    valid_from: date | None = None
    anywhere: bool = False
    repair: bool = False
    dry_run: bool = False
    actor: str = "etl"

    def command(self, layer: str, file: str) -> str:
        """Write the command these options came from, without `--crs`."""
        words = ["python", "-m", "etl", "load", layer, file]
        if self.source_layer:
            words += ["--source-layer", self.source_layer]
        if self.encoding != "auto":
            words += ["--encoding", self.encoding]
        for pair in self.mapping:
            words += ["--map", pair]
        if self.key:
            words += ["--key", self.key]
        if self.valid_from:
            words += ["--valid-from", self.valid_from.isoformat()]
        words += ["--anywhere"] * self.anywhere + ["--repair"] * self.repair
        words += ["--dry-run"] * self.dry_run
        return shlex.join(words)


def load_file(
    session: Session,
    layer: str,
    file: str,
    options: LoadOptions | None = None,
    progress: Progress | None = None,
) -> LoadReport:
    """Load a file into a layer, or with `dry_run` find out what that would do.

    All or nothing: everything happens in the caller's transaction, and only when it commits.

    Args:
        session: The transaction; flushed, not committed.
        layer: One of `targets.TARGETS`.
        file: A plain path of this machine.
        options: What the operator said.
        progress: Called with the step, the rows done and their total if known.

    Returns:
        The report of the contract.

    Raises:
        InvalidInputError: When the file, the layer or an option cannot be used; nothing changed.
    """
    options = options or LoadOptions()
    progress = progress or _say_nothing
    target = get_target(layer)
    started_at = datetime.now(UTC)
    with open_source(file, layer=options.source_layer, encoding=options.encoding) as source:
        if not source.has_geometry:
            raise UnreadableFileError(
                f"{source.name} has no places: name its columns lon and lat, x and y, or wkt."
                f" Its fields: {', '.join(source.fields)}."
            )
        report = LoadReport(source.name, layer, None, source.encoding, dry_run=options.dry_run)
        if source.others:
            report.warnings.append(
                f"Only {source.layer} was taken; also in the file: {', '.join(source.others)}."
                " Name one with --source-layer."
            )
        maker = _prepare(session, target, source, options, report, file)
        sign_as(session, options.actor, f"load {source.name}")
        _load(session, target, source, maker, options, report, progress)
    if not options.dry_run:
        _record(session, report, options, file, started_at)
    return report


def _say_nothing(_step: str, _done: int, _total: int | None) -> None:
    pass


def _prepare(
    session: Session,
    target: Target,
    source: Source,
    options: LoadOptions,
    report: LoadReport,
    file: str,
) -> RowMaker:
    """Settle fields, coordinate system and key before the first row is read."""
    said = parse_mapping(options.mapping, source.fields, target)
    key = options.key
    if key is not None and key not in source.fields:
        raise InvalidInputError(
            f"--key {key}: the file has no field {key}. Its fields: {', '.join(source.fields)}."
        )
    if key is not None and "code" in target.key and target.layer == "administrative-units":
        said, key = {**said, "code": key}, None
    mapping, guessed = guess_mapping(source.fields, target, said)
    if target.layer == "administrative-units" and "code" not in mapping:
        raise InvalidInputError(
            f"{source.name} has no field that is surely the unit's code. Its fields:"
            f" {', '.join(source.fields)}. Say which one it is, for example:"
            f" {options.command(target.layer, file)} --map {source.fields[0]}=code"
            if source.fields
            else f"{source.name} has no fields, so its units have no code."
        )
    if guessed:
        pairs = ", ".join(f"{origin}={goal}" for goal, origin in guessed.items())
        report.warnings.append(f"Fields taken by their names: {pairs}. Change with --map.")
    valid_from = options.valid_from
    if target.layer == "administrative-units":
        if "name" not in mapping:
            report.warnings.append("No field was taken as the name: the code stands for it.")
        if valid_from is None and "valid_from" not in mapping:
            valid_from = REFORM_ON
            report.warnings.append(
                f"Without --valid-from the units are taken as those of {REFORM_ON} ({BASIS})."
            )
    report.crs = _settle_crs(session, source, options, report, target, file)
    return RowMaker(
        target=target,
        mapping=mapping,
        crs=report.crs,
        lookups=_read_lookups(session),
        key=key,
        valid_from=valid_from,
        anywhere=options.anywhere,
    )


def _settle_crs(
    session: Session,
    source: Source,
    options: LoadOptions,
    report: LoadReport,
    target: Target,
    file: str,
) -> str:
    """Settle the coordinate system: said, stated, or refused with a guess."""
    if options.crs is not None:
        crs = parse_crs(options.crs)
        if source.crs is not None and not parse_crs(source.crs).equals(crs, ignore_axis_order=True):
            report.warnings.append(
                f"The file states {name_crs(parse_crs(source.crs))}; read as {name_crs(crs)}, as"
                " --crs says."
            )
        return name_crs(crs) if crs.to_authority() else options.crs
    if source.crs is not None:
        if source.crs_note:
            report.warnings.append(source.crs_note)
        crs = parse_crs(source.crs)
        if crs.to_authority(min_confidence=100) is None and (code := recognise_vn2000(crs)):
            report.warnings.append(
                f"The file's own definition ({crs.name}) is VN-2000 by its projection: read as"
                f" EPSG:{code}. Say otherwise with --crs."
            )
            return f"EPSG:{code}"
        name = name_crs(crs)
        if name == "OGC:CRS84":
            return "EPSG:4326"
        return name if crs.to_authority(min_confidence=70) else source.crs
    points, codes = _sample(source)
    guess = guess_crs(
        points, commune_codes=codes, count_known=lambda places: _count_known(session, places)
    )
    if source.format == "table" and guess is not None and _all_in_vietnam(points):
        report.warnings.append(
            "A table cannot state a coordinate system; its coordinates are degrees in Vietnam and"
            " were read as EPSG:4326. Say otherwise with --crs."
        )
        return "EPSG:4326"
    raise UnknownCrsError(
        explain_guess(guess, points, source.name, options.command(target.layer, file)),
        guess=guess.crs if guess else None,
    )


def _all_in_vietnam(points: list[Point]) -> bool:
    west, south, east, north = VIETNAM
    return all(west <= x <= east and south <= y <= north for x, y in points)


def _sample(source: Source) -> tuple[list[Point], list[str]]:
    """Take some coordinates and unit codes from the first rows of a file."""
    points: list[Point] = []
    codes: list[str] = []
    for batch in islice(source.batches(), 1):
        if batch.geometry is not None:
            shapes = shapely.from_wkb(batch.geometry, on_invalid="ignore")
            boxes = shapely.bounds(shapes)
            centres = np.column_stack([boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]]) / 2
            good = centres[np.isfinite(centres).all(axis=1)]
            points = [(float(x), float(y)) for x, y in good[:: max(1, len(good) // 50)]]
        for name, cells in batch.columns.items():
            words = fold_name(name).split("_")
            if words[0] in ("ma", "code", "maxa", "matinh") or words[-1] in ("code", "id"):
                codes += [str(cell) for cell in cells[:50] if cell is not None]
    return points, [code for code in codes if code.isdigit() and len(code) in (2, 3, 5)]


def _count_known(session: Session, points: Sequence[Point]) -> int:
    """Count the lon/lat points that lie in communes the database knows."""
    multi = shapely.multipoints([point for point in points if np.isfinite(point).all()])
    if shapely.is_empty(multi):
        return 0
    dumped = func.ST_Dump(func.ST_GeomFromWKB(shapely.to_wkb(multi), 4326)).table_valued("geom")
    return int(
        session.scalar(
            select(func.count())
            .select_from(dumped)
            .where(
                select(AdministrativeUnit.id)
                .where(
                    AdministrativeUnit.level == "commune",
                    func.ST_Intersects(AdministrativeUnit.boundary, dumped.c.geom),
                )
                .exists()
            )
        )
        or 0
    )


def _read_lookups(session: Session) -> Lookups:
    """Read crops and today's communes under all the names files use for them."""
    crops: dict[str, int] = {}
    for crop in session.scalars(select(Crop)):
        for name in (crop.code, crop.name, crop.name_en, *crop.aliases):
            crops.setdefault(fold_name(name), crop.id)
    communes: dict[str, int] = {}
    repeated: set[str] = set()
    for number, code, name in session.execute(
        select(AdministrativeUnit.id, AdministrativeUnit.code, AdministrativeUnit.name).where(
            AdministrativeUnit.level == "commune", AdministrativeUnit.valid_to.is_(None)
        )
    ):
        communes[fold_name(code)] = number
        if communes.setdefault(fold_name(name), number) != number:
            repeated.add(fold_name(name))
    return Lookups(crops, {name: place for name, place in communes.items() if name not in repeated})


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
        staging.create_staging(session, target.layer)
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
        rejects, report.repairs = staging.check_rows(
            session, repair=options.repair, has_keys=has_keys
        )
    report.rejects = sorted(report.rejects + rejects, key=lambda reject: reject.row)
    report.rejected = len(report.rejects)
    report.repaired = len(report.repairs)
    if target.checks_communes:
        with _timed(report, "communes"):
            _warn_of_places(report, staging.find_places(session))
    columns = _columns(target, maker)
    with _timed(report, "compare"):
        staging.compare_rows(session, target, columns, source.key)
        new, report.updated, report.unchanged = staging.count_states(session)
    report.accepted = new + report.updated + report.unchanged
    progress("write", report.accepted, report.accepted)
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
    session: Session, report: LoadReport, options: LoadOptions, file: str, started_at: datetime
) -> None:
    """Write `etl.run` and `etl.reject`."""
    run = Run(
        task="load",
        subject=report.layer,
        file_name=report.file,
        file_sha256=_hash(Path(file)),
        state="done",
        report=report.summary(),
        started_by=options.actor,
        started_at=started_at,
        finished_at=datetime.now(UTC),
    )
    session.add(run)
    session.flush()
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
