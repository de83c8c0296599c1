"""What the map's table and filter stand on: `/api/v1/<layer>/matches`, columns, choices."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from gis.choices import list_crops
from gis.errors import InvalidInputError, NotFoundError
from gis.history import list_changed_features
from gis.layer import Layer
from gis.layers import GROWING_AREAS, LAYERS
from gis.matches import find_matches
from web import access, api, language
from web.context import transaction
from web.layers import caller_roles, check_parameters, readable
from web.ogc.answers import json_answer
from web.ogc.parameters import read_selection

blueprint = Blueprint("map_panels", __name__)
# So many points a weak phone still draws; a view of more is narrowed by its own layer's tiles.
_MOST = 20_000
_MOST_CHANGED = 1000
# What a table leaves out: said in other columns, or by a mark.
_NOT_SHOWN = frozenset(
    {
        *("crop", "commune_code", "parent_code", "holder_kind", "full_name", "growing_area_id"),
        *("is_demo", "is_generalised", "version"),
    }
)
# Coded, with few values, and what people ask for.
_FILTERED = frozenset({"status", "kind", "level"})
_HISTORIANS = frozenset({"officer", "leader", "administrator"})


@blueprint.get("/api/v1/<name>/matches")
@access.roles("public")
@api.values(name=tuple(LAYERS))
@api.parameters(
    limit="At most so many places; with more features there are none. 20,000 is the most",
    q="As for the layer's items, and so are bbox, datetime, filter and every property",
    unit="As for the layer's items",
)
def list_matches(name: str) -> Response:
    """Say which features fit a filter: how many, their box, their ids with a point each.

    Takes the parameters of the layer's items under `/ogc`. An item is id, longitude, latitude and
    the code of the crop; with more features than `limit` there are no items.
    """
    layer, view = readable(name)
    selection = read_selection(layer)
    most = min(_limit(_MOST), _MOST)
    with transaction() as session:
        found = find_matches(session, layer, view, selection, most=most)
    box = found.box
    return json_answer(
        {
            "count": found.count,
            "bbox": [box.west, box.south, box.east, box.north] if box else None,
            "items": found.places,
        }
    )


@blueprint.get("/lich-su")
@access.roles(*_HISTORIANS)
def history() -> AnyResponse:
    """Lead to the history of all layers, which stands beside the map."""
    return redirect(f"{url_for('map.page')}?lich-su=1")


@blueprint.get("/api/v1/changes/<int:change>/features")
@access.roles(*_HISTORIANS)
@api.parameters(limit=f"At most so many items; {_MOST_CHANGED} is the most")
def list_features_of_change(change: int) -> Response:
    """List the features that a change touched, by layer and id, with what it did to each."""
    check_parameters("limit")
    limit = min(_limit(100), _MOST_CHANGED)
    if change >= 2**63:
        raise NotFoundError(f"There is no change {change}.")
    with transaction() as session:
        found = list_changed_features(session, change, limit=limit)
    if not found:
        raise NotFoundError(f"There is no change {change}.")
    return json_answer({"items": [asdict(feature) for feature in found], "next": None})


def table_settings(session: Session, layers: list[Layer]) -> dict[str, Any]:
    """What the scripts know of layers: columns with their titles, choices; and of every crop."""
    vietnamese = language.choose() == "vi"
    names = [layer.id for layer in layers]
    return {
        "first": GROWING_AREAS.id if GROWING_AREAS.id in names else names[0],
        "columns": {layer.id: _columns(layer, vietnamese) for layer in layers},
        "choices": {
            layer.id: {"property": item.name, "values": item.choices}
            for layer in layers
            for item in layer.properties
            if item.name in _FILTERED
        },
        "crops": [
            [crop.code, crop.name if vietnamese else crop.name_en] for crop in list_crops(session)
        ],
        "history": not _HISTORIANS.isdisjoint(caller_roles()),
        "recorded": [layer.id for layer in layers if layer.editors],
        "exports": "/api/v1/exports",
        "job": "/api/v1/jobs/{id}",
        "titles": {layer.id: layer.title if vietnamese else layer.title_en for layer in layers},
    }


def _limit(usual: int) -> int:
    text = request.args.get("limit", str(usual))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidInputError("limit must be a whole number from 0 on.", parameter="limit")
    return int(text)


def _columns(layer: Layer, vietnamese: bool) -> list[dict[str, str]]:
    return [
        {
            "name": item.name,
            "title": item.title if vietnamese else item.title_en,
            "type": item.format or item.type,
        }
        for item in layer.properties
        if item.name not in _NOT_SHOWN
    ]
