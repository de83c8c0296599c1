"""The OpenAPI 3.0 definition of `/ogc`: self-contained, and only what this caller may read."""

from typing import Any

from gis.features import MAX_LIMIT
from gis.layer import Layer
from web.ogc_documents import GEOJSON, HTML, JSON, MVT, OPENAPI, PROBLEM

_DEFAULT_LIMIT = 10
_JSON_TYPES = {"string", "number", "integer", "boolean"}


def describe(root: str, layers: list[Layer], language: str) -> dict[str, Any]:
    """The definition.

    Args:
        root: The address of `/ogc` without a final slash.
        layers: The layers that the caller may read.
        language: `vi` or `en`.
    """
    paths: dict[str, Any] = {
        "/": _get("landing", "The landing page", {JSON: _object(), HTML: _text()}),
        "/api": _get("api", "This definition", {OPENAPI: _object(), HTML: _text()}),
        "/conformance": _get("conformance", "The conformance classes", {JSON: _object()}),
        "/collections": _get("collections", "The collections", {JSON: _object(), HTML: _text()}),
    }
    for layer in layers:
        paths |= _collection_paths(layer, language)
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
            "parameters": _parameters(),
            "responses": {
                "Problem": {
                    "description": "What is wrong (RFC 9457)",
                    "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                },
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
                        "parameter": {"type": "string"},
                    },
                },
                **{layer.id: _feature_schema(layer, language) for layer in layers},
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
    features = {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": schema},
            "numberMatched": {"type": "integer"},
            "numberReturned": {"type": "integer"},
            "timeStamp": {"type": "string", "format": "date-time"},
            "links": {"type": "array", "items": {"type": "object"}},
        },
    }
    title = layer.title if language == "vi" else layer.title_en
    paths = {
        here: _get(f"{layer.id}.collection", title, {JSON: _object(), HTML: _text()}),
        f"{here}/items": _get(
            f"{layer.id}.items",
            f"Features of {title}",
            {GEOJSON: {"schema": features}, HTML: _text()},
            parameters=["bbox", "limit", "datetime", "after"],
        ),
        f"{here}/items/{{featureId}}": _get(
            f"{layer.id}.item",
            f"One feature of {title}",
            {GEOJSON: {"schema": schema}, HTML: _text()},
            parameters=["featureId"],
            cached=True,
        ),
        f"{here}/tiles": _get(f"{layer.id}.tilesets", "Tile sets", {JSON: _object()}),
        f"{here}/tiles/WebMercatorQuad": _get(
            f"{layer.id}.tileset", "The tile set", {JSON: _object()}
        ),
        f"{here}/tiles/WebMercatorQuad/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": _get(
            f"{layer.id}.tile",
            "One vector tile",
            {MVT: {"schema": {"type": "string", "format": "binary"}}},
            parameters=["tileMatrix", "tileRow", "tileCol", "datetime"],
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
    responses: dict[str, Any] = {
        "200": {"description": summary, "content": content},
        "default": {"$ref": "#/components/responses/Problem"},
    }
    if cached:
        responses["304"] = {"$ref": "#/components/responses/NotModified"}
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "parameters": [
                {"$ref": f"#/components/parameters/{name}"} for name in [*(parameters or []), "f"]
            ],
            "responses": responses,
        }
    }


def _parameters() -> dict[str, Any]:
    def path(name: str, minimum: int = 0) -> dict[str, Any]:
        schema = {"type": "integer", "minimum": minimum}
        return {"name": name, "in": "path", "required": True, "schema": schema}

    def query(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "name": name,
            "in": "query",
            "required": False,
            "description": description,
            "schema": schema,
            "style": "form",
            "explode": False,
        }

    return {
        "featureId": path("featureId", 1),
        "tileMatrix": path("tileMatrix"),
        "tileRow": path("tileRow"),
        "tileCol": path("tileCol"),
        "bbox": query(
            "bbox",
            "Only features that meet this box: west,south,east,north in degrees (CRS84).",
            {
                "type": "array",
                "minItems": 4,
                "maxItems": 6,
                "items": {"type": "number"},
            },
        ),
        "limit": query(
            "limit",
            "At most so many features.",
            {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": _DEFAULT_LIMIT},
        ),
        "datetime": query(
            "datetime",
            "Only features whose own period meets this instant or interval (RFC 3339).",
            {"type": "string"},
        ),
        "after": query(
            "after",
            "Go on after this feature id; `next` links carry it.",
            {"type": "integer", "minimum": 0},
        ),
        "f": query("f", "The format; the Accept header decides otherwise.", {"type": "string"}),
    }


def _feature_schema(layer: Layer, language: str) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for item in layer.properties:
        schema: dict[str, Any] = {
            "type": item.type,
            "title": item.title if language == "vi" else item.title_en,
            "nullable": True,
        }
        if item.format:
            schema["format"] = item.format
        if item.type not in _JSON_TYPES:
            schema["items"] = {"type": "string"}
        properties[item.name] = schema
    return {
        "type": "object",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "integer"},
            "geometry": {"type": "object"},
            "properties": {"type": "object", "properties": properties},
            "links": {"type": "array", "items": {"type": "object"}},
        },
    }


def _object() -> dict[str, Any]:
    return {"schema": {"type": "object"}}


def _text() -> dict[str, Any]:
    return {"schema": {"type": "string"}}
