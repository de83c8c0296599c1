"""The settings of the whole house, read from the environment once by each door."""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from gis.errors import InvalidInputError

PREFIX = "LANGBIANG_"
ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """What an operator may set. Each field is a row of README's settings table."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    database_url: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="A PostgreSQL server you manage; absent: the private cluster under the home",
    )
    home: Path = Field(default=ROOT / "var", description="Database cluster, keys, files, logs")
    files: str | None = Field(
        default=None,
        description="Where uploads, scenes and snapshots wait; any folder. Default: files/ in home",
    )
    public_url: str | None = Field(
        default=None,
        description="The address that goes into QR codes and links, without a final slash",
    )
    link_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Hosts that resolver links may lead to, separated by commas"
    )
    forwarded_hops: int = Field(
        default=0, ge=0, description="How many reverse proxies stand before the site"
    )
    tile_cache_mb: int = Field(
        default=64, ge=0, description="Memory for drawn map tiles in each web process, in MB"
    )
    upload_mb: int = Field(
        default=200, ge=1, le=10_000, description="How big a file sent for import may be, in MB"
    )
    hotline: str | None = Field(
        default="1800 6838",
        description="The telephone that a red page tells buyers to call; the default is the"
        " national one of consumers",
    )
    geoip: Path | None = Field(
        default=None,
        description="Where addresses are: .mmdb of places, or .csv network,commune_code",
    )
    secret_key: str | None = Field(
        default=None, description="Signs sessions; absent: a key made once under the home"
    )

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("public_url")
    @classmethod
    def _without_final_slash(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.lower().startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("link_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(host.strip().lower() for host in value.split(",") if host.strip())
        return value

    @property
    def files_folder(self) -> Path:
        """The folder of uploads, scenes and snapshots."""
        return Path(self.files).expanduser().absolute() if self.files else self.home / "files"


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment.

    Raises:
        InvalidInputError: When a `LANGBIANG_*` name is not a setting (a likely misspelling is
            named), or a value does not fit.
    """
    present = os.environ if environment is None else environment
    known = {PREFIX + name.upper() for name in Settings.model_fields if name != "database_url"}
    for name in sorted(present):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0)
            raise InvalidInputError(f"{name} is not a setting. Did you mean {near[0]}?")
    values = {
        name: present[key]
        for name in Settings.model_fields
        if (key := "DATABASE_URL" if name == "database_url" else PREFIX + name.upper()) in present
        and present[key] != ""
    }
    if "database_url" in values:
        values["DATABASE_URL"] = values.pop("database_url")
    try:
        return Settings(_env_file=None, **values)  # type: ignore[call-arg, arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        label = name if name == "DATABASE_URL" else PREFIX + name.upper()
        raise InvalidInputError(f"The setting {label} does not fit: {first['msg']}.") from error
