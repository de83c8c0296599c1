"""How the tiles are addressed: tile sets of OGC API – Tiles, TileJSON, the tile matrix set.

The tiles themselves are drawn by `tiles.py`.
"""

from math import cos, floor, log, pi, radians, tan
from typing import Any

from flask import Blueprint, Response

from gis.errors import NotFoundError
from gis.features import extent
from gis.layer import Layer
from gis.published_crs import CRS84
from gis.selection import Box
from gis.tiles.drawing import CIRCUMFERENCE_M, MAX_ZOOM
from web import access
from web.context import transaction
from web.layers import caller_commune, check_parameters, readable
from web.ogc.answers import json_answer, root, title_of
from web.ogc.documents import RELATION
from web.ogc.parameters import read_format
from web.representations import JSON, MVT, link

blueprint = Blueprint("ogc_tilesets", __name__)
_QUAD = "WebMercatorQuad"
_QUAD_URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
_MERCATOR = "http://www.opengis.net/def/crs/EPSG/0/3857"
_TILE_PIXELS = 256
# The size of a pixel that scales are given for (OGC 17-083r4).
_PIXEL_M = 0.00028
_SOUTHMOST = 85.05112877980659


@blueprint.get("/ogc/collections/<name>/tiles")
@access.roles("public")
def tilesets(name: str) -> Response:
    """The tile sets of a collection: one, WebMercatorQuad."""
    layer, _ = readable(name)
    check_parameters("f")
    read_format("json")
    here = f"{root()}/collections/{layer.id}/tiles"
    summary = _summary(layer)
    summary["links"] = [
        link(f"{here}/{_QUAD}", "self", JSON, title_of(layer)),
        link(f"{root()}/tileMatrixSets/{_QUAD}", f"{RELATION}tiling-scheme", JSON),
        _template(layer),
    ]
    return json_answer(
        {"links": [link(here, "self", JSON, title_of(layer))], "tilesets": [summary]}
    )


@blueprint.get(f"/ogc/collections/<name>/tiles/{_QUAD}")
@access.roles("public")
def tileset(name: str) -> Response:
    """How a collection's tiles are addressed, as OGC's document or as TileJSON 3.0."""
    layer, _ = readable(name)
    check_parameters("f")
    format_ = read_format("json", "tilejson")
    with transaction() as session:
        box = extent(session, layer, caller_commune(layer))
    if format_ == "tilejson":
        return json_answer(_tilejson(layer, box))
    here = f"{root()}/collections/{layer.id}/tiles/{_QUAD}"
    document = _summary(layer)
    document |= {
        "tileMatrixSetLimits": [_limits(zoom, box) for zoom in range(MAX_ZOOM + 1)],
        "layers": [
            {
                "id": layer.id,
                "title": title_of(layer),
                "dataType": "vector",
                "minTileMatrix": "0",
                "maxTileMatrix": str(MAX_ZOOM),
            }
        ],
        "links": [
            link(here, "self", JSON, title_of(layer)),
            link(f"{here}?f=tilejson", "describedby", JSON, "TileJSON"),
            link(f"{root()}/tileMatrixSets/{_QUAD}", f"{RELATION}tiling-scheme", JSON),
            _template(layer),
        ],
    }
    if box is not None:
        document["boundingBox"] = {
            "lowerLeft": [box.west, box.south],
            "upperRight": [box.east, box.north],
            "crs": CRS84.uri,
        }
    return json_answer(document)


@blueprint.get("/ogc/tileMatrixSets")
@access.roles("public")
def matrix_sets() -> Response:
    """The tile matrix sets."""
    check_parameters("f")
    read_format("json")
    here = f"{root()}/tileMatrixSets"
    one = {
        "id": _QUAD,
        "title": "Google Maps Compatible for the World",
        "uri": _QUAD_URI,
        "crs": _MERCATOR,
        "links": [link(f"{here}/{_QUAD}", "self", JSON)],
    }
    return json_answer({"links": [link(here, "self", JSON)], "tileMatrixSets": [one]})


@blueprint.get("/ogc/tileMatrixSets/<name>")
@access.roles("public")
def matrix_set(name: str) -> Response:
    """One tile matrix set (OGC 17-083r4, Annex D.1)."""
    check_parameters("f")
    read_format("json")
    if name != _QUAD:
        raise NotFoundError(f"There is no tile matrix set {name[:40]}; there is {_QUAD}.")
    corner = CIRCUMFERENCE_M / 2
    matrices = []
    for zoom in range(MAX_ZOOM + 1):
        cell = CIRCUMFERENCE_M / _TILE_PIXELS / 2**zoom
        matrices.append(
            {
                "id": str(zoom),
                "scaleDenominator": cell / _PIXEL_M,
                "cellSize": cell,
                "pointOfOrigin": [-corner, corner],
                "tileWidth": _TILE_PIXELS,
                "tileHeight": _TILE_PIXELS,
                "matrixWidth": 2**zoom,
                "matrixHeight": 2**zoom,
            }
        )
    return json_answer(
        {
            "id": _QUAD,
            "title": "Google Maps Compatible for the World",
            "uri": _QUAD_URI,
            "crs": _MERCATOR,
            "orderedAxes": ["X", "Y"],
            "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
            "tileMatrices": matrices,
        }
    )


def _summary(layer: Layer) -> dict[str, Any]:
    return {
        "title": title_of(layer),
        "dataType": "vector",
        "crs": _MERCATOR,
        "tileMatrixSetId": _QUAD,
        "tileMatrixSetURI": _QUAD_URI,
        "mediaTypes": [MVT],
    }


def _template(layer: Layer) -> dict[str, Any]:
    pattern = (
        f"{root()}/collections/{layer.id}/tiles/{_QUAD}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
    )
    return {**link(pattern, "item", MVT, title_of(layer)), "templated": True}


def _tilejson(layer: Layer, box: Box | None) -> dict[str, Any]:
    here = f"{root()}/collections/{layer.id}/tiles/{_QUAD}"
    document: dict[str, Any] = {
        "tilejson": "3.0.0",
        "name": title_of(layer),
        "tiles": [f"{here}/{{z}}/{{y}}/{{x}}"],
        "minzoom": 0,
        "maxzoom": MAX_ZOOM,
        # A tile carries what is drawn of a feature; near and far ones differ, so none is promised.
        "vector_layers": [{"id": layer.id, "fields": {}}],
    }
    if box is not None:
        document["bounds"] = [box.west, box.south, box.east, box.north]
    return document


def _limits(zoom: int, box: Box | None) -> dict[str, Any]:
    """The tiles of a zoom that hold anything; all of them while the layer is empty."""
    side = int(2**zoom)
    found = box or Box(-180.0, -90.0, 180.0, 90.0)

    def column(longitude: float) -> int:
        return min(side - 1, max(0, floor((longitude + 180) / 360 * side)))

    def row(latitude: float) -> int:
        bounded = radians(max(-_SOUTHMOST, min(_SOUTHMOST, latitude)))
        down = (1 - log(tan(bounded) + 1 / cos(bounded)) / pi) / 2
        return min(side - 1, max(0, floor(down * side)))

    return {
        "tileMatrix": str(zoom),
        "minTileRow": row(found.north),
        "maxTileRow": row(found.south),
        "minTileCol": column(found.west),
        "maxTileCol": column(found.east),
    }
