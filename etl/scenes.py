"""Scenes: rasters registered with the platform, kept under the files folder.

The file is copied under its own checksum before anything is recorded, so a scene can be computed
again later from just the bytes it was registered with, and a run that fails leaves at most a copy
nobody refers to. A raster without tiles and of some size is kept as a cloud-optimised GeoTIFF,
others as they are; the checksum recorded is the one of the file handed in.
"""

import os
import re
import shutil
import tempfile
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from geoalchemy2.shape import from_shape
from pyproj import CRS
from pyproj.exceptions import CRSError
from rasterio.io import DatasetReader
from shapely.geometry import MultiPolygon
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from etl.checksums import file_sha256
from etl.models import Run
from gis.errors import ConflictError, CrsMismatchError, InvalidInputError, NotFoundError
from gis.models import Scene
from gis.rasters import (
    BandFacts,
    band_facts,
    dataset_crs,
    describe_crs,
    footprint,
    open_raster,
    write_cog,
)

# From this size on a raster without tiles is rewritten: a window of it would read whole rows.
_COG_CELLS = 4_000_000
# A file that claims to be this much larger than it is stays as it is: unpacking it fills the disk.
_MAX_UNPACKING = 200
_CODE = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


@dataclass
class SceneReport:
    """What registering a raster did; `bounds` west, south, east, north in degrees."""

    file: str
    scene: str
    sha256: str
    crs: str
    width: int
    height: int
    bands: list[BandFacts]
    bounds: tuple[float, float, float, float]
    path: str = ""
    is_known: bool = False
    warnings: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Give the report as the contract has it (DESIGN 2)."""
        return {
            "file": self.file,
            "scene": self.scene,
            "read": 1,
            "accepted": 1,
            "rejected": 0,
            "unchanged": int(self.is_known),
            "sha256": self.sha256,
            "crs": self.crs,
            "width": self.width,
            "height": self.height,
            "bounds": list(self.bounds),
            "bands": [band.to_json() for band in self.bands],
            "path": self.path,
            "rejects": [],
            "warnings": self.warnings,
        }

    def lines(self) -> list[str]:
        """Give the summary for a person, a line each."""
        state = " (registered already; unchanged)" if self.is_known else ""
        west, south, east, north = self.bounds
        lines = [
            f"{self.file} -> scene {self.scene}{state}",
            f"{self.width} x {self.height} cells, {len(self.bands)} bands, {self.crs},"
            f" {west:.5f} {south:.5f} to {east:.5f} {north:.5f}",
        ]
        lines += [
            f"band {band.band}: {band.dtype}, nodata {band.nodata}, {band.valid} cells"
            f" {band.low:g} to {band.high:g}, mean {band.mean:.4f}"
            for band in self.bands
            if band.low is not None and band.high is not None and band.mean is not None
        ]
        return lines + [f"warning: {warning}" for warning in self.warnings]


def register_scene(
    session: Session,
    path: str | Path,
    *,
    folder: Path,
    code: str | None = None,
    title: str | None = None,
    acquired_at: datetime | None = None,
    crs: str | None = None,
    actor: str | None = None,
    is_demo: bool = False,
) -> SceneReport:
    """Register a raster, or find that it is registered already.

    Copies the file; flushes, does not commit.

    Args:
        session: The open transaction.
        path: A raster file of this machine.
        folder: The files folder (`Settings.files_folder`).
        code: What people call the scene; None: made of the file's name.
        title: Its title; None: the code.
        acquired_at: When it was taken.
        crs: The coordinate system, where the file has none or a wrong one.
        actor: Who registers; None: the database user.
        is_demo: Mark it as illustration.

    Raises:
        InvalidInputError: When it is no raster that can be read here.
        CrsMismatchError: When its coordinate system is missing or cannot be used.
        ConflictError: When another file is registered under the code.
    """
    name = Path(path).name
    code = _check_code(code) if code else make_code(Path(path).stem)
    with open_raster(path) as dataset:
        digest = file_sha256(Path(path))
        wkt = _settle_crs(dataset, crs)
        label, doubt = describe_crs(wkt)
        outline = footprint(dataset, wkt)
        report = SceneReport(
            file=name,
            scene=code,
            sha256=digest,
            crs=label,
            width=dataset.width,
            height=dataset.height,
            bands=band_facts(dataset, walk=_holds_what_it_claims(dataset, Path(path))),
            bounds=outline.bounds,
        )
        is_rewritten = _should_rewrite(dataset, Path(path))
    if doubt:
        report.warnings.append(doubt)
    if misplaced := _is_misplaced(wkt, outline):
        report.warnings.append(misplaced)
    known = session.execute(select(Scene).where(Scene.code == code)).scalar_one_or_none()
    if known is not None:
        if known.sha256 != digest:
            raise ConflictError(
                f"Another file is registered as scene {code}: give this one another --id.",
                scene=code,
            )
        report.is_known, report.path = True, known.path
        return report
    report.path = f"scenes/{code}-{digest[:12]}.tif"
    _keep(Path(path), folder / report.path, rewrite=is_rewritten)
    session.add(
        Scene(
            code=code,
            title=title or code,
            acquired_at=acquired_at,
            path=report.path,
            sha256=digest,
            crs=wkt,
            width=report.width,
            height=report.height,
            bands=[band.to_json() for band in report.bands],
            footprint=from_shape(outline, srid=4326),
            attributes={"file": name, "crs_name": label},
            is_demo=is_demo,
        )
    )
    session.add(
        Run(
            task="scene",
            subject=code,
            file_name=name,
            file_sha256=digest,
            state="done",
            report=report.to_json(),
            started_by=actor or session.execute(select(func.current_user())).scalar_one(),
            finished_at=datetime.now(UTC),
        )
    )
    session.flush()
    return report


def find_scene(session: Session, code: str) -> Scene:
    """Find a scene by its code.

    Raises:
        NotFoundError: When there is none.
    """
    scene = session.execute(select(Scene).where(Scene.code == code)).scalar_one_or_none()
    if scene is None:
        raise NotFoundError(f"There is no scene {code}. Register it: python -m etl scene FILE.")
    return scene


def make_code(name: str) -> str:
    """Make a scene's code of a file's name: lower case, no accents, no spaces."""
    text = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D").casefold())
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9._-]+", "-", text).strip("-._")[:100] or "scene"


def _check_code(code: str) -> str:
    if not _CODE.fullmatch(code):
        raise InvalidInputError(
            f"{code} cannot be a scene's id: lower-case letters, digits, '.', '_' and '-' only."
        )
    return code


def _settle_crs(dataset: DatasetReader, said: str | None) -> str:
    if said is None:
        return dataset_crs(dataset)
    try:
        return str(CRS.from_user_input(said).to_wkt())
    except CRSError as error:
        raise CrsMismatchError(f"{said} is no coordinate system known here.") from error


def _is_misplaced(wkt: str, outline: MultiPolygon) -> str | None:
    """Say so when a raster lies outside the area its coordinate system is made for."""
    area = CRS.from_user_input(wkt).area_of_use
    if area is None or area.west > area.east:
        return None
    west, south, east, north = outline.bounds
    if west > area.east or east < area.west or south > area.north or north < area.south:
        return (
            f"The raster lies at {west:.3f} {south:.3f} … {east:.3f} {north:.3f}, outside the area"
            f" of its coordinate system ({area.name}): the system may be wrong."
        )
    return None


def _holds_what_it_claims(dataset: DatasetReader, path: Path) -> bool:
    width = max(int(dtype_bytes(name)) for name in dataset.dtypes)
    claimed = dataset.width * dataset.height * dataset.count * width
    return bool(claimed <= _MAX_UNPACKING * path.stat().st_size)


def dtype_bytes(name: str) -> int:
    """Give the size of one cell of a type such as `uint8` or `float32`, in bytes."""
    digits = re.sub(r"\D", "", name)
    return max(int(digits) // 8, 1) if digits else 8


def _should_rewrite(dataset: DatasetReader, path: Path) -> bool:
    is_large = dataset.width * dataset.height >= _COG_CELLS
    is_tiled = dataset.profile.get("tiled")
    return bool(is_large and not is_tiled) and _holds_what_it_claims(dataset, path)


def _keep(source: Path, target: Path, *, rewrite: bool) -> None:
    """Copy a raster to its place in one step, so that nobody ever sees half a file."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", suffix=".tif", dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        if rewrite:
            write_cog(source, temporary)
        else:
            shutil.copyfile(source, temporary)
        temporary.chmod(0o644)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
