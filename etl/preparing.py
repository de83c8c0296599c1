"""What is settled before the first row of a file is read: fields, coordinate system, key."""

from collections.abc import Mapping, Sequence
from itertools import islice

import numpy as np
import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from etl.crs_guess import Point, explain_guess, guess_crs
from etl.errors import UnknownCrsError
from etl.options import LoadOptions
from etl.readers import Source
from etl.report import LoadReport
from etl.rows import Lookups, RowMaker
from etl.targets import Target, fold_name, guess_mapping, parse_mapping
from gis.crs import VIETNAM, name_crs, parse_crs, recognise_vn2000
from gis.errors import InvalidInputError
from gis.models.administrative import AdministrativeUnit
from gis.models.crops import Crop
from gis.reform import BASIS, REFORM_ON


def prepare(
    session: Session,
    target: Target,
    source: Source,
    options: LoadOptions,
    report: LoadReport,
    file: str,
) -> RowMaker:
    """Settle fields, coordinate system and key before the first row is read.

    Args:
        session: Reads crops and communes.
        target: The layer.
        source: The file.
        options: What the operator said.
        report: Takes the coordinate system and what the person should know.
        file: The file as typed, for the command in a refusal.

    Raises:
        InvalidInputError: When an option names what the file or the layer lacks.
        UnknownCrsError: When the coordinate system is neither stated nor said.
    """
    said = parse_mapping(options.fields, source.fields, target)
    key = options.key
    if key is not None and key not in source.fields:
        raise InvalidInputError(
            f"--key {key}: the file has no field {key}. Its fields: {', '.join(source.fields)}."
        )
    if key is not None and "code" in target.key and target.layer == "administrative-units":
        said, key = {**said, "code": key}, None
    mapping, guessed = guess_mapping(source.fields, target, said)
    for goal in options.unmapped.intersection(guessed):
        del mapping[goal], guessed[goal]
    _demand_fields(target, source, mapping, options.command(target.layer, file))
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
        repair=options.repair,
    )


def _demand_fields(
    target: Target, source: Source, mapping: Mapping[str, str], command: str
) -> None:
    """Refuse a file without a field that no row may lack, naming its fields and the remedy."""
    # The name of a unit may be its code, its first day may be said for the whole file.
    replaceable = ("name", "valid_from") if target.layer == "administrative-units" else ()
    for name in target.required:
        if name in mapping or name in replaceable:
            continue
        if not source.fields:
            raise InvalidInputError(f"{source.name} has no fields, so its rows have no {name}.")
        raise InvalidInputError(
            f"{source.name} has no field that is surely the {name}. Its fields:"
            f" {', '.join(source.fields)}. Say which one it is, for example:"
            f" {command} --map {source.fields[0]}={name}"
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
        because=guess.reason if guess else None,
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
