"""Exports asked for through the site: what is written to a file, for whom, and until when.

Whoever asks gets what they could read over `/ogc`: the same layers, as exactly, the same filter.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from etl.deferring import defer
from etl.models import ExportFile, Run
from gis.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from gis.features import list_features
from gis.layer import Layer, View
from gis.layers import find_layer
from gis.selecting import read_selection

WRITE_EXPORT = "etl.write_export"
TASK = "export"
KEPT = timedelta(days=1)
# So many may wait or run for one account; strangers share a wider number.
MOST_WAITING, MOST_PUBLIC = 10, 30
# Files of so many bytes are kept for one account, and for all strangers together: asking costs
# nothing, and a full disk stops everything.
MOST_KEPT_BYTES = 5 * 1024**3
PUBLIC = "public"


@dataclass(frozen=True)
class Format:
    """A format: the ending of its files, and their media type."""

    ending: str
    media_type: str


FORMATS = {
    "gpkg": Format(".gpkg", "application/geopackage+sqlite3"),
    "geojson": Format(".geojson", "application/geo+json"),
    "kml": Format(".kml", "application/vnd.google-earth.kml+xml"),
    "shp": Format(".zip", "application/zip"),
    "xlsx": Format(".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": Format(".csv", "text/csv"),
    "parquet": Format(".parquet", "application/vnd.apache.parquet"),
}


def request_export(
    session: Session,
    layer: Layer,
    format_: str,
    query: Mapping[str, str],
    *,
    roles: frozenset[str],
    commune: str | None,
    actor: str | None,
) -> ExportFile:
    """Ask the worker for a file, inside this transaction; a mistake in the query is said now.

    Args:
        session: The open transaction: the job exists only when it commits.
        layer: What to write.
        format_: One of `FORMATS`.
        query: What narrows it, by the names of `/ogc` (`gis.selecting`).
        roles: Of the asker; they decide how exactly places are shown.
        commune: The one commune whose rows the asker may see; None: all.
        actor: The asker's account; None: a stranger.

    Raises:
        ForbiddenError: The layer is not for these roles.
        InvalidInputError: The format is unknown, or the query does not fit the layer.
        ConflictError: Too many exports of the asker wait already, or too much is kept.
    """
    if not layer.may_read(roles):
        raise ForbiddenError(f"The layer {layer.id} is not for this account.")
    if format_ not in FORMATS:
        raise InvalidInputError(f"format is one of {', '.join(FORMATS)}.", parameter="format")
    selection = read_selection(layer, query, commune=commune)
    # What the filter names and how its values compare shows when it is asked for one feature.
    list_features(session, layer, layer.view(roles), selection, limit=1)
    owner = actor or PUBLIC
    waiting = session.scalar(
        select(func.count())
        .select_from(ExportFile)
        .join(Run, Run.id == ExportFile.run_id)
        .where(ExportFile.created_by == owner, Run.state.in_(("waiting", "running")))
    )
    if (waiting or 0) >= (MOST_PUBLIC if actor is None else MOST_WAITING):
        raise ConflictError("Too many exports are waiting: fetch those first, or come back later.")
    kept = session.scalar(
        select(func.sum(ExportFile.bytes)).where(
            ExportFile.created_by == owner, ExportFile.expires_at > func.now()
        )
    )
    if (kept or 0) >= MOST_KEPT_BYTES:
        raise ConflictError("Too many exports are kept already: they go after a day, come back.")
    run = Run(task=TASK, subject=layer.id, state="waiting", started_by=owner)
    session.add(run)
    session.flush()
    export = ExportFile(
        run_id=run.id,
        token=secrets.token_hex(16),
        layer=layer.id,
        format=format_,
        query=dict(query),
        roles=sorted(roles),
        commune_code=commune,
        created_by=owner,
        expires_at=datetime.now(UTC) + KEPT,
    )
    session.add(export)
    session.flush()
    defer(session, WRITE_EXPORT, {"export_id": export.id})
    return export


def find_export(session: Session, token: str) -> ExportFile:
    """Find the export of an address.

    Raises:
        NotFoundError: There is none, or its day is over.
    """
    found = session.execute(
        select(ExportFile).where(ExportFile.token == token, ExportFile.expires_at > func.now())
    ).scalar_one_or_none()
    if found is None:
        raise NotFoundError("There is no such file. Exports are kept for a day: ask again.")
    return found


def find_export_of(session: Session, run_id: int) -> ExportFile | None:
    """Find the export that a run writes, if it writes one."""
    return session.execute(
        select(ExportFile).where(ExportFile.run_id == run_id)
    ).scalar_one_or_none()


def export_name(export: ExportFile) -> str:
    """What the file is called by whoever fetches it: layer and day."""
    day = f"{export.created_at:%Y-%m-%d}"
    return f"{export.layer}-{day}{FORMATS[export.format].ending}"


def view_of(export: ExportFile) -> View:
    """How exactly the asker saw the layer."""
    return find_layer(export.layer).view(frozenset(export.roles))
