"""What features are made of (Part 5, and the queryables of Part 3), as JSON Schema."""

from typing import Any

from flask import Blueprint, Response

from gis.layer import Layer, Property
from gis.selection import sortable_names
from web import access
from web.layers import check_parameters, readable
from web.ogc.answers import json_answer, page_answer, root, title_of
from web.ogc.parameters import read_format
from web.representations import SCHEMA

blueprint = Blueprint("ogc_schemas", __name__)
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


@blueprint.get("/ogc/collections/<name>/queryables")
@access.roles("public")
def queryables(name: str) -> Response:
    """What a filter may name."""
    layer, _ = readable(name)
    check_parameters("f")
    return _answer(layer, "queryables", {**_properties(layer), "geometry": _geometry(layer)})


@blueprint.get("/ogc/collections/<name>/sortables")
@access.roles("public")
def sortables(name: str) -> Response:
    """What `sortby` may name."""
    layer, _ = readable(name)
    check_parameters("f")
    every, names = _properties(layer), sortable_names(layer)
    return _answer(layer, "sortables", {name: every[name] for name in names})


@blueprint.get("/ogc/collections/<name>/schema")
@access.roles("public")
def schema(name: str) -> Response:
    """What a feature holds, and what of it may be written; `f=feature`: of the GeoJSON."""
    layer, _ = readable(name)
    check_parameters("f")
    if read_format("json", "html", "feature") == "feature":
        return json_answer(_encoding(layer), SCHEMA)
    properties = {
        "id": {"type": "integer", "x-ogc-role": "id", "readOnly": True},
        "geometry": {**_geometry(layer), "x-ogc-role": "primary-geometry"},
        **{
            item.name: {**property_schema(item, title_of(item)), **_roles(layer, item)}
            for item in layer.properties
        },
    }
    if not layer.editors:
        properties["geometry"]["readOnly"] = True
    required = [item.name for item in layer.properties if layer.is_required(item)]
    return _answer(layer, "schema", properties, required)


def _encoding(layer: Layer) -> dict[str, Any]:
    """The schema of a feature as GeoJSON, in which its properties are a member of their own."""
    return {
        "$schema": _DIALECT,
        "$id": f"{root()}/collections/{layer.id}/schema?f=feature",
        "type": "object",
        "title": title_of(layer),
        "required": ["type", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "const": "Feature"},
            "id": {"type": "integer"},
            "geometry": {"type": "object"},
            "properties": {"type": "object", "properties": _properties(layer)},
        },
    }


def property_schema(item: Property, title: str) -> dict[str, Any]:
    """A property as JSON Schema, without what only OpenAPI or only Part 5 adds."""
    described: dict[str, Any] = {"type": item.type, "title": title}
    if item.format:
        described["format"] = item.format
    if item.choices:
        described["enum"] = list(item.choices)
    if item.type == "array":
        described["items"] = {"type": "string"}
    return described


def geometry_format(layer: Layer) -> str:
    """The `format` of a geometry: one kind, or any."""
    kinds = {kind.lower() for kind in layer.geometry_types}
    return f"geometry-{kinds.pop()}" if len(kinds) == 1 else "geometry-any"


def _properties(layer: Layer) -> dict[str, dict[str, Any]]:
    return {item.name: property_schema(item, title_of(item)) for item in layer.properties}


def _geometry(layer: Layer) -> dict[str, Any]:
    return {"format": geometry_format(layer)}


def _roles(layer: Layer, item: Property) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if item.stored_as is None:
        found["readOnly"] = True
    if layer.period is not None:
        first, last = layer.period
        if item.exact is first and item.exact is last:
            found["x-ogc-role"] = "primary-instant"
        elif item.exact is first:
            found["x-ogc-role"] = "primary-interval-start"
        elif item.exact is last:
            found["x-ogc-role"] = "primary-interval-end"
    return found


def _answer(
    layer: Layer, kind: str, properties: dict[str, Any], required: list[str] | None = None
) -> Response:
    document: dict[str, Any] = {
        "$schema": _DIALECT,
        "$id": f"{root()}/collections/{layer.id}/{kind}",
        "type": "object",
        "title": title_of(layer),
        "properties": properties,
        "additionalProperties": False,
    }
    if required:
        document["required"] = required
    if read_format("json", "html") == "html":
        return page_answer("ogc/schema.html", layer=layer, kind=kind, document=document)
    return json_answer(document, SCHEMA)
