"""The picture of a product: served as a browser likes best; sent, replaced, removed."""

import re

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MIMEAccept
from werkzeug.wrappers import Response as AnyResponse

from etl import attachment_requests
from etl.attachment_requests import VARIANTS
from gis.errors import ConflictError, InvalidInputError, NotFoundError
from traceability.selling import photos
from web import access
from web.context import current_account, reading, settings, transaction
from web.files import say_reason, send_picture
from web.limits import SUBMIT, limiter
from web.shops.rights import ROLES, editable_product

blueprint = Blueprint("photos", __name__)

_YEAR_S = 365 * 24 * 3600
_NAME = re.compile(r"([0-9a-f]{32})(?:\.(avif|webp|jpeg))?")


@blueprint.get("/anh/<name>")
@access.roles("public")
def serve(name: str) -> Response:
    """A product's picture: AVIF, WebP or JPEG by `Accept`, or the one that the address names."""
    asked = _NAME.fullmatch(name)
    if asked is None:
        raise NotFoundError("There is no such picture.")
    variant = asked[2] or choose_variant(request.accept_mimetypes)
    with reading() as session:
        photo = photos.find_photo(session, asked[1])
        attachment = attachment_requests.get_attachment(session, photo.attachment_id)
    path = attachment_requests.attachment_file(settings().files_folder, attachment, variant)
    response = send_picture(path, VARIANTS[variant], f"{photo.token}-{variant}")
    # Another picture has another address.
    response.headers["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if asked[2] is None:
        response.vary.add("Accept")
    return response


def choose_variant(accepted: MIMEAccept) -> str:
    """Choose the smallest format that a browser says it draws; all draw JPEG.

    A wildcard promises nothing of AVIF and WebP: programs send it that know neither.
    """
    named = {str(kind): quality for kind, quality in accepted}
    anything = max(named.get("image/*", 0), named.get("*/*", 0))
    quality = {
        variant: named.get(kind, anything if variant == "jpeg" else 0)
        for variant, kind in VARIANTS.items()
    }
    best = max(quality.values())
    return next(name for name, value in quality.items() if value == best) if best else "jpeg"


@blueprint.get("/san-pham/<int:product_id>/anh")
@access.roles(*ROLES)
def page(product_id: int) -> str:
    """The picture as buyers see it, what came of the last one sent, and a form for another."""
    with transaction() as session:
        product = editable_product(session, product_id)
        upload = photos.newest_upload(session, product_id)
        return render_template(
            "shops/photo.html",
            product=product,
            photo=photos.photo_of(session, product_id),
            upload=upload,
            refused=say_reason(upload.reason) if upload and upload.reason else None,
            limits=attachment_requests.limits("product-photo"),
        )


@blueprint.post("/san-pham/<int:product_id>/anh")
@access.roles(*ROLES)
@limiter.limit(SUBMIT)
def send(product_id: int) -> AnyResponse:
    """Take a picture; the worker looks at it before anybody sees it."""
    sent = request.files.get("photo")
    account = current_account()
    assert account is not None
    try:
        if sent is None or not sent.filename:
            raise InvalidInputError("No file was chosen.", rule="no-file")
        with transaction("a product's picture") as session:
            product = editable_product(session, product_id)
            attachment = attachment_requests.keep_attachment(
                session,
                sent.stream,
                folder=settings().files_folder,
                purpose="product-photo",
                file_name=sent.filename,
                created_by=account.username,
            )
            for unwanted in photos.add_photo(
                session,
                product,
                attachment_id=attachment.id,
                token=attachment.token,
                alt=request.form.get("alt", ""),
                actor=account.username,
            ):
                attachment_requests.remove_attachment(session, unwanted)
    except (InvalidInputError, ConflictError) as error:
        rule = error.context.get("rule")
        flash(
            say_reason(str(rule)) if rule else _("Nhiều tệp đang chờ. Chờ một phút rồi gửi lại."),
            "error",
        )
    else:
        flash(_("Đã nhận ảnh. Ảnh hiện ra sau khi máy kiểm tra, thường trong vài giây."))
    finally:
        if sent is not None:
            sent.close()
    return redirect(url_for(".page", product_id=product_id), 303)


@blueprint.post("/san-pham/<int:product_id>/anh/bo")
@access.roles(*ROLES)
def remove(product_id: int) -> AnyResponse:
    """Show no picture any more."""
    with transaction("a product's picture") as session:
        product = editable_product(session, product_id)
        for unwanted in photos.remove_photo(session, product):
            attachment_requests.remove_attachment(session, unwanted)
    flash(_("Đã bỏ ảnh sản phẩm."))
    return redirect(url_for(".page", product_id=product_id), 303)
