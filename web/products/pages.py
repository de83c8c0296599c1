"""The routes of products: the catalogue; the page of a product or a lot, in three languages.

Two of them are for people and one for machines: the same address answers HTML, JSON-LD or the
linkset of its code by what is accepted.
"""

from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from sqlalchemy.orm import Session
from werkzeug.routing import BaseConverter

from gis.calendar import today
from gis.errors import InvalidInputError, NotFoundError
from traceability import lots, ocop, products
from traceability.errors import UnknownCodeError
from traceability.following.origin import public_producer
from traceability.linking.resolving import find_links
from traceability.products import ProductFilter
from traceability.selling.feed import describe_product, organisation_name
from web import access
from web.context import public_url, reading, settings, transaction
from web.products.alarms import list_alarms
from web.products.gathering import ConsumerPage, gather
from web.products.law import list_items
from web.products.words import GROUPS, PRODUCER_KINDS, STEPS, VERDICTS
from web.resolver.choosing import LINKSET
from web.resolver.linksets import answer_linkset

blueprint = Blueprint("products", __name__)

PAGE = 24
_JSON_LD = "application/ld+json"
_HTML = "text/html"


class _LotCode(BaseConverter):
    """A lot as its producer names it: slashes may stand in it, at its beginning too."""

    regex = ".+"
    part_isolating = False


@blueprint.record
def _know_lots(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["lot"] = _LotCode


@blueprint.get("/san-pham")
@access.roles("public")
def catalogue() -> str:
    """The catalogue, searched without accents and narrowed by group, stars and commune."""
    page = max(_number("trang") or 1, 1)
    wanted = ProductFilter(
        on=today(),
        text=request.args.get("q", "").strip()[:100] or None,
        group=_number("nhom"),
        stars=_number("sao"),
        commune_code=request.args.get("xa") or None,
    )
    with transaction() as session:
        cards = products.list_products(
            session, wanted, limit=PAGE + 1, offset=min((page - 1) * PAGE, 1_000_000)
        )
        kept = {name: value for name, value in request.args.items() if name != "lang" and value}
        return render_template(
            "products/catalogue.html",
            cards=cards[:PAGE],
            producers={
                card.product.id: public_producer(session, card.producer)
                for card in cards[:PAGE]
                if card.producer is not None
            },
            count=products.count_products(session, wanted),
            wanted=wanted,
            groups=GROUPS,
            kinds=PRODUCER_KINDS,
            communes=products.list_communes(session),
            holds=ocop.holds,
            today=wanted.on,
            page=page,
            previous=_with(kept, page - 1) if page > 1 else None,
            following=_with(kept, page + 1) if len(cards) > PAGE else None,
        )


@blueprint.get("/san-pham/<int:product_id>")
@access.roles("public")
def product_page(product_id: int) -> Response:
    """The page of a product."""
    with reading() as session:
        return _answer(session, product_id, None)


@blueprint.get("/san-pham/<int:product_id>/lo/<lot:lot_code>", merge_slashes=False)
@access.roles("public")
def lot_page(product_id: int, lot_code: str) -> Response:
    """The page of a lot: the product's, with this lot's own fields and days."""
    with reading() as session:
        return _answer(session, product_id, lot_code)


def _answer(session: Session, product_id: int, lot_code: str | None) -> Response:
    """The page in the form that is accepted best; a page is asked for in doubt.

    Raises:
        UnknownCodeError: There is no such product, or no such lot of it.
    """
    try:
        card = products.get_card(session, product_id)
        lot = lots.get_lot(session, product_id, lot_code) if lot_code is not None else None
    except NotFoundError as error:
        raise UnknownCodeError(error.detail, code=request.path) from error
    page = gather(session, card, lot, request.args.get("tem"))
    wanted = request.accept_mimetypes.best_match((_HTML, _JSON_LD, LINKSET), default=_HTML)
    if wanted == LINKSET:
        return answer_linkset(find_links(session, page.code, whole=True))
    if wanted == _JSON_LD:
        response = Response(orjson.dumps(_described(page)), content_type=_JSON_LD)
    else:
        response = Response(_render(page), mimetype=_HTML)
    _send_headers(response, page)
    return response


def _send_headers(response: Response, page: ConsumerPage) -> None:
    # A recall must reach who asks now: kept copies are shown only when we say that they still hold.
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag(weak=True)
    response.vary.update(("Accept", "Accept-Language", "Cookie"))
    address = page.address
    response.headers["Link"] = ", ".join(
        (
            f'<{address}>; rel="canonical"',
            f'<{request.path}>; rel="alternate"; type="{_JSON_LD}"',
            f'<{address}?linkType=linkset>; rel="linkset"; type="{LINKSET}"',
        )
    )
    response.make_conditional(request)


def _render(page: ConsumerPage) -> str:
    alarms = list_alarms(page)
    return render_template(
        "products/product.html",
        page=page,
        alarms=alarms,
        is_red=any(alarm.level == "red" for alarm in alarms),
        items=list_items(page),
        groups=GROUPS,
        kinds=PRODUCER_KINDS,
        step_words=STEPS,
        verdicts=VERDICTS,
        set_name=ocop.SETS[page.product.ocop_set][1] if page.product.ocop_set else None,
        described=_described(page),
        hotline=settings().hotline,
    )


def _described(page: ConsumerPage) -> dict[str, Any]:
    return describe_product(
        page.product,
        site=public_url(),
        address=page.address,
        organisation=organisation_name(page.card.producer),
        certificate=page.card.certificate if page.certificate_holds else None,
        photo=page.photo,
        offers=page.listings,
        lot=page.lot,
    )


def _with(kept: dict[str, str], page: int) -> str:
    return f"{url_for('.catalogue')}?{urlencode({**kept, 'trang': page})}"


def _number(name: str) -> int | None:
    given = request.args.get(name, "").strip()
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 7):
        raise InvalidInputError(f"{name} is a whole number, not {given[:20]!r}.")
    return int(given)
