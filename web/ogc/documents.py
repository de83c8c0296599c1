"""The JSON documents of `/ogc`: plain dictionaries, each link with a `type`."""

from typing import Any

from gis.layer import Layer
from gis.published_crs import CRS84, PUBLISHED
from gis.selection import Box
from web.representations import CSV, GEOJSON, HTML, JSON, OPENAPI, PARQUET, SCHEMA, link

RELATION = "http://www.opengis.net/def/rel/ogc/1.0/"
# The systems that features are published in; the same for every collection.
CRS = list(PUBLISHED)
STORAGE = "http://www.opengis.net/def/crs/EPSG/0/4326"
CONFORMANCE = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    *(
        f"http://www.opengis.net/spec/cql2/1.0/conf/{name}"
        for name in (
            "cql2-text",
            "cql2-json",
            "basic-cql2",
            "advanced-comparison-operators",
            "case-insensitive-comparison",
            "accent-insensitive-comparison",
            "basic-spatial-functions",
            "basic-spatial-functions-plus",
            "spatial-functions",
            "temporal-functions",
            "array-functions",
            "property-property",
            "arithmetic",
        )
    ),
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/create-replace-delete",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/update",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/features",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/optimistic-locking-etags",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/schemas",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/core-roles-features",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/returnables-and-receivables",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/sortables",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
]


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
            link(f"{root}/tileMatrixSets", f"{RELATION}tiling-schemes", JSON, "Tiling schemes"),
        ],
    }


def collection(
    layer: Layer, root: str, language: str, box: Box | None, features: int
) -> dict[str, Any]:
    """One collection, the same in the list and alone.

    Args:
        layer: What it holds.
        root: The address of `/ogc` without a final slash.
        language: `vi` or `en`.
        box: Where its features lie (EPSG:4326, lon/lat), of those that the caller may see.
        features: How many of them there are.
    """
    here = f"{root}/collections/{layer.id}"
    title = layer.title if language == "vi" else layer.title_en
    document: dict[str, Any] = {
        "id": layer.id,
        "title": title,
        "description": layer.description if language == "vi" else layer.description_en,
        "itemType": "feature",
        "itemCount": features,
        "crs": CRS,
        # GDAL reads in the system of storage: named so, its users get the EPSG:4326 they expect,
        # its axes turned as EPSG has them.
        "storageCrs": STORAGE,
        "links": [
            link(here, "self", JSON, title),
            link(f"{here}?f=html", "alternate", HTML, title),
            link(f"{here}/items", "items", GEOJSON, title),
            link(f"{here}/items?f=html", "items", HTML, title),
            link(f"{here}/items?f=csv", "items", CSV, title),
            link(f"{here}/items?f=parquet", "items", PARQUET, title),
            link(f"{here}/queryables", f"{RELATION}queryables", SCHEMA, title),
            link(f"{here}/sortables", f"{RELATION}sortables", SCHEMA, title),
            link(f"{here}/schema", f"{RELATION}schema", SCHEMA, title),
            # GDAL takes the fields from it, also of a collection that is empty.
            link(f"{here}/schema?f=feature", "describedby", SCHEMA, title),
            link(f"{here}/tiles", f"{RELATION}tilesets-vector", JSON, title),
            link(f"{here}/tiles/WebMercatorQuad?f=tilejson", "describedby", JSON, "TileJSON"),
        ],
    }
    if box is not None:
        document["extent"] = {
            "spatial": {"bbox": [[box.west, box.south, box.east, box.north]], "crs": CRS84.uri}
        }
    return document
