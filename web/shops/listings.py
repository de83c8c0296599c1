"""Where products are sold: `/gian-hang`, for their producers and for officers."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gis.calendar import today
from gis.errors import ConflictError, InvalidInputError, StaleVersionError
from traceability.models import Listing
from traceability.selling import listing_checks, marketplaces, offering
from traceability.selling.marketplaces import Terms, read_price
from web import access
from web.context import transaction
from web.shops import words
from web.shops.rights import ROLES, edit_scope, editable_product

blueprint = Blueprint("shops", __name__, url_prefix="/gian-hang")

_PAGE = 20


@blueprint.get("")
@access.roles(*ROLES)
def page() -> str:
    """The products one may change, each with where it is sold and how that stands."""
    number = max(_digits("trang") or 1, 1)
    text = request.args.get("q", "").strip()[:100] or None
    with transaction() as session:
        scope = edit_scope()
        offered = offering.list_offered(
            session, scope, today(), text=text, limit=_PAGE + 1, offset=(number - 1) * _PAGE
        )
        following = None
        if len(offered) > _PAGE:
            following = url_for(".page", q=text, trang=number + 1)
        return render_template(
            "shops/desk.html",
            offered=offered[:_PAGE],
            count=offering.count_offered(session, scope, text=text),
            coverage=offering.listed_products(session, scope),
            marketplaces={one.code: one.name for one in marketplaces.list_marketplaces(session)},
            text=text,
            following=following,
            **_vocabulary(),
        )


@blueprint.get("/<int:product_id>")
@access.roles(*ROLES)
def product(product_id: int) -> str:
    """One product's listings with their checks, and forms to change them."""
    with transaction() as session:
        return _product_page(session, product_id)


@blueprint.post("/<int:product_id>")
@access.roles(*ROLES)
def add(product_id: int) -> str | tuple[str, int] | Response:
    """Add a listing; the marketplace is known by its host."""

    def act(session: Session) -> str:
        chosen = editable_product(session, product_id)
        listing = marketplaces.list_on_marketplace(
            session, chosen, None, request.form.get("url", "").strip(), terms=_terms()
        )
        host = listing.url.split("/")[2]
        return str(_("Đã thêm địa chỉ trên %(host)s. Máy sẽ kiểm tra sau.", host=host))

    return _act(product_id, None, act)


@blueprint.post("/<int:product_id>/<int:listing_id>")
@access.roles(*ROLES)
def change(product_id: int, listing_id: int) -> str | tuple[str, int] | Response:
    """Change a listing's address, price or availability."""
    version = request.form.get("version", "")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise InvalidInputError("The form does not say which version it was made from.")

    def act(session: Session) -> str:
        marketplaces.change_listing(
            session,
            _mine(session, product_id, listing_id),
            url=request.form.get("url", "").strip(),
            terms=_terms(),
            version=int(version),
        )
        return str(_("Đã lưu."))

    return _act(product_id, listing_id, act)


@blueprint.post("/<int:product_id>/<int:listing_id>/go")
@access.roles(*ROLES)
def retire(product_id: int, listing_id: int) -> str | tuple[str, int] | Response:
    """Take a listing down; it is kept, and can be taken up again."""

    def act(session: Session) -> str:
        listing = _mine(session, product_id, listing_id)
        marketplaces.retire_listing(session, listing, datetime.now(UTC))
        return str(_("Đã gỡ địa chỉ. Lượt bấm và lần kiểm tra vẫn được giữ."))

    return _act(product_id, listing_id, act)


@blueprint.post("/<int:product_id>/<int:listing_id>/mo-lai")
@access.roles(*ROLES)
def restore(product_id: int, listing_id: int) -> str | tuple[str, int] | Response:
    """Take a listing up again that was taken down."""

    def act(session: Session) -> str:
        listing = _mine(session, product_id, listing_id)
        marketplaces.list_on_marketplace(
            session,
            editable_product(session, product_id),
            None,
            listing.url,
            terms=Terms(listing.price_vnd, listing.availability),
            on=listing.price_updated_on,
        )
        return str(_("Đã mở lại địa chỉ."))

    return _act(product_id, listing_id, act)


@blueprint.post("/<int:product_id>/<int:listing_id>/kiem-tra")
@access.roles(*ROLES)
def check(product_id: int, listing_id: int) -> str | tuple[str, int] | Response:
    """Ask for the next check to be made soon."""

    def act(session: Session) -> str:
        listing = _mine(session, product_id, listing_id)
        listing_checks.check_soon(session, listing, datetime.now(UTC))
        return str(_("Máy sẽ kiểm tra địa chỉ này trong ít phút."))

    return _act(product_id, listing_id, act)


def _act(
    product_id: int, listing_id: int | None, act: Callable[[Session], str]
) -> str | tuple[str, int] | Response:
    """Do what a form asks for; a refusal is said beside the form, with what was typed in it."""
    try:
        with transaction("a listing") as session:
            done = act(session)
    except (InvalidInputError, ConflictError) as error:
        overtaken = isinstance(error, StaleVersionError)
        sentence = (
            _("Đã có người sửa địa chỉ này. Xem bản hiện tại bên dưới rồi sửa lại.")
            if overtaken
            else words.say_mistake(error)
        )
        with transaction() as session:
            typed = {} if overtaken else request.form.to_dict()
            wrong = {"listing": listing_id, "sentence": sentence, "typed": typed}
            status = 412 if overtaken else 422
            return _product_page(session, product_id, wrong), status
    flash(done)
    return redirect(url_for(".product", product_id=product_id), 303)


def _product_page(session: Session, product_id: int, wrong: dict[str, Any] | None = None) -> str:
    chosen = editable_product(session, product_id)
    return render_template(
        "shops/product.html",
        product=chosen,
        offered=offering.offered_product(session, chosen, today()),
        marketplaces=marketplaces.list_marketplaces(session),
        wrong=wrong,
        **_vocabulary(),
    )


def _vocabulary() -> dict[str, Any]:
    return {
        "standing": listing_checks.standing,
        "standings": words.STANDINGS,
        "tags": words.STANDING_TAGS,
        "availabilities": words.AVAILABILITIES,
        "say_check": words.say_check,
    }


def _mine(session: Session, product_id: int, listing_id: int) -> Listing:
    editable_product(session, product_id)
    return marketplaces.get_listing(session, listing_id, product_id)


def _terms() -> Terms:
    return Terms(
        read_price(request.form.get("price", "")), request.form.get("availability") or None
    )


def _digits(name: str) -> int | None:
    given = request.args.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 7 else None
