"""QR labels of a product or of one of its lots: a page to look at, and SVG, PNG and PDF files."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy.orm import Session

from traceability import lots, products
from traceability.gs1.trace_link import label_code
from traceability.labelling import labels, qr
from traceability.labelling.labels import Label
from traceability.models import Lot, Product
from web import access
from web.context import public_url, transaction

blueprint = Blueprint("product_labels", __name__)

_PNG_SCALE = 16
_SVG_SIDE_MM = 30.0


@blueprint.get("/san-pham/<int:product_id>/tem")
@access.roles("public")
def label_page(product_id: int) -> str:
    """The label of a product, or of the lot named by `?lo=`, with its files."""
    with transaction() as session:
        product, lot = _asked(session, product_id)
        label = _label(product, lot)
        code = lot.code if lot else None
        return render_template(
            "products/label.html",
            product=product,
            lot=lot,
            label=label,
            path=qr.svg_path(modules := qr.make_modules(label.uri)),
            units=modules.shape[0] + 2 * qr.QUIET_ZONE,
            files={
                kind: url_for(f".label_{kind}", product_id=product.id, lo=code)
                for kind in ("svg", "png", "pdf")
            },
            lots=lots.list_lots(session, product.id),
            loopback=is_loopback(label.uri),
        )


@blueprint.get("/san-pham/<int:product_id>/tem.svg")
@access.roles("public")
def label_svg(product_id: int) -> Response:
    """The QR code as SVG, 30 mm wide."""
    with transaction() as session:
        product, lot = _asked(session, product_id)
        label = _label(product, lot)
    drawn = qr.svg(qr.make_modules(label.uri), f"{product.name} – {label.uri}", _SVG_SIDE_MM)
    return _file(drawn.encode(), "image/svg+xml", product, lot, "svg")


@blueprint.get("/san-pham/<int:product_id>/tem.png")
@access.roles("public")
def label_png(product_id: int) -> Response:
    """The QR code as PNG, 16 pixels a module."""
    with transaction() as session:
        product, lot = _asked(session, product_id)
        label = _label(product, lot)
    return _file(qr.png(qr.make_modules(label.uri), _PNG_SCALE), "image/png", product, lot, "png")


@blueprint.get("/san-pham/<int:product_id>/tem.pdf")
@access.roles("public")
def label_pdf(product_id: int) -> Response:
    """The whole label, with name, lot and host, as vector PDF of its own size."""
    with transaction() as session:
        product, lot = _asked(session, product_id)
        label = _label(product, lot)
    return _file(labels.single_pdf(label), "application/pdf", product, lot, "pdf")


def is_loopback(address: str) -> bool:
    """Whether an address leads to the very machine that opens it."""
    host = urlsplit(address).hostname or ""
    try:
        number = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return number.is_loopback or number.is_unspecified


def _asked(session: Session, product_id: int) -> tuple[Product, Lot | None]:
    product = products.get_product(session, product_id)
    code = request.args.get("lo")
    return product, lots.get_lot(session, product.id, code) if code else None


def _label(product: Product, lot: Lot | None) -> Label:
    code = lot.code if lot else None
    uri = label_code(product.gtin, product.trace_code, code).uri(public_url())
    return Label(uri, product.name, code, None, product.is_demo)


def _file(content: bytes, kind: str, product: Product, lot: Lot | None, ending: str) -> Response:
    response = Response(content, mimetype=kind)
    suffix = f"-{lot.id}" if lot else ""
    response.headers["Content-Disposition"] = (
        f'inline; filename="tem-{product.id}{suffix}.{ending}"'
    )
    # The address in the code follows the settings: ask again rather than print a stale one.
    response.cache_control.no_cache = True
    if is_loopback(public_url()):
        response.headers["X-Warning"] = "this code leads to a loopback address"
    return response
