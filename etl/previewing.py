"""What a file would do, for a person to look at before anything is written.

The load itself is rehearsed as a dry run in the caller's transaction; its temporary tables then
say what would be new and where. The file is also read once as raw as it comes, to show its text in
every encoding it could have: nobody knows TCVN3 by name, everybody knows "Lạc Dương" from garbage.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import orjson
import shapely
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from etl.encodings import repair_text
from etl.errors import UnknownCrsError
from etl.loading import load_file
from etl.options import PLACE_NAMES, LoadOptions
from etl.readers import Source, list_data_sets, open_source
from etl.report import LoadReport
from etl.sql import load_sql
from etl.staging import ROW
from etl.targets import get_target
from gis.crs import name_crs, parse_crs
from gis.errors import PlatformError

MOST_SHAPES, MOST_REFUSED = 2000, 500
_MOST_PROBLEMS = 300
_MOST_COMMUNES = 12
_MOST_BYTES = 3 * 1024**2
_SHOWN_ROWS, _SHOWN_FIELDS, _SHOWN_TEXTS, _SHOWN_LETTERS = 5, 40, 6, 80
# What the command line says because nobody sees it there; a page shows it, and it alarms nobody.
_NOTE = re.compile(
    r"Fields taken by their names|Only .+ was taken; also|The columns .+ were taken as"
    r"|A table cannot state|The file's own definition|.+ holds the northing"
)
# Encodings shown side by side, as the readers call them.
_READINGS = {
    "tcvn3": "tcvn3",
    "vni": "vni",
    "windows-1258": "windows-1258",
    "utf-8": "utf-8-as-latin-1",
    "latin-1": "latin-1",
}


@dataclass
class Preview:
    """What a file would do.

    Attributes:
        facts: What the page shows, as JSON.
        sample: A GeoJSON feature collection of simplified shapes; None when nothing was read.
        report: The report of the dry run; None when it failed.
        error: Why it failed, one sentence.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    sample: str | None = None
    report: LoadReport | None = None
    error: str | None = None


def preview_file(
    session: Session,
    layer: str,
    file: str,
    options: LoadOptions,
    progress: Callable[[str, int, int | None], None] | None = None,
) -> Preview:
    """Rehearse a load; writes nothing but temporary tables.

    A file without a coordinate system is read in the one it looks like, which the preview then
    calls a guess: whoever accepts it has seen where it lies.

    Args:
        session: A transaction of its own.
        layer: The layer.
        file: A plain path of this machine.
        options: What is known of the file.
        progress: As for `load_file`.

    Returns:
        The preview; when the file cannot be loaded so, with what could be seen of it and why.
    """
    preview = Preview()
    try:
        data_sets = list_data_sets(file)
        if len(data_sets) > 1 and options.source_layer is None:
            options = replace(options, source_layer=data_sets[0])
        preview.facts = _describe(layer, file, options, data_sets)
        guess = None
        try:
            report = load_file(session, layer, file, replace(options, dry_run=True), progress)
        except UnknownCrsError as error:
            guess = error.context.get("guess")
            if guess is None:
                raise
            preview.facts["crs"] |= {"how": "guessed", "because": error.context.get("because")}
            options = replace(options, crs=guess, dry_run=True)
            report = load_file(session, layer, file, options, progress)
    except PlatformError as error:
        preview.error = error.detail
        return preview
    preview.report = report
    preview.facts["taken"] = {"crs": options.crs, "source_layer": options.source_layer}
    preview.facts |= _summarise(report, guessed=guess is not None)
    preview.facts["crs"]["used"] = report.crs
    preview.facts["encoding"]["used"] = report.encoding
    preview.sample, preview.facts["shown"] = _sample(session, report)
    preview.facts["bounds"] = _bounds(session, report)
    communes = session.execute(text(load_sql("import_communes.sql")), {"most": _MOST_COMMUNES})
    preview.facts["communes"] = [[row.name, row.rows] for row in communes]
    return preview


def _describe(layer: str, file: str, options: LoadOptions, data_sets: list[str]) -> dict[str, Any]:
    """Look at the beginning of a file."""
    target = get_target(layer)
    with open_source(
        file, layer=options.source_layer, encoding=options.encoding, places=options.places
    ) as source:
        columns = _first_columns(source)
        several = [*filter(None, [source.layer]), *source.others]
        height = min(_SHOWN_ROWS, max(map(len, columns.values()), default=0))
        shown = list(columns)[:_SHOWN_FIELDS]
        return {
            "format": source.format,
            "layers": data_sets if len(data_sets) > 1 else several,
            "layer": options.source_layer or source.layer,
            "fields": list(source.fields),
            "header": shown,
            "rows": [[_cell(columns[name][row]) for name in shown] for row in range(height)],
            "goals": [
                {"name": goal.name, "needed": goal.name in target.required, "kind": goal.kind}
                for goal in target.fields
            ],
            "places": list(PLACE_NAMES) if source.format == "table" else [],
            "mapping": {},
            "crs": {
                "used": None,
                "how": "said" if options.crs else "stated" if source.crs else "assumed",
                "stated": name_crs(parse_crs(source.crs)) if source.crs else None,
                "because": None,
            },
            "encoding": {
                "used": None,
                "how": "said" if options.encoding != "auto" else "judged",
                "texts": _read_texts(file, options),
            },
        }


def _first_columns(source: Source) -> dict[str, list[Any]]:
    return next((batch.columns for batch in islice(source.batches(), 1)), {})


def _cell(value: Any) -> str | None:
    return None if value is None else str(value)[:_SHOWN_LETTERS]


def _read_texts(file: str, options: LoadOptions) -> list[dict[str, str]]:
    """Show some of a file's text in each encoding it could have; nothing where all is ASCII."""
    with open_source(
        file, layer=options.source_layer, encoding="latin-1", places=options.places
    ) as source:
        texts: dict[str, None] = {}
        for cells in _first_columns(source).values():
            odd = [cell for cell in cells if isinstance(cell, str) and not cell.isascii()]
            # Long texts tell most; each column may show two.
            for cell in sorted(set(odd), key=len, reverse=True)[:2]:
                texts[cell] = None
    return [
        {name: repair_text(text_, how)[:_SHOWN_LETTERS] for name, how in _READINGS.items()}
        for text_ in list(texts)[:_SHOWN_TEXTS]
    ]


def _summarise(report: LoadReport, *, guessed: bool) -> dict[str, Any]:
    """Say what the load would do, and whether a person has to say why all the same."""
    notes = [one for one in report.warnings if _NOTE.match(one)]
    warnings = [one for one in report.warnings if one not in notes]
    return {
        "counts": {
            "read": report.read,
            "accepted": report.accepted,
            "new": report.inserted,
            "changed": report.updated,
            "unchanged": report.unchanged,
            "rejected": report.rejected,
            "repaired": report.repaired,
        },
        "area_ha": round(report.area_ha, 4),
        "mapping": dict(report.mapping),
        "problems": [
            {"row": one.row, "reason": one.reason, "detail": one.detail}
            for one in report.rejects[:_MOST_PROBLEMS]
        ],
        "reasons": dict(Counter(one.reason for one in report.rejects).most_common()),
        "repairs": [{"row": one.row, "what": one.what} for one in report.repairs[:_MOST_PROBLEMS]],
        "notes": [one for one in notes if not one.startswith("Fields taken")],
        "warnings": warnings,
        "needs_reason": bool(warnings or report.rejected or guessed),
    }


def _sample(session: Session, report: LoadReport) -> tuple[str, dict[str, int]]:
    """Draw some of the rows, the refused ones first; give the collection and how many of each."""
    west, south, east, north = _bounds(session, report) or (0.0, 0.0, 0.0, 0.0)
    tolerance = max(east - west, north - south) / 2000
    reasons = {one.row: one.reason for one in report.rejects}
    refused = [*_refused(session), *report.refused][:MOST_REFUSED]
    features = [
        _feature(row, "rejected", reasons.get(row), _simplified(shape, tolerance))
        for row, shape in refused
    ]
    rows = session.execute(
        text(load_sql("import_sample.sql")),
        {"most": MOST_SHAPES - len(features), "tolerance": tolerance},
    )
    features += [_feature(row.row_no, row.state, row.name, row.shape) for row in rows]
    kept, size = [], 0
    for feature in features:
        size += len(feature)
        if size > _MOST_BYTES:
            break
        kept.append(feature)
    counts = {"shapes": len(kept), "rejected": min(len(refused), len(kept))}
    return f'{{"type":"FeatureCollection","features":[{",".join(kept)}]}}', counts


def _refused(session: Session) -> list[tuple[int, bytes]]:
    rows = session.execute(
        text(
            "SELECT row_no, ST_AsBinary(shape) AS wkb FROM load_refused"
            " WHERE NOT ST_IsEmpty(shape) ORDER BY row_no LIMIT :most"
        ),
        {"most": MOST_REFUSED},
    )
    return [(row.row_no, bytes(row.wkb)) for row in rows]


def _simplified(wkb: bytes, tolerance: float) -> str | None:
    shape: Any = shapely.from_wkb(wkb, on_invalid="ignore")
    if shape is None or shape.is_empty or not all(-180 <= edge <= 180 for edge in shape.bounds):
        return None
    rounded = shapely.set_precision(shape.simplify(tolerance), 1e-6, mode="pointwise")
    return str(shapely.to_geojson(rounded))


def _feature(row: int, state: str, name: str | None, shape: str | None) -> str:
    about = orjson.dumps({"row": row, "state": state, "name": name}).decode()
    return f'{{"type":"Feature","id":{row},"geometry":{shape or "null"},"properties":{about}}}'


def _bounds(session: Session, report: LoadReport) -> tuple[float, float, float, float] | None:
    """Give the box of the accepted rows, or of the refused ones when there are no others."""
    box = func.ST_Extent(ROW.c.shape)
    found = session.execute(
        select(func.ST_XMin(box), func.ST_YMin(box), func.ST_XMax(box), func.ST_YMax(box))
    ).one()
    if found[0] is not None:
        west, south, east, north = (round(float(edge), 6) for edge in found)
        return west, south, east, north
    wkbs = [shape for _, shape in [*_refused(session), *report.refused]]
    if not wkbs:
        return None
    shapes = shapely.from_wkb(wkbs, on_invalid="ignore")
    west, south, east, north = (round(float(edge), 6) for edge in shapely.total_bounds(shapes))
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        return None
    return west, south, east, north
