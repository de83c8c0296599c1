"""Is it alive, is it ready, how is it doing: for supervisors and Prometheus."""

from functools import cache
from pathlib import Path

from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from web import access
from web.context import transaction

blueprint = Blueprint("health", __name__)
MIGRATIONS = Path(__file__).parent.parent / "migrations"


def install(app: Flask) -> None:
    """Add the three addresses."""
    app.register_blueprint(blueprint)


@blueprint.get("/healthz")
@access.roles("public")
def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@cache
def newest_revision() -> str | None:
    """The migration that this code was written for."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


@blueprint.get("/readyz")
@access.roles("public")
def ready() -> tuple[dict[str, str | None], int]:
    """The database answers and is migrated to what this code expects."""
    try:
        with transaction() as session:
            revision = session.scalar(text("SELECT version_num FROM public.alembic_version"))
    except SQLAlchemyError:
        current_app.logger.warning("not ready: the database does not answer")
        return {"status": "unavailable", "database": "away"}, 503
    expected = newest_revision()
    if revision != expected:
        return {"status": "unavailable", "database": revision, "expected": expected}, 503
    return {"status": "ok", "database": revision}, 200


@blueprint.get("/metrics")
@access.roles("public")
def metrics() -> Response:
    """Prometheus' text format; holds no personal data. Close it to the outside in the proxy."""
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
