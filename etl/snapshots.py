"""Snapshots: a layer on one day, as a GeoParquet file that can be cited and never changes.

A snapshot shows what everybody may see of a public layer; of others, what the roles that read the
layer see. No catalogue property is a personal field, so none can get in. The same rows give the
same bytes: the day stands in the file's name and in the JSON beside it, not in the file, so taking
a snapshot of unchanged data finds the one that is there.

Columns follow fiboa (field boundaries for agriculture) where it has a word: `id`, `area` (ha),
`determination_method`; the rest keep the names of `/ogc`.
"""

import json
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import pyarrow.parquet as pq
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from etl.checksums import file_sha256
from etl.instants import LOCAL_ZONE
from etl.models import Run, Snapshot
from gis.exports import write_geoparquet, write_whole
from gis.frames import read_layer
from gis.layer import Layer, View
from gis.layers import LAYERS, find_layer

FIBOA_VERSION = "0.2.0"
_FIBOA_NAMES = {"area_ha": "area"}
_FIBOA_LAYERS = ("growing-areas", "parcels")
_UNITS = {"area": "ha", "area_ha": "ha", "declared_area_ha": "ha", "length_m": "m"}


@dataclass
class SnapshotReport:
    """What taking a snapshot did; `path` is relative to the files folder."""

    layer: str
    path: str
    sha256: str
    taken_on: date
    rows: int
    bytes: int
    citation: str
    is_known: bool = False
    file: str | None = None
    warnings: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Give the report as the contract has it (DESIGN 2)."""
        return {
            "layer": self.layer,
            "file": self.file or self.path,
            "read": self.rows,
            "accepted": self.rows,
            "rejected": 0,
            "unchanged": self.rows if self.is_known else 0,
            "path": self.path,
            "sha256": self.sha256,
            "taken_on": self.taken_on.isoformat(),
            "bytes": self.bytes,
            "citation": self.citation,
            "rejects": [],
            "warnings": self.warnings,
        }

    def lines(self) -> list[str]:
        """Give the summary for a person, a line each."""
        state = (
            f"unchanged since the snapshot of {self.taken_on}"
            if self.is_known
            else f"taken on {self.taken_on}"
        )
        return [
            f"{self.layer}: {state}, {self.rows} features, {self.bytes:,} bytes",
            f"file {self.file or self.path}",
            f"sha256 {self.sha256}",
            f"cite as: {self.citation}",
            *(f"warning: {warning}" for warning in self.warnings),
        ]


def take_snapshot(
    session: Session,
    layer_id: str,
    *,
    folder: Path,
    out: Path | None = None,
    today: date | None = None,
    actor: str | None = None,
    run: Run | None = None,
) -> SnapshotReport:
    """Write a layer as a dated GeoParquet file, unless there is one of the same content.

    Writes files, flushes, does not commit.

    Args:
        session: The open transaction.
        layer_id: A layer of the catalogue.
        folder: The files folder (`Settings.files_folder`); the snapshot stays there.
        out: A folder that gets a copy.
        today: The day to write on it; None: today in Vietnam.
        actor: Who asks; None: the database user.
        run: The run that was made when it was asked for; None: make one.

    Raises:
        NotFoundError: There is no such layer.
        UnavailableError: A file cannot be written.
    """
    layer = find_layer(layer_id)
    day = today or datetime.now(ZoneInfo(LOCAL_ZONE)).date()
    view = View.PUBLIC if "public" in layer.readers else View.EXACT
    frame = _shape_frame(layer, read_layer(session, layer, view))
    store = folder / "snapshots"
    store.mkdir(parents=True, exist_ok=True)
    # Two at once would write the same bytes twice and both record them.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"snapshot {layer.id}"))))
    with tempfile.TemporaryDirectory(prefix=".", dir=store) as temporary:
        pending = Path(temporary) / "pending.parquet"
        write_whole(pending, lambda path: _write(frame, layer, path))
        digest = file_sha256(pending)
        known = session.execute(
            select(Snapshot).where(Snapshot.layer == layer.id, Snapshot.sha256 == digest)
        ).scalar_one_or_none()
        name = f"snapshots/{layer.id}-{day.isoformat()}-{digest[:8]}.parquet"
        report = SnapshotReport(
            layer=layer.id,
            path=known.path if known else name,
            sha256=digest,
            taken_on=known.taken_on if known else day,
            rows=len(frame),
            bytes=pending.stat().st_size,
            citation=known.citation if known else _cite(layer, day, digest),
            is_known=known is not None,
        )
        # Over a file that is there already these are the same bytes; one deleted comes back.
        place = folder / report.path
        pending.replace(place)
    if "is_demo" in frame and frame["is_demo"].fillna(value=False).any():
        report.warnings.append("Some rows are illustration data (is_demo).")
    sidecar = dict(known.report) if known else _sidecar(layer, frame, view, report)
    write_whole(place.with_suffix(".json"), lambda path: _write_json(path, sidecar))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for part in (place, place.with_suffix(".json")):
            write_whole(out / part.name, partial(shutil.copyfile, part))
        report.file = str(out / place.name)
    if known is None:
        session.add(
            Snapshot(
                layer=layer.id,
                taken_on=day,
                path=report.path,
                sha256=digest,
                row_count=report.rows,
                citation=report.citation,
                report=sidecar,
            )
        )
    _record(session, report, run, actor)
    return report


def public_layers() -> list[Layer]:
    """The layers that everybody may read, which the nightly snapshot takes."""
    return [layer for layer in LAYERS.values() if "public" in layer.readers]


def _shape_frame(layer: Layer, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Name the columns as fiboa does, and give each feature its identifier as text."""
    shaped = frame.rename(columns=_FIBOA_NAMES if layer.id in _FIBOA_LAYERS else {})
    shaped["id"] = shaped["id"].astype("str")
    if layer.id in _FIBOA_LAYERS:
        # How a boundary was measured is not recorded for every row; fiboa's word for that.
        shaped.insert(1, "determination_method", "unknown")
    return shaped


def _write(frame: gpd.GeoDataFrame, layer: Layer, path: Path) -> None:
    """Write the file, then once more with the dictionary among its metadata."""
    write_geoparquet(frame, path)
    table = pq.read_table(path)
    metadata = {
        **(table.schema.metadata or {}),
        b"title": f"{layer.title} / {layer.title_en}".encode(),
        b"dictionary": json.dumps(_dictionary(layer, frame), ensure_ascii=False).encode(),
    }
    # fiboa knows areas only: a snapshot that holds rounded points does not claim to be valid.
    if layer.id in _FIBOA_LAYERS and set(frame.geom_type) <= {"Polygon", "MultiPolygon"}:
        fiboa = {"fiboa_version": FIBOA_VERSION, "fiboa_extensions": [], "title": layer.title_en}
        metadata[b"fiboa"] = json.dumps(fiboa).encode()
    pq.write_table(
        table.replace_schema_metadata(metadata), path, compression="zstd", row_group_size=50_000
    )


def _dictionary(layer: Layer, frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Describe the columns, in Vietnamese and English, with units."""
    words: list[dict[str, Any]] = []
    known = {_FIBOA_NAMES.get(item.name, item.name): item for item in layer.properties}
    known |= {item.name: item for item in layer.properties}
    for name in frame.columns:
        item = known.get(str(name))
        if item is not None:
            words.append(
                {
                    "name": name,
                    "type": item.type,
                    "title": item.title,
                    "title_en": item.title_en,
                    "unit": _UNITS.get(str(name)),
                }
            )
    return [
        {"name": "id", "type": "string", "title": "Định danh", "title_en": "Identifier"},
        *words,
        {
            "name": "geometry",
            "type": "geometry",
            "title": "Hình học, EPSG:4326, kinh độ rồi vĩ độ",
            "title_en": "Geometry, EPSG:4326, longitude then latitude",
        },
    ]


def _cite(layer: Layer, day: date, digest: str) -> str:
    return (
        f"Lang Biang ({day.year}). {layer.title_en} ({layer.title}), snapshot of"
        f" {day.isoformat()} [data set]. SHA-256 {digest}."
    )


def _sidecar(
    layer: Layer, frame: gpd.GeoDataFrame, view: View, report: SnapshotReport
) -> dict[str, Any]:
    """Say what the file is, for a person and for a program that finds only this."""
    bounds = [round(float(edge), 7) for edge in frame.total_bounds] if len(frame) else None
    return {
        "layer": layer.id,
        "title": layer.title,
        "title_en": layer.title_en,
        "description": layer.description,
        "description_en": layer.description_en,
        "file": Path(report.path).name,
        "sha256": report.sha256,
        "bytes": report.bytes,
        "taken_on": report.taken_on.isoformat(),
        "rows": report.rows,
        "crs": "EPSG:4326",
        "bbox": bounds,
        "view": view.value,
        "readers": sorted(layer.readers),
        "has_demo_data": bool(report.warnings),
        "citation": report.citation,
        "columns": _dictionary(layer, frame),
    }


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _record(session: Session, report: SnapshotReport, run: Run | None, actor: str | None) -> None:
    if run is None:
        run = Run(
            task="snapshot",
            subject=report.layer,
            started_by=actor or session.execute(select(func.current_user())).scalar_one(),
        )
        session.add(run)
    run.state = "done"
    run.file_name = Path(report.path).name
    run.file_sha256 = report.sha256
    run.report = report.to_json()
    run.finished_at = func.clock_timestamp()
    session.flush()
