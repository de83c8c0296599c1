"""A weather series and a scene: computed from formulas, for notebooks and statistics to work on."""

import csv
import math
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.orm import Session

from etl.models import Dataset
from gis.models import Scene

WEATHER = "thoi-tiet-minh-hoa"
# Local time; two weeks at the end of the rains.
FIRST_HOUR = datetime(2026, 10, 19)  # noqa: DTZ001  a local wall clock, as loggers write it
HOURS = 14 * 24
SCENE = "ndvi-ka-do-minh-hoa"
TAKEN_AT = datetime(2026, 11, 3, 3, 20, tzinfo=UTC)
# 200 × 200 cells of 60 m around Ka Đô, VN-2000 / TM-3 107°45′; west and north edge in metres.
CELLS, CELL_M, WEST_M, NORTH_M = 200, 60.0, 582_000.0, 1_304_000.0
NO_DATA = -9999.0
COLUMNS = ("thoi_gian", "nhiet_do", "do_am", "mua", "buc_xa", "gio")


def load_weather(session: Session) -> int:
    """Add the weather station's data set unless it is there; flushes.

    Returns:
        How many observations were added.
    """
    if session.scalar(select(Dataset.id).where(Dataset.code == WEATHER)) is not None:
        return 0
    # Imported here, with pandas and GDAL: each `make run` asks whether the demo is there.
    from etl.descriptions import read_description
    from etl.observations import load_observations

    about = resources.files("etl.demo") / "data" / "observations.toml"
    with TemporaryDirectory() as folder, resources.as_file(about) as described:
        path = Path(folder) / "tram-khi-tuong-minh-hoa.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(weather_row(hour) for hour in range(HOURS))
        report = load_observations(
            session, WEATHER, path, about=read_description(described), actor="demo", is_demo=True
        )
    return report.accepted


def weather_row(hour: int) -> tuple[str, str, str, str, str, str]:
    """Compute one hour: local time, °C, %, mm in the hour, W/m², m/s, as text."""
    day, clock = divmod(hour, 24)
    # How cloudy the day is, 0 to 1, drifting from day to day; showers come after noon.
    cloud = 0.5 + 0.35 * math.sin(day * 1.7) + 0.15 * math.sin(day * 0.6 + 1)
    sun = max(0.0, math.sin(math.pi * (clock - 5.7) / 12.0)) if 5 < clock < 18 else 0.0
    radiation = 940 * sun * (1 - 0.68 * cloud)
    ripple = 0.4 * math.sin(hour * 2.3) + 0.3 * math.sin(hour * 0.9)
    swing = 5.6 - 2.2 * cloud
    temperature = 19.2 - 0.08 * day + swing * math.sin(2 * math.pi * (clock - 8.6) / 24) + ripple
    shower = math.exp(-(((clock - 15.5) / 1.8) ** 2)) * max(0.0, cloud - 0.45) * 22
    rain = shower if shower > 0.3 else 0.0
    humidity = min(99.0, 97 - 3.4 * (temperature - 14.5) + 9 * cloud + 2 * ripple)
    wind = 0.7 + 2.1 * sun + 0.5 * abs(math.sin(hour * 1.3))
    at = FIRST_HOUR + timedelta(hours=hour)
    return (
        f"{at:%Y-%m-%d %H:%M}",
        f"{temperature:.1f}",
        f"{humidity:.0f}",
        f"{rain:.1f}",
        f"{radiation:.0f}",
        f"{wind:.1f}",
    )


def load_scene(session: Session, folder: Path) -> int:
    """Add the scene of vegetation around Ka Đô unless it is there; flushes.

    Args:
        session: The transaction.
        folder: The files folder; the raster is copied into it.

    Returns:
        How many scenes were added: 1 or 0.
    """
    if session.scalar(select(Scene.id).where(Scene.code == SCENE)) is not None:
        return 0
    import rasterio

    from etl.scenes import register_scene

    with TemporaryDirectory() as temporary:
        path = Path(temporary) / f"{SCENE}.tif"
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            crs="EPSG:5899",
            transform=rasterio.Affine(CELL_M, 0, WEST_M, 0, -CELL_M, NORTH_M),
            width=CELLS,
            height=CELLS,
            count=1,
            dtype="float32",
            nodata=NO_DATA,
            compress="deflate",
        ) as file:
            file.write(np.nan_to_num(vegetation(), nan=NO_DATA), 1)
            file.set_band_description(1, "NDVI (minh hoạ)")
        register_scene(
            session,
            path,
            folder=folder,
            code=SCENE,
            title="Chỉ số thực vật quanh Ka Đô (dữ liệu minh hoạ)",
            acquired_at=TAKEN_AT,
            actor="demo",
            is_demo=True,
        )
    return 1


def vegetation() -> npt.NDArray[np.float32]:
    """Compute an index like NDVI: hills of forest, valleys of fields, a lake, one small cloud.

    Returns:
        Shape (rows, cols) = (200, 200), float32, about -0.2 to 0.9; NaN under the cloud.
    """
    row, col = np.mgrid[0:CELLS, 0:CELLS].astype(np.float64) / CELLS
    hills = 0.5 + 0.3 * np.sin(7 * row + 3 * col) * np.cos(5 * col - 2 * row)
    rows_of_fields = 0.08 * np.sign(np.sin(90 * (row + 0.3 * col)) * np.sin(70 * (col - 0.2 * row)))
    valley = np.exp(-(((row - 0.35 - 0.3 * col) / 0.16) ** 2))
    index = hills + 0.12 - valley * (0.22 + rows_of_fields)
    lake = ((row - 0.72) / 0.05) ** 2 + ((col - 0.28) / 0.08) ** 2 < 1
    index[lake] = -0.12
    index[((row - 0.2) / 0.06) ** 2 + ((col - 0.8) / 0.09) ** 2 < 1] = np.nan
    return np.asarray(np.clip(index, -0.2, 0.9), dtype=np.float32)
