"""A weather series and a scene: computed from formulas, for notebooks and statistics to work on."""

import csv
import math
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select
from sqlalchemy.orm import Session

from etl.descriptions import read_description
from etl.models import Dataset
from etl.observations import load_observations

WEATHER = "thoi-tiet-minh-hoa"
# Local time; two weeks at the end of the rains.
FIRST_HOUR = datetime(2026, 10, 19)  # noqa: DTZ001  a local wall clock, as loggers write it
HOURS = 14 * 24
COLUMNS = ("thoi_gian", "nhiet_do", "do_am", "mua", "buc_xa", "gio")


def load_weather(session: Session) -> int:
    """Add the weather station's data set unless it is there; flushes.

    Returns:
        How many observations were added.
    """
    if session.scalar(select(Dataset.id).where(Dataset.code == WEATHER)) is not None:
        return 0
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
