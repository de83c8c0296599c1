"""Vector tiles of the layers (OGC API – Tiles): of one collection, or of several in one file."""

import gzip
from datetime import date

from flask import Blueprint, Response, request

from gis.calendar import today
from gis.errors import InvalidInputError
from gis.layer import Layer, View
from gis.tiles.drawing import TileAddress, draw_tile, parse_tile, tile_etag
from web import access
from web.context import reading
from web.layers import answer_cached, caller_commune, check_parameters, readable
from web.ogc.tile_cache import tile_cache

blueprint = Blueprint("tiles", __name__)
MEDIA_TYPE = "application/vnd.mapbox-vector-tile"


@blueprint.get("/ogc/collections/<name>/tiles/WebMercatorQuad/<z>/<row>/<column>")
@access.roles("public")
def collection_tile(name: str, z: str, row: str, column: str) -> Response:
    """One tile of one layer; each layer states its own roles."""
    layer = readable(name)
    check_parameters("f", "datetime")
    return _answer([layer], parse_tile(z, row, column))


@blueprint.get("/ogc/tiles/WebMercatorQuad/<z>/<row>/<column>")
@access.roles("public")
def tile(z: str, row: str, column: str) -> Response:
    """One tile with the layers named by `collections`, so that a map asks once for all it shows."""
    check_parameters("f", "datetime", "collections")
    names = [name for name in request.args.get("collections", "").split(",") if name]
    if not names or len(set(names)) != len(names):
        raise InvalidInputError(
            "collections must name one or more collections once each, separated by commas.",
            parameter="collections",
        )
    return _answer([readable(name) for name in names], parse_tile(z, row, column))


def _answer(layers: list[tuple[Layer, View]], address: TileAddress) -> Response:
    if request.args.get("f", "mvt") != "mvt":
        raise InvalidInputError("f must be mvt here.", parameter="f")
    day = _day()
    views = tuple(view for _, view in layers)
    kept = [commune for layer, _ in layers if (commune := caller_commune(layer)) is not None]
    commune = kept[0] if kept else None
    # A browser's copy is a third of the size, and of its own: a strong ETag is one of bytes.
    packed = request.accept_encodings["gzip"] > 0
    with reading() as session:
        etag = tile_etag(session, layers, day, commune) + ("-gz" if packed else "")
        if request.if_none_match.contains(etag):
            return answer_cached(etag, views, None)
        body = tile_cache().find(etag, address)
        if body is None:
            body = draw_tile(session, layers, address, day, commune)
            if packed:
                body = gzip.compress(body, compresslevel=5, mtime=0)
            tile_cache().keep(etag, address, body)
    response = Response(body, mimetype=MEDIA_TYPE)
    if packed:
        response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    return answer_cached(etag, views, response)


def _day() -> date:
    """The day whose administrative units are drawn: that of `datetime`, or today in Vietnam."""
    asked = request.args.get("datetime")
    if asked is None:
        return today()
    try:
        return date.fromisoformat(asked)
    except ValueError as error:
        raise InvalidInputError(
            "datetime must be a day such as 2025-06-30.", parameter="datetime"
        ) from error
