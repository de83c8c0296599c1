"""Many listings at once from a workbook: `/gian-hang/nap`; shown first, then applied."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from etl import listing_requests
from gis.calendar import today
from gis.errors import ConflictError, InvalidInputError
from traceability.selling import marketplaces, offering
from web import access
from web.context import current_account, settings, transaction
from web.files import say_reason
from web.limits import EXPORT, limiter
from web.shops import words
from web.shops.rights import ROLES, edit_scope

blueprint = Blueprint("shop_mapping", __name__, url_prefix="/gian-hang/nap")

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SHOWN = 500


@blueprint.get("")
@access.roles(*ROLES)
def page() -> str:
    """Send a workbook, and those that were sent before."""
    with transaction() as session:
        return render_template(
            "shops/mapping.html",
            runs=listing_requests.list_listings_runs(session, actor=_actor()),
            columns=listing_requests.COLUMNS,
            most_mb=listing_requests.MOST_BYTES // 2**20,
            most_rows=listing_requests.MOST_ROWS,
            say=say,
        )


@blueprint.post("")
@access.roles(*ROLES)
@limiter.limit(EXPORT)
def send() -> AnyResponse:
    """Take a workbook; the worker reads it."""
    sent = request.files.get("file")
    try:
        if sent is None or not sent.filename:
            raise InvalidInputError("No file was chosen.", rule="no-file")
        with transaction("listings of a workbook") as session:
            run = listing_requests.request_listings(
                session,
                sent.stream,
                folder=settings().files_folder,
                file_name=sent.filename,
                scope=edit_scope(),
                actor=_actor(),
            )
    except InvalidInputError as error:
        flash(say_reason(str(error.context.get("rule"))), "error")
    except ConflictError:
        flash(_("Vài bảng tính đang chờ đọc. Xem những bảng đó trước."), "error")
    else:
        return redirect(url_for(".one", run_id=run.id), 303)
    return redirect(url_for(".page"), 303)


@blueprint.get("/mau.xlsx")
@access.roles(*ROLES)
@limiter.limit(EXPORT)
def template() -> Response:
    """A workbook to fill in, with one's products in it."""
    with transaction() as session:
        offered = offering.list_offered(
            session, edit_scope(), today(), limit=listing_requests.MOST_ROWS
        )
        response = Response(listing_requests.listings_template(offered), mimetype=_XLSX)
    response.headers["Content-Disposition"] = 'attachment; filename="dia-chi-ban.xlsx"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("/<int:run_id>")
@access.roles(*ROLES)
def one(run_id: int) -> str:
    """What the rows of a workbook would do, or did."""
    with transaction() as session:
        run = listing_requests.find_listings(session, run_id, actor=_actor())
        rows = run.report.get("rows", [])
        # Mistakes first: they are what somebody must look at.
        rows = sorted(rows, key=lambda row: (row["outcome"] != "wrong", row["row"]))
        return render_template(
            "shops/mapped.html",
            run=run,
            report=run.report,
            rows=rows[:_SHOWN],
            more=max(len(rows) - _SHOWN, 0),
            marketplaces={each.code: each.name for each in marketplaces.list_marketplaces(session)},
            outcomes=words.OUTCOMES,
            reasons=words.ROW_REASONS,
            failed=say(run.error),
        )


@blueprint.post("/<int:run_id>")
@access.roles(*ROLES)
def apply(run_id: int) -> AnyResponse:
    """Have the rows applied: all of them, or the good ones."""
    only_good = request.form.get("rows") == "good"
    try:
        with transaction("listings of a workbook") as session:
            listing_requests.apply_listings(session, run_id, actor=_actor(), only_good=only_good)
    except InvalidInputError as error:
        wrong = error.context.get("rule") == "wrong-rows"
        flash(
            _("Còn dòng lỗi nên chưa nạp dòng nào. Sửa tệp, hoặc chọn chỉ nạp dòng đúng.")
            if wrong
            else _("Không có dòng nào làm thay đổi gì."),
            "error",
        )
    except ConflictError:
        flash(_("Máy chưa đọc xong bảng tính này."), "error")
    return redirect(url_for(".one", run_id=run_id), 303)


def say(sentence: str | None) -> str | None:
    """Why a workbook could not be read, for people."""
    if sentence is None:
        return None
    known = {
        "no line with the names": _(
            "Không thấy dòng tiêu đề cột: cần cột mã hoặc tên và cột địa chỉ."
        ),
        "no rows below": _("Dưới dòng tiêu đề không có dòng nào."),
        "no Excel workbook": _("Đây không phải tệp Excel (.xlsx)."),
        "is not taken: encrypted": _("Tệp đặt mật khẩu. Bỏ mật khẩu rồi gửi lại."),
        "stray cells": _("Bảng có ô lẻ ở rất xa bên dưới hoặc bên phải. Xoá các ô đó rồi gửi lại."),
        "are the most": _("Bảng có quá nhiều dòng; chia thành vài tệp."),
        "cannot be read": _("Không đọc được bảng tính. Lưu lại dạng .xlsx rồi gửi lại."),
    }
    found = next((words for part, words in known.items() if part in sentence), None)
    return str(found or _("Không đọc được bảng tính. Lưu lại dạng .xlsx rồi gửi lại."))


def _actor() -> str:
    account = current_account()
    assert account is not None, "the roles of the route"
    return account.username
