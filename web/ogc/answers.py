"""What the routes of `/ogc` share: addresses, JSON, pages, headers."""

from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, render_template, request

from gis.layer import Layer, Property
from web import language
from web.representations import HTML, JSON, as_private


def root() -> str:
    """Where the caller reached `/ogc`: links lead back by the same way."""
    return f"{request.root_url}ogc"


def items_address(layer: Layer, parameters: dict[str, str]) -> str:
    """The address of a list of features."""
    return f"{root()}/collections/{layer.id}/items?{urlencode(parameters, safe=',:/')}"


def title_of(thing: Layer | Property) -> str:
    """The title of a layer or property in the caller's language."""
    return thing.title if language.choose() == "vi" else thing.title_en


def json_answer(document: dict[str, Any], type_: str = JSON) -> Response:
    """A document for programs."""
    return as_private(Response(orjson.dumps(document), content_type=type_))


def page_answer(template: str, **context: Any) -> Response:
    """A page for people."""
    return as_private(Response(render_template(template, **context), mimetype=HTML))
