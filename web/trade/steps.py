"""One address for each kind of event: a form to fill in, and what was filled in recorded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gis.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from traceability.recording.keeping import Keeper, find_recorded
from traceability.recording.worklists import LotCard
from web import access
from web.context import transaction
from web.trade import checks, harvesting, loads, processing
from web.trade.done import Done
from web.trade.entries import Entry
from web.trade.keepers import keep_no_copy, keeper
from web.trade.lots import page_of_event
from web.trade.words import tell_number

blueprint = Blueprint("trade_steps", __name__, url_prefix="/san-xuat")
blueprint.after_request(keep_no_copy)


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of event: its words, its template, what its form offers and what it records."""

    title: Any
    lead: Any
    button: Any
    template: str
    fill: Callable[[Session, Keeper, Entry], dict[str, Any]]
    record: Callable[[Session, Keeper, Entry], Done | None]


STEPS: dict[str, Step] = {
    "thu-hoach": Step(
        lazy_gettext("Thu hoạch"),
        lazy_gettext("Ghi sản lượng từ từng vùng trồng: tạo lô mới hoặc cộng vào lô đang có."),
        lazy_gettext("Ghi thu hoạch"),
        "trade/harvest.html",
        harvesting.fill,
        harvesting.record,
    ),
    "che-bien": Step(
        lazy_gettext("Chế biến"),
        lazy_gettext("Chọn lô nguyên liệu, ghi lượng đã dùng và lô thành phẩm làm ra."),
        lazy_gettext("Ghi chế biến"),
        "trade/processing.html",
        processing.fill,
        processing.record,
    ),
    "dong-goi": Step(
        lazy_gettext("Đóng gói"),
        lazy_gettext("Xếp hàng vào thùng. Thùng chưa có mã SSCC sẽ được cấp mã riêng."),
        lazy_gettext("Ghi đóng gói"),
        "trade/load.html",
        loads.fill_packing,
        loads.record_packing,
    ),
    "xuat-hang": Step(
        lazy_gettext("Xuất hàng"),
        lazy_gettext("Hàng rời kho đi cho người mua, cửa hàng, đơn vị khác."),
        lazy_gettext("Ghi xuất hàng"),
        "trade/load.html",
        loads.fill_shipping,
        loads.record_shipping,
    ),
    "nhan-hang": Step(
        lazy_gettext("Nhận hàng"),
        lazy_gettext("Hàng về tới kho, của đơn vị mình hay của đơn vị khác gửi đến."),
        lazy_gettext("Ghi nhận hàng"),
        "trade/load.html",
        loads.fill_receiving,
        loads.record_receiving,
    ),
    "mo-thung": Step(
        lazy_gettext("Mở thùng"),
        lazy_gettext("Lấy hết hàng ra khỏi thùng; từ đây hàng không còn đi theo thùng."),
        lazy_gettext("Ghi mở thùng"),
        "trade/load.html",
        loads.fill_unpacking,
        loads.record_unpacking,
    ),
    "ban-le": Step(
        lazy_gettext("Bán lẻ"),
        lazy_gettext("Hàng tới tay người tiêu dùng: quét tem, hoặc ghi lượng đã bán của lô."),
        lazy_gettext("Ghi bán lẻ"),
        "trade/load.html",
        loads.fill_sale,
        loads.record_sale,
    ),
    "kiem-tra": Step(
        lazy_gettext("Kiểm tra"),
        lazy_gettext("Kết quả kiểm tra chất lượng, dư lượng của một lô."),
        lazy_gettext("Ghi kết quả"),
        "trade/inspection.html",
        checks.fill_inspection,
        checks.record_inspection,
    ),
    "thu-hoi": Step(
        lazy_gettext("Thu hồi lô"),
        lazy_gettext("Mọi tem của lô và mọi lô làm ra từ nó sẽ báo đỏ với người mua ngay lập tức."),
        lazy_gettext("Xem trước thu hồi"),
        "trade/recall.html",
        checks.fill_recall,
        checks.record_recall,
    ),
}


@blueprint.app_template_filter("pairs")
def pairs(things: Sequence[Any]) -> list[tuple[str, str]]:
    """What a list of choices offers: the value that is sent, and its words."""
    made = []
    for thing in things:
        if isinstance(thing, str):
            made.append((thing, thing))
        elif isinstance(thing, LotCard):
            made.append((str(thing.lot.id), f"{thing.lot.code} · {thing.product.name}"))
        else:
            made.append((str(thing.id), str(thing.name)))
    return made


@blueprint.get("/<step>")
@access.roles("producer", "officer", "administrator")
def form(step: str) -> str:
    """The form of one kind of event, with good defaults."""
    chosen = _chosen(step)
    entry = Entry.fresh()
    with transaction() as session:
        return _page(session, step, chosen, keeper(), entry)


@blueprint.post("/<step>")
@access.roles("producer", "officer", "administrator")
def send(step: str) -> Response | tuple[str, int]:
    """Record what was filled in; mistakes are said beside their fields."""
    chosen = _chosen(step)
    entry = Entry.sent()
    by = keeper(entry.form)
    try:
        with transaction(f"recording: {step}") as session:
            if (recorded := find_recorded(session, entry.form)) is not None:
                flash(_("Việc này đã được ghi từ lần gửi trước; không ghi thêm lần nữa."))
                return redirect(page_of_event(session, recorded), 303)
            done = chosen.record(session, by, entry)
            if done is not None:
                flash(done.words)
                return redirect(done.address, 303)
    except InvalidInputError as error:
        entry.take(error)
    except ConflictError as error:
        entry.fail("", "refused", detail=error.detail)
    except ForbiddenError:
        # A lot or a product that went to somebody else while the form was open.
        entry.fail("", "not-own")
    with transaction() as session:
        page = _page(session, step, chosen, by, entry)
    # A recall that waits for its confirmation has no mistakes.
    return page, 400 if entry.mistakes else 200


def _chosen(step: str) -> Step:
    if step not in STEPS:
        raise NotFoundError(f"There is no step {step}.")
    return STEPS[step]


def _page(session: Session, slug: str, step: Step, by: Keeper, entry: Entry) -> str:
    return render_template(
        step.template,
        step=step,
        slug=slug,
        entry=entry,
        amount=tell_number,
        is_lost=not by.is_officer and by.captor.party_id is None,
        **step.fill(session, by, entry),
    )
