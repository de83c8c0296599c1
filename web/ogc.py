"""The layers as OGC API – Features (Part 1), read only: for QGIS, GDAL and any other program.

JSON unless a browser asks; a caller sees the collections it may read and no others.
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, render_template, request

from gis.errors import InvalidInputError, NotFoundError
from gis.features import (
    MAX_LIMIT,
    Page,
    extent,
    get_feature,
    layer_states,
    list_features,
    parse_box,
    parse_period,
)
from gis.layer import Layer
from gis.layers import layers_for
from web import access, language, ogc_documents, ogc_openapi
from web.context import transaction
from web.layers import answer_cached, caller_roles, check_parameters, feature_etag, readable
from web.ogc_documents import GEOJSON, HTML, JSON, OPENAPI, link

blueprint = Blueprint("ogc", __name__)
DEFAULT_LIMIT = 10


@blueprint.get("/ogc")
@blueprint.get("/ogc/")
@access.roles("public")
def landing() -> Response:
    """The landing page."""
    check_parameters("f")
    document = ogc_documents.landing(_root(), language.choose())
    if _wants_page():
        with transaction() as session:
            states = layer_states(session, [layer.id for layer in layers_for(caller_roles())])
        return _page("ogc/landing.html", layers=layers_for(caller_roles()), states=states)
    return _json(document)


@blueprint.get("/ogc/conformance")
@access.roles("public")
def conformance() -> Response:
    """The conformance classes."""
    check_parameters("f")
    _wants_page()
    return _json({"conformsTo": ogc_documents.CONFORMANCE})


@blueprint.get("/ogc/api")
@access.roles("public")
def api() -> Response:
    """The OpenAPI definition."""
    check_parameters("f")
    document = ogc_openapi.describe(_root(), layers_for(caller_roles()), language.choose())
    if _wants_page():
        return _page("ogc/api.html", api=document)
    return _json(document, OPENAPI)


@blueprint.get("/ogc/collections")
@access.roles("public")
def collections() -> Response:
    """The collections that the caller may read."""
    check_parameters("f")
    if _wants_page():
        return landing()
    documents = _collections(layers_for(caller_roles()))
    here = f"{_root()}/collections"
    links = [link(here, "self", JSON), link(f"{here}?f=html", "alternate", HTML)]
    return _json({"links": links, "collections": documents})


@blueprint.get("/ogc/collections/<name>")
@access.roles("public")
def collection(name: str) -> Response:
    """One collection; each states its own roles."""
    layer, _ = readable(name)
    check_parameters("f")
    document = _collections([layer])[0]
    if _wants_page():
        return _page("ogc/collection.html", layer=layer, document=document)
    return _json(document)


@blueprint.get("/ogc/collections/<name>/items")
@access.roles("public")
def items(name: str) -> Response:
    """Features of a collection, by box, period and page."""
    layer, view = readable(name)
    check_parameters("f", "bbox", "limit", "datetime", "after")
    box = parse_box(request.args["bbox"]) if "bbox" in request.args else None
    period = parse_period(request.args["datetime"]) if "datetime" in request.args else None
    limit = min(_whole("limit", DEFAULT_LIMIT, least=1), MAX_LIMIT)
    after = _whole("after", 0, least=0)
    wants_page = _wants_page()
    with transaction() as session:
        page = list_features(session, layer, view, box=box, period=period, after=after, limit=limit)
        matched: int | None = None
        # Kept with each change, so it costs nothing; under a filter it would cost a scan.
        if box is None and (period is None or layer.period is None):
            matched = layer_states(session, [layer.id])[layer.id].features
    if wants_page:
        return _page(
            "ogc/items.html",
            layer=layer,
            features=[orjson.loads(feature) for feature in page.features],
            matched=matched,
            next=_next(layer, page, "html"),
        )
    return _private(Response(_feature_collection(layer, page, matched), content_type=GEOJSON))


@blueprint.get("/ogc/collections/<name>/items/<fid>")
@access.roles("public")
def item(name: str, fid: str) -> Response:
    """One feature, with its ETag."""
    layer, view = readable(name)
    check_parameters("f")
    if not (fid.isascii() and fid.isdigit() and len(fid) < 19):
        raise NotFoundError(f"There is no feature {fid} in {name}.")
    wants_page = _wants_page()
    with transaction() as session:
        feature, version = get_feature(session, layer, view, int(fid))
    if wants_page:
        return _page("ogc/item.html", layer=layer, feature=orjson.loads(feature))
    etag = feature_etag(int(fid), version, view)
    if request.if_none_match.contains(etag):
        return answer_cached(etag, (view,), None)
    here = f"{_root()}/collections/{layer.id}"
    links = [
        link(f"{here}/items/{fid}", "self", GEOJSON),
        link(f"{here}/items/{fid}?f=html", "alternate", HTML),
        link(here, "collection", JSON),
    ]
    body = f'{feature[:-1]}, "links" : {orjson.dumps(links).decode()}}}'
    return answer_cached(etag, (view,), Response(body, content_type=GEOJSON))


@blueprint.get("/ogc/collections/<name>/tiles")
@access.roles("public")
def tilesets(name: str) -> Response:
    """The tile sets of a collection."""
    layer, _ = readable(name)
    check_parameters("f")
    return _json(ogc_documents.tilesets(layer, _root(), _title(layer)))


@blueprint.get("/ogc/collections/<name>/tiles/WebMercatorQuad")
@access.roles("public")
def tileset(name: str) -> Response:
    """How a collection's tiles are addressed."""
    layer, _ = readable(name)
    check_parameters("f")
    return _json(ogc_documents.tileset(layer, _root(), _title(layer)))


def _collections(layers: list[Layer]) -> list[dict[str, Any]]:
    with transaction() as session:
        states = layer_states(session, [layer.id for layer in layers])
        return [
            ogc_documents.collection(
                layer, _root(), language.choose(), extent(session, layer), states[layer.id]
            )
            for layer in layers
        ]


def _feature_collection(layer: Layer, page: Page, matched: int | None) -> str:
    """Glue the features, which are GeoJSON texts already, into their collection."""
    here = f"{_root()}/collections/{layer.id}"
    links = [
        link(request.url, "self", GEOJSON),
        link(_address(layer, {**request.args, "f": "html"}), "alternate", HTML),
        link(here, "collection", JSON),
    ]
    if following := _next(layer, page, "json"):
        links.append(link(following, "next", GEOJSON))
    members: dict[str, Any] = {
        "type": "FeatureCollection",
        "numberReturned": len(page.features),
        "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "links": links,
    }
    if matched is not None:
        members["numberMatched"] = matched
    head = orjson.dumps(members).decode()[:-1]
    return f'{head},"features":[{",".join(page.features)}]}}'


def _next(layer: Layer, page: Page, format_: str) -> str | None:
    if page.next_after is None:
        return None
    return _address(layer, {**request.args, "after": str(page.next_after), "f": format_})


def _address(layer: Layer, parameters: dict[str, str]) -> str:
    return f"{_root()}/collections/{layer.id}/items?{urlencode(parameters, safe=',:/')}"


def _root() -> str:
    """Where the caller reached `/ogc`: links lead back by the same way."""
    return f"{request.root_url}ogc"


def _title(layer: Layer) -> str:
    return layer.title if language.choose() == "vi" else layer.title_en


def _wants_page() -> bool:
    """Whether the answer is a page: `f` decides, else the Accept header; JSON for `*/*`."""
    asked = request.args.get("f")
    if asked is None:
        return access.wants_page()
    if asked not in ("json", "html", "geojson"):
        raise InvalidInputError("f must be json or html.", parameter="f")
    return asked == "html"


def _whole(name: str, default: int, *, least: int) -> int:
    value = request.args.get(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit() and len(value) < 19) or int(value) < least:
        raise InvalidInputError(f"{name} must be a whole number from {least} on.", parameter=name)
    return int(value)


def _json(document: dict[str, Any], type_: str = JSON) -> Response:
    return _private(Response(orjson.dumps(document), content_type=type_))


def _page(template: str, **context: Any) -> Response:
    return _private(Response(render_template(template, **context), mimetype=HTML))


def _private(response: Response) -> Response:
    """What depends on who asks is kept by nobody between, and asked for again."""
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(["Accept", "Accept-Language", "Authorization", "Cookie"])
    return response
