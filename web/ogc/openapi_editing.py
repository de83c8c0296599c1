"""The writing half of the definition of `/ogc`, for the layers that this caller may edit."""

from typing import Any

from gis.layer import Layer, Property
from web.editing.requests import GEOJSON, MERGE_PATCH, MOST_REASON

# Every answer that a write may have besides its own; all of them are problem documents.
_PROBLEMS = ("400", "401", "403", "404", "409", "412", "413", "415", "422", "428", "429", "503")
_PARAMETERS = ("IfMatch", "Prefer", "Reason", "ContentCrs")


def editing_paths(layer: Layer) -> dict[str, dict[str, Any]]:
    """The operations that write a layer, by path; `describe` adds them to those that read it."""
    whole = {"$ref": f"#/components/schemas/{layer.id}.input"}
    part = {"$ref": f"#/components/schemas/{layer.id}.patch"}
    stored = {"$ref": f"#/components/schemas/{layer.id}"}
    named = {"$ref": "#/components/parameters/featureId"}
    title = layer.title_en.lower()
    made = _answer("Created", stored)
    made["headers"]["Location"] = {
        "description": "Where the new feature is",
        "schema": {"type": "string", "format": "uri"},
    }
    return {
        f"/collections/{layer.id}/items": {
            "post": _operation(layer, "create", f"Create a feature of {title}")
            | {
                "parameters": _headers("Prefer", "Reason", "ContentCrs"),
                "requestBody": _body({GEOJSON: whole}),
                "responses": {"201": made, **_problems()},
            }
        },
        f"/collections/{layer.id}/items/{{featureId}}": {
            "put": _operation(layer, "replace", f"Replace a feature of {title}")
            | {
                "parameters": [named, *_headers(*_PARAMETERS)],
                "requestBody": _body({GEOJSON: whole}),
                "responses": _done("Replaced", stored),
            },
            "patch": _operation(layer, "update", f"Update a feature of {title}")
            | {
                "parameters": [named, *_headers(*_PARAMETERS)],
                "requestBody": _body({MERGE_PATCH: part}),
                "responses": _done("Updated", stored),
            },
            "delete": _operation(layer, "delete", f"Delete a feature of {title}")
            | {
                "parameters": [named, *_headers("IfMatch", "Reason")],
                "responses": {"204": {"description": "Deleted"}, **_problems()},
            },
        },
    }


def editing_schemas(layer: Layer, language: str) -> dict[str, Any]:
    """The schemas of what is sent: a whole feature, and a merge patch of one."""
    properties = {
        item.name: _property(item, language)
        for item in layer.properties
        if item.stored_as is not None
    }
    # Which version the change was made from, where no If-Match says it.
    properties["version"] = {"type": "integer", "minimum": 1, "nullable": True}
    required = [item.name for item in layer.writable if layer.is_required(item)]
    values: dict[str, Any] = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    kind = {"type": "string", "enum": ["Feature"]}
    geometry = _geometry(layer)
    return {
        f"{layer.id}.input": {
            "type": "object",
            "required": ["type", "geometry", "properties"],
            "properties": {
                "type": kind,
                "geometry": geometry,
                "properties": values | ({"required": required} if required else {}),
            },
        },
        f"{layer.id}.patch": {
            "type": "object",
            "description": "A JSON Merge Patch (RFC 7396) of the feature as GeoJSON",
            "properties": {"type": kind, "geometry": geometry, "properties": values},
        },
    }


def editing_parameters() -> dict[str, Any]:
    """The headers that a write may carry."""

    def header(name: str, description: str, **schema: Any) -> dict[str, Any]:
        return {
            "name": name,
            "in": "header",
            "required": False,
            "description": description,
            "schema": {"type": "string", **schema},
        }

    return {
        "IfMatch": header(
            "If-Match",
            "The ETag of the version that the change was made from (RFC 9110); * is any version."
            " Without it the property version says so, else the answer is 428.",
        ),
        "Prefer": header(
            "Prefer",
            "handling=strict: what a rule only warns of is refused with 409 unless there is a"
            " reason. return=minimal: the answer has no body (RFC 7240).",
        ),
        "Reason": header(
            "Langbiang-Reason",
            "Why the change is made, kept in the history: UTF-8, percent-encoded, at most"
            f" {MOST_REASON} characters.",
        ),
        "ContentCrs": header(
            "Content-Crs",
            "The system of the coordinates in the body as <uri>, one of those the collection lists;"
            " CRS84 when absent.",
        ),
    }


def _operation(layer: Layer, verb: str, summary: str) -> dict[str, Any]:
    return {
        "operationId": f"{layer.id}.{verb}",
        "summary": summary,
        "tags": [layer.id],
        "security": [{"bearer": []}, {"basic": []}],
    }


def _headers(*names: str) -> list[dict[str, str]]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _body(content: dict[str, Any]) -> dict[str, Any]:
    return {
        "required": True,
        "content": {kind: {"schema": schema} for kind, schema in content.items()},
    }


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": description,
        "headers": {
            "ETag": {"description": "The new version, strong", "schema": {"type": "string"}}
        },
        "content": {GEOJSON: {"schema": schema}},
    }


def _done(description: str, stored: dict[str, Any]) -> dict[str, Any]:
    return {
        "200": _answer(description, stored),
        "204": {"description": f"{description}; no body was wanted"},
        **_problems(),
    }


def _problems() -> dict[str, Any]:
    return {status: {"$ref": "#/components/responses/Problem"} for status in _PROBLEMS}


def _property(item: Property, language: str) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": item.type,
        "title": item.title if language == "vi" else item.title_en,
        "nullable": True,
    }
    if item.format:
        schema["format"] = item.format
    if item.choices:
        # In OpenAPI 3.0 a nullable enum names null, too.
        schema["enum"] = [*item.choices, None]
    return schema


def _geometry(layer: Layer) -> dict[str, Any]:
    position = {"type": "array", "minItems": 2, "maxItems": 3, "items": {"type": "number"}}
    ring = {"type": "array", "minItems": 4, "items": position}
    polygon = {"type": "array", "minItems": 1, "items": ring}
    shapes = {
        "Point": position,
        "Polygon": polygon,
        "MultiPolygon": {"type": "array", "minItems": 1, "items": polygon},
    }
    kinds = [kind for kind in layer.geometry_types if kind in shapes]
    if "MultiPolygon" in kinds:
        kinds.append("Polygon")
    return {
        "oneOf": [
            {
                "type": "object",
                "required": ["type", "coordinates"],
                "properties": {
                    "type": {"type": "string", "enum": [kind]},
                    "coordinates": shapes[kind],
                },
            }
            for kind in kinds
        ]
    }
