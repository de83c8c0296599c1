"""Alembic's environment: models of all packages, one PostgreSQL schema per package."""

import re
from typing import Any

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection, text

# Imported so that their tables are known.
import etl.models  # noqa: F401
import gis.models  # noqa: F401
import traceability.models  # noqa: F401
import web.models  # noqa: F401
from gis.database import Base, connect
from gis.server.running import database_url
from gis.settings import load_settings

SCHEMAS = {"gis", "traceability", "etl", "web"}
_PARTITION = re.compile(r"observation_|event_[0-9]")


def include_name(name: str | None, kind: str, _parent_names: Any) -> bool:
    """Compare our schemas only, without what no model declares.

    Partitions of observations and events are made as data arrives; the accent-free search indexes
    are on an expression, which Alembic does not compare.
    """
    if kind == "schema":
        return name in SCHEMAS
    if kind == "table":
        return _PARTITION.match(name or "") is None
    return not (kind == "index" and (name or "").endswith("_search"))


def migrate(connection: Connection) -> None:
    """Run the migrations on this connection in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_schemas=True,
        include_name=include_name,
        include_object=alembic_helpers.include_object,
        process_revision_directives=alembic_helpers.writer,
        render_item=alembic_helpers.render_item,
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
        version_table_schema="public",
    )
    with context.begin_transaction():
        # One migrator at a time: `make run` and an operator may start together.
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('langbiang-migrations'))"))
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    engine = connect(database_url(load_settings()), statement_timeout_s=0)
    with engine.begin() as connection:
        migrate(connection)
    engine.dispose()
