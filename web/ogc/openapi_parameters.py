"""The parameters of `/ogc` as OpenAPI 3.0 describes them, each with its limits."""

from typing import Any

from gis.cql2.parsing import LANGUAGES, LONGEST
from gis.features import MAX_LIMIT
from gis.layer import Layer
from gis.search import LONGEST as WORDS
from gis.tiles.drawing import MAX_ZOOM
from web.ogc.documents import CRS
from web.ogc.parameters import DEFAULT_LIMIT, FORMATS
from web.ogc.schemas import property_schema

# In the order of the definition; a layer's properties follow.
OF_LISTS = (
    "bbox",
    "bbox-crs",
    "limit",
    "datetime",
    "crs",
    "filter",
    "filter-lang",
    "filter-crs",
    "properties",
    "sortby",
    "after",
    "q",
    "unit",
    "f-features",
)
OF_ITEMS = ("featureId", "crs", "properties", "f-feature")


def components() -> dict[str, Any]:
    """The parameters that several operations share."""
    crs = {"type": "string", "format": "uri", "enum": CRS, "default": CRS[0]}
    names = {"type": "array", "items": {"type": "string"}}
    last = 2**MAX_ZOOM - 1
    return {
        "featureId": _in_path("featureId", minimum=1, maximum=10**18 - 1),
        "tileMatrix": _in_path("tileMatrix", maximum=MAX_ZOOM),
        "tileRow": _in_path("tileRow", maximum=last),
        "tileCol": _in_path("tileCol", maximum=last),
        "bbox": _in_query(
            "bbox",
            "Only features that meet this box: west,south,east,north in degrees (CRS84), or in the"
            " axis order of `bbox-crs`; six numbers have heights, which are left out.",
            {
                "type": "array",
                "minItems": 4,
                "maxItems": 6,
                "items": {"type": "number"},
            },
        ),
        "bbox-crs": _in_query("bbox-crs", "The system of `bbox`.", crs),
        "crs": _in_query("crs", "The system of the answer's coordinates.", crs),
        "limit": _in_query(
            "limit",
            "At most so many features; more than the most are cut to it.",
            {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        ),
        "datetime": _in_query(
            "datetime",
            "Only features whose own period meets this instant or interval (RFC 3339); a layer"
            " without periods is not narrowed.",
            {"type": "string"},
        ),
        "filter": _in_query(
            "filter",
            "Only features for which this CQL2 expression holds.",
            {"type": "string", "minLength": 1, "maxLength": LONGEST},
        ),
        "filter-lang": _in_query(
            "filter-lang",
            "The encoding of `filter`.",
            {
                "type": "string",
                "enum": list(LANGUAGES),
                "default": LANGUAGES[0],
            },
        ),
        "filter-crs": _in_query("filter-crs", "The system of the geometry in `filter`.", crs),
        "properties": _in_query("properties", "Only these properties.", names),
        "sortby": _in_query(
            "sortby",
            "Properties to sort by, each with + (the smallest first, the default) or - before it;"
            " features without one come last.",
            {"type": "array", "minItems": 1, "maxItems": 5, "items": {"type": "string"}},
        ),
        "after": _in_query(
            "after",
            "Where the page before ended: `next` links carry it.",
            {"type": "string", "minLength": 1, "maxLength": 4000},
        ),
        "q": _in_query(
            "q",
            "Only features whose name, code, holder, crop or commune contains this; accents and"
            " case do not matter.",
            {"type": "string", "minLength": 1, "maxLength": WORDS},
        ),
        "unit": _in_query(
            "unit",
            "Only features in the administrative unit of this code; one of former days with a day"
            " of its period: 24934@2009-04-01.",
            {"type": "string", "minLength": 1, "maxLength": 40},
        ),
        "f": _format("json", "html"),
        "f-features": _format(*FORMATS),
        "f-feature": _format("json", "geojson", "html"),
        "f-json": _format("json"),
        "f-schema": _format("json", "html", "feature"),
        "f-tileset": _format("json", "tilejson"),
        "f-tile": _format("mvt"),
        "day": _in_query(
            "datetime",
            "The day whose administrative units are drawn; today's without it.",
            {"type": "string", "format": "date"},
        ),
        "lang": _in_query(
            "lang", "The language of titles.", {"type": "string", "enum": ["vi", "en"]}
        ),
    }


def property_parameters(layer: Layer, language: str) -> list[dict[str, Any]]:
    """A layer's properties as parameters: only features that have this very value."""
    described = []
    for item in layer.properties:
        title = item.title if language == "vi" else item.title_en
        schema = property_schema(item, title)
        if item.type == "array":
            schema = {"type": "string"}
        schema.pop("title", None)
        described.append(_in_query(item.name, title, schema))
    return described


def _format(*formats: str) -> dict[str, Any]:
    return _in_query(
        "f",
        "The format; the Accept header decides otherwise.",
        {"type": "string", "enum": list(formats)},
    )


def _in_path(name: str, *, minimum: int = 0, maximum: int) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": minimum, "maximum": maximum}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema,
        "style": "form",
        "explode": False,
    }
