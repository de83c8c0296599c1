"""The worker's part of exports: `gis.exports` writes the file, as its asker sees the layer."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from etl.export_requests import FORMATS, view_of
from etl.models import ExportFile, Run
from gis.errors import PlatformError
from gis.exports import export_layer
from gis.layers import find_layer
from gis.selecting import read_selection

FOLDER = "exports"


def run_export(sessions: sessionmaker[Session], files: Path, export_id: int) -> None:
    """Write the file that was asked for; done twice, it is the same file.

    Does nothing when it is written already, or nobody may fetch it any more.
    """
    with sessions.begin() as session:
        export = session.get(ExportFile, export_id)
        if export is None or export.path is not None or export.expires_at < datetime.now(UTC):
            return
        session.get_one(Run, export.run_id).state = "running"
    try:
        with sessions.begin() as session:
            export = session.get_one(ExportFile, export_id)
            relative = f"{FOLDER}/{export.token}/{export.layer}{FORMATS[export.format].ending}"
            path = files / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            layer = find_layer(export.layer)
            query = {name: str(value) for name, value in export.query.items()}
            selection = read_selection(layer, query, commune=export.commune_code)
            written = export_layer(session, layer.id, path, view_of(export), selection)
            export.path, export.bytes = relative, path.stat().st_size
            export.features = written.features
            run = session.get_one(Run, export.run_id)
            run.state, run.error, run.finished_at = "done", None, datetime.now(UTC)
            run.report = {
                "layer": layer.id,
                "format": export.format,
                "features": written.features,
                "bytes": export.bytes,
            }
    except Exception as error:
        sentence = "Unexpected error; the log says more."
        if isinstance(error, PlatformError):
            sentence = error.detail
        with sessions.begin() as session:
            run = session.get_one(Run, session.get_one(ExportFile, export_id).run_id)
            run.state, run.finished_at = "failed", datetime.now(UTC)
            run.error = sentence
        if not isinstance(error, PlatformError):
            raise
