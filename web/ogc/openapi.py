"""The OpenAPI 3.0 definition of `/ogc`: self-contained, and only what this caller may read."""

from typing import Any

from gis.layer import Layer
from web.ogc.openapi_editing import editing_parameters, editing_paths, editing_schemas
from web.ogc.openapi_parameters import OF_ITEMS, OF_LISTS, components, property_parameters
from web.ogc.schemas import property_schema
from web.representations import CSV, GEOJSON, HTML, JSON, MVT, OPENAPI, PARQUET, PROBLEM, SCHEMA

_PROBLEMS = {
    "400": "A parameter is unknown or does not fit; `parameter` names it",
    "401": "A role is needed and nobody is signed in, or the token is not valid",
    "403": "The caller lacks the role",
    "404": "There is no such thing",
    "429": "Too many requests; `Retry-After` says when to come back",
    "503": "The database is not there",
}


def describe(
    root: str, layers: list[Layer], language: str, roles: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """The definition.

    Args:
        root: The address of `/ogc` without a final slash.
        layers: The layers that the caller may read.
        language: `vi` or `en`.
        roles: The caller's, which say what it may write.
    """
    document, page = {JSON: _object(), HTML: _text()}, {HTML: _text()}
    paths: dict[str, Any] = {
        "/": _get("landing", "The landing page", document),
        "/api": _get("api", "This definition", {OPENAPI: _object(), **page}),
        "/conformance": _get("conformance", "The conformance classes", document),
        "/collections": _get("collections", "The collections", document),
        "/tileMatrixSets": _get(
            "tileMatrixSets", "The tile matrix sets", {JSON: _object()}, ["f-json"]
        ),
        "/tileMatrixSets/WebMercatorQuad": _get(
            "tileMatrixSet", "The tile matrix set", {JSON: _object()}, ["f-json"]
        ),
    }
    editable = [layer for layer in layers if layer.may_edit(roles)]
    for layer in layers:
        paths |= _collection_paths(layer, language)
    for layer in editable:
        for path, operations in editing_paths(layer).items():
            paths[path] |= operations
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Lang Biang – OGC API",
            "version": "1.0.0",
            "description": "Features and vector tiles of the digital agriculture map.",
        },
        "servers": [{"url": root}],
        "tags": [{"name": layer.id, "description": layer.description_en} for layer in layers],
        "paths": paths,
        "components": {
            "parameters": components() | (editing_parameters() if editable else {}),
            "responses": {
                **{f"Problem{status}": _problem(why) for status, why in _PROBLEMS.items()},
                "Problem": _problem("What is wrong (RFC 9457)"),
                "NotModified": {"description": "Nothing changed since the given ETag"},
            },
            "schemas": {
                "Problem": {
                    "type": "object",
                    "required": ["type", "title", "status"],
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                        "instance": {"type": "string"},
                        "parameter": {"type": "string"},
                    },
                },
                "Geometry": _geometry_schema(),
                **{layer.id: _feature_schema(layer, language) for layer in layers},
                **{
                    name: schema
                    for layer in editable
                    for name, schema in editing_schemas(layer, language).items()
                },
            },
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
            },
        },
    }


def _collection_paths(layer: Layer, language: str) -> dict[str, Any]:
    here = f"/collections/{layer.id}"
    schema = {"$ref": f"#/components/schemas/{layer.id}"}
    title = layer.title if language == "vi" else layer.title_en
    document = {JSON: _object(), HTML: _text()}
    schemas = {SCHEMA: _object(), HTML: _text()}
    items = _get(
        f"{layer.id}.items",
        f"Features of {title}",
        {
            GEOJSON: {"schema": _collection_schema(schema)},
            HTML: _text(),
            CSV: _text(),
            PARQUET: _binary(),
        },
        list(OF_LISTS),
    )
    items["get"]["parameters"] += property_parameters(layer, language)
    paths = {
        here: _get(f"{layer.id}.collection", title, document),
        f"{here}/queryables": _get(f"{layer.id}.queryables", "What filters may name", schemas),
        f"{here}/sortables": _get(f"{layer.id}.sortables", "What sortby may name", schemas),
        f"{here}/schema": _get(f"{layer.id}.schema", "What a feature holds", schemas, ["f-schema"]),
        f"{here}/items": items,
        f"{here}/items/{{featureId}}": _get(
            f"{layer.id}.item",
            f"One feature of {title}",
            {GEOJSON: {"schema": schema}, HTML: _text()},
            list(OF_ITEMS),
            cached=True,
        ),
        f"{here}/tiles": _get(f"{layer.id}.tilesets", "Tile sets", {JSON: _object()}, ["f-json"]),
        f"{here}/tiles/WebMercatorQuad": _get(
            f"{layer.id}.tileset", "The tile set", {JSON: _object()}, ["f-tileset"]
        ),
        f"{here}/tiles/WebMercatorQuad/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": _get(
            f"{layer.id}.tile",
            "One vector tile; 204 is never said: an empty tile has no bytes",
            {MVT: _binary()},
            ["tileMatrix", "tileRow", "tileCol", "day", "f-tile"],
            cached=True,
        ),
    }
    for path in paths.values():
        path["get"]["tags"] = [layer.id]
        path["get"]["security"] = (
            [{}] if "public" in layer.readers else [{"bearer": []}, {"basic": []}]
        )
    return paths


def _get(
    operation: str,
    summary: str,
    content: dict[str, Any],
    parameters: list[str] | None = None,
    cached: bool = False,
) -> dict[str, Any]:
    responses: dict[str, Any] = {"200": {"description": summary, "content": content}}
    if cached:
        responses["304"] = {"$ref": "#/components/responses/NotModified"}
    for status in _PROBLEMS:
        responses[status] = {"$ref": f"#/components/responses/Problem{status}"}
    responses["default"] = {"$ref": "#/components/responses/Problem"}
    named = [*(parameters or ["f"]), "lang"]
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in named],
            "responses": responses,
        }
    }


def _collection_schema(feature: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": feature},
            "numberMatched": {"type": "integer", "minimum": 0},
            "numberReturned": {"type": "integer", "minimum": 0},
            "timeStamp": {"type": "string", "format": "date-time"},
            "links": {"type": "array", "items": {"type": "object"}},
        },
    }


def _feature_schema(layer: Layer, language: str) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for item in layer.properties:
        schema = property_schema(item, item.title if language == "vi" else item.title_en)
        schema["nullable"] = True
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
        if item.stored_as is None:
            schema["readOnly"] = True
        properties[item.name] = schema
    return {
        "type": "object",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "integer"},
            "geometry": {
                "nullable": True,
                "allOf": [{"$ref": "#/components/schemas/Geometry"}],
            },
            "properties": {"type": "object", "properties": properties},
            "links": {"type": "array", "items": {"type": "object"}},
        },
    }


def _geometry_schema() -> dict[str, Any]:
    kinds = ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"]
    return {
        "type": "object",
        "required": ["type", "coordinates"],
        "properties": {
            "type": {"type": "string", "enum": kinds},
            "coordinates": {"type": "array", "items": {}},
        },
    }


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {PROBLEM: {"schema": schema}, HTML: _text()}}


def _object() -> dict[str, Any]:
    return {"schema": {"type": "object"}}


def _text() -> dict[str, Any]:
    return {"schema": {"type": "string"}}


def _binary() -> dict[str, Any]:
    return {"schema": {"type": "string", "format": "binary"}}
