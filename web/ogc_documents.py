"""The JSON documents of `/ogc`: plain dictionaries, each link with a `type`."""

from typing import Any

from gis.features import Box, LayerState
from gis.layer import Layer
from gis.tiles import MAX_ZOOM

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
GEOJSON = "application/geo+json"
JSON = "application/json"
HTML = "text/html"
MVT = "application/vnd.mapbox-vector-tile"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
PROBLEM = "application/problem+json"
QUAD = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
TILES = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
CONFORMANCE = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
]


def link(href: str, rel: str, type_: str, title: str | None = None) -> dict[str, str]:
    """One link; every link has a type."""
    made = {"href": href, "rel": rel, "type": type_}
    return {**made, "title": title} if title else made


def landing(root: str, language: str) -> dict[str, Any]:
    """The landing page. `root` is the address of `/ogc` without a final slash."""
    vietnamese = language == "vi"
    return {
        "title": "Lang Biang",
        "description": "Bản đồ nông nghiệp số: đơn vị hành chính, vùng trồng, vùng công nghệ cao."
        if vietnamese
        else "The digital agriculture map: units, growing areas, high-tech zones, facilities.",
        "links": [
            link(root, "self", JSON, "This document"),
            link(f"{root}?f=html", "alternate", HTML, "This document as a page"),
            link(f"{root}/api", "service-desc", OPENAPI, "The API's definition"),
            link(f"{root}/api?f=html", "service-doc", HTML, "The API's documentation"),
            link(f"{root}/conformance", "conformance", JSON, "What this server conforms to"),
            link(f"{root}/collections", "data", JSON, "The collections"),
        ],
    }


def collection(
    layer: Layer, root: str, language: str, box: Box | None, state: LayerState
) -> dict[str, Any]:
    """One collection, the same in the list and alone."""
    here = f"{root}/collections/{layer.id}"
    title = layer.title if language == "vi" else layer.title_en
    document: dict[str, Any] = {
        "id": layer.id,
        "title": title,
        "description": layer.description if language == "vi" else layer.description_en,
        "itemType": "feature",
        "itemCount": state.features,
        "links": [
            link(here, "self", JSON, title),
            link(f"{here}?f=html", "alternate", HTML, title),
            link(f"{here}/items", "items", GEOJSON, title),
            link(f"{here}/items?f=html", "items", HTML, title),
            link(f"{here}/tiles", TILES, JSON, title),
        ],
    }
    if box is not None:
        document["extent"] = {
            "spatial": {"bbox": [[box.west, box.south, box.east, box.north]], "crs": CRS84}
        }
    return document


def tilesets(layer: Layer, root: str, title: str) -> dict[str, Any]:
    """The tile sets of a collection: one, WebMercatorQuad."""
    here = f"{root}/collections/{layer.id}/tiles"
    return {
        "links": [link(here, "self", JSON, title)],
        "tilesets": [
            {
                "title": title,
                "dataType": "vector",
                "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
                "tileMatrixSetURI": QUAD,
                "links": [link(f"{here}/WebMercatorQuad", "self", JSON, title)],
            }
        ],
    }


def tileset(layer: Layer, root: str, title: str) -> dict[str, Any]:
    """The description of a collection's tiles."""
    here = f"{root}/collections/{layer.id}/tiles/WebMercatorQuad"
    pattern = here + "/{tileMatrix}/{tileRow}/{tileCol}"
    return {
        "title": title,
        "dataType": "vector",
        "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
        "tileMatrixSetURI": QUAD,
        "tileMatrixSetLimits": [
            {
                "tileMatrix": str(z),
                "minTileRow": 0,
                "maxTileRow": 2**z - 1,
                "minTileCol": 0,
                "maxTileCol": 2**z - 1,
            }
            for z in range(MAX_ZOOM + 1)
        ],
        "links": [
            link(here, "self", JSON, title),
            {**link(pattern, "item", MVT, title), "templated": True},
            link(QUAD, "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme", JSON),
        ],
    }
