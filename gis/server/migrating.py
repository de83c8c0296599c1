"""Brings the schema of the database up to what this checkout expects."""

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from gis.database import connect
from gis.errors import ConflictError
from gis.server.checks import describe
from gis.server.running import database_url
from gis.settings import ROOT, Settings


def upgrade(settings: Settings) -> None:
    """Run the migrations that are missing, in one transaction; several callers take turns.

    Raises:
        UnavailableError: When there is no database.
        ConflictError: When the database is newer than this checkout.
    """
    config = Config(toml_file=ROOT / "pyproject.toml")
    known = ScriptDirectory.from_config(config)
    _, _, present = describe(database_url(settings))
    if present == known.get_current_head():
        return  # spares loading the models of all packages
    if present and present not in {script.revision for script in known.walk_revisions()}:
        raise ConflictError(
            f"The database is at migration {present}, which this checkout does not know:"
            " use the version of the platform that made it, or a newer one."
        )
    engine = connect(database_url(settings), application="migrations", statement_timeout_s=0)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()
