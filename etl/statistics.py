"""Zonal statistics of a registered scene inside the features of a layer, kept in the database."""

import csv
import math
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyproj import Transformer
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from etl.models import Run
from etl.scenes import find_scene
from etl.sql import load_sql
from gis.errors import InvalidInputError, NotFoundError
from gis.layer import Layer
from gis.layers import find_layer
from gis.models import Scene
from gis.rasters import RasterBand, open_raster
from gis.zonal import Rule, ZonalResult, check_statistics, zonal_statistics

_BATCH = 2000
# Fields of fewer whole cells than this are mostly border; their figures are doubtful (GIS.md 4).
_FEW_CELLS = 9
_LISTED = 1000


@dataclass
class ZonalReport:
    """What was computed.

    `read` features, `accepted` with statistics, `rejected` without: outside the raster, or without
    a boundary. `written` counts statistics that are new or differ from those recorded.
    """

    scene: str
    layer: str
    band: int
    rule: str
    statistics: tuple[str, ...]
    read: int = 0
    accepted: int = 0
    written: int = 0
    partly_outside: int = 0
    few_cells: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[dict[str, object]] = field(default_factory=list)

    @property
    def rejected(self) -> int:
        """Features without statistics."""
        return self.read - self.accepted

    def to_json(self) -> dict[str, object]:
        """Give the report as the contract has it (DESIGN 2), with the first 1,000 features."""
        return {
            "scene": self.scene,
            "layer": self.layer,
            "band": self.band,
            "rule": self.rule,
            "statistics": list(self.statistics),
            "read": self.read,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "written": self.written,
            "partly_outside": self.partly_outside,
            "few_cells": self.few_cells,
            "features": self.rows[:_LISTED],
            "rejects": self.rejects[:_LISTED],
            "warnings": self.warnings(),
        }

    def lines(self) -> list[str]:
        """Give the summary for a person, a line each."""
        lines = [
            f"scene {self.scene}, band {self.band}, in {self.layer}, rule {self.rule}",
            f"read {self.read} features, accepted {self.accepted}, rejected {self.rejected},"
            f" statistics written {self.written}",
        ]
        for row in self.rows[:20]:
            figures = (f"{name} {value}" for name, value in _shown(row).items() if name != "id")
            lines.append(f"{row['id']}: " + ", ".join(figures))
        if len(self.rows) > 20:
            lines.append(f"… and {len(self.rows) - 20} more features: see --out")
        return lines + [f"warning: {warning}" for warning in self.warnings()]

    def warnings(self) -> list[str]:
        """Say what the figures should be read with."""
        warnings = []
        if self.partly_outside:
            warnings.append(f"{self.partly_outside} features lie partly outside the raster.")
        if self.few_cells:
            warnings.append(
                f"{self.few_cells} features hold fewer than {_FEW_CELLS} cells: take their figures"
                " with care."
            )
        return warnings


@dataclass(frozen=True)
class _Feature:
    id: int
    version: int
    shape: shapely.Geometry | None


def compute_statistics(
    session: Session,
    scene_code: str,
    layer_id: str,
    *,
    folder: Path,
    band: int = 1,
    rule: Rule = Rule.CENTRE,
    statistics: Sequence[str] = ("count", "mean"),
    actor: str | None = None,
) -> ZonalReport:
    """Compute statistics of a scene inside every feature of a layer, and keep them.

    Statistics recorded before under the same scene, layer, feature, band, statistic and rule are
    replaced where they differ. Flushes, does not commit.

    Args:
        session: The open transaction.
        scene_code: A registered scene.
        layer_id: A layer of areas, as in `/ogc/collections`.
        folder: The files folder (`Settings.files_folder`).
        band: The band, from 1.
        rule: Which cells belong to a feature.
        statistics: Names of `gis.zonal.STATISTICS`.
        actor: Who computes; None: the database user.

    Raises:
        NotFoundError: For an unknown scene or layer, or when the scene's file is gone.
        InvalidInputError: For an unknown statistic or band, or a layer without areas.
    """
    scene = find_scene(session, scene_code)
    layer = find_layer(layer_id)
    names = check_statistics(statistics)
    if "MultiPolygon" not in layer.geometry_types:
        raise InvalidInputError(f"The layer {layer.id} has no areas to take statistics in.")
    file = folder / scene.path
    if not file.is_file():
        raise NotFoundError(f"The file of scene {scene_code} is gone: {scene.path}.")
    report = ZonalReport(scene_code, layer.id, band, rule.value, names)
    session.execute(text(load_sql("statistics_stage.sql")))
    with open_raster(file) as dataset:
        raster = RasterBand(dataset, band, crs=scene.crs)
        for batch in _read_features(session, layer):
            found = _summarise(batch, raster, scene, rule, names, report)
            _stage(session, found)
    report.written = _write(session, scene, layer, band, rule)
    session.add(
        Run(
            task="zonal",
            subject=f"{scene_code} {layer.id}",
            state="done",
            report=report.to_json() | {"features": [], "rejects": []},
            started_by=actor or session.execute(select(func.current_user())).scalar_one(),
            finished_at=datetime.now(UTC),
        )
    )
    session.flush()
    return report


def _read_features(session: Session, layer: Layer) -> Iterator[list[_Feature]]:
    """Read a layer in the order of its ids; a point instead of a boundary counts as none."""
    last = 0
    while True:
        rows = session.execute(
            select(
                layer.table.c.id,
                layer.table.c.version,
                func.ST_AsBinary(layer.exact).label("shape"),
            )
            .where(layer.table.c.id > last)
            .order_by(layer.table.c.id)
            .limit(_BATCH)
        ).all()
        if not rows:
            return
        last = rows[-1].id
        yield [
            _Feature(row.id, row.version, shape if shape is not None and shape.area > 0 else None)
            for row in rows
            for shape in [None if row.shape is None else shapely.from_wkb(bytes(row.shape))]
        ]


def _summarise(
    batch: list[_Feature],
    raster: RasterBand,
    scene: Scene,
    rule: Rule,
    names: tuple[str, ...],
    report: ZonalReport,
) -> list[tuple[_Feature, ZonalResult]]:
    report.read += len(batch)
    drawn = [feature for feature in batch if feature.shape is not None]
    report.rejects += [
        {"row": feature.id, "reason": "no-boundary", "detail": "the feature is a point"}
        for feature in batch
        if feature.shape is None
    ]
    to_raster = Transformer.from_crs(4326, scene.crs, always_xy=True)
    areas = shapely.transform(
        np.asarray([feature.shape for feature in drawn], dtype=object),
        lambda points: np.column_stack(to_raster.transform(points[:, 0], points[:, 1])),
    )
    kept = []
    wanted = names if "count" in names else ("count", *names)
    results = zonal_statistics(raster, list(areas), crs=scene.crs, rule=rule, statistics=wanted)
    for feature, result in zip(drawn, results, strict=True):
        if result.is_outside:
            report.rejects.append(
                {
                    "row": feature.id,
                    "reason": "outside",
                    "detail": "the feature lies outside the raster",
                }
            )
            continue
        count = result.values["count"] or 0.0
        values = {
            name: value
            for name, value in result.values.items()
            if name != "count" or "count" in names
        }
        report.accepted += 1
        report.partly_outside += result.is_partly_outside
        report.few_cells += count < _FEW_CELLS
        report.rows.append({"id": feature.id, **values})
        kept.append((feature, ZonalResult(values)))
    return kept


def _stage(session: Session, found: list[tuple[_Feature, ZonalResult]]) -> None:
    driver = cast("psycopg.Connection[Any]", session.connection().connection.driver_connection)
    with (
        driver.cursor() as cursor,
        cursor.copy(
            "COPY staged_statistic (feature_id, feature_version, statistic, value) FROM STDIN"
        ) as copy,
    ):
        for feature, result in found:
            for name, value in result.values.items():
                copy.write_row((feature.id, feature.version, name, value))


def _write(session: Session, scene: Scene, layer: Layer, band: int, rule: Rule) -> int:
    written = session.execute(
        text(load_sql("statistics_write.sql")),
        {"scene_id": scene.id, "layer": layer.id, "band": band, "rule": rule.value},
    ).scalar_one()
    session.execute(text("DROP TABLE staged_statistic"))
    return int(written)


def write_table(report: ZonalReport, path: Path) -> None:
    """Write the statistics to a `.csv` or `.parquet` file, a row per feature.

    Raises:
        InvalidInputError: For another kind of file.
    """
    names = list(dict.fromkeys(name for row in report.rows for name in row))
    columns = names or ["id", *report.statistics]
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise InvalidInputError(f"{path.name}: statistics are written as .csv or .parquet.")
    handle, temporary = tempfile.mkstemp(prefix=".", dir=path.absolute().parent)
    os.close(handle)
    try:
        if path.suffix.lower() == ".csv":
            with Path(temporary).open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, columns)
                writer.writeheader()
                writer.writerows(_shown(row) for row in report.rows)
        else:
            table = {name: [row.get(name) for row in report.rows] for name in columns}
            pq.write_table(pa.table(table), temporary)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: int(value) if isinstance(value, float) and _is_count(name, value) else value
        for name, value in row.items()
    }


def _is_count(name: str, value: float) -> bool:
    return (name == "count" or name.startswith("class_")) and math.floor(value) == value
