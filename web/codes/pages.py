"""The desk of labels `/tem`: print a batch, put it to use, make void what was stolen.

All of it works without a script; with one the page of a job follows the worker by itself.
"""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from etl.code_requests import CodeChange, count_chosen
from etl.label_requests import (
    KEPT_DAYS,
    MOST_PICTURES,
    LabelRequest,
    find_labels,
    list_labels,
    request_labels,
    wish_of,
)
from etl.models import Run
from etl.queries import find_run
from gis.calendar import today
from gis.errors import ForbiddenError, InvalidInputError, NotFoundError, PlatformError
from traceability.following.finding import find_things
from traceability.following.recalls import recalls_of_lots
from traceability.labelling.batches import Batch, get_batch, list_batches, list_labelled
from traceability.labelling.serials import MOST_AT_ONCE, Changed, Chosen, list_batch_changes
from traceability.lots import get_lot, list_lots
from traceability.models import Lot, Product
from traceability.products import get_product
from traceability.recording.keeping import demand_own
from traceability.scanning.scans import SerialStanding, standing_of
from web import access
from web.codes import words
from web.codes.api import ROLES, carry_out, keeper
from web.codes.typed import read_number, read_serial, read_serials
from web.context import public_url, transaction
from web.product_labels import is_loopback

blueprint = Blueprint("codes", __name__, url_prefix="/tem")

_MOST_TEXT = 3_000_000


@dataclass(frozen=True, slots=True)
class Label:
    """One label as the page of a scan shows it to those who put it on."""

    product: Product
    serial: str
    lot: Lot | None
    standing: SerialStanding


@blueprint.get("")
@access.roles(*ROLES)
def desk() -> str:
    """Choose a product to print labels for; what was printed before."""
    given = request.args.get("san-pham", "")
    with transaction() as session:
        who = keeper()
        product = _product(session, given) if given else None
        lots = list_lots(session, product.id) if product is not None else []
        return render_template(
            "codes/desk.html",
            products=list_labelled(
                session, producer_id=_producer(), commune_code=who.commune_code, limit=500
            ),
            product=product,
            lots=lots,
            recalled=recalls_of_lots(session, [(product, each) for each in lots])
            if product is not None
            else {},
            today=today(),
            lot=request.args.get("lo"),
            runs=[(run, wish_of(run)) for run in list_labels(session, actor=who.captor.name)],
            batches=list_batches(
                session, producer_id=_producer(), commune_code=who.commune_code, limit=50
            ),
            words=words,
            kept_days=KEPT_DAYS,
            most=MOST_AT_ONCE,
            most_pictures=MOST_PICTURES,
            loopback=is_loopback(public_url()),
        )


@blueprint.post("")
@access.roles(*ROLES)
def ask() -> Response:
    """Ask for a batch of labels."""
    form = request.form
    try:
        with transaction("issuing serials") as session:
            product = _product(session, form.get("product", ""))
            wish = LabelRequest(
                product.id,
                form.get("lot") or None,
                read_number(form.get("count"), "count"),
                form.get("sheet", "24"),
                tuple(dict.fromkeys(form.getlist("files"))),
                public_url(),
                read_number(form.get("start") or "1", "start"),
            )
            run = request_labels(session, wish, actor=keeper().captor.name)
    except InvalidInputError as error:
        flash(words.say(error), "error")
        kept: dict[str, Any] = {"san-pham": form.get("product"), "lo": form.get("lot") or None}
        return redirect(url_for(".desk", **kept), 303)
    return redirect(url_for(".job", run_id=run.id), 303)


@blueprint.get("/yeu-cau/<int:run_id>")
@access.roles(*ROLES)
def job(run_id: int) -> str:
    """How far a batch is, and its files when it is done; for whoever asked for it."""
    with transaction() as session:
        run = find_labels(session, run_id, actor=keeper().captor.name)
        wish = wish_of(run)
        product = get_product(session, wish.product_id)
    return render_template(
        "codes/job.html",
        run=run,
        wish=wish,
        product=product,
        words=words,
        kept_days=KEPT_DAYS,
        settings=_job_settings(run),
        loopback=is_loopback(wish.base),
    )


@blueprint.get("/cuon/<int:batch_id>")
@access.roles(*ROLES)
def batch_page(batch_id: int) -> str:
    """One batch: how many of its labels are in which state, and what was done with it."""
    with transaction() as session:
        batch = _batch(session, batch_id)
        run = find_run(session, batch.batch.run_id) if batch.batch.run_id is not None else None
        job = _change_job(session, request.args.get("viec"))
        return render_template(
            "codes/batch.html",
            batch=batch,
            changes=list_batch_changes(session, batch.batch.id),
            lots=list_lots(session, batch.product.id) if batch.lot is None else [],
            mine=run if run is not None and run.started_by == keeper().captor.name else None,
            job=job,
            settings=_job_settings(job) if job is not None else None,
            words=words,
        )


@blueprint.post("/cuon/<int:batch_id>/kich-hoat")
@access.roles(*ROLES)
def activate_range(batch_id: int) -> Response:
    """Put a range of a batch, or listed labels of it, to use."""
    return _change_batch(batch_id, "active")


@blueprint.post("/cuon/<int:batch_id>/huy")
@access.roles(*ROLES)
def void_range(batch_id: int) -> Response:
    """Make a range of a batch, or listed labels of it, void for good."""
    return _change_batch(batch_id, "void")


@blueprint.get("/kich-hoat")
@access.roles(*ROLES)
def scan_page() -> str:
    """Put one label to use: type its code, or open this page from the code itself (`?ma=`)."""
    given = request.args.get("ma", "").strip()[:500]
    found: Label | None = None
    with transaction() as session:
        if given:
            try:
                found = _find_label(session, given)
            except PlatformError as error:
                flash(_say_code(error), "error")
        return render_template(
            "codes/scan.html",
            given=given,
            found=found,
            lots=list_lots(session, found.product.id) if found else [],
            words=words,
        )


@blueprint.post("/kich-hoat")
@access.roles(*ROLES)
def activate_one() -> Response:
    """Put the label that was scanned to use."""
    given = request.form.get("ma", "").strip()[:500]
    try:
        with transaction() as session:
            found = _find_label(session, given)
            changed = carry_out(
                session,
                CodeChange(
                    Chosen(found.product.id, serials=(found.serial,)),
                    "active",
                    keeper(),
                    lot_id=_lot(session, found.product.id),
                ),
            )
    except PlatformError as error:
        flash(_say_code(error), "error")
        return redirect(url_for(".scan_page", ma=given), 303)
    _tell(changed, "active")
    return redirect(url_for(".scan_page", ma=given), 303)


def _change_batch(batch_id: int, to: str) -> Response:
    form = request.form
    answer: dict[str, Any] = {}
    try:
        with transaction(form.get("reason") or None) as session:
            batch = _batch(session, batch_id)
            chosen = _chosen(batch)
            listed = len(chosen.serials or ())
            unknown = listed - count_chosen(session, chosen) if listed else 0
            if listed and unknown == listed:
                raise InvalidInputError("The batch has no such number.", parameter="none")
            change = CodeChange(
                chosen,
                to,
                keeper(),
                lot_id=_lot(session, batch.product.id),
                reason=(form.get("reason") or "").strip()[:500] or None,
            )
            result = carry_out(session, change)
            if isinstance(result, Run):
                answer["viec"] = result.id
    except (InvalidInputError, NotFoundError) as error:
        flash(words.say(error), "error")
    except PlatformError as error:
        flash(_say_code(error), "error")
    else:
        _tell(result, to)
        if unknown:
            flash(_("%(count)s số không có trong cuộn này, đã bỏ qua.", count=unknown), "error")
    return redirect(url_for(".batch_page", batch_id=batch_id, **answer), 303)


def _chosen(batch: Batch) -> Chosen:
    """What the form names: pasted or sent serials, else the range, else the whole batch."""
    form = request.form
    text = form.get("serials", "")[:_MOST_TEXT]
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        # Text only: no reader of files runs here.
        text += "\n" + sent.stream.read(_MOST_TEXT).decode("utf-8", "replace")
    product_id, batch_id = batch.product.id, batch.batch.id
    has_range = bool(form.get("first") or form.get("last"))
    if bool(text.strip()) + bool(form.get("all")) + has_range > 1:
        # Void is for good: nobody guesses which was meant.
        raise InvalidInputError("Name the codes in one way only.", parameter="ways")
    if text.strip():
        serials = tuple(dict.fromkeys(read_serials(text)))
        if not serials:
            raise InvalidInputError("There is no serial in this text.", parameter="serials")
        return Chosen(product_id, serials=serials, batch_id=batch_id)
    if form.get("all"):
        return Chosen(product_id, batch_id=batch_id)
    if not (form.get("first") and form.get("last")):
        raise InvalidInputError("Name the first and the last number.", parameter="range")
    first, last = read_number(form.get("first"), "range"), read_number(form.get("last"), "range")
    if last > batch.batch.count:
        raise InvalidInputError("The batch has no such number.", parameter="none")
    return Chosen(product_id, batch_id=batch_id, first=first, last=last)


def _tell(result: Changed | Run, to: str) -> None:
    if isinstance(result, Run):
        flash(_("Nhiều tem: máy xử lý đang làm, trang này tự cập nhật."))
        return
    if result.changed:
        done = (
            _("Đã kích hoạt %(count)s tem.", count=result.changed)
            if to == "active"
            else _("Đã hủy %(count)s tem.", count=result.changed)
        )
        flash(done)
    elif result.unchanged:
        flash(
            _("Các tem này đã được kích hoạt từ trước.")
            if to == "active"
            else _("Các tem này đã hủy từ trước.")
        )
    if result.refused:
        named = ", ".join(f"{serial} ({words.STATES[state]})" for serial, state in result.refused)
        flash(_("Giữ nguyên vì trạng thái không cho phép: %(named)s …", named=named), "error")


def _find_label(session: Session, given: str) -> Label:
    """One label of the caller's own products: by its number, its address, or the page it opens."""
    things = find_things(session, read_serial(given) or given)
    for thing in things:
        if (
            thing.product is not None
            and thing.serial is not None
            and _is_own(session, thing.product)
        ):
            standing = standing_of(session, thing.product.id, thing.serial)
            return Label(thing.product, thing.serial, thing.lot, standing)
    if any(thing.serial is not None for thing in things):
        raise NotFoundError("No label of yours has this number.")
    raise InvalidInputError("This code names no single label.", parameter="code")


def _is_own(session: Session, product: Product) -> bool:
    try:
        demand_own(session, keeper(), product)
    except ForbiddenError:
        return False
    return True


def _batch(session: Session, batch_id: int) -> Batch:
    batch = get_batch(session, batch_id)
    demand_own(session, keeper(), batch.product)
    return batch


def _product(session: Session, given: str) -> Product:
    product = get_product(session, read_number(given, "product"))
    demand_own(session, keeper(), product)
    return product


def _lot(session: Session, product_id: int) -> int | None:
    code = request.form.get("lot")
    return get_lot(session, product_id, code).id if code else None


def _producer() -> int | None:
    """The party whose products are shown; an officer sees those of all (of the commune)."""
    who = keeper()
    # A producer's account without a party has no products: none has the number 0.
    return None if who.is_officer else who.captor.party_id or 0


def _change_job(session: Session, given: str | None) -> Run | None:
    if not given or not (given.isascii() and given.isdigit() and len(given) < 19):
        return None
    try:
        run = find_run(session, int(given))
    except NotFoundError:
        return None
    return run if run.started_by == keeper().captor.name else None


def _job_settings(run: Run) -> dict[str, Any]:
    """What the script that follows a job needs to know."""
    return {
        "state": run.state,
        "address": url_for("data_api.get_job", job_id=run.id),
        "words": {
            "running": str(words.RUN_STATES["running"]),
            "progress": _("{done} / {of} tem"),
            "failed": _("Không tải được. Kiểm tra mạng rồi thử lại."),
        },
    }


def _say_code(error: PlatformError) -> str:
    if isinstance(error, NotFoundError):
        return str(_("Không có tem nào mang mã này."))
    if isinstance(error, InvalidInputError) and not error.context:
        return str(words.say(InvalidInputError("", parameter="code")))
    return words.say(error)
