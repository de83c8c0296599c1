"""What a person says about a file of observations, where guessing is not enough.

A description is a TOML file; every part may be left out::

    [dataset]
    title = "Thời tiết nhà kính"
    owner = "Trường Đại học …"
    licence = "CC-BY-4.0"
    citation = "…"

    [time]
    column = "%time"            # or ["year", "month"]; or value = 2022-03-21 for all rows
    format = "mdy"              # dmy, ymd, excel, yyyymmdd, unix, year, or %d/%m/%Y %H:%M
    zone = "Europe/Amsterdam"

    [subject]
    columns = ["plot"]          # or value = "station-1" for all rows

    [wide]                      # one column per year
    variable = "yield"
    columns = { Y1 = 1956, Y2 = 1957 }

    [values]
    missing = ["-9999"]
    decimal = ","
    ignore = ["note"]

    [variables.Tout]
    name = "Nhiệt độ ngoài trời"
    name_en = "Outside air temperature"
    unit = "Cel"
    quality = "Tout_flag"
"""

import tomllib
from datetime import date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gis.errors import InvalidInputError


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AboutDataset(_Part):
    """Who owns the data and how it is cited."""

    title: str | None = None
    owner: str | None = None
    licence: str | None = None
    version: str | None = None
    citation: str | None = None
    description: str | None = None


class AboutTime(_Part):
    """Where the time stands and how it is written."""

    column: str | list[str] | None = None
    format: str | None = None
    zone: str | None = None
    value: date | datetime | str | None = None


class AboutSubject(_Part):
    """What was measured: the columns that tell, or one name for all rows."""

    columns: list[str] = []
    value: str | None = None


class AboutWide(_Part):
    """One variable spread over a column per year."""

    variable: str
    columns: dict[str, int | date | datetime | str]


class AboutValues(_Part):
    """How values are written."""

    missing: list[str] = []
    decimal: str = Field(default=".", pattern=r"^[.,]$")
    ignore: list[str] = []


class AboutVariable(_Part):
    """One variable: its code (else the column's name), names, unit and column of quality marks."""

    code: str | None = None
    name: str | None = None
    name_en: str | None = None
    unit: str | None = None
    quality: str | None = None


class Description(_Part):
    """A whole description."""

    dataset: AboutDataset = AboutDataset()
    time: AboutTime = AboutTime()
    subject: AboutSubject = AboutSubject()
    wide: AboutWide | None = None
    values: AboutValues | None = None
    variables: dict[str, AboutVariable] = {}


def read_description(path: Path) -> Description:
    """Read a description.

    Raises:
        InvalidInputError: When it cannot be read, is no TOML, or says what is not known here.
    """
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{path} is not TOML: {error}.") from error
    try:
        return Description.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidInputError(f"{path}: {place}: {first['msg']}.") from error
