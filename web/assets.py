"""Front-end files: built into `static/dist` with a hash in the name, so they never go stale."""

import json
import mimetypes
from pathlib import Path

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    request,
    send_from_directory,
    url_for,
)

from gis.errors import NotFoundError
from web import access

DIST = Path(__file__).parent / "static" / "dist"
# What the build compressed, the smaller first.
_ENDINGS = {"br": ".br", "gzip": ".gz"}
blueprint = Blueprint("assets", __name__)


def install(app: Flask) -> None:
    """Serve the built files and give templates `asset('map.js')`."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals["asset"] = asset


def asset(name: str) -> str:
    """The address of a built file, by the name it has in the sources."""
    file = _manifest().get(name)
    if file is None:
        return url_for("assets.serve", file=name)
    return url_for("assets.serve", file=file)


def _manifest() -> dict[str, str]:
    """What the front-end build wrote; read again when it was built anew under a running site."""
    path = DIST / "manifest.json"
    try:
        built = path.stat().st_mtime_ns
    except FileNotFoundError:
        return {}
    read: tuple[int, dict[str, str]] | None = current_app.extensions.get("langbiang.manifest")
    if read is None or read[0] != built:
        read = (built, json.loads(path.read_text("utf-8")))
        current_app.extensions["langbiang.manifest"] = read
    return read[1]


@blueprint.get("/static/<path:file>")
@access.roles("public")
def serve(file: str) -> Response:
    """A built file; hashed names may be kept for a year."""
    # No file that was built has a name so long; the system would refuse to look for it.
    if len(file) > 200 or not (DIST / file).is_file():
        raise NotFoundError(
            f"There is no front-end file {file}. `make setup` builds the front end."
        )
    hashed = file in _manifest().values()
    encoding = _choose_encoding(file)
    response = send_from_directory(
        DIST,
        file + _ENDINGS.get(encoding, ""),
        mimetype=mimetypes.guess_type(file)[0],
        max_age=31536000 if hashed else 0,
    )
    if encoding:
        response.content_encoding = encoding
    response.vary.add("Accept-Encoding")
    if hashed:
        response.cache_control.immutable = True
    return response


def _choose_encoding(file: str) -> str:
    """The best encoding that the build left beside the file and the browser takes, or none."""
    for encoding, ending in _ENDINGS.items():
        if request.accept_encodings[encoding] > 0 and (DIST / f"{file}{ending}").is_file():
            return encoding
    return ""
