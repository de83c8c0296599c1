"""Brings the schema of the database up to what this checkout expects."""

from alembic import command
from alembic.config import Config

from gis.database import connect
from gis.server import database_url
from gis.settings import ROOT, Settings


def upgrade(settings: Settings) -> None:
    """Run the migrations that are missing, in one transaction; several callers take turns.

    Raises:
        UnavailableError: When there is no database.
    """
    config = Config(toml_file=ROOT / "pyproject.toml")
    engine = connect(database_url(settings), application="migrations", statement_timeout_s=0)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()
