"""What every request that changes a layer brings: who, from which version, why, and a body.

A body is read with limits before anything else looks at it. Which version a change was made from is
said by `If-Match` (RFC 9110) or, since QGIS sends none but echoes every attribute, by the property
`version`. Our own editor asks for warnings to be refused (`Prefer: handling=strict`, RFC 7240) and
gives its reason in `Langbiang-Reason` (UTF-8, percent-encoded).
"""

import re
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson
from flask import request
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge, Unauthorized, UnsupportedMediaType

from gis.editing.rule_queries import most_vertices
from gis.editing.writing import Editor, Expected
from gis.errors import ForbiddenError, InvalidInputError, NotFoundError
from gis.features import get_feature
from gis.layer import Layer, View
from gis.layers import find_layer
from web.context import current_account
from web.editing import qgis
from web.editing.content_crs import bring_home
from web.layers import caller_roles, read_feature_etag

# As many corners as a rule allows, with every digit a double has and some air around them.
MOST_BYTES = 2 * 1024 * 1024
_BYTES_A_CORNER = 80
MOST_REASON = 1000
GEOJSON = "application/geo+json"
MERGE_PATCH = "application/merge-patch+json"
JSON = "application/json"
_WHOLE = (GEOJSON, JSON)
_PARTIAL = (MERGE_PATCH, GEOJSON, JSON)
_ETAG = re.compile(r'\s*(W/)?"([^"]*)"\s*(?:,|$)')


def writable(name: str) -> Layer:
    """A layer by its identifier that the caller may change.

    Raises:
        NotFoundError: There is no such layer.
        Unauthorized: Nobody is signed in.
        ForbiddenError: The caller may not change this layer.
    """
    layer = find_layer(name)
    if layer.may_edit(caller_roles()):
        return layer
    if current_account() is None:
        raise Unauthorized("To change a layer, sign in, or send a personal token.")
    raise ForbiddenError(f"This account may not change {name}.", collection=name)


def editor() -> Editor:
    """Who is editing, and where: an administrator and an officer of no commune everywhere.

    Raises:
        Unauthorized: Nobody is signed in.
    """
    account = current_account()
    if account is None:
        raise Unauthorized("To change a layer, sign in, or send a personal token.")
    commune = None if account.has("administrator") else account.commune_code
    return Editor(name=account.username, commune_code=commune, roles=caller_roles())


def feature_id(fid: str) -> int:
    """A feature's id as the address has it.

    Raises:
        NotFoundError: It cannot be one.
    """
    if not (fid.isascii() and fid.isdigit() and len(fid) < 19):
        raise NotFoundError(f"There is no feature {fid[:40]}.")
    return int(fid)


def read_body(*, partial: bool = False, most_bytes: int = MOST_BYTES) -> dict[str, Any]:
    """The JSON object that was sent.

    Args:
        partial: A merge patch (RFC 7396) instead of a whole feature.
        most_bytes: How long it may be.

    Raises:
        UnsupportedMediaType: Neither GeoJSON nor, for a part, a merge patch.
        RequestEntityTooLarge: It is longer.
        InvalidInputError: No JSON (NaN is none), no object, or a NUL in a text.
    """
    known = _PARTIAL if partial else _WHOLE
    # OWSLib calls a text of JSON `text/xml`, and sends nothing at all with PUT.
    mute = not request.mimetype or "OWSLib" in request.user_agent.string
    if request.mimetype not in known and not mute:
        raise UnsupportedMediaType(f"Send {' or '.join(known)}.")
    # One more, since a body sent in chunks is cut at the limit without a word.
    request.max_content_length = most_bytes + 1
    try:
        text = request.get_data()
    except RequestEntityTooLarge:
        text = bytes(most_bytes + 1)
    if len(text) > most_bytes:
        raise RequestEntityTooLarge(f"This takes at most {most_bytes:,} bytes.")
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidInputError(f"The body is no JSON: {error}.", pointer="") from None
    if not isinstance(body, dict):
        raise InvalidInputError("The body must be a JSON object.", pointer="")
    # JSON can write a NUL in this way only.
    if b"\\u0000" in text and _holds_nul(body):
        raise InvalidInputError("A text holds a NUL character.", pointer="")
    return body


def _holds_nul(value: Any) -> bool:
    """Whether a text anywhere in it holds what PostgreSQL cannot store."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and "\0" in one:
            return True
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
    return False


def read_feature(layer: Layer, *, partial: bool = False) -> dict[str, Any]:
    """The feature, or the merge patch of one, that was sent, in EPSG:4326, lon/lat.

    Raises:
        InvalidInputError: As `read_body`; or another GeoJSON object than a Feature.
        InvalidGeometryError: A position lies where its system does not reach.
    """
    most = most_vertices(layer)
    body = read_body(partial=partial, most_bytes=max(MOST_BYTES, most * _BYTES_A_CORNER))
    if body.get("type", "Feature" if partial else None) != "Feature":
        raise InvalidInputError('The body must be a GeoJSON Feature: "type": "Feature".')
    for member in ("geometry", "properties"):
        if not isinstance(body.get(member), dict | None):
            raise InvalidInputError(f"{member} must be an object or null.", pointer=f"/{member}")
    if isinstance(body.get("geometry"), dict):
        body["geometry"] = bring_home(body["geometry"], most)
    return body


def expected_version(
    session: Session, layer: Layer, fid: int, body: dict[str, Any] | None = None
) -> Expected:
    """The version that a change was made from, or None when the request does not say.

    Tags are compared strongly: a weak one matches nothing. `*` is any version there is.

    Args:
        session: Read only where the request alone does not say it.
        layer: The layer.
        fid: The feature.
        body: The feature or patch sent, whose property `version` counts without the header.

    Raises:
        InvalidInputError: The header or the property cannot be read.
        NotFoundError: There is no such feature.
    """
    header = request.headers.get("If-Match")
    if header is None:
        stated = _version_property(body)
        return qgis.version_meant(session, layer, fid, stated) if qgis.is_calling() else stated
    if header.strip() == "*":
        return get_feature(session, layer, View.EXACT, fid)[1]
    found = [read for tag in _read_tags(header) if (read := read_feature_etag(tag, fid))]
    named = [version for version, view in found if view is View.EXACT]
    if len(named) < len(found) and not _is_generalised(session, layer, fid):
        named = [version for version, _ in found]
    if len(named) > 1:
        current = get_feature(session, layer, View.EXACT, fid)[1]
        return current if current in named else named[0]
    # No version is called so: whatever the feature has now, it is another one.
    return named[0] if named else "none"


def _is_generalised(session: Session, layer: Layer, fid: int) -> bool:
    """Whether the public reads another feature than is stored, which none may write back."""
    shown = get_feature(session, layer, View.PUBLIC, fid)
    return shown != get_feature(session, layer, View.EXACT, fid)


def _read_tags(header: str) -> list[str]:
    """The strong tags of an If-Match."""
    tags, at = [], 0
    while at < len(header):
        match = _ETAG.match(header, at)
        if match is None:
            raise InvalidInputError(
                'If-Match must be * or ETags in double quotes: "1-2-e".', header="If-Match"
            )
        if match[1] is None:
            tags.append(match[2])
        at = match.end()
    return tags


def _version_property(body: dict[str, Any] | None) -> int | None:
    properties = (body or {}).get("properties")
    version = properties.get("version") if isinstance(properties, dict) else None
    if version is None:
        return None
    if isinstance(version, float) and version.is_integer():
        version = int(version)
    if isinstance(version, bool) or not isinstance(version, int):
        raise InvalidInputError("version must be a whole number.", pointer="/properties/version")
    return version


def prefers(preference: str) -> bool:
    """Whether `Prefer` (RFC 7240) names this preference, such as `handling=strict`."""
    given = ",".join(request.headers.getlist("Prefer")).lower().split(",")
    return any(re.sub(r'[\s"]', "", one.partition(";")[0]) == preference for one in given)


def is_strict() -> bool:
    """Whether the caller wants warnings to be refused unless there is a reason."""
    return prefers("handling=strict")


def reason(body: dict[str, Any] | None = None) -> str | None:
    """Why the change is made: the header `Langbiang-Reason`, else the body's member `reason`.

    Raises:
        InvalidInputError: No UTF-8, no text, a NUL, or longer than `MOST_REASON` characters.
    """
    header = request.headers.get("Langbiang-Reason")
    given: Any = (body or {}).get("reason")
    if header is not None:
        try:
            given = unquote_to_bytes(header.encode("latin-1", "replace")).decode()
        except UnicodeDecodeError:
            raise InvalidInputError(
                "Langbiang-Reason must be UTF-8, percent-encoded.", header="Langbiang-Reason"
            ) from None
    if given is None:
        return None
    if not isinstance(given, str) or len(given) > MOST_REASON or "\0" in given:
        raise InvalidInputError(
            f"A reason is a text of at most {MOST_REASON} characters.", pointer="/reason"
        )
    return given.strip() or None
