"""Backgrounds of the map: what an administrator sets up, and the files that the site serves itself.

The page's Content-Security-Policy is made of the same rows, in the same transaction, as the page's
list, so it is right at once after a change and only where a map is.
"""

import secrets
from pathlib import Path, PurePosixPath
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from gis.backgrounds import (
    FOLDER,
    SUFFIXES,
    BackgroundWish,
    check_file,
    delete_background,
    get_background,
    list_all,
    list_backgrounds,
    policy_sources,
    save_background,
)
from gis.calendar import today
from gis.crs import proj4_definitions
from gis.errors import ForbiddenError, InvalidInputError, NotFoundError, UnavailableError
from gis.layer import TRUSTED
from gis.models import Background
from gis.overview import home_box
from web import access
from web.context import current_account, settings, transaction
from web.layers import caller_roles
from web.map import background_words
from web.protection import allow_sources

blueprint = Blueprint("backgrounds", __name__)

_ADMIN = "/quan-tri/nen-ban-do"
_TYPES = {"cog": "image/tiff", "pmtiles": "application/vnd.pmtiles"}
_PREVIEW_ID = 0


@blueprint.url_value_preprocessor
def allow_big_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let an orthophoto through where administrators send one, before the form is looked at."""
    if endpoint in ("backgrounds.add", "backgrounds.edit"):
        request.max_content_length = settings().upload_mb * 1024**2


def background_settings(session: Session) -> dict[str, Any]:
    """What the map shows beneath itself to this caller; opens the page's policy for just that.

    Args:
        session: Reads only.
    """
    staff = not caller_roles().isdisjoint(TRUSTED)
    found = list_backgrounds(session, staff=staff)
    allow_sources(policy_sources(found))
    return {
        "items": [_shown(one, one.id) for one in found],
        "projections": proj4_definitions() if any(one.kind == "cog" for one in found) else {},
    }


@blueprint.get("/nen-ban-do/<int:background_id>")
@access.roles("public")
def file(background_id: int) -> Response:
    """A background's file, whole or in the pieces (HTTP Range) that a map asks for."""
    with transaction() as session:
        background = get_background(session, background_id)
    roles = caller_roles()
    may = background.is_active and (background.is_public or not roles.isdisjoint(TRUSTED))
    if not may and "administrator" not in roles:
        if current_account() is None:
            raise Unauthorized("This background is for signed-in staff.")
        raise ForbiddenError("This background is not for this account.")
    if background.file is None:
        raise NotFoundError(f"The background {background_id} is not a file of this site.")
    try:
        path = check_file(background.kind, settings().files_folder, background.file)
    except InvalidInputError as error:
        raise NotFoundError(f"The file of the background {background_id} is gone.") from error
    response = send_file(path, mimetype=_TYPES[background.kind], conditional=True, max_age=3600)
    response.headers["Accept-Ranges"] = "bytes"
    if background.is_public and background.is_active:
        response.cache_control.public = True
    else:
        response.cache_control.public = False
        response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.get(_ADMIN)
@access.roles("administrator")
def index() -> str:
    """All backgrounds, the uppermost first, with a map of them."""
    with transaction() as session:
        found = list_all(session)
        shown = [one for one in found if one.is_active]
        allow_sources(policy_sources(shown))
        return render_template(
            "backgrounds/list.html",
            backgrounds=found[::-1],
            kinds=background_words.KINDS,
            missing={one.id for one in found if _is_missing(one)},
            preview=_preview(session, [_shown(one, one.id) for one in shown]),
        )


@blueprint.route(f"{_ADMIN}/moi", methods=["GET", "POST"])
@access.roles("administrator")
def add() -> AnyResponse | str | tuple[str, int]:
    """Put up a background."""
    return _form(None)


@blueprint.route(f"{_ADMIN}/<int:background_id>", methods=["GET", "POST"])
@access.roles("administrator")
def edit(background_id: int) -> AnyResponse | str | tuple[str, int]:
    """Change a background."""
    return _form(background_id)


@blueprint.post(f"{_ADMIN}/<int:background_id>/xoa")
@access.roles("administrator")
def remove(background_id: int) -> AnyResponse:
    """Take a background off the map; a file that was sent through the site goes too."""
    with transaction() as session:
        background = get_background(session, background_id)
        name, sent = background.name, background.file
        delete_background(session, background_id)
        kept = {one.file for one in list_all(session)}
    if (
        sent is not None
        and sent not in kept
        and PurePosixPath(sent).parent == PurePosixPath(FOLDER)
    ):
        (settings().files_folder / sent).unlink(missing_ok=True)
    flash(_("Đã gỡ nền “%(name)s”.", name=name))
    return redirect(url_for(".index"), 303)


def _form(background_id: int | None) -> AnyResponse | str | tuple[str, int]:
    with transaction() as session:
        stored = get_background(session, background_id) if background_id is not None else None
        if request.method == "GET":
            wish = (
                _wish_of(stored) if stored else BackgroundWish(name="", kind="xyz", is_shown=True)
            )
            return _render(session, wish, background_id, None, tried=stored is not None)
        wish = _posted(stored)
        try:
            if request.form.get("action") == "preview":
                wish.check(settings().files_folder)
                return _render(session, wish, background_id, None, tried=True)
            account = current_account()
            save_background(
                session,
                wish,
                settings().files_folder,
                actor=account.username if account else "",
                background_id=background_id,
            )
        except InvalidInputError as error:
            field = str(error.context.get("parameter", ""))
            return _render(session, wish, background_id, field, tried=False, detail=error), 422
    flash(_("Đã lưu nền “%(name)s”.", name=wish.name))
    return redirect(url_for(".index"), 303)


def _render(
    session: Session,
    wish: BackgroundWish,
    background_id: int | None,
    wrong: str | None,
    *,
    tried: bool,
    detail: InvalidInputError | None = None,
) -> str:
    """The form; a wish that is in order (`tried`) is shown on a map beside it."""
    preview = None
    if tried:
        allow_sources(policy_sources([wish]))
        shown = _shown(wish, background_id or _PREVIEW_ID) | {"shown": True}
        if wish.file is not None and (
            background_id is None or _is_new(session, wish, background_id)
        ):
            # What is not stored yet has no address that serves it.
            shown = {}
        preview = _preview(session, [shown] if shown else [])
    return render_template(
        "backgrounds/form.html",
        wish=wish,
        background_id=background_id,
        kinds=background_words.KINDS,
        hints=background_words.HINTS,
        wrong=wrong,
        complaint=background_words.complaint(wrong, detail.detail if detail else ""),
        preview=preview,
        limit_mb=settings().upload_mb,
        folder=str(settings().files_folder),
    )


def _is_new(session: Session, wish: BackgroundWish, background_id: int) -> bool:
    return get_background(session, background_id).file != wish.file


def _wish_of(background: Background) -> BackgroundWish:
    return BackgroundWish(
        **{name: getattr(background, name) for name in BackgroundWish.__dataclass_fields__}
    )


def _posted(stored: Background | None) -> BackgroundWish:
    form = request.form
    kind = form.get("kind", "")
    address: str | None = form.get("address", "").strip() or None
    relative: str | None = form.get("file", "").strip() or None
    sent = request.files.get("upload")
    if sent is not None and sent.filename:
        relative, address = _keep(sent, kind), None
    elif relative is not None and address is not None and stored and stored.file == relative:
        # The address was filled in over a file: that is what is meant now.
        relative = None
    return BackgroundWish(
        name=" ".join(form.get("name", "").split()),
        kind=kind,
        address=address,
        file=relative,
        attribution=" ".join(form.get("attribution", "").split()),
        opacity=_number("opacity", 100) / 100,
        min_zoom=_number("min_zoom", 0),
        max_zoom=_number("max_zoom", 22),
        position=_number("position", 0),
        is_shown="is_shown" in form,
        is_public="is_public" in form,
        is_active="is_active" in form,
    )


def _number(name: str, usual: int) -> int:
    text = request.form.get(name, "").strip()
    digits = text.removeprefix("-")
    if not text:
        return usual
    # A number that cannot be is refused by its rule, not here.
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 6 else -99_999


def _keep(sent: FileStorage, kind: str) -> str:
    """Keep an upload as bytes under a name of our own; return its path in the files folder."""
    suffix = Path(sent.filename or "").suffix.lower()
    if kind not in SUFFIXES or suffix not in SUFFIXES[kind]:
        return Path(sent.filename or "").name[:200]  # refused by the rules, with its name
    relative = f"{FOLDER}/{secrets.token_hex(8)}{suffix}"
    target = settings().files_folder / relative
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        sent.save(target)
        check_file(kind, settings().files_folder, relative)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise UnavailableError(f"The file cannot be kept: {error.strerror or error}.") from error
    except InvalidInputError:
        # The rules complain of it again, by what it is called here.
        target.unlink(missing_ok=True)
    return relative


def _is_missing(background: Background) -> bool:
    if background.file is None:
        return False
    try:
        check_file(background.kind, settings().files_folder, background.file)
    except InvalidInputError:
        return True
    return False


def _shown(background: Background | BackgroundWish, number: int) -> dict[str, Any]:
    """A background as the map's script takes it."""
    address = background.address
    if address is None:
        version = _version(background)
        address = url_for("backgrounds.file", background_id=number, v=version)
    return {
        "id": number,
        "name": background.name,
        "kind": background.kind,
        "address": address,
        "attribution": background.attribution,
        "opacity": background.opacity,
        "minZoom": background.min_zoom,
        "maxZoom": background.max_zoom,
        "shown": background.is_shown,
    }


def _version(background: Background | BackgroundWish) -> str | None:
    """What changes with the file, so that no piece of an older one is put beside a new one."""
    try:
        state = (settings().files_folder / str(background.file)).stat()
    except OSError:
        return None
    return f"{state.st_mtime_ns:x}"


def _preview(session: Session, items: list[dict[str, Any]]) -> dict[str, Any]:
    """What the preview's script needs: a frame, backgrounds, words."""
    box = home_box(session, today())
    return {
        "extent": [box.west, box.south, box.east, box.north],
        "items": items,
        "projections": proj4_definitions(),
        "tiles": "/ogc/tiles/WebMercatorQuad/{z}/{y}/{x}?collections=administrative-units",
        "words": background_words.words(),
    }
