"""Codes for programs: what a code is, asking for labels, putting codes to use: `/api/v1/codes`."""

import hashlib
from typing import Annotated, Any, Literal
from urllib.parse import quote

import orjson
from flask import Blueprint, Response, jsonify, request, send_file, url_for
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from etl.code_requests import (
    MOST_AT_HAND,
    CodeChange,
    count_chosen,
    make_change,
    request_change,
)
from etl.label_requests import KINDS, LabelRequest, file_of, find_labels, request_labels
from etl.models import Run
from gis.errors import InvalidInputError
from traceability.epcis.captor import Captor
from traceability.following.look_up import Found, look_up, parts_of, read_code
from traceability.gs1.trace_link import label_code
from traceability.labelling.label_sheets import SHEETS
from traceability.labelling.serials import MOST_AT_ONCE, Changed, Chosen
from traceability.linking.links import product_page
from traceability.lots import get_lot
from traceability.models import Product
from traceability.products import get_product, product_of_gtin
from traceability.recording.keeping import Keeper, demand_own
from web import access, api
from web.bodies import read_body
from web.context import current_account, public_url, settings, transaction
from web.limits import limiter

blueprint = Blueprint("codes_api", __name__, url_prefix="/api/v1/codes")

# Who puts codes on items: producers for their own party, officers and administrators.
ROLES = ("producer", "officer", "administrator")
# Enough for a shop that checks its shelf; too slow for whoever guesses serials.
_LOOK_UP = "120 per minute"
_ASK = "20 per minute"
_PREFIX = "/api/v1/codes/"
# Strict: `true` is no number of labels.
_Count = Annotated[int, Field(ge=1, le=MOST_AT_ONCE, strict=True)]


class PostedLabels(BaseModel):
    """A batch of serials to issue and print; exactly one of `product` and `gtin`."""

    model_config = ConfigDict(extra="forbid")

    product: int | None = None
    gtin: str | None = Field(None, max_length=20)
    lot: str | None = Field(None, max_length=20)
    count: _Count
    sheet: str = Field("24", description=", ".join(SHEETS))
    start: int = Field(
        1, ge=1, strict=True, description="Place of the first label on the first sheet"
    )
    files: list[str] = Field(["pdf", "csv"], max_length=4, description=", ".join(KINDS))


class PostedChange(BaseModel):
    """Codes that become active or void: listed serials, or a range of a batch."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["active", "void"]
    product: int | None = None
    gtin: str | None = Field(None, max_length=20)
    serials: list[Annotated[str, Field(min_length=1, max_length=20)]] | None = Field(
        None, min_length=1, max_length=MOST_AT_ONCE
    )
    batch: int | None = Field(None, ge=1, lt=2**63)
    first: _Count | None = None
    last: _Count | None = None
    lot: str | None = Field(None, max_length=20)
    reason: str | None = Field(None, max_length=500)


@blueprint.get("/<path:code>", merge_slashes=False)
@access.roles("public")
@limiter.limit(_LOOK_UP)
@api.parameters(
    product="With a bare serial: the number of its product here",
    gtin="With a bare serial: the GTIN of its product",
)
def get_code(code: str) -> Response:
    """Say what a code is: a GTIN, a trace code, a serial beside its product, a Digital Link.

    `state` and `warnings` are of a serial; a serial that was never issued is `unissued`.
    """
    with transaction() as session:
        product = _product_asked(session)
        found = look_up(session, read_code(_raw(code), product=product))
        content = _described(found)
    response = Response(orjson.dumps(content), content_type="application/json")
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:24])
    response.cache_control.no_cache = True
    return response.make_conditional(request)  # type: ignore[return-value]


@blueprint.post("")
@access.roles(*ROLES)
@limiter.limit(_ASK)
@api.body(PostedLabels)
def ask() -> Response:
    """Ask for a batch of serials and their labels; answers 202 with the job.

    The files are for the asker alone, at `/api/v1/codes/labels/{job}/{kind}`.
    """
    posted = read_body(PostedLabels)
    with transaction("issuing serials") as session:
        product = _product_of(session, posted.product, posted.gtin)
        demand_own(session, keeper(), product)
        wish = LabelRequest(
            product.id,
            posted.lot,
            posted.count,
            posted.sheet,
            tuple(dict.fromkeys(posted.files)),
            public_url(),
            posted.start,
        )
        run = request_labels(session, wish, actor=keeper().captor.name)
        return _accepted(run, {kind: _file_address(run, kind) for kind in wish.kinds})


@blueprint.get("/labels/<int:job_id>/<string:kind>")
@access.roles(*ROLES)
def download(job_id: int, kind: str) -> Response:
    """A file of labels that were asked for, for the asker alone."""
    with transaction() as session:
        run = find_labels(session, job_id, actor=keeper().captor.name)
    path = file_of(settings().files_folder, run, kind)
    response = send_file(
        path,
        mimetype=KINDS[kind].media_type,
        download_name=f"tem-{job_id}-{KINDS[kind].file_name}",
        as_attachment=True,
        max_age=0,
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.post("/state")
@access.roles(*ROLES)
@limiter.limit(_ASK)
@api.body(PostedChange)
def change_state() -> Response:
    """Make codes active (their labels are on items now) or void (stolen, spoiled).

    Up to some hundreds at once; more answer 202 with the job.
    """
    posted = read_body(PostedChange)
    with transaction(posted.reason) as session:
        product = _product_of(session, posted.product, posted.gtin)
        if (posted.serials is None) == (posted.batch is None):
            raise InvalidInputError("Name the codes: by `serials`, or by `batch` and a range.")
        lot = get_lot(session, product.id, posted.lot) if posted.lot else None
        serials = tuple(dict.fromkeys(posted.serials)) if posted.serials else None
        change = CodeChange(
            Chosen(
                product.id,
                serials=serials,
                batch_id=posted.batch,
                first=posted.first,
                last=posted.last,
            ),
            posted.state,
            keeper(),
            lot_id=lot.id if lot else None,
            reason=posted.reason,
        )
        unknown = len(serials) - count_chosen(session, change.chosen) if serials else 0
        result = carry_out(session, change)
        if isinstance(result, Run):
            return _accepted(result, {})
        return jsonify(
            changed=result.changed,
            unchanged=result.unchanged,
            unknown=unknown,
            refused=[{"serial": serial, "state": state} for serial, state in result.refused],
        )


def carry_out(session: Session, change: CodeChange) -> Changed | Run:
    """Make a change at once when it is small, else leave it to the worker."""
    product = get_product(session, change.chosen.product_id)
    demand_own(session, change.keeper, product)
    if count_chosen(session, change.chosen) <= MOST_AT_HAND:
        return make_change(session, change)
    return request_change(session, change)


def keeper() -> Keeper:
    """Who records, in this request."""
    account = current_account()
    assert account is not None
    captor = Captor(account.username, account.party_id, account.roles, account.commune_code)
    return Keeper(captor, public_url(), account.commune_code)


def _raw(code: str) -> str:
    """The code as it was sent, still percent-encoded: a value may hold an encoded slash."""
    raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or ""
    _, found, rest = raw.partition(_PREFIX)
    return rest.partition("?")[0].partition("#")[0] if found else code


def _product_asked(session: Session) -> Product | None:
    product, gtin = request.args.get("product"), request.args.get("gtin")
    if product is None and gtin is None:
        return None
    if product is not None and not (product.isascii() and product.isdigit() and len(product) < 19):
        raise InvalidInputError(f"product is a whole number, not {product[:20]!r}.")
    return _product_of(session, int(product) if product else None, gtin)


def _product_of(session: Session, product_id: int | None, gtin: str | None) -> Product:
    if (product_id is None) == (gtin is None):
        raise InvalidInputError("Name the product: either `product` or `gtin`.")
    if gtin is not None:
        return product_of_gtin(session, gtin)
    return get_product(session, product_id or 0)


def _described(found: Found) -> dict[str, Any]:
    lot, serial = parts_of(found.code)
    content: dict[str, Any] = {
        "code": found.code.path,
        "kind": found.kind,
        "uri": found.code.uri(public_url()),
        "gtin": found.product.gtin if found.product else None,
        "trace_code": found.product.trace_code if found.product else None,
        "lot": found.lot.code if found.lot else lot,
        "serial": serial,
        "state": None,
        "warnings": [],
        "product": None,
        "page": None,
        "links": [
            {
                "linkType": link.link_type,
                "href": public_url() + link.href if link.href.startswith("/") else link.href,
                "title": link.title,
            }
            for level in found.levels[:1]
            for link in level.links
        ],
    }
    if found.product is not None:
        product = found.product
        query = f"?tem={quote(serial, safe='')}" if serial is not None else ""
        content["page"] = (
            public_url() + product_page(product.id, found.lot.code if found.lot else None) + query
        )
        content["product"] = {
            "id": product.id,
            "name": product.name,
            "href": f"{public_url()}/api/v1/products/{product.id}",
            "page": public_url() + product_page(product.id),
            "uri": label_code(product.gtin, product.trace_code).uri(public_url()),
            "is_demo": product.is_demo,
        }
    if found.standing is not None:
        standing = found.standing
        content["state"] = standing.state
        content["warnings"] = list(standing.warnings)
        # Strangers learn it on the page of the item they hold; here it could be gathered.
        if _may_see_scans(found.product):
            first = standing.first_scanned_on
            content["first_scanned_on"] = first.isoformat() if first else None
            content["scans"] = standing.scan_count
    return content


def _may_see_scans(product: Product | None) -> bool:
    account = current_account()
    if account is None or product is None:
        return False
    if account.has("officer", "administrator"):
        return True
    return account.party_id is not None and account.party_id == product.producer_id


def _file_address(run: Run, kind: str) -> str:
    return url_for(".download", job_id=run.id, kind=kind)


def _accepted(run: Run, files: dict[str, str]) -> Response:
    job = url_for("data_api.get_job", job_id=run.id)
    response = jsonify(id=run.id, state=run.state, job=job, files=files)
    response.status_code = 202
    response.headers["Location"] = job
    return response
