"""The layers as OGC API – Features, Tiles and Schemas: for QGIS, GDAL and any other program.

JSON unless a browser asks; a caller sees the collections it may read and no others. Here are the
pages around the features: what there is. `ogc_items.py` reads features, `ogc_schemas.py` says what
they are made of, `ogc_tilesets.py` how their tiles are addressed.
"""

from typing import Any

from flask import Blueprint, Response

from gis.features import count_features, extent, layer_states
from gis.layer import Layer
from gis.layers import layers_for
from gis.selection import Selection
from web import access, language
from web.context import transaction
from web.layers import caller_commune, caller_roles, check_parameters, readable
from web.ogc import documents as ogc_documents
from web.ogc import openapi as ogc_openapi
from web.ogc.answers import json_answer, page_answer, root
from web.ogc.parameters import read_format
from web.representations import HTML, JSON, OPENAPI, link

blueprint = Blueprint("ogc", __name__)


@blueprint.get("/ogc")
@blueprint.get("/ogc/")
@access.roles("public")
def landing() -> Response:
    """The landing page."""
    check_parameters("f")
    if read_format() == "html":
        with transaction() as session:
            states = layer_states(session, [layer.id for layer in layers_for(caller_roles())])
        return page_answer("ogc/landing.html", layers=layers_for(caller_roles()), states=states)
    return json_answer(ogc_documents.landing(root(), language.choose()))


@blueprint.get("/ogc/conformance")
@access.roles("public")
def conformance() -> Response:
    """The conformance classes."""
    check_parameters("f")
    if read_format() == "html":
        return page_answer("ogc/conformance.html", classes=ogc_documents.CONFORMANCE)
    return json_answer({"conformsTo": ogc_documents.CONFORMANCE})


@blueprint.get("/ogc/api")
@access.roles("public")
def api() -> Response:
    """The OpenAPI definition."""
    check_parameters("f")
    document = ogc_openapi.describe(
        root(), layers_for(caller_roles()), language.choose(), caller_roles()
    )
    if read_format() == "html":
        return page_answer("ogc/api.html", api=document)
    return json_answer(document, OPENAPI)


@blueprint.get("/ogc/collections")
@access.roles("public")
def collections() -> Response:
    """The collections that the caller may read."""
    check_parameters("f")
    if read_format() == "html":
        return landing()
    documents = _describe(layers_for(caller_roles()))
    here = f"{root()}/collections"
    links = [link(here, "self", JSON), link(f"{here}?f=html", "alternate", HTML)]
    return json_answer({"links": links, "crs": ogc_documents.CRS, "collections": documents})


@blueprint.get("/ogc/collections/<name>")
@access.roles("public")
def collection(name: str) -> Response:
    """One collection; each states its own roles."""
    layer, _ = readable(name)
    check_parameters("f")
    wants_page = read_format() == "html"
    document = _describe([layer])[0]
    if wants_page:
        return page_answer("ogc/collection.html", layer=layer, document=document)
    return json_answer(document)


def _describe(layers: list[Layer]) -> list[dict[str, Any]]:
    described = []
    with transaction() as session:
        states = layer_states(session, [layer.id for layer in layers])
        for layer in layers:
            commune, features = caller_commune(layer), states[layer.id].features
            if commune is not None:
                only = Selection(commune=commune)
                features = count_features(session, layer, layer.view(caller_roles()), only)
            box = extent(session, layer, commune)
            described.append(
                ogc_documents.collection(layer, root(), language.choose(), box, features)
            )
    return described
