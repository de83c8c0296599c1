"""Features of a collection, and one alone: GeoJSON, CSV, GeoParquet or a page."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from gis.errors import NotFoundError
from gis.features import Page, count_features, get_feature, layer_states, list_features
from gis.layer import Layer, View
from gis.paging import START, Position, write_token
from gis.published_crs import CRS84, PublishedCrs
from gis.refusals import needs_transaction
from gis.selection import Selection
from gis.tables import Table, read_table, write_csv, write_parquet
from web import access
from web.context import reading, transaction
from web.layers import answer_cached, feature_etag, readable
from web.ogc.answers import items_address, page_answer, root
from web.ogc.parameters import (
    FORMATS,
    ITEM_FORMATS,
    read_format,
    read_item_selection,
    read_page,
    read_selection,
)
from web.representations import CSV, GEOJSON, HTML, JSON, PARQUET, as_private, link

blueprint = Blueprint("ogc_items", __name__)
# Spreadsheet programs take a CSV without a mark for the machine's old encoding, and Vietnamese
# becomes signs; GDAL, pandas and R skip the mark.
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


# What else may be done here is answered by `editing.py`.
@blueprint.get("/ogc/collections/<name>/items", provide_automatic_options=False)
@access.roles("public")
def items(name: str) -> Response:
    """Features of a collection, by box, period, values, filter and page."""
    layer, view = readable(name)
    selection = read_selection(layer)
    limit, after = read_page(selection)
    format_ = read_format(*FORMATS)
    with transaction() if needs_transaction(selection) else reading() as session:
        if format_ in ("csv", "parquet"):
            table = read_table(session, layer, view, selection, after=after, limit=limit)
            return _answer_table(layer, selection, table, format_)
        page = list_features(session, layer, view, selection, after=after, limit=limit)
        matched = _matched(session, layer, view, selection, after, page)
    here = _address(layer)
    following = _next(here, selection, page.end)
    if format_ == "html":
        response = page_answer(
            "ogc/items.html",
            layer=layer,
            properties=_shown(layer, selection),
            features=[orjson.loads(feature) for feature in page.features],
            matched=matched,
            next=following,
            download=here,
        )
        return _with_crs(response, selection.crs)
    body = _feature_collection(here, page, matched, following)
    return _with_crs(as_private(Response(body, content_type=GEOJSON)), selection.crs)


@blueprint.get("/ogc/collections/<name>/items/<fid>", provide_automatic_options=False)
@access.roles("public")
def item(name: str, fid: str) -> Response:
    """One feature, with its ETag."""
    layer, view = readable(name)
    selection = read_item_selection(layer)
    if not (fid.isascii() and fid.isdigit() and len(fid) < 19):
        raise NotFoundError(f"There is no feature {fid[:40]} in {name}.")
    format_ = read_format(*ITEM_FORMATS)
    with reading() as session:
        feature, version = get_feature(
            session,
            layer,
            view,
            int(fid),
            crs=selection.crs,
            commune=selection.commune,
            properties=selection.properties,
        )
    if format_ == "html":
        shown = _shown(layer, selection)
        return page_answer(
            "ogc/item.html", layer=layer, properties=shown, feature=orjson.loads(feature)
        )
    etag = feature_etag(int(fid), version, view, _form(selection))
    if request.if_none_match.contains(etag):
        return answer_cached(etag, (view,), None)
    here = f"{root()}/collections/{layer.id}"
    links = [
        link(request.url, "self", GEOJSON),
        link(f"{here}/items/{fid}?f=html", "alternate", HTML),
        link(here, "collection", JSON),
    ]
    body = f'{feature[:-1]}, "links" : {orjson.dumps(links).decode()}}}'
    response = _with_crs(Response(body, content_type=GEOJSON), selection.crs)
    return answer_cached(etag, (view,), response)


def _matched(
    session: Session, layer: Layer, view: View, selection: Selection, after: Position, page: Page
) -> int | None:
    """How many features there are in all, where that is known without counting them.

    A layer's number is kept with each change; under a filter counting would cost a scan, unless
    the first page is the last.
    """
    if page.end is None and after == START:
        return len(page.features)
    if not selection.is_all_of(layer):
        return None
    if selection.commune is not None:
        return count_features(session, layer, view, selection)
    return layer_states(session, [layer.id])[layer.id].features


def _feature_collection(here: str, page: Page, matched: int | None, following: str | None) -> bytes:
    """Glue the features, which are GeoJSON texts already, into their collection at `_address`."""
    links = [
        link(request.url, "self", GEOJSON),
        link(f"{here}f=html", "alternate", HTML),
        link(f"{here}f=csv", "alternate", CSV),
        link(f"{here}f=parquet", "alternate", PARQUET),
        link(here.partition("/items?")[0], "collection", JSON),
    ]
    if following:
        links.append(link(following, "next", GEOJSON))
    members: dict[str, Any] = {
        "type": "FeatureCollection",
        "numberReturned": len(page.features),
        "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "links": links,
    }
    if matched is not None:
        members["numberMatched"] = matched
    head = orjson.dumps(members)[:-1]
    return b"".join((head, b',"features":[', ",".join(page.features).encode(), b"]}"))


def _answer_table(layer: Layer, selection: Selection, table: Table, format_: str) -> Response:
    if format_ == "csv":
        body, type_ = _BYTE_ORDER_MARK + write_csv(table), f"{CSV}; charset=utf-8"
    else:
        body, type_ = write_parquet(table), PARQUET
    response = as_private(Response(body, content_type=type_))
    response.headers["Content-Disposition"] = f'attachment; filename="{layer.id}.{format_}"'
    if following := _next(_address(layer), selection, table.end):
        response.headers["Link"] = f'<{following}>; rel="next"'
    return _with_crs(response, selection.crs)


def _next(here: str, selection: Selection, end: Position | None) -> str | None:
    if end is None:
        return None
    address = f"{here}after={write_token(end, selection.sort)}"
    return f"{address}&f={request.args['f']}" if "f" in request.args else address


def _address(layer: Layer) -> str:
    """The address of this list, to be ended with a format or a place to go on."""
    kept = {name: value for name, value in request.args.items() if name not in ("f", "after")}
    address = items_address(layer, kept)
    return f"{address}&" if kept else address


def _shown(layer: Layer, selection: Selection) -> list[Any]:
    chosen = selection.properties
    return [item for item in layer.properties if chosen is None or item.name in chosen]


def _form(selection: Selection) -> str:
    """What tells answers of one version apart."""
    form = "" if selection.crs is CRS84 else str(selection.crs.srid)
    if selection.properties is not None:
        form += "." + sha256(",".join(selection.properties).encode()).hexdigest()[:8]
    return form


def _with_crs(response: Response, crs: PublishedCrs) -> Response:
    response.headers["Content-Crs"] = f"<{crs.uri}>"
    return response
