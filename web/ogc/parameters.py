"""The query parameters of `/ogc`, read and checked: each refusal names its parameter."""

from dataclasses import replace

from flask import request

from gis import selecting
from gis.errors import InvalidInputError
from gis.features import MAX_LIMIT
from gis.layer import Layer
from gis.paging import START, Position, read_token
from gis.published_crs import CRS84, PublishedCrs, find_crs
from gis.selection import Selection, parse_properties
from web import access
from web.layers import caller_commune, check_parameters

DEFAULT_LIMIT = 10
# What says how to answer; the rest narrows the layer, its properties, too.
_OF_ANSWERS = ("f", "limit", "after", "crs", "lang")
LIST_PARAMETERS = ("f", "limit", "after", "crs", *selecting.PARAMETERS)
ITEM_PARAMETERS = ("f", "crs", "properties")
# What `f` may say of features, and the media types that Accept may ask for.
FORMATS = {
    "json": "application/geo+json",
    "geojson": "application/geo+json",
    "html": "text/html",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
}
ITEM_FORMATS = ("json", "geojson", "html")
_ACCEPTED = {
    "application/geo+json": "json",
    "application/json": "json",
    "text/csv": "csv",
    "application/vnd.apache.parquet": "parquet",
}


def read_selection(layer: Layer) -> Selection:
    """What the request asks of a layer's features.

    Raises:
        InvalidInputError: A parameter is unknown or does not fit.
    """
    given = request.args
    check_parameters(*LIST_PARAMETERS, *(item.name for item in layer.properties))
    for name in given:
        if len(given.getlist(name)) > 1:
            raise InvalidInputError(f"{name} is given more than once.", parameter=name)
    asked = {name: value for name, value in given.items() if name not in _OF_ANSWERS}
    selection = selecting.read_selection(layer, asked, commune=caller_commune(layer))
    return selection if "crs" not in given else replace(selection, crs=_crs("crs"))


def read_item_selection(layer: Layer) -> Selection:
    """What the request asks of one feature.

    Raises:
        InvalidInputError: A parameter is unknown or does not fit.
    """
    check_parameters(*ITEM_PARAMETERS)
    return Selection(properties=_properties(layer), crs=_crs("crs"), commune=caller_commune(layer))


def read_page(selection: Selection) -> tuple[int, Position]:
    """The size of a page and where it goes on.

    Raises:
        InvalidInputError: One of them does not fit.
    """
    token = request.args.get("after")
    after = START if token is None else read_token(token, selection.sort)
    return min(_whole("limit", DEFAULT_LIMIT, least=1), MAX_LIMIT), after


def read_format(*allowed: str) -> str:
    """Which format is asked for: `f` decides, else the Accept header; JSON for `*/*`.

    Args:
        allowed: What `f` may say; `json` and `html` without arguments.

    Raises:
        InvalidInputError: `f` says something else.
    """
    formats = allowed or ("json", "html")
    asked = request.args.get("f")
    if asked is not None:
        if asked not in formats:
            raise InvalidInputError(f"f must be one of {', '.join(formats)}.", parameter="f")
        return "json" if asked == "geojson" else asked
    if "html" in formats and access.wants_page():
        return "html"
    offered = [media for media, name in _ACCEPTED.items() if name in formats]
    return _ACCEPTED[request.accept_mimetypes.best_match(offered, offered[0])]


def _properties(layer: Layer) -> tuple[str, ...] | None:
    asked = request.args.get("properties")
    return None if asked is None else parse_properties(asked, layer)


def _crs(name: str) -> PublishedCrs:
    asked = request.args.get(name)
    return CRS84 if asked is None else find_crs(asked, name)


def _whole(name: str, default: int, *, least: int) -> int:
    value = request.args.get(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit() and len(value) < 19) or int(value) < least:
        raise InvalidInputError(f"{name} must be a whole number from {least} on.", parameter=name)
    return int(value)
