"""A product's words, changed by who makes it, never unseen: `/san-pham/<id>/sua`."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from gis.errors import InvalidInputError, StaleVersionError
from traceability.models import Product
from traceability.selling import offering, photos
from web import access
from web.context import transaction
from web.shops import words
from web.shops.rights import ROLES, editable_product

blueprint = Blueprint("product_editing", __name__)

# Letters a field may have; a story is a page, not a book.
_LONGEST = {
    "summary": 300,
    "story": 6000,
    "net_content": 100,
    "shelf_life": 200,
    "standards": 500,
}


@blueprint.get("/san-pham/<int:product_id>/sua")
@access.roles(*ROLES)
def page(product_id: int) -> str:
    """The form with what is recorded."""
    with transaction() as session:
        product = editable_product(session, product_id)
        said = {name: getattr(product, name) or "" for name in offering.FIELDS}
        return _render(product, said, photo=photos.photo_of(session, product_id))


@blueprint.post("/san-pham/<int:product_id>/sua")
@access.roles(*ROLES)
def save(product_id: int) -> str | tuple[str, int] | Response:
    """Save what was changed; who was overtaken sees both versions and decides."""
    # Forms send other line ends than those that were shown.
    said = {name: request.form.get(name, "").replace("\r\n", "\n") for name in offering.FIELDS}
    version = request.form.get("version", "")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise InvalidInputError("The form does not say which version it was made from.")
    long = [name for name, text in said.items() if len(text) > _LONGEST[name]]
    with transaction("a product's words") as session:
        product = editable_product(session, product_id)
        photo = photos.photo_of(session, product_id)
        if long:
            return _render(product, said, photo=photo, long=long, version=int(version)), 422
        try:
            changed = offering.revise_product(session, product, said, version=int(version))
        except StaleVersionError:
            return _render(product, said, photo=photo, overtaken=True), 412
    flash(_("Đã lưu.") if changed else _("Không có gì thay đổi."))
    return redirect(url_for(".page", product_id=product_id), 303)


def _render(
    product: Product,
    said: dict[str, str],
    *,
    photo: Any,
    long: list[str] | None = None,
    overtaken: bool = False,
    version: int | None = None,
) -> str:
    recorded = {name: getattr(product, name) or "" for name in offering.FIELDS}
    return render_template(
        "shops/edit.html",
        product=product,
        photo=photo,
        said=said,
        recorded=recorded,
        fields=words.FIELDS,
        longest=_LONGEST,
        long=long or [],
        overtaken=overtaken,
        version=product.version if version is None else version,
    )
