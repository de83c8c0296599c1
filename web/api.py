"""The description of `/api/v1` and `/epcis`: an OpenAPI 3.0 document made of the routes.

A view's docstring is its summary; `body` and `parameters` state what it takes. What is not stated
here is not part of the API.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Flask, current_app, render_template, url_for
from pydantic import BaseModel
from werkzeug.routing import Rule

from web import access
from web.context import public_url

View = TypeVar("View", bound=Callable[..., Any])
blueprint = Blueprint("api", __name__)
_TYPES = {"IntegerConverter": "integer", "UUIDConverter": "string"}


def body(model: type[BaseModel]) -> Callable[[View], View]:
    """State the JSON body that a view takes."""

    def state(view: View) -> View:
        view.api_body = model  # type: ignore[attr-defined]
        return view

    return state


def form(**described: str) -> Callable[[View], View]:
    """State the fields of the form that a view takes, `file` being a file: name = one sentence."""

    def state(view: View) -> View:
        view.api_form = described  # type: ignore[attr-defined]
        return view

    return state


def parameters(**described: str) -> Callable[[View], View]:
    """State the query parameters that a view takes: name = one sentence."""

    def state(view: View) -> View:
        view.api_parameters = described  # type: ignore[attr-defined]
        return view

    return state


def values(**allowed: tuple[str, ...]) -> Callable[[View], View]:
    """State the values that a variable of a view's address may have."""

    def state(view: View) -> View:
        view.api_values = allowed  # type: ignore[attr-defined]
        return view

    return state


def describe(app: Flask) -> dict[str, Any]:
    """The OpenAPI 3.0.3 document of every route under `/api/v1` and `/epcis`."""
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {
        "Problem": {
            "type": "object",
            "description": "RFC 9457",
            "properties": {
                "type": {"type": "string"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "instance": {"type": "string"},
            },
            "required": ["type", "title", "status"],
        }
    }
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if not rule.rule.startswith(("/api/v1/", "/epcis")):
            continue
        operations = paths.setdefault(_path(rule), {})
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            operations[method.lower()] = _operation(app, rule, method, schemas)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Lang Biang",
            "version": "1",
            "description": "Lists answer {items, next}; one thing answers the thing with an ETag;"
            " errors are application/problem+json. Layers of the map are under /ogc.",
        },
        "servers": [{"url": public_url()}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
            },
        },
    }


def _path(rule: Rule) -> str:
    return "".join(part if not dynamic else f"{{{part}}}" for dynamic, part in rule._trace).lstrip(
        "|"
    )


def _operation(app: Flask, rule: Rule, method: str, schemas: dict[str, Any]) -> dict[str, Any]:
    view = app.view_functions[rule.endpoint]
    roles = sorted(access.roles_of(app, rule.endpoint) or ())
    summary, _, rest = (view.__doc__ or rule.endpoint).strip().partition("\n")
    operation: dict[str, Any] = {
        "operationId": f"{rule.endpoint}.{method.lower()}",
        "summary": summary,
        "description": "\n".join(line.strip() for line in rest.strip().splitlines()),
        "x-roles": roles,
        "security": [{}] if "public" in roles else [{"token": []}, {"basic": []}],
        "parameters": [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": _variable(view, rule, name),
            }
            for name in sorted(rule.arguments)
        ]
        + [
            {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
            for name, text in getattr(view, "api_parameters", {}).items()
        ],
        "responses": {
            "2XX": {"description": "Done"},
            "default": {
                "description": "A problem",
                "content": {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                },
            },
        },
    }
    model: type[BaseModel] | None = getattr(view, "api_body", None)
    if model is not None and method in ("POST", "PUT", "PATCH"):
        schema = _as_openapi(model.model_json_schema(ref_template="#/components/schemas/{model}"))
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
        operation["requestBody"] = {
            "required": True,
            "content": {
                "application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}
            },
        }
    fields: dict[str, str] | None = getattr(view, "api_form", None)
    if fields is not None and method == "POST":
        properties = {
            name: {"type": "string", "description": text}
            | ({"format": "binary"} if name == "file" else {})
            for name, text in fields.items()
        }
        operation["requestBody"] = {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": {"type": "object", "properties": properties}}
            },
        }
    return operation


def _as_openapi(schema: Any) -> Any:
    """A schema of pydantic in the words of OpenAPI 3.0, which knows no type `null`."""
    if isinstance(schema, list):
        return [_as_openapi(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _as_openapi(value) for name, value in schema.items()}
    options = made.get("anyOf", [])
    if {"type": "null"} in options:
        options = [option for option in options if option != {"type": "null"}]
        made["nullable"] = True
        del made["anyOf"]
        if len(options) > 1 or "$ref" in options[0]:
            made["anyOf"] = options
        else:
            made |= options[0]
    for limit, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(made.get(limit), int | float) and not isinstance(made[limit], bool):
            made[bound], made[limit] = made[limit], True
    if "const" in made:
        made["enum"] = [made.pop("const")]
    return made


def _variable(view: Callable[..., Any], rule: Rule, name: str) -> dict[str, Any]:
    type_ = _TYPES.get(type(rule._converters[name]).__name__, "string")
    allowed = getattr(view, "api_values", {}).get(name)
    return {"type": type_, "enum": list(allowed)} if allowed else {"type": type_}


@blueprint.get("/api/openapi.json")
@access.roles("public")
def document() -> dict[str, Any]:
    """The description for programs."""
    return describe(current_app)


@blueprint.get("/api/docs")
@access.roles("public")
def page() -> str:
    """The description for people: the same document as a page, without a script."""
    return render_template(
        "api.html", api=describe(current_app), document=url_for("api.document", _external=False)
    )
