"""One search box for everything with a name: `/api/v1/search`."""

from typing import Any

from flask import Blueprint, request, url_for

from gis.calendar import today
from gis.errors import InvalidInputError
from gis.layers import GROWING_AREAS, LAYERS
from gis.search import Found, search_places
from traceability.products import ProductCard, ProductFilter, list_products
from web import access, api
from web.context import transaction
from web.layers import caller_roles
from web.pages import page_of

blueprint = Blueprint("search", __name__)
_USUAL = 8
_MOST = 50


@blueprint.get("/api/v1/search")
@access.roles("public")
@api.parameters(
    q="A name or code; accents and case do not matter, exact accents come first",
    limit="At most so many places, and at most so many products; 50 is the most",
    layer="Only places of this layer, without products",
)
def search() -> dict[str, Any]:
    """Find units of today and former ones, growing areas, zones, facilities, parcels, products.

    Growing areas are found by name, code, holder and crop. Parcels need a role.
    """
    typed = request.args.get("q", "")
    limit = request.args.get("limit", str(_USUAL))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= _MOST):
        raise InvalidInputError(
            f"limit must be a whole number from 1 to {_MOST}.", parameter="limit"
        )
    only = request.args.get("layer") or None
    if only is not None and only not in LAYERS:
        raise InvalidInputError(f"layer must be one of {', '.join(LAYERS)}.", parameter="layer")
    # Trusted readers are the same for every layer that the search goes through.
    view = GROWING_AREAS.view(caller_roles())
    with transaction() as session:
        places = search_places(
            session, typed, view=view, day=today(), limit=int(limit[:9]), only=only
        )
        cards = []
        if only is None:
            wanted = ProductFilter(on=today(), text=typed)
            cards = list_products(session, wanted, limit=min(int(limit[:9]), _USUAL), offset=0)
    return {
        "items": [*map(_place, places), *map(_product, cards)],
        "next": None,
    }


def _place(place: Found) -> dict[str, Any]:
    box = place.box
    is_former = place.valid_to is not None and place.valid_to < today()
    return {
        "layer": place.layer,
        "id": place.id,
        "title": place.title,
        "code": place.code,
        "kind": place.kind,
        "crop": place.crop,
        "commune": place.commune,
        "is_former": is_former,
        "valid_to": place.valid_to.isoformat() if place.valid_to else None,
        "successors": place.successors,
        "is_demo": place.is_demo,
        "bbox": [box.west, box.south, box.east, box.north],
        "href": page_of(place.layer, place.id, place.code, place.valid_from if is_former else None),
    }


def _product(card: ProductCard) -> dict[str, Any]:
    product = card.product
    return {
        "layer": "products",
        "id": product.id,
        "title": product.name,
        "is_demo": product.is_demo,
        "bbox": None,
        "href": url_for("products.product_page", product_id=product.id),
    }
